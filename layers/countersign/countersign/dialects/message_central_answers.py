"""Answers of Message Central's protocol, to the byte as its clients read them.

The outer `responseCode` is a number, the inner one a string; `verificationId` is a string
in the answer to a send and a number in that to a validation, which has the documented
misspelling beside it, as a string. Sources: the vendor's API page, and recorded answers.

A failure is HTTP 400, for some clients take any 2xx for a success; trouble of ours is 5xx.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from http import HTTPStatus
from typing import final
from uuid import uuid4

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
    IdempotencyConflictError,
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
    UnauthenticatedError,
    UndeliverableError,
    UnsupportedMediaTypeError,
    WrongCodeError,
)
from countersign.model import Phone, Secret, Verification


class ResponseCode(IntEnum):
    """The vendor's table, whole; a name is what `message` says."""

    SUCCESS = 200
    BAD_REQUEST = 400
    DUPLICATE_RESOURCE = 409
    SERVER_ERROR = 500
    INVALID_CUSTOMER_ID = 501
    INVALID_VERIFICATION_ID = 505
    REQUEST_ALREADY_EXISTS = 506
    INVALID_COUNTRY_CODE = 511
    VERIFICATION_FAILED = 700
    WRONG_OTP_PROVIDED = 702
    ALREADY_VERIFIED = 703
    VERIFICATION_EXPIRED = 705
    MAXIMUM_LIMIT_REACHED = 800


@final
class InvalidCustomerError(InvalidRequestError):
    """A `customerId` that cannot be one, or is not that of the token."""


@final
class InvalidCountryError(InvalidRequestError):
    """A `countryCode` that is no calling code."""


@final
class RequestExistsError(CooldownError):
    """An earlier code for the number lives, with what the answer must say of it."""

    def __init__(self, cooldown: CooldownError, *, live_id: str, phone: Phone) -> None:
        seconds = cooldown.retry_after_seconds or 0
        super().__init__(live_id=live_id, resend_at=cooldown.resend_at, retry_after_seconds=seconds)
        self.verification_id = live_id
        self.phone = phone


CUSTOMER_IS_INVALID = "customerId is invalid"
PASSWORD_IS_WRONG = "password is wrong"
NUMBER_IS_REFUSED = "A vendor says that this number gets no such message."
COMPLETED = "VERIFICATION_COMPLETED"

_CODES: Mapping[type[CountersignError], ResponseCode] = {
    CountersignError: ResponseCode.SERVER_ERROR,
    InvalidRequestError: ResponseCode.BAD_REQUEST,
    PayloadTooLargeError: ResponseCode.BAD_REQUEST,
    UnsupportedMediaTypeError: ResponseCode.BAD_REQUEST,
    NumberNotAllowedError: ResponseCode.BAD_REQUEST,
    CountryNotAllowedError: ResponseCode.INVALID_COUNTRY_CODE,
    InvalidCustomerError: ResponseCode.INVALID_CUSTOMER_ID,
    InvalidCountryError: ResponseCode.INVALID_COUNTRY_CODE,
    CooldownError: ResponseCode.MAXIMUM_LIMIT_REACHED,  # nothing lives; else it is a RequestExistsError
    SendLimitError: ResponseCode.MAXIMUM_LIMIT_REACHED,
    GuessLimitError: ResponseCode.MAXIMUM_LIMIT_REACHED,
    RateLimitError: ResponseCode.MAXIMUM_LIMIT_REACHED,
    SendsExhaustedError: ResponseCode.MAXIMUM_LIMIT_REACHED,
    CanceledError: ResponseCode.DUPLICATE_RESOURCE,  # a newer send overtook this one
    IdempotencyConflictError: ResponseCode.DUPLICATE_RESOURCE,  # another verification has that id
    NotFoundError: ResponseCode.INVALID_VERIFICATION_ID,
    WrongCodeError: ResponseCode.WRONG_OTP_PROVIDED,
    AlreadyApprovedError: ResponseCode.ALREADY_VERIFIED,
    ExpiredError: ResponseCode.VERIFICATION_EXPIRED,
    AttemptsExhaustedError: ResponseCode.MAXIMUM_LIMIT_REACHED,
}
# Of a verification that has ended so, no code can be right any more.
_CODES_OF_A_CHECK = {
    **_CODES,
    CanceledError: ResponseCode.VERIFICATION_FAILED,
    UndeliverableError: ResponseCode.VERIFICATION_FAILED,
}


# Tokens ---------------------------------------------------------------------------------


def token_issued(token: str) -> HttpResponse:
    return json_response(HTTPStatus.OK, {"status": 200, "token": token})


