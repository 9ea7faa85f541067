"""What Cognito hands to a trigger, read strictly. Nothing of it is taken on trust but what is checked here.

Every event has `version`, `triggerSource`, `region`, `userPoolId`, `userName`, `callerContext`, `request`
and `response`; what stands in the last two is the source's own.

Docs: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-working-with-lambda-triggers.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from countersign.clock import Clock
from countersign.errors import InvalidRequestError
from countersign.model import Secret
from countersign.ports import Clients, Peppers, Telemetry

if TYPE_CHECKING:
    from countersign.service.check import Checker
    from countersign.service.start import Starter

DIALECT = "cognito"  # as the log names where a request came from
CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")


class Source(StrEnum):
    """Which trigger fired, and why: `triggerSource`."""

    SMS_SIGN_UP = "CustomSMSSender_SignUp"
    SMS_RESEND_CODE = "CustomSMSSender_ResendCode"
    SMS_FORGOT_PASSWORD = "CustomSMSSender_ForgotPassword"  # a name, no password
    SMS_UPDATE_ATTRIBUTE = "CustomSMSSender_UpdateUserAttribute"
    SMS_VERIFY_ATTRIBUTE = "CustomSMSSender_VerifyUserAttribute"
    SMS_AUTHENTICATION = "CustomSMSSender_Authentication"
    SMS_ADMIN_CREATE_USER = "CustomSMSSender_AdminCreateUser"
    SMS_TAKE_OVER = "CustomSMSSender_AccountTakeOverNotification"
    DEFINE_CHALLENGE = "DefineAuthChallenge_Authentication"
    CREATE_CHALLENGE = "CreateAuthChallenge_Authentication"
    VERIFY_ANSWER = "VerifyAuthChallengeResponse_Authentication"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A challenge of this sign-in that was answered: an entry of `request.session`."""

    challenge: str
    was_right: bool
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """An event."""

    source: Source
    pool_id: str
    user: str = field(repr=False)  # a pool may let users choose numbers or addresses for names
    request: Mapping[str, object] = field(repr=False)

    @classmethod
    def read(cls, event: object) -> Trigger:
        """Raises InvalidRequestError for what is no event of a trigger that is spoken here."""
        if not isinstance(event, dict):
            raise InvalidRequestError("The event must be a JSON object.")
        source, request = event.get("triggerSource"), event.get("request")
        if source not in tuple(Source):
            raise InvalidRequestError("`triggerSource` is none that is answered here.", field="triggerSource")
        if not isinstance(request, dict):
            raise InvalidRequestError("`request` must be an object.", field="request")
        return cls(
            source=Source(source),
            pool_id=_text(event, "userPoolId"),
            user=_text(event, "userName"),
            request=request,
        )

    @property
    def attributes(self) -> Mapping[str, object]:
        """The user's attributes; all of them are strings, and none need be there."""
        found = self.request.get("userAttributes")
        return found if isinstance(found, dict) else {}

    @property
    def number(self) -> Secret | None:
        """The user's number as the pool has it."""
        number = self.attributes.get("phone_number")
        return Secret(number) if isinstance(number, str) and number else None

    @property
    def is_verified(self) -> bool:
        """Whether the number is the user's. Cognito keeps an administrator's `True` as it was written."""
        return str(self.attributes.get("phone_number_verified")).lower() == "true"

    @property
    def locale(self) -> str | None:
        """The user's language, where the attribute is a language tag."""
        locale = self.attributes.get("locale")
        return locale if isinstance(locale, str) and _LOCALE.fullmatch(locale) else None

    @property
    def has_user(self) -> bool:
        """False where the pool hides that there is no such user (PreventUserExistenceErrors)."""
        return self.request.get("userNotFound") is not True

    @property
    def rounds(self) -> tuple[Round, ...]:
        """What was answered in this sign-in, oldest first. Raises InvalidRequestError."""
        session = self.request.get("session", [])
        if not isinstance(session, list) or not all(isinstance(one, dict) for one in session):
            raise InvalidRequestError("`request.session` must be an array of objects.", field="session")
        return tuple(
            Round(
                challenge=str(one.get("challengeName")),
                was_right=one.get("challengeResult") is True,
                metadata=str(one.get("challengeMetadata") or ""),
            )
            for one in session
        )


class UseCases(Protocol):
    """What the triggers need of the service; each is made at its first use."""

    @property
    def clients(self) -> Clients: ...

    @property
    def starter(self) -> Starter: ...

    @property
    def checker(self) -> Checker: ...

    @property
    def peppers(self) -> Peppers: ...

    @property
    def telemetry(self) -> Telemetry: ...

    @property
    def clock(self) -> Clock: ...


def _text(members: Mapping[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequestError(f"`{name}` must be a string that is not empty.", field=name)
    return value
