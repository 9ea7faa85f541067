"""Answers of CAMARA's One Time Password SMS; every one of them carries an `x-correlator`.

Refusals are `{"status": int, "code": string, "message": string}`. Codes and HTTP statuses are
those of the API's definition and, beyond it, of the CAMARA API Design Guide (3.2), whose list
is closed: it has no 413, so a body that is too large is an invalid argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final
from uuid import uuid4

from countersign.dialects.access import ASKS_FOR_BEARER, token_of
from countersign.dialects.camara_parsing import CORRELATOR, SCOPE, correlator_of
from countersign.dialects.dialect import words_for
from countersign.dialects.http import HttpRequest, HttpResponse, json_response, refusal_headers
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CooldownError,
    CountersignError,
    CountryNotAllowedError,
    ExpiredError,
    GuessLimitError,
    IdempotencyConflictError,
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
    SendsExhaustedError,
    ServiceUnavailableError,
    UnauthenticatedError,
    UndeliverableError,
    UnsupportedMediaTypeError,
    VendorUnavailableError,
    WrongCodeError,
)
from countersign.model import Verification

OK, NO_CONTENT = 200, 204


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal as the standard says it."""

    status: int
    code: str
    message: str


def _specific(status: int, code: str, message: str) -> Words:
    return Words(status, f"ONE_TIME_PASSWORD_SMS.{code}", message)


INVALID_ARGUMENT = Words(400, "INVALID_ARGUMENT", "The request is malformed.")
NOT_CARRIED = Words(
    400, "INVALID_ARGUMENT", "No vendor that serves this number can send a text of your own with such a code."
)
INVALID_OTP = _specific(400, "INVALID_OTP", "The code is not the one that was sent.")
VERIFICATION_EXPIRED = _specific(
    400, "VERIFICATION_EXPIRED", "The authenticationId is no longer valid; send a new code."
)
VERIFICATION_FAILED = _specific(
    400, "VERIFICATION_FAILED", "No attempt is left for this authenticationId; send a new code."
)
UNAUTHENTICATED = Words(401, "UNAUTHENTICATED", "The access token is missing, invalid or expired.")
PERMISSION_DENIED = Words(403, "PERMISSION_DENIED", "The client or its access token may not use this API.")
MAX_OTP_CODES_EXCEEDED = _specific(
    403, "MAX_OTP_CODES_EXCEEDED", "Too many codes were sent to this number; try later."
)
PHONE_NUMBER_NOT_ALLOWED = _specific(403, "PHONE_NUMBER_NOT_ALLOWED", "This number cannot receive an SMS.")
PHONE_NUMBER_BLOCKED = _specific(403, "PHONE_NUMBER_BLOCKED", "This number is blocked for such an SMS.")
NOT_FOUND = Words(404, "NOT_FOUND", "There is no such resource.")
NOT_SERVED = Words(404, "NOT_FOUND", "Numbers of this country are not served.")
METHOD_NOT_ALLOWED = Words(405, "METHOD_NOT_ALLOWED", "This path does not take that method.")
ABORTED = Words(409, "ABORTED", "A newer send to this number overtook this one; nothing was sent.")
ALREADY_EXISTS = Words(409, "ALREADY_EXISTS", "This request was made before, with other content.")
UNSUPPORTED_MEDIA_TYPE = Words(415, "UNSUPPORTED_MEDIA_TYPE", "Send the body as application/json.")
TOO_MANY_REQUESTS = Words(
    429, "TOO_MANY_REQUESTS", "A code was sent to this number a moment ago; wait before the next."
)
TOO_MANY_IN_ALL = Words(429, "TOO_MANY_REQUESTS", "Too many codes were sent lately; wait before the next.")
INTERNAL = Words(500, "INTERNAL", "The service failed; nothing was verified.")
NOT_SENT = Words(503, "UNAVAILABLE", "No vendor took the message; nothing was sent.")
UNAVAILABLE = Words(503, "UNAVAILABLE", "The service cannot answer now.")

