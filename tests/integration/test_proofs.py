"""Proofs through the functions, signed by the emulator's KMS."""

from __future__ import annotations

import json
from typing import Any

import boto3
import jwt
import pytest

from functions.verify import app as verify_app
from tests.support.aws import make_proof_key
from tests.support.gateway import CLIENTS, PROOF_ISSUER, Context, Gateway, http_event, problem, unavailable
from tests.support.samples import EVENTS
from tests.support.signing import verified
from tests.support.vendors import ESMS_CHECK, ESMS_WRONG, Vendors
from tests.support.world import another

from .conftest import Aws

AUDIENCE = "https://shop.example"
SAMPLE_ID = "k7f3m2q5x4tzn6wbyahd7rjcue"
KEYS = "/.well-known/jwks.json"


@pytest.fixture
def watched(gateway: Gateway) -> Gateway:
    """A gateway whose calls to KMS are counted as well, and that knows its secrets."""
    gateway.watch(gateway.container.kms)
    gateway.read("a" * 26)
    gateway.counted()
    return gateway


def keys_of(gateway: Gateway) -> list[dict[str, str]]:
    answer = gateway.http("GET", KEYS)
    assert answer.status == 200
    keys: list[dict[str, str]] = answer.json["keys"]
    return keys


def claims_of(gateway: Gateway, proof: str, *, audience: str = AUDIENCE) -> dict[str, Any]:
    [key] = keys_of(gateway)
    return verified(proof, key=key, audience=audience, issuer=PROOF_ISSUER)


def test_a_code_of_ours_is_proved_by_a_signature_that_the_published_key_verifies(
    watched: Gateway, vendors: Vendors
) -> None:
    started = watched.start(client="demo-gateway", purpose="login")
    watched.counted()
    approved = watched.check(started.id, vendors.code_sent(), client="demo-gateway", audience=AUDIENCE)
    assert (approved.status, approved.body["status"]) == (200, "approved")
    claims = claims_of(watched, approved.body["proof"])
    assert (claims["client_id"], claims["purpose"], claims["verification_id"]) == (
        "demo-gateway",
        "login",
        started.id,
    )
    assert claims["exp"] - claims["iat"] == 120
    assert claims["iat"] == watched.clock.now()
    assert approved.headers["Cache-Control"] == "no-store"


def test_a_proof_costs_a_read_and_a_signature_and_the_key_once(watched: Gateway, vendors: Vendors) -> None:
    first = watched.start(client="demo-gateway")
    code = vendors.code_sent()
    watched.counted()
    watched.check(first.id, code, client="demo-gateway", audience=AUDIENCE)
    proving = {"dynamodb.GetItem": 1, "dynamodb.UpdateItem": 1, "kms.Sign": 1}
    assert watched.counted() == proving | {"kms.GetPublicKey": 1}
    second = watched.start(client="demo-gateway", purpose="payment")
    watched.counted()
    watched.check(second.id, vendors.code_sent(), client="demo-gateway", audience=AUDIENCE)
    assert watched.counted() == proving
    keys_of(watched)
    assert watched.counted() == {}


def test_a_check_without_an_audience_is_one_call_and_has_no_proof(watched: Gateway, vendors: Vendors) -> None:
    started = watched.start(client="demo-gateway")
    watched.counted()
    approved = watched.check(started.id, vendors.code_sent(), client="demo-gateway")
    assert "proof" not in approved.body
    assert watched.counted() == {"dynamodb.UpdateItem": 1}


