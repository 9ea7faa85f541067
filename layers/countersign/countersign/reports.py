"""What vendors report of texts, and how a report and a verification find each other.

A vendor names a text by its own reference, which a verification holds from its settled
delivery on. The link between the two is written later, from the table's stream, so that a
start pays nothing for it, and a report may come before its link. Both go into one entry
for each text: whoever is second finds the other there (docs/receipts.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from countersign.clock import Deadline
from countersign.errors import ConfigurationError
from countersign.model import Receipt

# Vendors that report, so that no link is written for nothing. Message Central publishes no callback.
REPORTING = frozenset({"esms", "engagelab"})

# A report moves a text's state forward only: a failed text may still arrive another way, not the reverse.
_ORDER = (Receipt.SENT, Receipt.UNDELIVERED, Receipt.DELIVERED)
_METRICS = {Receipt.DELIVERED: "TextsDelivered", Receipt.UNDELIVERED: "TextsUndelivered"}

_REFERENCE = re.compile(r"[0-9A-Za-z_-]{1,64}")
_CALLBACK_URL = re.compile(
    r"(https://[A-Za-z0-9.-]{1,253}|http://(127\.0\.0\.1|localhost))(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~$-]{1,64}){0,8}/receipts/esms/[0-9A-Za-z_-]{32,128}"
)


def is_reference(text: str) -> bool:
    """Is a vendor's id for a text fit to be stored?"""
    return _REFERENCE.fullmatch(text) is not None


def callback_url(section: Mapping[str, object] | None) -> str | None:
    """The URL that eSMS calls, from its section of the vendors' secret; None where it calls none.

    Raises ConfigurationError naming the field.
    """
    url = section.get("callback_url") if section is not None else None
    if url is None:
        return None
    if not isinstance(url, str) or _CALLBACK_URL.fullmatch(url) is None:
        raise ConfigurationError(
            "callback_url must be an https URL that ends with /receipts/esms/ and 32 to 128 characters"
        )
    return url


def before(receipt: Receipt) -> tuple[Receipt, ...]:
    """The states that this one may follow; each may also be the first."""
    return _ORDER[: _ORDER.index(receipt)]


def furthest(one: Receipt | None, other: Receipt) -> Receipt:
    """The later of two states of a text, whichever was reported first."""
    return other if one is None or one in before(other) else one


def metric_of(receipt: Receipt) -> str | None:
    """The metric, by country and vendor, that counts texts in this state; None: nobody counts them."""
    return _METRICS.get(receipt)


@dataclass(frozen=True, slots=True)
class Report:
    """A vendor's word on a text, as far as we believe it."""

    vendor: str
    reference: str
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Owner:
    """The verification that a text was sent for."""

    client_id: str
    verification_id: str
    country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of a text after one write.

    `is_news`: that write has changed it; False where it was known, or is overtaken.
    """

    vendor: str
    reference: str
    is_news: bool
    receipt: Receipt | None = None
    receipt_at: int = 0  # epoch seconds; 0 without a receipt
    owner: Owner | None = None


class ReportBook(Protocol):
    """Where reports and links are kept. Every method raises ServiceUnavailableError."""

    def note_report(self, report: Report, *, now: int) -> Entry:
        """Move a text's state forward, whether or not it is linked yet."""
        ...

    def note_owner(self, vendor: str, reference: str, *, owner: Owner, now: int) -> Entry:
        """Link a text to its verification; the first link stays."""
        ...

    def show(self, entry: Entry) -> bool:
        """Move the verification's own state forward, if this is the last text sent for it.

        Changes nothing else and never makes an item. False: another text has been sent since,
        it is there already, or the verification has gone.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Redelivery:
    """An undelivered text that is to be sent again, and not before that much time has passed."""

    client_id: str
    verification_id: str
    sends: int  # of the verification when the text that did not arrive was its last one
    in_seconds: int


class Redeliveries(Protocol):
    """What remembers them until then, and hands each on at least once."""

    def ask(self, redelivery: Redelivery) -> None:
        """Raises ServiceUnavailableError."""
        ...


class StatusSource(Protocol):
    """A vendor that tells the state of a text when it is asked."""

    def receipt(self, reference: str, *, deadline: Deadline) -> Receipt | None:
        """The state, or None: the vendor knows no such text, or has nothing to say of it yet.

        Raises VendorUnavailableError for no usable answer, ConfigurationError for an account that is
        not set up.
        """
        ...


class Measures(Protocol):
    """Where texts are counted by country and vendor."""

    def measured(self, values: Mapping[str, int], *, country: str, provider: str) -> None: ...
