"""A Cognito user pool on the deployed template: its codes over our vendors, and its users' sign-in.

The emulator's Cognito conducts the sign-in and calls the three triggers. It does not call the SMS sender;
so that event is made as AWS documents it, with the code encrypted by the real SDK under the pool's key, and
handed to the function as Cognito does it, without waiting for an answer.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

from local.stack import Stack
from tests.end_to_end.calling import fresh_number, other_code
from tests.end_to_end.pool import UserPool
from tests.support.cognito import encrypted, sms_event

ARRIVES_SECONDS = 30.0
EXHAUSTED = '"outcome":"attempts_exhausted"'
_serial = count(1)


@dataclass
class SignIn:
    """An application's sign-in of one user, through Cognito's own API."""

    cognito: CognitoIdentityProviderClient
    client_id: str
    user: str
    session: str = ""

    def begin(self) -> dict[str, Any]:
        began: Any = self.cognito.initiate_auth(
            AuthFlow="CUSTOM_AUTH", ClientId=self.client_id, AuthParameters={"USERNAME": self.user}
        )
        self.session = began["Session"]
        shown: dict[str, Any] = began["ChallengeParameters"]
        return shown

    def answer(self, answer: str) -> dict[str, Any]:
        came: Any = self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=self.session,
            ChallengeResponses={"USERNAME": self.user, "ANSWER": answer},
        )
        self.session = came.get("Session", "")
        found: dict[str, Any] = came
        return found


@pytest.fixture(scope="module")
def app_client(stack: Stack, user_pool: UserPool) -> str:
    """An application of the pool, whose triggers are ours."""
    cognito = stack.client("cognito-idp")
    arn = stack.deployment.cognito_challenge_function
    assert arn is not None
    triggers = {"DefineAuthChallenge": arn, "CreateAuthChallenge": arn, "VerifyAuthChallengeResponse": arn}
    cognito.update_user_pool(UserPoolId=user_pool.id, LambdaConfig=triggers)  # type: ignore[arg-type]
    made = cognito.create_user_pool_client(
        UserPoolId=user_pool.id,
        ClientName="app",
        ExplicitAuthFlows=["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        PreventUserExistenceErrors="ENABLED",
    )
    return made["UserPoolClient"]["ClientId"]


def a_user(stack: Stack, pool: UserPool, *, number: str) -> str:
    user = f"user-{next(_serial)}"
    cognito = stack.client("cognito-idp")
    attributes = {"phone_number": number, "phone_number_verified": "true"}
    cognito.admin_create_user(
        UserPoolId=pool.id,
        Username=user,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    cognito.admin_set_user_password(UserPoolId=pool.id, Username=user, Password="Not-used-1", Permanent=True)
    return user


def test_a_code_of_the_pool_is_one_text_however_often_the_event_comes(
    stack: Stack, user_pool: UserPool
) -> None:
    to, code = fresh_number("VN"), "428913"
    sealed = encrypted(
        code, kms=stack.client("kms"), key_arn=user_pool.key_arn, context={"userpool-id": user_pool.id}
    )
    event = json.dumps(sms_event(sealed, phone_number=to) | {"userPoolId": user_pool.id})
    function = stack.deployment.cognito_sms_function
    assert function is not None
    functions = stack.client("lambda")
    asked = functions.invoke(FunctionName=function, InvocationType="Event", Payload=event)
    assert asked["StatusCode"] == 202
    deadline = time.monotonic() + ARRIVES_SECONDS
    while not stack.messages(to) and time.monotonic() < deadline:
        time.sleep(0.1)
    for _ in range(2):
        again = functions.invoke(FunctionName=function, Payload=event)
        assert again["Payload"].read() == b"{}"
        assert "FunctionError" not in again
    [message] = stack.messages(to)
    assert (message["vendor"], message["code"]) == ("esms", code)


def test_the_next_vendor_carries_the_pools_code(stack: Stack, user_pool: UserPool) -> None:
    to, code = fresh_number("VN"), "735162"
    sealed = encrypted(
        code, kms=stack.client("kms"), key_arn=user_pool.key_arn, context={"userpool-id": user_pool.id}
    )
    stack.vendor("esms", mode="refuse")
    event = json.dumps(sms_event(sealed, phone_number=to) | {"userPoolId": user_pool.id})
    function = stack.deployment.cognito_sms_function
    assert function is not None
    answer = stack.client("lambda").invoke(FunctionName=function, Payload=event)
    assert "FunctionError" not in answer
    [message] = stack.messages(to)
    assert (message["vendor"], message["code"]) == ("engagelab", code)


def test_a_user_signs_in_with_a_code_and_no_password(
    stack: Stack, user_pool: UserPool, app_client: str
) -> None:
    to = fresh_number("SG")
    sign_in = SignIn(stack.client("cognito-idp"), app_client, a_user(stack, user_pool, number=to))
    shown = sign_in.begin()
    assert shown["to"] == f"+•••••••{to[-4:]}"
    [message] = stack.messages(to)
    again = sign_in.answer(other_code(message["code"]))
    assert again["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert again["ChallengeParameters"]["to"] == shown["to"]
    tokens = sign_in.answer(message["code"])["AuthenticationResult"]
    assert tokens["AccessToken"].count(".") == 2
    assert len(stack.messages(to)) == 1


def test_after_five_wrong_codes_the_right_one_signs_nobody_in(
    stack: Stack, user_pool: UserPool, app_client: str
) -> None:
    """The emulator's Cognito ends a sign-in after three answers; a new one is about the same code."""
    to = fresh_number("SG")
    cognito = stack.client("cognito-idp")
    sign_in = SignIn(cognito, app_client, a_user(stack, user_pool, number=to))
    sign_in.begin()
    before = stack.function_logs().count(EXHAUSTED)
    [message] = stack.messages(to)
    wrong = other_code(message["code"])
    for _ in range(2):
        assert sign_in.answer(wrong)["ChallengeName"] == "CUSTOM_CHALLENGE"
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        sign_in.answer(wrong)
    sign_in.begin()
    for _ in range(2):
        assert sign_in.answer(wrong)["ChallengeName"] == "CUSTOM_CHALLENGE"
    with pytest.raises(cognito.exceptions.NotAuthorizedException):
        sign_in.answer(message["code"])
    assert len(stack.messages(to)) == 1
    assert stack.function_logs().count(EXHAUSTED) == before + 1
