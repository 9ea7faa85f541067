"""Proofs on the deployed template: signed by the stack's own key, under the function's own role."""

from __future__ import annotations

import json
from typing import Any

import jwt
import pytest

from local.deploying import STACK_NAME
from local.stack import Stack
from tests.end_to_end.calling import Answer, Caller, fresh_number, other_code
from tests.end_to_end.denials import LogWatch
from tests.end_to_end.grants import Grant, Holder

AUDIENCE = "https://shop.example"


@pytest.fixture(scope="module")
def issuer(stack: Stack) -> str:
    [described] = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    return outputs["ProofIssuer"]


@pytest.fixture(scope="module")
def keys(stack: Stack) -> jwt.PyJWKClient:
    return jwt.PyJWKClient(f"{stack.url}/.well-known/jwks.json")


def checked(caller: Caller, id_: str, code: str) -> Answer:
    body = {"code": code, "audience": AUDIENCE}
    return caller.call("POST", f"/otp/v1/verifications/{id_}/check", body)


def verified(proof: str, *, keys: jwt.PyJWKClient, issuer: str) -> dict[str, Any]:
    key = keys.get_signing_key_from_jwt(proof)
    claims: dict[str, Any] = jwt.decode(
        proof, key, algorithms=["ES256"], issuer=issuer, audience=AUDIENCE, leeway=10
    )
    return claims


@pytest.mark.parametrize("client_id", ["demo", "demo-gateway"])
def test_an_approval_is_proved_to_whoever_knows_the_address_of_the_keys(
    stack: Stack, keys: jwt.PyJWKClient, issuer: str, client_id: str
) -> None:
    assert issuer.startswith("urn:countersign:")
    caller, to = Caller(stack, client_id), fresh_number("VN")
    started = caller.start(to, purpose="login")
    code = caller.code_for(to)
    wrong = checked(caller, started.body["id"], other_code(code))
    assert (wrong.status, wrong.body["code"], wrong.body["attempts_left"]) == (400, "wrong_code", 4)
    approved = checked(caller, started.body["id"], code)
    assert (approved.status, approved.body["status"]) == (200, "approved")
    claims = verified(approved.body["proof"], keys=keys, issuer=issuer)
    assert (claims["client_id"], claims["purpose"], claims["verification_id"]) == (
        client_id,
        "login",
        started.body["id"],
    )
    again = checked(caller, started.body["id"], code)
    assert (again.status, again.body["code"]) == (409, "already_approved")


def test_a_direct_invocation_is_answered_with_a_proof_of_the_same_key(
    stack: Stack, keys: jwt.PyJWKClient, issuer: str
) -> None:
    caller, to = Caller(stack, "demo-gateway"), fresh_number("SG")
    started = caller.start(to)
    event = {
        "client_id": "demo-gateway",
        "id": started.body["id"],
        "code": caller.code_for(to),
        "audience": AUDIENCE,
    }
    answer = stack.client("lambda").invoke(
        FunctionName=stack.function_names["verify"], Payload=json.dumps(event)
    )
    approved = json.loads(answer["Payload"].read())
    assert approved["status_code"] == 200
    assert verified(approved["body"]["proof"], keys=keys, issuer=issuer)["aud"] == AUDIENCE


def test_without_the_grant_nothing_is_signed_and_nothing_lost(
    stack: Stack, keys: jwt.PyJWKClient, issuer: str, provoked_denials: list[str]
) -> None:
    caller, to = Caller(stack, "demo-gateway"), fresh_number("SG")
    started = caller.start(to)
    id_, code = started.body["id"], caller.code_for(to)
    role = Holder(stack, "VerifyRole")
    watch = LogWatch(stack, role.log_groups())
    with role.without(Grant("VerifyRole", "Proofs", "kms:Sign")):
        refused = checked(caller, id_, code)
    provoked_denials.extend(watch.denials())
    assert (refused.status, refused.body["code"]) == (503, "service_unavailable")
    read = caller.read(id_).body
    assert (read["status"], read["attempts_left"]) == ("pending", 5)
    approved = checked(caller, id_, code)
    assert verified(approved.body["proof"], keys=keys, issuer=issuer)["verification_id"] == id_
