"""eSMS's callback: an unsigned GET, which is believed in nothing but that there may be news.

Docs: https://developers.esms.vn (Callback). Whoever calls must know the path's last segment, and what
became of the text is asked of the vendor itself (GetSendStatus).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, final

from countersign.clock import Deadline
from countersign.dialects.http import HttpRequest
from countersign.errors import ConfigurationError, InvalidRequestError, NotFoundError, ServiceUnavailableError
from countersign.model import Receipt
from countersign.ports import Telemetry, VendorAccounts
from countersign.reports import Report, StatusSource, callback_url, is_reference

if TYPE_CHECKING:
    from countersign.service.receiving import Receiver

VENDOR = "esms"
_FINAL = frozenset({"4", "5"})  # SendStatus: rejected, finished
COME_AGAIN_SECONDS = 30


@final
class EsmsCallback:
    """The vendor's callback."""

    def __init__(
        self,
        *,
        accounts: Callable[[], VendorAccounts],
        statuses: Callable[[], StatusSource],
        receiver: Callable[[], Receiver],
        telemetry: Telemetry,
    ) -> None:
        self._accounts = accounts
        self._statuses = statuses
        self._receiver = receiver
        self._telemetry = telemetry

    def take(self, request: HttpRequest, *, segment: str, deadline: Deadline) -> None:
        """Ask the vendor what became of the text, and keep that.

        Raises NotFoundError (another segment, or none is set up), InvalidRequestError,
        VendorUnavailableError, ServiceUnavailableError, ConfigurationError.
        """
        self._authenticate(segment)
        given = {name.lower(): value for name, value in request.query().items()}
        reference = given.get("smsid", "")
        if not is_reference(reference):
            raise InvalidRequestError("`SMSID` is missing or malformed.", field="SMSID")
        receipt = self._statuses().receipt(reference, deadline=deadline)
        if receipt in (None, Receipt.SENT) and given.get("sendstatus") in _FINAL:
            # The vendor's own books may lag behind its callback: they are looked at when it calls again.
            self._telemetry.outcome("ReportUnconfirmed", provider=VENDOR)
            raise ServiceUnavailableError(retry_after_seconds=COME_AGAIN_SECONDS)
        if receipt is not None:
            self._receiver().reported(Report(VENDOR, reference, receipt))

    def _authenticate(self, segment: str) -> None:
        accounts = self._accounts()
        section = accounts.get(VENDOR)
        if _is_right(segment, _parsed(section)):
            return
        if not _is_right(segment, _parsed(accounts.renew(VENDOR, refused=section or {}))):
            raise NotFoundError


def _parsed(section: Mapping[str, object] | None) -> str | None:
    """The segment of the URL that the vendor was told."""
    try:
        url = callback_url(section)
    except ConfigurationError as error:
        raise ConfigurationError(f"the vendors' secret: esms.{error}") from error
    return url.rpartition("/")[2] if url is not None else None


def _is_right(given: str, expected: str | None) -> bool:
    if expected is None:
        return False
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode("utf-8"))
