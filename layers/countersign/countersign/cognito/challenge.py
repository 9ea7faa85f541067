"""Sign-in without a password: the three triggers of Cognito's custom authentication.

    define   which challenge comes next, or tokens, or the end; five wrong answers are the end
    create   sends a code, once in a sign-in; the id of the verification is for us alone
    verify   checks the answer, which counts an attempt as every check does

Cognito keeps the state of a sign-in: what `create` gives as `privateChallengeParameters` comes to `verify`,
what it gives as `challengeMetadata` comes in `session` to the next rounds, and the user sees neither.
Whoever signs in is told the same whether or not there is such a user: without one nothing is sent, the
shown digits are made up, and no answer is right.

Docs: https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-challenge.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import final

from countersign.client import Client
from countersign.clock import Deadline
from countersign.codes import random_id
from countersign.cognito.triggers import CUSTOM_CHALLENGE, DIALECT, Source, Trigger, UseCases
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CooldownError,
    CountersignError,
    ExpiredError,
    InvalidNumberError,
    InvalidRequestError,
    NotFoundError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import HIDDEN_DIGIT, Channel, Phone, Secret, Status
from countersign.policy import DEFAULT_CODE_LENGTH, DEFAULT_TTL_SECONDS

PURPOSE = "cognito:challenge"  # with a colon, so that no request of the native API can name it
MOST_ROUNDS = 5
LEAST_COOLDOWN_SECONDS = 15  # Cognito gives a trigger five seconds, three times
SHOWN_DIGITS = 4

_ID = re.compile(r"[a-z2-7]{26}")
_ANSWER = re.compile(r"[0-9A-Za-z]{4,10}")
_REFUSALS = (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ExpiredError,
    NotFoundError,
    UndeliverableError,
    WrongCodeError,
)

type Response = Mapping[str, object]


@final
class Challenge:
    """The three triggers."""

    def __init__(self, use_cases: UseCases, *, client_id: Callable[[], str]) -> None:
        self._use_cases = use_cases
        self._client_id = client_id

    def __call__(self, trigger: Trigger, deadline: Deadline) -> Response:
        """The event's `response`. Raises a CountersignError."""
        match trigger.source:
            case Source.DEFINE_CHALLENGE:
                return define(trigger)
            case Source.CREATE_CHALLENGE:
                return self._create(trigger, deadline=deadline)
            case Source.VERIFY_ANSWER:
                return {"answerCorrect": self._is_right(trigger, deadline=deadline)}
            case _:
                raise InvalidRequestError("The event is none of a challenge.", field="triggerSource")

    def _create(self, trigger: Trigger, *, deadline: Deadline) -> Response:
        if trigger.request.get("challengeName") != CUSTOM_CHALLENGE:
            raise InvalidRequestError("The challenge is none of ours.", field="challengeName")
        client = self._use_cases.clients.trusted(self._client_id())
        phone = self._phone(trigger)
        rounds = trigger.rounds
        if rounds:  # the code is out; another one would be a new sign-in
            verification_id = rounds[-1].metadata
        elif phone is None:
            # It leads nowhere, and is as long as one that does: the session that Cognito gives the user
            # holds it, encrypted, and its length can be seen.
            verification_id = random_id()
        else:
            verification_id = self._sent(client, phone=phone, trigger=trigger, deadline=deadline)
        shown = self._made_up(trigger) if phone is None else phone.e164.reveal()[-SHOWN_DIGITS:]
        return {
            "publicChallengeParameters": {
                "to": f"+{HIDDEN_DIGIT * 7}{shown}",
                # From the sending on; not a moment, which would differ for a code that is out already.
                "expires_in_seconds": str(_ttl_seconds(client)),
            },
            "privateChallengeParameters": {"verification_id": verification_id},
            "challengeMetadata": verification_id,
        }

    def _phone(self, trigger: Trigger) -> Phone | None:
        """The number that a code may go to; None where there is no user, or no number that was verified."""
        from countersign.phone import parse_phone  # to define a challenge or to check an answer needs none

        if not trigger.has_user or trigger.number is None or not trigger.is_verified:
            return None
        try:
            return parse_phone(trigger.number.reveal(), field="phone_number")
        except InvalidNumberError:
            self._use_cases.telemetry.warning("a user's number is none", client=self._client_id())
            return None

    def _sent(self, client: Client, *, phone: Phone, trigger: Trigger, deadline: Deadline) -> str:
        """The id of a verification that is on its way: a new one, or one that was sent a moment ago.

        Cognito calls again where it has waited five seconds, and people click twice.
        """
        from countersign.service.sending import cooldown_seconds
        from countersign.service.wish import StartRequest

        request = StartRequest(
            phone=phone,
            channels=(Channel.SMS,),
            purpose=PURPOSE,
            code_length=client.policy.code_length or DEFAULT_CODE_LENGTH,
            ttl_seconds=_ttl_seconds(client),
            cooldown_seconds=max(LEAST_COOLDOWN_SECONDS, cooldown_seconds(client.policy)),
            locale=trigger.locale,
        )
        try:
            started = self._use_cases.starter.start(client, request=request, source=None, deadline=deadline)
        except CooldownError as refused:
            if refused.live_id is None or not self._is_pending(client, verification_id=refused.live_id):
                raise
            return refused.live_id
        return started.verification.id

    def _is_pending(self, client: Client, *, verification_id: str) -> bool:
        try:
            verification = self._use_cases.checker.read(client, verification_id=verification_id)
        except NotFoundError:
            return False
        return verification.status(self._use_cases.clock.now())[0] is Status.PENDING

    def _made_up(self, trigger: Trigger) -> str:
        """Digits for a user who does not exist, the same every time."""
        keys = self._use_cases.peppers.ring().current
        digest = keys.fingerprint("cognito:nobody", trigger.pool_id, trigger.user)
        return f"{int.from_bytes(digest.encode()) % 10**SHOWN_DIGITS:0{SHOWN_DIGITS}}"

    def _is_right(self, trigger: Trigger, *, deadline: Deadline) -> bool:
        """Check the answer. A vendor or a store that is in trouble is no wrong answer: that is raised."""
        verification_id, answer = _verification_id(trigger), trigger.request.get("challengeAnswer")
        if not trigger.has_user or verification_id is None:
            return False
        if not isinstance(answer, str) or not _ANSWER.fullmatch(answer):
            return False  # no code at all, which costs no attempt here as elsewhere
        client = self._use_cases.clients.trusted(self._client_id())
        try:
            self._use_cases.checker.check(
                client, verification_id=verification_id, code=Secret(answer), deadline=deadline
            )
        except _REFUSALS as refused:
            self._log(refused, client=client)
            return False
        return True

    def _log(self, refused: CountersignError, *, client: Client) -> None:
        about = refused.verification
        self._use_cases.telemetry.outcome(
            "RequestRefused",
            dialect=DIALECT,
            verification_id=about.id if about else None,
            client=client.id,
            country=about.country if about else None,
            provider=about.provider if about else None,
            outcome=refused.code,
        )


def define(trigger: Trigger) -> Response:
    """What comes next. Tokens follow one right answer, after nothing but challenges of ours.

    A sign-in that begins otherwise (with SRP, say) ends here: its other half is not ours to judge.
    """
    rounds = trigger.rounds
    is_ours = all(one.challenge == CUSTOM_CHALLENGE for one in rounds)
    if is_ours and rounds and rounds[-1].was_right and trigger.has_user:
        return {"issueTokens": True, "failAuthentication": False}
    if not is_ours or len(rounds) >= MOST_ROUNDS or any(one.was_right for one in rounds):
        return {"issueTokens": False, "failAuthentication": True}
    return {"challengeName": CUSTOM_CHALLENGE, "issueTokens": False, "failAuthentication": False}


def _verification_id(trigger: Trigger) -> str | None:
    private = trigger.request.get("privateChallengeParameters")
    found = private.get("verification_id") if isinstance(private, dict) else None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _ttl_seconds(client: Client) -> int:
    return client.policy.ttl_seconds or DEFAULT_TTL_SECONDS
