"""What the permissions of Cognito's triggers are for; using.py says what a row is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from local.deploying import STACK_NAME
from tests.end_to_end.calling import fresh_number
from tests.end_to_end.using import Scene, Use
from tests.support.cognito import encrypted, sample, sms_event

CODE = "846205"


def a_text(scene: Scene) -> bool:
    return _invoked(scene, "Sms", _text_event(scene))


def a_text_again(scene: Scene) -> bool:
    """The same event once more, which must find what it has sent."""
    event = _text_event(scene)
    assert _invoked(scene, "Sms", event)
    return _invoked(scene, "Sms", event)


def a_challenge(scene: Scene) -> bool:
    return _invoked(scene, "Challenge", _challenge_event(scene))


def a_challenge_again(scene: Scene) -> bool:
    """As Cognito calls again: the code that is out is looked up."""
    event = _challenge_event(scene)
    assert _invoked(scene, "Challenge", event)
    return _invoked(scene, "Challenge", event)


def _text_event(scene: Scene) -> dict[str, Any]:
    settings = _settings(scene)
    pool = settings["CognitoUserPoolArn"].rpartition("/")[2]
    sealed = encrypted(
        CODE,
        kms=scene.stack.client("kms"),
        key_arn=settings["CognitoKeyArn"],
        context={"userpool-id": pool},
    )
    return sms_event(sealed, phone_number=fresh_number("VN")) | {"userPoolId": pool}


def _challenge_event(scene: Scene) -> dict[str, Any]:
    event = sample("create_auth_challenge")
    event["userPoolId"] = _settings(scene)["CognitoUserPoolArn"].rpartition("/")[2]
    event["request"]["userAttributes"]["phone_number"] = fresh_number("VN")
    return event


def _settings(scene: Scene) -> dict[str, str]:
    """The parameters of the stack."""
    [stack] = scene.stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def _invoked(scene: Scene, which: str, event: Mapping[str, object]) -> bool:
    """Whether the trigger did not fail."""
    deployed = scene.stack.deployment
    arn = deployed.cognito_sms_function if which == "Sms" else deployed.cognito_challenge_function
    assert arn is not None
    answer = scene.stack.client("lambda").invoke(FunctionName=arn, Payload=json.dumps(event))
    if "FunctionError" not in answer:
        return True
    told = json.load(answer["Payload"])
    assert "The code could not be sent or checked." in str(told), told
    return False


COGNITO_USES: Mapping[str, Use] = {
    "CognitoSmsRole/State/dynamodb:BatchGetItem": Use(a_text),
    "CognitoSmsRole/State/dynamodb:GetItem": Use(a_text_again),
    "CognitoSmsRole/State/dynamodb:PutItem": Use(a_text),
    "CognitoSmsRole/State/dynamodb:UpdateItem": Use(a_text),
    "CognitoSmsRole/Clients/secretsmanager:GetSecretValue": Use(a_text, cold=True),
    "CognitoSmsRole/Vendors/secretsmanager:GetSecretValue": Use(a_text, cold=True),
    "CognitoSmsRole/Codes/kms:Decrypt": Use(a_text),
    "CognitoChallengeRole/State/dynamodb:BatchGetItem": Use(a_challenge),
    "CognitoChallengeRole/State/dynamodb:GetItem": Use(a_challenge_again),
    "CognitoChallengeRole/State/dynamodb:PutItem": Use(a_challenge),
    "CognitoChallengeRole/State/dynamodb:UpdateItem": Use(a_challenge),
    "CognitoChallengeRole/Clients/secretsmanager:GetSecretValue": Use(a_challenge, cold=True),
    "CognitoChallengeRole/Vendors/secretsmanager:GetSecretValue": Use(a_challenge, cold=True),
}
