"""What was sent and verified lately, in buckets that are counted from the table's stream. Pure.

A window is covered by whole buckets, the oldest of which counts in full: it may look back up
to one bucket further than it says, and never less, so that its edge gives no double ration.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from countersign.circuits import Circuit
from countersign.model import Secret
from countersign.policy import Limit

TEN_MINUTES = 600
HOUR = 3_600
DAY = 86_400

# The size of the buckets in which a window is counted.
GRAINS: Mapping[int, int] = {HOUR: TEN_MINUTES, DAY: HOUR}

# Bucket numbers (epoch seconds // size) and what fell into them.
type Counts = Mapping[int, int]

LAST_DIGITS = 4  # a prefix is a number without these


class Scope(StrEnum):
    """Whose usage is counted."""

    ADDRESS = "address"
    CLIENT = "client"
    PREFIX = "prefix"
    COUNTRY = "country"
    TOTAL = "total"


def scopes_of(client_id: str, *, country: str, prefix_key: str) -> dict[Scope, str]:
    """The counters that a text is counted in, by the names that they are stored under."""
    return {
        Scope.TOTAL: Scope.TOTAL.value,
        Scope.CLIENT: f"{Scope.CLIENT}#{client_id}",
        Scope.COUNTRY: f"{Scope.COUNTRY}#{country}",
        Scope.PREFIX: f"{Scope.PREFIX}#{prefix_key}",
    }


class Kind(StrEnum):
    """What is counted; the first letter of a bucket's name."""

    SENT = "s"
    APPROVED = "v"
    UNTOLD = "u"  # sent as well, but of it we shall never hear: its code is checked elsewhere


class Span(StrEnum):
    """How long a bucket is; the second letter of its name."""

    TEN_MINUTES = "t"
    HOUR = "h"
    DAY = "d"

    @property
    def seconds(self) -> int:
        return _SECONDS[self]


_SECONDS = {Span.TEN_MINUTES: TEN_MINUTES, Span.HOUR: HOUR, Span.DAY: DAY}
# Names are most of a counter's size, and a write of more than 1 KB costs twice: so numbers are in base 36.
_DIGITS = string.digits + string.ascii_uppercase
_BUCKET = re.compile(rf"([{''.join(Kind)}])([{''.join(Span)}])([0-9A-Z]+)")


def bucket_name(kind: Kind, span: Span, *, at: int) -> str:
    """The attribute of the bucket that a moment (epoch seconds) falls into: `st1QIIY`."""
    digits, left = "", at // span.seconds
    while left:
        left, digit = divmod(left, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return f"{kind}{span}{digits or '0'}"


@lru_cache(maxsize=1024)  # every counter has buckets of the same names, some 130 at a time
def named_bucket(name: str) -> tuple[Kind, Span, int] | None:
    """The bucket that an attribute is, with its number (epoch seconds // length); None for another one."""
    found = _BUCKET.fullmatch(name)
    return (Kind(found[1]), Span(found[2]), int(found[3], len(_DIGITS))) if found is not None else None


@dataclass(frozen=True, slots=True)
class Gauge:
    """Texts sent, verifications approved, texts of neither, in one scope, by bucket size (seconds)."""

    sent: Mapping[int, Counts] = field(default_factory=dict)
    verified: Mapping[int, Counts] = field(default_factory=dict)
    untold: Mapping[int, Counts] = field(default_factory=dict)

    def texts(self, *, within: int, now: int) -> int:
        """Texts of the last hour or day that may have reached somebody."""
        return max(0, sum(_recent(self.sent, within=within, now=now).values()))

    def approvals(self, *, within: int, now: int) -> int:
        """Verifications approved in the last hour or day."""
        return sum(_recent(self.verified, within=within, now=now).values())

    def unverified(self, *, within: int, now: int) -> int:
        """Texts of the last hour or day that could have been approved here, less those that were."""
        untold = sum(_recent(self.untold, within=within, now=now).values())
        return self.texts(within=within, now=now) - untold - self.approvals(within=within, now=now)

    def best(self, *, bucket: int, last: int, now: int) -> int:
        """The most approvals of any whole hour or day among the `last` ones before this one."""
        this = now // bucket
        counts = self.verified.get(bucket, {})
        return max(counts.get(this - back, 0) for back in range(1, last + 1))

    def again_at(self, limit: Limit, *, now: int) -> int:
        """When the window holds fewer texts than the limit, if nothing more is sent."""
        grain = GRAINS[limit.seconds]
        recent = _recent(self.sent, within=limit.seconds, now=now)
        left = sum(recent.values())
        for bucket in sorted(recent):
            if left < limit.count:
                break
            left -= recent[bucket]
            now = max(now, (bucket + 1) * grain + limit.seconds)
        return now


def _recent(counts: Mapping[int, Counts], *, within: int, now: int) -> dict[int, int]:
    grain = GRAINS[within]
    oldest = (now - within) // grain
    return {bucket: count for bucket, count in counts.get(grain, {}).items() if bucket >= oldest}


@dataclass(frozen=True, slots=True)
class AddressUse:
    """What one source address had sent: times of its last texts (newest first), and by country."""

    sent_at: tuple[int, ...] = ()
    last_text: Mapping[str, int] = field(default_factory=dict)
    last_approval: Mapping[str, int] = field(default_factory=dict)

    def countries_without_success(self, *, now: int, but: str) -> frozenset[str]:
        """Countries that got a text in the last day with no approval since that day began, and `but`."""
        texted = {country for country, at in self.last_text.items() if at > now - DAY}
        approved = {country for country, at in self.last_approval.items() if at > now - DAY}
        return frozenset((texted | {but}) - approved)


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One text on the account of a source address, inside its limit."""

    address_key: str
    limit: Limit
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    """Whose usage is to be looked up."""

    client_id: str
    country: str
    prefix_key: str
    address_key: str | None  # None: the caller's address is not limited
    vendors: tuple[str, ...] = ()  # whose circuits in that country are looked up too


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The answer: a gauge for every counted scope, the address's record, the vendors' circuits."""

    gauges: Mapping[Scope, Gauge]
    address: AddressUse = AddressUse()
    circuits: Mapping[str, Circuit] = field(default_factory=dict)  # by vendor


def prefix_of(number: Secret) -> Secret:
    """The number (E.164) without its last digits: a block that whoever pumps texts tends to use."""
    return Secret(number.reveal()[:-LAST_DIGITS])