_WORDS: Mapping[type[CountersignError], Words] = {
    CountersignError: INTERNAL,
    InvalidRequestError: INVALID_ARGUMENT,
    PayloadTooLargeError: INVALID_ARGUMENT,
    InvalidNumberError: PHONE_NUMBER_NOT_ALLOWED,
    NumberNotAllowedError: PHONE_NUMBER_NOT_ALLOWED,
    CountryNotAllowedError: NOT_SERVED,
    NotCarriedError: NOT_CARRIED,
    UnsupportedMediaTypeError: UNSUPPORTED_MEDIA_TYPE,
    UnauthenticatedError: UNAUTHENTICATED,
    PermissionDeniedError: PERMISSION_DENIED,
    NotFoundError: NOT_FOUND,
    MethodNotAllowedError: METHOD_NOT_ALLOWED,
    WrongCodeError: INVALID_OTP,
    AttemptsExhaustedError: VERIFICATION_FAILED,
    ExpiredError: VERIFICATION_EXPIRED,
    AlreadyApprovedError: VERIFICATION_EXPIRED,
    CanceledError: ABORTED,
    CooldownError: TOO_MANY_REQUESTS,
    SendLimitError: MAX_OTP_CODES_EXCEEDED,
    GuessLimitError: MAX_OTP_CODES_EXCEEDED,
    RateLimitError: TOO_MANY_IN_ALL,
    SendsExhaustedError: MAX_OTP_CODES_EXCEEDED,
    IdempotencyConflictError: ALREADY_EXISTS,
    UndeliverableError: NOT_SENT,
    VendorUnavailableError: UNAVAILABLE,
    ServiceUnavailableError: UNAVAILABLE,
}
# Of a verification that has ended so, no code can be right any more.
_WORDS_OF_A_CHECK = {
    **_WORDS,
    CanceledError: VERIFICATION_EXPIRED,
    UndeliverableError: VERIFICATION_EXPIRED,
}


@final
class ScopeMissingError(PermissionDeniedError):
    """The token is good, but not for this."""


def sent(verification: Verification, *, request: HttpRequest) -> HttpResponse:
    """A send that may have reached somebody."""
    return json_response(OK, {"authenticationId": verification.id}, headers=_correlated(request))


def validated(request: HttpRequest) -> HttpResponse:
    """The code was right: no body, hence no type of one."""
    headers = {"Cache-Control": "no-store", **_correlated(request)}
    return HttpResponse(status=NO_CONTENT, headers=headers)


def refused(error: CountersignError, *, request: HttpRequest, validating: bool) -> HttpResponse:
    """A refusal; `validating`: of a code, not of a send."""
    words = words_of(error, validating=validating)
    headers = _correlated(request) | refusal_headers(error)
    challenge = _challenge(error, request=request)
    if challenge is not None:
        headers["WWW-Authenticate"] = challenge
    # The details of an invalid argument name what to correct, and hold nothing of the request.
    message = error.detail if words is INVALID_ARGUMENT else words.message
    document = {"status": words.status, "code": words.code, "message": message}
    return json_response(words.status, document, headers=headers)


def words_of(error: CountersignError, *, validating: bool) -> Words:
    """The standard's status, code and message for an error."""
    if isinstance(error, NotCarriedError) and not error.has_route:
        return NOT_SERVED
    if isinstance(error, WrongCodeError) and _was_the_last(error.verification):
        return VERIFICATION_FAILED
    if isinstance(error, UndeliverableError) and error.number_refused and not validating:
        return PHONE_NUMBER_BLOCKED
    return words_for(error, table=_WORDS_OF_A_CHECK if validating else _WORDS)


def _was_the_last(verification: Verification | None) -> bool:
    """Was a wrong guess the last one allowed?

    While a vendor has yet to answer on another guess, that one may still be right, or not
    count: then whichever is answered last is told.
    """
    return verification is not None and verification.attempts_left == 0 and verification.checking == 0


def _challenge(error: CountersignError, *, request: HttpRequest) -> str | None:
    """`WWW-Authenticate` by RFC 6750, section 3: a request without a token gets no error in it."""
    if isinstance(error, ScopeMissingError):
        return f'{ASKS_FOR_BEARER}, error="insufficient_scope", scope="{SCOPE}"'
    if not isinstance(error, UnauthenticatedError):
        return None
    return ASKS_FOR_BEARER if token_of(request) is None else f'{ASKS_FOR_BEARER}, error="invalid_token"'


def _correlated(request: HttpRequest) -> dict[str, str]:
    """The caller's correlator, or a fresh one where it sent none that may be repeated."""
    return {CORRELATOR: correlator_of(request) or str(uuid4())}
