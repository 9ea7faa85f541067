"""Every refusal that an operation can answer is declared, in its status, its headers and its body."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from countersign.dialects.camara_answers import ScopeMissingError
from countersign.dialects.dialect import Refusal
from countersign.dialects.engagelab_answers import UnknownSubjectError, WrongGuessError
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.dialects.message_central_answers import (
    InvalidCountryError,
    InvalidCustomerError,
    RequestExistsError,
)
from countersign.dialects.oauth2 import InvalidScopeError, UnsupportedGrantTypeError
from countersign.edge import InternalError
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
    InvalidNumberError,
    InvalidRequestError,
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
from countersign.model import Secret
from countersign.phone import parse_phone
from tests.docs.openapi import Operation, document, operations
from tests.infra.endpoints import spoken

NOW = 1_795_000_000
OPERATIONS = operations(document())
DIALECT_OF = {one.operation: one.dialect for one in spoken()}


def _undeliverable(*, number_refused: bool) -> UndeliverableError:
    error = UndeliverableError()
    error.number_refused = number_refused
    return error


ALWAYS: Sequence[CountersignError] = (PayloadTooLargeError(), InternalError())
AUTHENTICATED: Sequence[CountersignError] = (
    UnauthenticatedError(),
    ClientDisabledError(),
    PermissionDeniedError(),
    ServiceUnavailableError(retry_after_seconds=1),
)
PARSED: Sequence[CountersignError] = (
    InvalidRequestError("The body is not JSON."),
    InvalidRequestError("`to` is missing.", field="to"),
)
STARTS: Sequence[CountersignError] = (
    InvalidNumberError("`to` is no number.", field="to"),
    NotCarriedError("Nobody carries it.", has_route=False),
    NotCarriedError("Nobody carries it so.", has_route=True),
    NumberNotAllowedError(),
    CountryNotAllowedError(),
    CanceledError(),
    CooldownError(live_id="a" * 26, resend_at=NOW + 30, retry_after_seconds=30),
    SendLimitError(retry_after_seconds=600),
    GuessLimitError(retry_after_seconds=600),
    RateLimitError(retry_after_seconds=600),
    _undeliverable(number_refused=False),
    _undeliverable(number_refused=True),
)
ENDED: Sequence[CountersignError] = (
    AlreadyApprovedError(),
    ExpiredError(),
    AttemptsExhaustedError(),
    _undeliverable(number_refused=False),
)
CHECKS: Sequence[CountersignError] = (
    *ENDED,
    CanceledError(),
    WrongCodeError(),
    VendorUnavailableError(retry_after_seconds=2),
)
_SENDING = (*AUTHENTICATED, *PARSED, *STARTS, UnsupportedMediaTypeError())
_CHECKING = (*AUTHENTICATED, *PARSED, *CHECKS, UnsupportedMediaTypeError())
# What an operation can raise beyond ALWAYS.
RAISED: dict[str, Sequence[CountersignError]] = {
    "start": (*_SENDING, IdempotencyConflictError()),
    "resend": (
        *AUTHENTICATED,
        *PARSED,
        *ENDED,
        NotFoundError(),
        CanceledError(),
        UnsupportedMediaTypeError(),
        SendsExhaustedError(),
        SendLimitError(retry_after_seconds=600),
        GuessLimitError(retry_after_seconds=600),
        RateLimitError(retry_after_seconds=600),
        NotCarriedError("Nobody carries it.", has_route=True),
        CooldownError(live_id="a" * 26, resend_at=NOW + 30, retry_after_seconds=30),
    ),
    "check": (*_CHECKING, NotFoundError()),
    "read": (*AUTHENTICATED, NotFoundError()),
    "cancel": (*AUTHENTICATED, *ENDED, NotFoundError()),
    "health": (),
    "openapi": (),
    "proofKeys": (ServiceUnavailableError(retry_after_seconds=1),),
    "token": (
        *AUTHENTICATED[:2],
        *PARSED,
        ServiceUnavailableError(retry_after_seconds=1),
        UnsupportedMediaTypeError(),
        UnsupportedGrantTypeError("`grant_type` must be another."),
        InvalidScopeError("`scope` is unknown."),
    ),
    "messageCentralToken": (*AUTHENTICATED, *PARSED),
    "messageCentralSend": (
        *(error for error in _SENDING if type(error) is not UnsupportedMediaTypeError),
        InvalidCustomerError("`customerId` is not that of the token.", field="customerId"),
        InvalidCountryError("`countryCode` must be a calling code.", field="countryCode"),
        RequestExistsError(
            CooldownError(live_id="5" * 16, resend_at=NOW + 30, retry_after_seconds=30),
            live_id="5" * 16,
            phone=parse_phone("+919876543210", field="to"),
        ),
    ),
    "messageCentralValidate": (
        *(error for error in _CHECKING if type(error) is not UnsupportedMediaTypeError),
        NotFoundError(),
    ),
    "esmsGencode": _SENDING,
    "esmsGencodePost": _SENDING,
    "esmsGencodePostJson": _SENDING,
    "esmsMultichannel": _SENDING,
    "esmsCheck": (*_CHECKING, NotFoundError()),
    "esmsCheckPost": (*_CHECKING, NotFoundError()),
    "engagelabMessage": (*_SENDING, UnknownSubjectError()),
    "engagelabCode": (*_SENDING, UnknownSubjectError()),
    "engagelabCustomMessage": (*_SENDING, UnknownSubjectError()),
    # A wrong code is no refusal there, and an unknown id is not a path that is unknown.
    "engagelabVerify": (
        *(error for error in _CHECKING if type(error) is not WrongCodeError),
        UnknownSubjectError(),
        WrongGuessError(message_id="1" * 19, guess=Secret("123456"), verification=None),
    ),
    "camaraSendCode": (*_SENDING, ScopeMissingError()),
    "camaraValidateCode": (*_CHECKING, NotFoundError(), ScopeMissingError()),
}


def refusal(operation: Operation, error: CountersignError) -> HttpResponse:
    """What the dialect answers."""
    request = HttpRequest(method=operation.method, path=operation.path, headers={})
    dialect = DIALECT_OF[operation.key]
    return dialect.refuse(Refusal(error=error, request=request, trace_id="trace-1", now=NOW))


def test_what_every_operation_can_raise_is_written_down() -> None:
    assert {operation.id for operation in OPERATIONS} == set(RAISED)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_refusal_is_declared(operation: Operation) -> None:
    for error in (*ALWAYS, *RAISED[operation.id]):
        faults = list(operation.faults(refusal(operation, error)))
        assert not faults, f"{type(error).__name__}: {faults}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_declared_status_is_a_success_or_arises(operation: Operation) -> None:
    arising = {refusal(operation, error).status for error in (*ALWAYS, *RAISED[operation.id])}
    assert {status for status in operation.statuses if status >= 300} <= arising


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_a_refusal_is_never_the_answer_that_means_success(operation: Operation) -> None:
    """What an application would take for a success, in the words of its protocol."""
    for error in (*ALWAYS, *RAISED[operation.id]):
        assert not means_success(operation, refusal(operation, error)), type(error).__name__


def means_success(operation: Operation, answer: HttpResponse) -> bool:
    document = answer.document()
    if isinstance(document, dict):
        if operation.path.startswith("/MainService.svc/"):
            return bool(document["CodeResult"] == "100")
        if operation.path == "/v1/verifications":
            return document.get("verified") is True
        if operation.path == "/auth/v1/authentication/token":
            return "token" in document
    return answer.status < 300


def test_an_answer_that_is_not_declared_is_found_out() -> None:
    operation = next(one for one in OPERATIONS if one.id == "camaraValidateCode")
    answer = refusal(operation, WrongCodeError())
    assert not list(operation.faults(answer))
    changes: dict[str, dict[str, Any]] = {
        "status": {"status": 418},
        "header": {"headers": {**answer.headers, "X-Code": "1"}},
        "type": {"headers": {**answer.headers, "Content-Type": "text/plain"}},
        "member": {"body": answer.body.replace('"status"', '"state"')},
        "code": {"body": answer.body.replace("INVALID_OTP", "INVALID")},
    }
    for change in changes.values():
        assert list(operation.faults(replace(answer, **change)))
