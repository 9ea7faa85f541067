"""Answers of EngageLab's protocol: success by field, refusals as `{"code": int, "message": string}`.

Source: the vendor's pages "OTP Send", "Verify" and "Error Codes". A wrong code is no
refusal there: HTTP 200 with `"verified": false`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from countersign.dialects.access import ASKS_FOR_BASIC
from countersign.dialects.dialect import words_for
from countersign.dialects.http import HttpResponse, json_response, refusal_headers
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ClientDisabledError,
    CooldownError,
    CountersignError,
    CountryNotAllowedError,
    ExpiredError,
    GuessLimitError,
    InvalidNumberError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotCarriedError,
    NotFoundError,
    NumberNotAllowedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    SendLimitError,
    UnauthenticatedError,
    UndeliverableError,
    UnsupportedMediaTypeError,
    WrongCodeError,
)
from countersign.model import Secret, Verification

OK = 200


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal as the vendor says it."""

    code: int
    status: int
    message: str


INTERNAL = Words(1000, 500, "internal error")
UNAUTHENTICATED = Words(2001, 401, "authentication failed, incorrect or missing credentials")
DISABLED = Words(2002, 401, "authentication failed, the credentials have been disabled")
NO_PERMISSION = Words(2004, 403, "no permission to call this API")
NOT_THE_JSON = Words(3001, 400, "invalid request parameter format")
NO_PATH = Words(3001, 404, "there is no such path")
NO_METHOD = Words(3001, 405, "this path does not take that method")
BAD_PARAMETERS = Words(3002, 400, "incorrect request parameters")
CODE_IS_OVER = Words(3003, 400, "verify code has expired")
STILL_LIVE = Words(3004, 400, "the same template and target may not be sent again while the code is valid")
UNKNOWN_SUBJECT = Words(4001, 400, "the message or template does not exist")
SENDING_FAILED = Words(5001, 400, "sending failed")
BAD_NUMBER = Words(5011, 400, "incorrect phone number format")
UNREACHABLE = Words(5012, 400, "the target is unreachable")
NUMBER_REFUSED = Words(5013, 400, "the number is on a blacklist")
NOT_COMPLIANT = Words(5014, 400, "no vendor of the route can carry this template")
INTERCEPTED = Words(5015, 400, "intercepted: too many messages to this number")
NO_GUESSES = Words(5015, 400, "intercepted: too many guesses for this number")
LIMITED = Words(5015, 400, "intercepted: too many messages lately")


@final
class UnknownSubjectError(NotFoundError):
    """The template or the message that a request names does not exist; unlike a path that does not."""


@final
class WrongGuessError(WrongCodeError):
    """A wrong code, with what the answer must repeat."""

    def __init__(self, *, message_id: str, guess: Secret, verification: Verification | None) -> None:
        super().__init__(verification=verification)
        self.message_id = message_id
        self.guess = guess


_WORDS: Mapping[type[CountersignError], Words] = {
    CountersignError: INTERNAL,
    UnauthenticatedError: UNAUTHENTICATED,
    ClientDisabledError: DISABLED,
    PermissionDeniedError: NO_PERMISSION,
    PayloadTooLargeError: NOT_THE_JSON,
    UnsupportedMediaTypeError: NOT_THE_JSON,
    InvalidRequestError: BAD_PARAMETERS,
    InvalidNumberError: BAD_NUMBER,
    NotCarriedError: NOT_COMPLIANT,
    NumberNotAllowedError: UNREACHABLE,
    CountryNotAllowedError: UNREACHABLE,
    NotFoundError: NO_PATH,
    UnknownSubjectError: UNKNOWN_SUBJECT,
    MethodNotAllowedError: NO_METHOD,
    ExpiredError: CODE_IS_OVER,
    AlreadyApprovedError: CODE_IS_OVER,
    AttemptsExhaustedError: CODE_IS_OVER,
    CanceledError: STILL_LIVE,  # a newer start overtook this one
    CooldownError: STILL_LIVE,
    SendLimitError: INTERCEPTED,
    GuessLimitError: NO_GUESSES,
    RateLimitError: LIMITED,
    UndeliverableError: SENDING_FAILED,
}
# Of a verification that has ended so, no code can be right any more.
_WORDS_OF_A_CHECK = {**_WORDS, CanceledError: CODE_IS_OVER, UndeliverableError: CODE_IS_OVER}

# Their details name what to correct, and hold nothing of the request.
_EXPLAINED = (InvalidRequestError, PayloadTooLargeError, UnsupportedMediaTypeError, UnknownSubjectError)


def accepted(verification: Verification) -> HttpResponse:
    """A send that may have reached somebody. The channels' names are the vendor's own."""
    return json_response(OK, {"message_id": verification.id, "send_channel": verification.channel.value})


def checked(message_id: str, *, guess: Secret, verified: bool) -> HttpResponse:
    """A check; `verify_code` repeats what the caller sent, whether it is right or not."""
    return json_response(OK, {"message_id": message_id, "verify_code": guess.reveal(), "verified": verified})


def refused(error: CountersignError, *, checking: bool) -> HttpResponse:
    """A refusal; `checking`: of a check, not of a send."""
    if isinstance(error, WrongGuessError):
        return checked(error.message_id, guess=error.guess, verified=False)
    words = words_of(error, checking=checking)
    headers = refusal_headers(error)
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = ASKS_FOR_BASIC
    is_explained = isinstance(error, _EXPLAINED) and not isinstance(error, NotCarriedError)
    message = error.detail if is_explained else words.message
    return json_response(words.status, {"code": words.code, "message": message}, headers=headers)


def words_of(error: CountersignError, *, checking: bool) -> Words:
    """The vendor's code, HTTP status and message for an error."""
    if isinstance(error, NotCarriedError) and not error.has_route:
        return UNREACHABLE
    if type(error) is InvalidRequestError and error.field is None:
        return NOT_THE_JSON
    if isinstance(error, UndeliverableError) and error.number_refused and not checking:
        return NUMBER_REFUSED
    return words_for(error, table=_WORDS_OF_A_CHECK if checking else _WORDS)
