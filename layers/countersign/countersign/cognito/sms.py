"""The custom SMS sender: a user pool's own codes, over our routes.

    Cognito makes a code and checks it; we decrypt it and carry it, as EngageLab's /v1/codes does with a
    caller's own code. So custody is always `gateway`, whatever the route says, and our verification is
    never checked: it stays pending until it expires, and its text is none that the guard against pumping
    waits to see approved (`Verification.checked_elsewhere`).

Cognito calls this trigger without waiting for it: whoever signs up is told nothing of a failure. Lambda
delivers an event that failed again, twice, a minute and then two minutes later. The event is the same to
the byte, so its digest is the key under which it makes one text.

Docs: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sms-sender.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Protocol, final

from countersign.client import Client
from countersign.clock import Deadline
from countersign.cognito.triggers import Source, Trigger, UseCases
from countersign.errors import InvalidRequestError, UndeliverableError, cause_of
from countersign.model import CHECKED_ELSEWHERE, Channel, Delivery, Secret, Verification
from countersign.phone import parse_phone
from countersign.policy import CODE_LENGTH, DEFAULT_TTL_SECONDS
from countersign.service.wish import StartRequest

REQUEST_TYPE = "customSMSSenderRequestV1"
DELIVERIES = 3  # of one event: Lambda's first and its two retries
LONGEST_MESSAGE = 16_384  # characters; a code of six digits makes some 700

# A temporary password (AdminCreateUser) is no one-time code: it is good for days and stands in the text of
# a vendor's template that says "code". A warning of a take-over has no code at all.
# One purpose for all of them: each purpose of a number that has a live code holds guesses of its limit, which
# nobody will make. What the code is for is the verification's reference.
REFERENCES: Mapping[Source, str] = {
    Source.SMS_SIGN_UP: "sign_up",
    Source.SMS_RESEND_CODE: "resend_code",
    Source.SMS_FORGOT_PASSWORD: "forgot_password",
    Source.SMS_UPDATE_ATTRIBUTE: "update_user_attribute",
    Source.SMS_VERIFY_ATTRIBUTE: "verify_user_attribute",
    Source.SMS_AUTHENTICATION: "authentication",
}

_CODE = re.compile(rf"[0-9]{{{CODE_LENGTH.low},{CODE_LENGTH.high}}}")


class UnreadableCodeError(Exception):
    """The code is not encrypted as this pool's is (another key or pool, altered), or KMS does not answer."""


class SealedCodes(Protocol):
    """Codes as Cognito encrypts them."""

    def open(self, message: bytes, *, pool_id: str) -> Secret:
        """The plain text of a message that was encrypted for this pool. Raises UnreadableCodeError."""
        ...


@final
class SmsSender:
    """The use case."""

    def __init__(
        self, use_cases: UseCases, *, client_id: Callable[[], str], codes: Callable[[], SealedCodes]
    ) -> None:
        self._use_cases = use_cases
        self._client_id = client_id
        self._codes = cache(codes)  # made at the first event, and kept

    def __call__(self, trigger: Trigger, deadline: Deadline) -> None:
        """Send the code of an event. Raises a CountersignError where it was not sent."""
        reference = REFERENCES.get(trigger.source)
        if reference is None or trigger.request.get("type") != REQUEST_TYPE:
            raise InvalidRequestError(
                "The event carries no code that is sent by text.", field="triggerSource"
            )
        if trigger.number is None:
            raise InvalidRequestError("The user has no number.", field="phone_number")
        phone = parse_phone(trigger.number.reveal(), field="phone_number")
        client = self._use_cases.clients.trusted(self._client_id())
        sealed = _sealed(trigger)
        code = self._opened(sealed, trigger=trigger, client=client)
        request = StartRequest(
            phone=phone,
            channels=(Channel.SMS,),
            purpose=CHECKED_ELSEWHERE,
            code_length=len(code.reveal()),
            ttl_seconds=client.policy.ttl_seconds or DEFAULT_TTL_SECONDS,
            # Cognito has a rate of its own for new codes, and a new one is often the only one that is right.
            cooldown_seconds=client.policy.cooldown_seconds or 0,
            code=code,
            locale=trigger.locale,
            reference=reference,
            idempotency_key=_digest(trigger, sealed=sealed),
        )
        self._send(client, request=request, deadline=deadline)

    def _opened(self, sealed: str, *, trigger: Trigger, client: Client) -> Secret:
        """The code, which is digits and as long as the client's policy wants codes to be."""
        try:
            message = base64.b64decode(sealed, validate=True)
            code = self._codes().open(message, pool_id=trigger.pool_id)
        except (UnreadableCodeError, binascii.Error) as error:
            cause = cause_of(error) or type(error).__name__
            self._use_cases.telemetry.warning("a code could not be decrypted", client=client.id, cause=cause)
            raise InvalidRequestError("The code could not be decrypted.", field="code") from error
        if not _CODE.fullmatch(code.reveal()):
            raise InvalidRequestError("The code is not 4 to 10 digits.", field="code")
        if len(code.reveal()) < (client.policy.code_length or 0):
            raise InvalidRequestError("The code is shorter than the client's policy allows.", field="code")
        return code

    def _send(self, client: Client, *, request: StartRequest, deadline: Deadline) -> None:
        """Start it; where an earlier delivery of the event could provably not send it, once more.

        Not after a newer code of the pool's, for that is often the only one that is right.
        """
        for delivery in range(1, DELIVERIES + 1):
            keyed = replace(request, idempotency_key=f"{request.idempotency_key}.{delivery}")
            try:
                self._use_cases.starter.start(client, request=keyed, source=None, deadline=deadline)
            except UndeliverableError as error:
                if delivery == DELIVERIES or not error.replayed:
                    raise
                if self._is_overtaken(client, request=request, tried=error.verification):
                    self._use_cases.telemetry.warning(
                        "a code has gone out since the last try", client=client.id
                    )
                    return
            else:
                return

    def _is_overtaken(self, client: Client, *, request: StartRequest, tried: Verification | None) -> bool:
        """Has a code gone to the number since that try: another event's, or this one's by a later one?"""
        latest = self._use_cases.checker.latest(client, number=request.phone.e164, purpose=request.purpose)
        if latest is None or tried is None or latest.delivery is Delivery.REJECTED:
            return False
        return latest.id != tried.id and latest.created_at > tried.created_at


def _sealed(trigger: Trigger) -> str:
    """The encrypted code, in base64. Raises InvalidRequestError."""
    sealed = trigger.request.get("code")
    if not isinstance(sealed, str) or not 0 < len(sealed) <= LONGEST_MESSAGE:
        raise InvalidRequestError("The event has no code.", field="code")
    return sealed


def _digest(trigger: Trigger, *, sealed: str) -> str:
    """What an event is known by when it comes again. Every code is encrypted under a key of its own."""
    parts = "\n".join((trigger.pool_id, trigger.user, sealed))
    return hashlib.sha256(parts.encode("utf-8")).hexdigest()
