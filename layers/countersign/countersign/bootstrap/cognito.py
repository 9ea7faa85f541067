"""What answers Amazon Cognito's triggers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from countersign.bootstrap.container import Container
from countersign.cognito.edge import Answers, TriggerEdge
from countersign.settings import Setting, required

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from countersign.cognito.sms import SealedCodes


def sms_trigger(container: Container, *, codes: Callable[[KMSClient, str], SealedCodes]) -> TriggerEdge:
    """The custom SMS sender. `codes` makes what decrypts, of a client and the ARN of the pool's key."""
    from countersign.cognito.sms import SmsSender

    def sealed() -> SealedCodes:
        return codes(container.kms, required(container.environment, Setting.COGNITO_KEY_ARN))

    return _trigger(container, SmsSender(container, client_id=_client_id(container), codes=sealed))


def challenge_trigger(container: Container) -> TriggerEdge:
    """The custom authentication."""
    from countersign.cognito.challenge import Challenge

    return _trigger(container, Challenge(container, client_id=_client_id(container)))


def _trigger(container: Container, answer: Answers) -> TriggerEdge:
    return TriggerEdge(
        answer=answer,
        client_id=_client_id(container),
        pool_id=lambda: required(container.environment, Setting.COGNITO_USER_POOL_ID),
        telemetry=container.telemetry,
        clock=container.clock,
    )


def _client_id(container: Container) -> Callable[[], str]:
    return lambda: required(container.environment, Setting.COGNITO_CLIENT)
