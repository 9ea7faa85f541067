"""EngageLab's callback: POST of up to some hundred rows, signed by a header that covers no body.

Docs: https://www.engagelab.com/docs/otp (Callback). `X-CALLBACK-ID: timestamp=<s>;nonce=<n>;
username=<u>;signature=<hex>`, the signature being HMAC-SHA256 of timestamp + nonce + username under
the secret of the vendor's console. When its URL is saved there, the vendor posts `{}` and wants 200
within three seconds. What is not answered with 200 comes again, up to 24 times.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from countersign.clock import Clock, Deadline
from countersign.dialects.http import HttpRequest
from countersign.dialects.strict_json import parse_members
from countersign.errors import (
    ConfigurationError,
    InvalidRequestError,
    NotFoundError,
    PayloadTooLargeError,
    PermissionDeniedError,
    ServiceUnavailableError,
)
from countersign.model import Receipt
from countersign.ports import Telemetry, VendorAccounts
from countersign.reports import Report, furthest, is_reference

if TYPE_CHECKING:
    from countersign.service.receiving import Receiver

VENDOR = "engagelab"
WINDOW_SECONDS = 300
ROWS_LIMIT = 500
HEADER_LIMIT_CHARACTERS = 1024
LEAST_SECRET_CHARACTERS = 16
LEAST_SECONDS = 1.0  # to write one more report and still answer

# Of what the vendor documents. `verified` and the like are its view of a code, which is none of its business
# where the code is ours, and is asked for by a check where it is not.
RECEIPTS: Mapping[str, Receipt] = {
    "sent": Receipt.SENT,
    "delivered": Receipt.DELIVERED,
    "target_invalid": Receipt.UNDELIVERED,
    "sent_failed": Receipt.UNDELIVERED,
    "sent_fail": Receipt.UNDELIVERED,  # printed so as well
    "delivered_failed": Receipt.UNDELIVERED,
}
SAYS_NOTHING = frozenset({"plan", "target_valid", "verified", "verified_failed", "verified_timeout"})

_SECONDS = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class CallbackKeys:
    """What the operator has set in the vendor's console."""

    username: str
    secret: str = field(repr=False)


def callback_keys(section: Mapping[str, object] | None) -> CallbackKeys | None:
    """The keys of the section `engagelab` of the vendors' secret, or None where there are none.

    Raises ConfigurationError naming the field.
    """
    if section is None:
        return None
    username, secret = section.get("callback_username"), section.get("callback_secret")
    if username is None and secret is None:
        return None
    if not isinstance(username, str) or not username or not username.isprintable():
        raise ConfigurationError("the vendors' secret: engagelab.callback_username must be a text")
    if not isinstance(secret, str) or len(secret) < LEAST_SECRET_CHARACTERS:
        raise ConfigurationError(
            f"the vendors' secret: engagelab.callback_secret must have {LEAST_SECRET_CHARACTERS} characters"
        )
    return CallbackKeys(username, secret)


def is_signed(header: str, *, keys: CallbackKeys, now: int) -> bool:
    """Was this X-CALLBACK-ID made with these keys, less than five minutes ago or ahead?"""
    fields = _fields(header)
    timestamp, nonce, username = (fields.get(name, "") for name in ("timestamp", "nonce", "username"))
    if not nonce or _SECONDS.fullmatch(timestamp) is None or not fields.get("signature"):
        return False
    signed = (timestamp + nonce + username).encode("utf-8", "surrogatepass")
    expected = hmac.new(keys.secret.encode("utf-8"), signed, hashlib.sha256).hexdigest()
    is_right = _same(expected, fields["signature"].lower()) & _same(keys.username, username)
    return is_right and abs(now - int(timestamp)) <= WINDOW_SECONDS


def _fields(header: str) -> dict[str, str]:
    """The header's fields; none where one is given twice or the header is too long."""
    if len(header) > HEADER_LIMIT_CHARACTERS:
        return {}
    pairs = [part.partition("=") for part in header.split(";") if part.strip()]
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    return fields if len(fields) == len(pairs) else {}


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8"), other.encode("utf-8", "surrogatepass"))


def reports_of(rows: list[object]) -> tuple[list[Report], int]:
    """The furthest state of each text that the rows tell, and how many rows cannot be read."""
    states: dict[str, Receipt] = {}
    unread = 0
    for row in rows:
        reference, status = _row(row)
        if status in SAYS_NOTHING:
            continue
        receipt = RECEIPTS.get(status)
        if receipt is None or not is_reference(reference):
            unread += 1
            continue
        states[reference] = furthest(states.get(reference), receipt)
    return [Report(VENDOR, reference, receipt) for reference, receipt in states.items()], unread


def _row(row: object) -> tuple[str, str]:
    """The text's reference and the name of its state; empty where they are no strings."""
    members = row if isinstance(row, dict) else {}
    told = members.get("status")
    reference, status = (
        members.get("message_id"),
        told.get("message_status") if isinstance(told, dict) else "",
    )
    return (
        reference if isinstance(reference, str) else "",
        status if isinstance(status, str) else "",
    )


@final
class EngagelabCallback:
    """The vendor's callback."""

    def __init__(
        self,
        *,
        accounts: Callable[[], VendorAccounts],
        receiver: Callable[[], Receiver],
        telemetry: Telemetry,
        clock: Clock,
        draw: Callable[[int], int],  # a random whole number below the one given
    ) -> None:
        self._accounts = accounts
        self._receiver = receiver
        self._telemetry = telemetry
        self._clock = clock
        self._draw = draw

    def take(self, request: HttpRequest, *, segment: str, deadline: Deadline) -> None:
        """Keep everything that the rows tell; only then is it acknowledged.

        Raises NotFoundError (no callback is set up), PermissionDeniedError, InvalidRequestError,
        PayloadTooLargeError, ServiceUnavailableError, ConfigurationError.
        """
        del segment
        if not request.body or request.body.strip() == b"{}":
            return  # the vendor tries the URL: there is nothing in it to believe, and little time
        self._authenticate(request.headers.get("x-callback-id", ""))
        # Content-Type is not looked at: the vendor promises none.
        rows = parse_members(request.body, content_type=None).get("rows", [])
        if not isinstance(rows, list):
            raise InvalidRequestError("`rows` must be a list.", field="rows")
        if len(rows) > ROWS_LIMIT:
            raise PayloadTooLargeError(f"There are more than {ROWS_LIMIT} rows.")
        reports, unread = reports_of(rows)
        if unread:
            self._telemetry.outcome("ReportRowsIgnored", provider=VENDOR, rows=unread)
        # What there is no time for comes again with all the rest: not always the same is to be left.
        first = self._draw(len(reports)) if reports else 0
        for report in reports[first:] + reports[:first]:
            if deadline.remaining() < LEAST_SECONDS:
                raise ServiceUnavailableError(retry_after_seconds=1)
            self._receiver().reported(report)

    def _authenticate(self, header: str) -> None:
        accounts = self._accounts()
        section = accounts.get(VENDOR)
        keys = callback_keys(section)
        if keys is not None and is_signed(header, keys=keys, now=self._clock.now()):
            return
        renewed = callback_keys(
            accounts.renew(VENDOR, refused=section or {})
        )  # it may just have been changed
        if renewed is not None and is_signed(header, keys=renewed, now=self._clock.now()):
            return
        if keys is None and renewed is None:
            raise NotFoundError
        raise PermissionDeniedError("The signature is missing, wrong or not of these minutes.")
