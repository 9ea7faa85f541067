"""Every error that a caller can be told.

    CountersignError                     status  code                    helped by
    ├── InvalidRequestError              400     invalid_request         correcting `field`
    │   ├── InvalidNumberError           400     invalid_number          another number
    │   └── NotCarriedError              400     not_carried             other wishes, or another route
    ├── PayloadTooLargeError             413     payload_too_large       a smaller body
    ├── UnsupportedMediaTypeError        415     unsupported_media_type  application/json
    ├── UnauthenticatedError             401     unauthenticated         the right credentials
    │   └── ClientDisabledError          401     client_disabled         the operator
    ├── PermissionDeniedError            403     permission_denied       the operator, or another token
    ├── NumberNotAllowedError            403     number_not_allowed      another number
    ├── CountryNotAllowedError           403     country_not_allowed     the operator
    ├── NotFoundError                    404     not_found
    ├── MethodNotAllowedError            405     method_not_allowed      a method of `Allow`
    ├── WrongCodeError                   400     wrong_code              another guess
    ├── ExpiredError                     410     expired                 a new start
    ├── AlreadyApprovedError             409     already_approved
    ├── CanceledError                    409     canceled                a new start
    ├── AttemptsExhaustedError           429     attempts_exhausted      a new start
    ├── CooldownError                    429     cooldown                waiting
    ├── SendsExhaustedError              429     sends_exhausted         a new start
    ├── SendLimitError                   429     send_limit              waiting
    ├── GuessLimitError                  429     guess_limit             waiting
    ├── RateLimitError                   429     rate_limit              waiting
    ├── IdempotencyConflictError         422     idempotency_conflict    another Idempotency-Key
    ├── UndeliverableError               502     undeliverable           a new start
    ├── VendorUnavailableError           503     vendor_unavailable      waiting
    └── ServiceUnavailableError          503     service_unavailable     waiting

    ConfigurationError (outside the tree: the operator's fault; a caller sees service_unavailable)

`status` is the native API's; another dialect maps the class to its own words.
Every one of them is a refusal: none may be read as "verified".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from countersign.model import Verification


class CountersignError(Exception):
    """Base of all refusals. The message is safe to show to a caller."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    title: ClassVar[str] = "Internal error"
    default_detail: ClassVar[str] = "The request was refused."

    def __init__(
        self,
        detail: str | None = None,
        *,
        retry_after_seconds: int | None = None,
        verification: Verification | None = None,
    ) -> None:
        super().__init__(detail or self.default_detail)
        self.detail = detail or self.default_detail
        self.retry_after_seconds = retry_after_seconds
        self.verification = verification
        self.client_id: str | None = None  # set where the caller is known, for the log
        self.country: str | None = None  # set where the number is known and no verification is, for the log


