"""Answers of the eSMS dialect: HTTP 200 and the verdict in `CodeResult`, a string.

HTTP says something of its own only where nothing was decided: a path, method or body that
is none of ours (404, 405, 413), and trouble of ours (5xx), so that a client which sees
only the status does not take an unknown fate for a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from countersign.dialects.dialect import words_for
from countersign.dialects.http import HttpResponse, json_response, refusal_headers
from countersign.errors import (
    CanceledError,
    ClientDisabledError,
    CountersignError,
    CountryNotAllowedError,
    InvalidNumberError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotCarriedError,
    NotFoundError,
    NumberNotAllowedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    UnauthenticatedError,
    UndeliverableError,
)


class CodeResult(StrEnum):
    """The codes of the vendor's table that can arise here."""

    ACCEPTED = "100"
    REFUSED = "99"  # the vendor's "number blocked", and its answer to a malformed request
    UNAUTHORIZED = "101"
    UNKNOWN_BRANDNAME = "104"
    BAD_PHONE = "108"
    CODE_INVALID = "117"
    TYPE_NOT_SUPPORTED = "118"
    OVERTAKEN = "124"
    ACCOUNT_LOCKED = "143"
    BAD_TEMPLATE = "146"
    NO_NETWORK = "177"
    TYPE_MISSING = "300"
    TYPE_ID_NOT_SUPPORTED = "301"


class EsmsRefusedError(InvalidRequestError):
    """A request that has a code of its own in the vendor's table."""

    def __init__(self, result: CodeResult, detail: str, *, field: str) -> None:
        super().__init__(detail, field=field)
        self.result = result


_RESULTS: Mapping[type[CountersignError], CodeResult] = {
    CountersignError: CodeResult.REFUSED,
    ClientDisabledError: CodeResult.ACCOUNT_LOCKED,
    UnauthenticatedError: CodeResult.UNAUTHORIZED,
    PermissionDeniedError: CodeResult.UNAUTHORIZED,
    InvalidNumberError: CodeResult.BAD_PHONE,
    NumberNotAllowedError: CodeResult.BAD_PHONE,
    CountryNotAllowedError: CodeResult.NO_NETWORK,
    CanceledError: CodeResult.OVERTAKEN,
}

# Where the words are always the same. Those of 101 are the vendor's own.
_WORDS: Mapping[CodeResult, str] = {
    CodeResult.UNAUTHORIZED: "Authorize Failed",
    CodeResult.ACCOUNT_LOCKED: "Account is locked",
    CodeResult.OVERTAKEN: "Request exist: a newer request for this number overtook this one",
}
_NOT_CARRIED = "No vendor of the route carries such a code: its text, length, letters or channel"
_NO_ROUTE = "Network not registered: no vendor is configured for this country and channel"
_NOT_TAKEN = "Network not registered: no vendor took the message, nothing was sent"
_BLOCKED = "Number blocked: a vendor says that it gets no such message"

_NOTHING_DECIDED = (NotFoundError, MethodNotAllowedError, PayloadTooLargeError)
OK = 200
_SHOWN_OF_A_PHONE = 32
_SPELLS_A_PHONE = frozenset("+0123456789 ().-")


def accepted(sms_id: str) -> HttpResponse:
    """The answer to a send; `sms_id` has 32 hexadecimal digits."""
    return _answer(CodeResult.ACCEPTED, {"SMSID": sms_id})


def verified(phone: str) -> HttpResponse:
    """The answer to the right code; `phone` as the caller spelt it."""
    return _answer(CodeResult.ACCEPTED, _state_of_code(phone, "Success!"))


def code_invalid(phone: str) -> HttpResponse:
    """The answer to every other code. The vendor repeats the code that was typed; we repeat no code."""
    return _answer(CodeResult.CODE_INVALID, _state_of_code(phone, "Code Invalid"))


def refused(error: CountersignError) -> HttpResponse:
    """Any other refusal, with the reason in ErrorMessage."""
    result, words = _result_of(error)
    return _answer(result, {"ErrorMessage": words}, status=_status_of(error), headers=refusal_headers(error))


def _result_of(error: CountersignError) -> tuple[CodeResult, str]:
    match error:
        case EsmsRefusedError():
            return error.result, error.detail
        case NotCarriedError(has_route=True):
            return CodeResult.BAD_TEMPLATE, _NOT_CARRIED
        case NotCarriedError():
            return CodeResult.NO_NETWORK, _NO_ROUTE
        case UndeliverableError(number_refused=True):
            return CodeResult.REFUSED, _BLOCKED
        case UndeliverableError():
            # Of what means "not sent", this alone says nothing false of the caller's money or prices.
            return CodeResult.NO_NETWORK, _NOT_TAKEN
    result = words_for(error, table=_RESULTS)
    return result, _WORDS.get(result, error.detail)


def _status_of(error: CountersignError) -> int:
    is_trouble = error.status >= 500 and not isinstance(error, UndeliverableError)
    return error.status if is_trouble or isinstance(error, _NOTHING_DECIDED) else OK


def _state_of_code(phone: str, state: str) -> dict[str, str]:
    """Both places where the vendor's documents tell what became of a code."""
    shown = "".join(c for c in phone if c in _SPELLS_A_PHONE)[:_SHOWN_OF_A_PHONE]
    return {"ErrorMessage": f"{shown}, Content: {state}", "Content": state}


def _answer(
    result: CodeResult,
    more: Mapping[str, str],
    *,
    status: int = OK,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    document: dict[str, object] = {"CodeResult": result.value, "CountRegenerate": 0}
    return json_response(status, document | dict(more), headers=headers)