def test_a_proof_is_given_once_and_never_read_again(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    code = vendors.code_sent()
    approved = gateway.check(started.id, code, client="demo-gateway", audience=AUDIENCE)
    again = gateway.check(started.id, code, client="demo-gateway", audience=AUDIENCE)
    problem(again, 409, "already_approved")
    read = gateway.read(started.id, client="demo-gateway")
    assert "proof" not in {**again.body, **read.body}
    assert [answer for answer in gateway.answers if approved.body["proof"] in answer] == [gateway.answers[1]]


def test_a_wrong_code_gets_no_proof(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    wrong = gateway.check(started.id, another(vendors.code_sent()), client="demo-gateway", audience=AUDIENCE)
    problem(wrong, 400, "wrong_code")
    assert wrong.body["attempts_left"] == 4
    assert "proof" not in wrong.body


def test_a_code_that_a_vendor_holds_is_proved_too(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start()
    approved = gateway.check(started.id, "123456", audience=AUDIENCE)
    assert claims_of(gateway, approved.body["proof"])["client_id"] == "demo"
    vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    other = gateway.start("+84901888485")
    problem(gateway.check(other.id, "123456", audience=AUDIENCE), 400, "wrong_code")


def test_a_direct_invocation_gets_a_proof_of_the_same_issuer(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    approved = gateway.direct(
        gateway.verify, client_id="demo-gateway", id=started.id, code=vendors.code_sent(), audience=AUDIENCE
    )
    assert approved.status == 200
    assert claims_of(gateway, approved.body["proof"])["iss"] == PROOF_ISSUER


def test_no_header_and_no_domain_of_a_request_changes_the_issuer(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    body = json.dumps({"code": vendors.code_sent(), "audience": AUDIENCE})
    names = ("host", "x-forwarded-host", "forwarded", "origin", "referer", "x-original-host")
    headers = dict.fromkeys(names, "evil.example") | {
        "authorization": "Basic ZGVtby1nYXRld2F5OmRlbW8tc2VjcmV0",
        "content-type": "application/json",
    }
    event = http_event(
        "POST", f"/otp/v1/verifications/{started.id}/check", body=body, headers=headers, query="iss=evil"
    )
    event["requestContext"]["domainName"] = "evil.example"
    answer = gateway.event(gateway.verify, event)
    assert claims_of(gateway, answer.body["proof"])["iss"] == PROOF_ISSUER


def test_the_policy_says_to_whom_and_about_whom(gateway: Gateway, aws: Aws, vendors: Vendors) -> None:
    policy = {"routes": "gateway", "proof_audiences": [AUDIENCE], "proof_subject": "number"}
    shop = {"secrets": ["demo-secret"], "policy": policy | {"trusted_networks": ["203.0.113.0/24"]}}
    aws.put_clients(CLIENTS | {"clients": {"shop": shop}})
    started = gateway.start(client="shop")
    code = vendors.code_sent()
    problem(gateway.check(started.id, code, client="shop", audience="other"), 403, "permission_denied")
    approved = gateway.check(started.id, code, client="shop", audience=AUDIENCE)
    assert claims_of(gateway, approved.body["proof"])["sub"] == "+84901888484"


@pytest.mark.parametrize(
    "audience",
    ["", " ", "*", ["shop"], {"aud": "shop"}, None, 7, True, "a" * 201, "shöp", "a\nb", 'a","b":"'],
)
def test_what_is_no_audience_is_refused_and_costs_nothing(
    watched: Gateway, vendors: Vendors, audience: object
) -> None:
    started = watched.start(client="demo-gateway")
    watched.counted()
    body = {"code": vendors.code_sent(), "audience": audience}
    path = f"/otp/v1/verifications/{started.id}/check"
    refused = watched.request("POST", path, body, client="demo-gateway")
    problem(refused, 400, "invalid_request")
    assert refused.body["field"] == "audience"
    assert watched.counted() == {}


# The key --------------------------------------------------------------------------------------


def test_the_keys_are_for_everybody_and_for_minutes(gateway: Gateway) -> None:
    answer = gateway.http("GET", KEYS)
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "max-age=300")
    assert answer.headers["Content-Type"] == "application/json"
    [key] = answer.json["keys"]
    assert {name: key[name] for name in ("kty", "crv", "use", "alg")} == {
        "kty": "EC",
        "crv": "P-256",
        "use": "sig",
        "alg": "ES256",
    }
    assert set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"}
    assert gateway.lines() == []


def test_the_header_names_the_published_key(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    approved = gateway.check(started.id, vendors.code_sent(), client="demo-gateway", audience=AUDIENCE)
    [key] = keys_of(gateway)
    header = jwt.get_unverified_header(approved.body["proof"])
    assert header == {"alg": "ES256", "typ": "JWT", "kid": key["kid"]}


def _none() -> str:
    return "arn:aws:kms:eu-west-1:000000000000:key/00000000-0000-0000-0000-000000000000"


def _switched_off() -> str:
    arn = make_proof_key()
    boto3.client("kms").disable_key(KeyId=arn)
    return arn


def _to_be_deleted() -> str:
    arn = make_proof_key()
    boto3.client("kms").schedule_key_deletion(KeyId=arn)
    return arn


def _of_another_kind() -> str:
    made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P384", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


BROKEN = {"none": _none, "off": _switched_off, "deleted": _to_be_deleted, "another": _of_another_kind}


@pytest.mark.parametrize("key", BROKEN)
def test_a_key_that_cannot_be_used_is_said_and_costs_neither_an_attempt_nor_the_approval(
    make_gateway: Any, gateway: Gateway, vendors: Vendors, key: str
) -> None:
    broken: Gateway = make_gateway(PROOF_KEY_ARN=BROKEN[key]())
    started = broken.start(client="demo-gateway")
    code = vendors.code_sent()
    for _ in range(6):
        unavailable(broken.check(started.id, code, client="demo-gateway", audience=AUDIENCE))
    [fault, *_] = broken.lines("configuration fault")
    assert "proof key" in fault["fault"]
    read = broken.read(started.id, client="demo-gateway").body
    assert (read["status"], read["attempts_left"]) == ("pending", 5)
    approved = gateway.check(started.id, code, client="demo-gateway", audience=AUDIENCE)
    assert claims_of(gateway, approved.body["proof"])["verification_id"] == started.id


def test_a_check_without_an_audience_needs_no_key(make_gateway: Any, vendors: Vendors) -> None:
    broken: Gateway = make_gateway(PROOF_KEY_ARN="", PROOF_ISSUER="", PROOF_TTL_SECONDS="")
    started = broken.start(client="demo-gateway")
    unavailable(broken.check(started.id, vendors.code_sent(), client="demo-gateway", audience=AUDIENCE))
    assert broken.check(started.id, vendors.code_sent(), client="demo-gateway").status == 200


# The sample events ----------------------------------------------------------------------------


def sample(name: str, *, id_: str = SAMPLE_ID) -> dict[str, Any]:
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8").replace(SAMPLE_ID, id_)
    event: dict[str, Any] = json.loads(text)
    return event


@pytest.mark.usefixtures("entry_points")
def test_the_samples_check_with_an_audience_and_ask_for_the_keys(gateway: Gateway) -> None:
    started = gateway.start()
    gateway.clock.advance(0)
    keys: Any = verify_app.handler(sample("http_jwks"), Context())
    assert (keys["statusCode"], keys["headers"]["Cache-Control"]) == (200, "max-age=300")
    refused: Any = verify_app.handler(sample("http_check_with_audience"), Context())
    assert refused["statusCode"] == 404
    event = sample("http_check_with_audience", id_=started.id)
    assert event["headers"]["content-length"] == str(len(event["body"]))
    approved = gateway.event(gateway.verify, event)
    [key] = json.loads(keys["body"])["keys"]
    proof = approved.body["proof"]
    assert verified(proof, key=key, audience=AUDIENCE, issuer=PROOF_ISSUER)["client_id"] == "demo"


# What leaks -----------------------------------------------------------------------------------


def test_neither_proof_nor_subject_nor_number_is_logged_or_stored(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    started = gateway.start(client="demo-gateway")
    proof = gateway.check(started.id, vendors.code_sent(), client="demo-gateway", audience=AUDIENCE).body[
        "proof"
    ]
    claims = claims_of(gateway, proof)
    kept = gateway.log.getvalue() + json.dumps(aws.items())
    for secret in (*proof.split("."), claims["sub"], claims["jti"], "901888484"):
        assert secret not in kept