class InvalidRequestError(CountersignError):
    """The request breaks the protocol; `field` names what to correct."""

    status = 400
    code = "invalid_request"
    title = "Invalid request"

    def __init__(self, detail: str, *, field: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class InvalidNumberError(InvalidRequestError):
    """Not a phone number that could exist."""

    code = "invalid_number"
    title = "Invalid phone number"


class NotCarriedError(InvalidRequestError):
    """No vendor of the route can carry what was asked for; nothing was sent.

    `has_route` False: nothing at all is configured for that country and channel.
    """

    code = "not_carried"
    title = "Not carried"

    def __init__(self, detail: str, *, has_route: bool) -> None:
        super().__init__(detail, field="channel")
        self.has_route = has_route


class PayloadTooLargeError(CountersignError):
    status = 413
    code = "payload_too_large"
    title = "Payload too large"
    default_detail = "The body is larger than 8192 bytes."


class UnsupportedMediaTypeError(CountersignError):
    status = 415
    code = "unsupported_media_type"
    title = "Unsupported media type"
    default_detail = "Send the body as application/json."


class UnauthenticatedError(CountersignError):
    status = 401
    code = "unauthenticated"
    title = "Unauthenticated"
    default_detail = "The client credentials are missing or wrong."


class ClientDisabledError(UnauthenticatedError):
    """The credentials are right, and the operator has switched the client off."""

    code = "client_disabled"
    title = "Client disabled"
    default_detail = "The client is disabled."


class PermissionDeniedError(CountersignError):
    status = 403
    code = "permission_denied"
    title = "Permission denied"
    default_detail = "The client or its token may not use this API."


class NumberNotAllowedError(CountersignError):
    status = 403
    code = "number_not_allowed"
    title = "Number not allowed"
    default_detail = "The number cannot receive codes over this channel."


class CountryNotAllowedError(CountersignError):
    status = 403
    code = "country_not_allowed"
    title = "Country not allowed"
    default_detail = "Codes are not sent to numbers of this country."


class NotFoundError(CountersignError):
    status = 404
    code = "not_found"
    title = "Not found"
    default_detail = "There is nothing here under that name."


class MethodNotAllowedError(CountersignError):
    status = 405
    code = "method_not_allowed"
    title = "Method not allowed"
    default_detail = "This path does not take that method."

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__()
        self.allowed = allowed


class WrongCodeError(CountersignError):
    status = 400
    code = "wrong_code"
    title = "Wrong code"
    default_detail = "The code is wrong."


class ExpiredError(CountersignError):
    status = 410
    code = "expired"
    title = "Expired"
    default_detail = "The verification has expired."


class AlreadyApprovedError(CountersignError):
    status = 409
    code = "already_approved"
    title = "Already approved"
    default_detail = "The verification was approved before; a code is good once."


class CanceledError(CountersignError):
    status = 409
    code = "canceled"
    title = "Canceled"
    default_detail = "The verification was canceled."


class AttemptsExhaustedError(CountersignError):
    status = 429
    code = "attempts_exhausted"
    title = "Attempts exhausted"
    default_detail = "No attempt is left; start a new verification."


class CooldownError(CountersignError):
    status = 429
    code = "cooldown"
    title = "Cooldown"
    default_detail = "A code was sent to this number a moment ago."

    def __init__(self, *, live_id: str | None, resend_at: int, retry_after_seconds: int) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.live_id = live_id
        self.resend_at = resend_at


class SendsExhaustedError(CountersignError):
    status = 429
    code = "sends_exhausted"
    title = "Sends exhausted"
    default_detail = "No further send is left in this verification; start a new one."


class SendLimitError(CountersignError):
    """Too many messages to this number, whoever sent them."""

    status = 429
    code = "send_limit"
    title = "Send limit"
    default_detail = "Too many codes were sent to this number."


class GuessLimitError(CountersignError):
    """No guesses are left for this number: wrong codes, or open verifications that may still use them up."""

    status = 429
    code = "guess_limit"
    title = "Guess limit"
    default_detail = "This number has had too many wrong codes, or too many verifications of it are open."


class RateLimitError(CountersignError):
    """Too many messages from one source, of one client, to one block of numbers or country, or in all."""

    status = 429
    code = "rate_limit"
    title = "Rate limit"
    default_detail = "Too many codes were sent lately; nothing was sent now."


class IdempotencyConflictError(CountersignError):
    status = 422
    code = "idempotency_conflict"
    title = "Idempotency conflict"
    default_detail = "This Idempotency-Key was used with another request."


class UndeliverableError(CountersignError):
    status = 502
    code = "undeliverable"
    title = "Undeliverable"
    default_detail = "No vendor of the route took the message; nothing was sent."
    number_refused = False  # True: a vendor said that this very number gets or wants no such message
    replayed = False  # True: what an earlier request with the same key came to; no vendor was asked now


class VendorUnavailableError(CountersignError):
    status = 503
    code = "vendor_unavailable"
    title = "Vendor unavailable"
    default_detail = "The vendor that holds the code gave no usable answer; no attempt was counted."


class ServiceUnavailableError(CountersignError):
    status = 503
    code = "service_unavailable"
    title = "Service unavailable"
    default_detail = "The service cannot answer now."


class ConfigurationError(Exception):
    """The operator's fault: a secret or setting is missing or malformed.

    The message names the setting, never its value; it goes to the log, not to a caller.
    """


def cause_of(error: BaseException) -> str | None:
    """What lies behind an error, for the log: AWS's code where AWS refused, else the type. Never a text.

    botocore has a type of its own for some codes only, and AccessDenied, which an operator must
    hear of, is not one of DynamoDB's: the type of that is ClientError.
    """
    cause = error.__cause__
    if cause is None:
        return None
    behind: BaseException | None = cause
    while behind is not None:
        code = _code_of_aws(behind)
        if code is not None:
            return code
        behind = behind.__cause__ or behind.__context__
    return type(cause).__name__


def _code_of_aws(error: BaseException) -> str | None:
    answer = getattr(error, "response", None)
    told = answer.get("Error") if isinstance(answer, Mapping) else None
    code = told.get("Code") if isinstance(told, Mapping) else None
    return str(code) if code else None