def token_refused(error: CountersignError) -> HttpResponse:
    """The protocol refuses credentials at HTTP 200, with `status` 400; trouble of ours is none of that."""
    if isinstance(error, PayloadTooLargeError):
        return _plain(HTTPStatus.CONTENT_TOO_LARGE)
    if isinstance(error, (InvalidRequestError, ClientDisabledError, PermissionDeniedError)):
        return json_response(HTTPStatus.OK, {"status": 400, "error": CUSTOMER_IS_INVALID})
    if isinstance(error, UnauthenticatedError):
        return json_response(HTTPStatus.OK, {"status": 400, "error": PASSWORD_IS_WRONG})
    document = {"status": 500, "error": error.detail}
    return json_response(_http_status(error), document, headers=refusal_headers(error))


# Sends ----------------------------------------------------------------------------------


def sent(verification: Verification, *, phone: Phone, now: int) -> HttpResponse:
    """A send that may have reached somebody; `timeout` says how many seconds its code lives."""
    data = _data_of_a_send(
        ResponseCode.SUCCESS,
        verification_id=verification.id,
        phone=phone,
        life_seconds=max(0, verification.expires_at - now),
    )
    return _answer(ResponseCode.SUCCESS, data=data)


def send_refused(error: CountersignError) -> HttpResponse:
    """A refusal; `data` is there for what must be said beside the code: a live id, or what to correct."""
    if isinstance(error, RequestExistsError):
        code = ResponseCode.REQUEST_ALREADY_EXISTS
        data = _data_of_a_send(
            code,
            verification_id=error.verification_id,
            phone=error.phone,
            life_seconds=error.retry_after_seconds,
            reason=code.name,
        )
        return _answer(code, error=error, data=data)
    if isinstance(error, NotCarriedError) and not error.has_route:
        return _answer(ResponseCode.INVALID_COUNTRY_CODE, error=error)
    reason = error.detail
    code = words_for(error, table=_CODES)
    if isinstance(error, UndeliverableError) and error.number_refused:
        code, reason = ResponseCode.BAD_REQUEST, NUMBER_IS_REFUSED
    if code is ResponseCode.BAD_REQUEST:
        return _answer(code, error=error, data=_data_of_a_send(code, reason=reason))
    return _answer(code, error=error)


def _data_of_a_send(
    code: ResponseCode,
    *,
    verification_id: str | None = None,
    phone: Phone | None = None,
    life_seconds: int | None = None,
    reason: str | None = None,
) -> dict[str, object]:
    """All members at all times; what does not apply is null."""
    return {
        "verificationId": verification_id,
        "mobileNumber": _national(phone.e164, calling_code=phone.calling_code) if phone else None,
        "responseCode": str(code.value),
        "errorMessage": reason,
        "timeout": str(life_seconds) if life_seconds is not None else None,
        "smCLI": None,
        "transactionId": str(uuid4()),
    }


# Validations ----------------------------------------------------------------------------


def completed(verification: Verification, *, number: Secret | None) -> HttpResponse:
    """The answer to the right code, the only one that says so."""
    calling_code = verification.calling_code
    data: dict[str, object] = {
        "verficationId": verification.id,
        "verificationId": int(verification.id),
        "mobileNumber": _national(number, calling_code=calling_code) if number else None,
        "responseCode": str(ResponseCode.SUCCESS.value),
        "errorMessage": None,
        "verificationStatus": COMPLETED,
        "authToken": None,
        "transactionId": str(uuid4()),
    }
    return _answer(ResponseCode.SUCCESS, data=data)


def check_refused(error: CountersignError) -> HttpResponse:
    """Any other verdict: the code and its name, nothing else."""
    return _answer(words_for(error, table=_CODES_OF_A_CHECK), error=error)


# What several have ----------------------------------------------------------------------


def unauthorized() -> HttpResponse:
    """A token that is missing, wrong or dead: HTTP 401 with an empty body, as the vendor has it."""
    return HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"Cache-Control": "no-store"})


def no_such_route(error: MethodNotAllowedError | NotFoundError) -> HttpResponse:
    """A path or method that the protocol does not have."""
    return _plain(HTTPStatus(error.status), headers=refusal_headers(error))


def _plain(status: HTTPStatus, *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    return json_response(status, {"status": status.value, "error": status.phrase}, headers=headers)


def _answer(
    code: ResponseCode, *, error: CountersignError | None = None, data: Mapping[str, object] | None = None
) -> HttpResponse:
    document: dict[str, object] = {"responseCode": code.value, "message": code.name}
    if data is not None:
        document["data"] = data
    if error is None:
        return json_response(HTTPStatus.OK, document)
    status = _http_status(error) if code is ResponseCode.SERVER_ERROR else HTTPStatus.BAD_REQUEST
    return json_response(status, document, headers=refusal_headers(error))


def _http_status(error: CountersignError) -> int:
    """The error's own 5xx; an error that has none is a fault of ours all the same."""
    return max(error.status, HTTPStatus.INTERNAL_SERVER_ERROR)


def _national(number: Secret, *, calling_code: str) -> str:
    """The national significant number, from E.164."""
    return number.reveal().removeprefix(f"+{calling_code}")
