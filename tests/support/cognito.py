"""A Cognito user pool, as its triggers see it: codes that the real SDK encrypts, sign-ins and sessions."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aws_encryption_sdk import CommitmentPolicy, EncryptionSDKClient  # type: ignore[import-untyped]
from aws_encryption_sdk.identifiers import Algorithm  # type: ignore[import-untyped]
from aws_encryption_sdk.key_providers.kms import (  # type: ignore[import-untyped]
    KMSMasterKey,
    KMSMasterKeyConfig,
)

from tests.support.samples import EVENTS

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from countersign.cognito.edge import TriggerEdge
    from tests.support.gateway import Context

POOL_ID = "us-east-1_EXAMPLE01"
POOL_ARN = f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{POOL_ID}"
TO = "+84901888484"
ENCRYPTION = EncryptionSDKClient(commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT)
# Without a key commitment, as messages of version 1 of the SDK are: Cognito may write either.
UNCOMMITTED = Algorithm.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384


def sample(name: str) -> dict[str, Any]:
    """A sample event of the folder `events`, without `cognito_`."""
    event: dict[str, Any] = json.loads((EVENTS / f"cognito_{name}.json").read_text(encoding="utf-8"))
    return event


def encrypted(
    code: str,
    *,
    kms: KMSClient,
    key_arn: str,
    context: Mapping[str, str] | None = None,
    committed: bool = True,
) -> str:
    """A code as Cognito writes it into an event: a message of the AWS Encryption SDK in base64."""
    client, algorithm = ENCRYPTION, None
    if not committed:
        policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
        client, algorithm = EncryptionSDKClient(commitment_policy=policy), UNCOMMITTED
    message, _ = client.encrypt(
        source=code.encode(),
        key_provider=KMSMasterKey(config=KMSMasterKeyConfig(key_id=key_arn, client=kms)),
        encryption_context={"userpool-id": POOL_ID} if context is None else dict(context),
        algorithm=algorithm,
    )
    return base64.b64encode(message).decode()


def sms_event(
    code: str, *, source: str = "CustomSMSSender_SignUp", user: str | None = None, **attributes: str | None
) -> dict[str, Any]:
    """The sample of the SMS sender with this (encrypted) code; an attribute that is None is not there."""
    event = sample("custom_sms_sender")
    event["triggerSource"] = source
    event["userName"] = user or event["userName"]
    event["request"]["code"] = code
    for name, value in attributes.items():
        event["request"]["userAttributes"].pop(name, None)
        if value is not None:
            event["request"]["userAttributes"][name] = value
    return event


@dataclass
class SignIn:
    """A sign-in as Cognito conducts it: it keeps the session and hands it to the triggers."""

    edge: TriggerEdge
    context: Context
    attributes: dict[str, str] | None = None  # None: those of the samples
    user: str | None = None
    exists: bool = True
    session: list[dict[str, Any]] = field(default_factory=list)
    shown: dict[str, str] = field(default_factory=dict)  # what the user is told
    private: dict[str, str] = field(default_factory=dict)
    metadata: str = ""

    def _event(self, name: str) -> dict[str, Any]:
        event = sample(name)
        event["request"]["userNotFound"] = not self.exists
        event["userName"] = self.user or event["userName"]
        if self.attributes is not None:
            event["request"]["userAttributes"] = self.attributes
        if "session" in event["request"]:
            event["request"]["session"] = self.session
        return event

    def _response(self, event: dict[str, Any]) -> dict[str, Any]:
        answered: Any = self.edge(event, self.context)
        response: dict[str, Any] = answered["response"]
        assert json.loads(json.dumps(answered)) == event | {"response": response}
        return response

    def defined(self) -> str:
        """What comes next: `tokens`, `failed` or the name of a challenge."""
        response = self._response(self._event("define_auth_challenge"))
        if response["issueTokens"] is True:
            assert response["failAuthentication"] is False
            return "tokens"
        return "failed" if response["failAuthentication"] else str(response["challengeName"])

    def created(self) -> dict[str, Any]:
        response = self._response(self._event("create_auth_challenge"))
        self.shown = response["publicChallengeParameters"]
        self.private = response["privateChallengeParameters"]
        self.metadata = response["challengeMetadata"]
        return response

    def answered(self, answer: str) -> bool:
        event = self._event("verify_auth_challenge")
        event["request"]["privateChallengeParameters"] = self.private
        event["request"]["challengeAnswer"] = answer
        right = self._response(event)["answerCorrect"]
        assert isinstance(right, bool)
        entry = {
            "challengeName": "CUSTOM_CHALLENGE",
            "challengeResult": right,
            "challengeMetadata": self.metadata,
        }
        self.session.append(entry)
        return right

    def begun(self) -> None:
        """The first challenge."""
        assert self.defined() == "CUSTOM_CHALLENGE"
        self.created()

    def tried(self, answer: str) -> str:
        """An answer, and what comes of it; the next challenge is there, if there is one."""
        self.answered(answer)
        came = self.defined()
        if came == "CUSTOM_CHALLENGE":
            self.created()
        return came
