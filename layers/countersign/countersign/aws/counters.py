"""The usage counters: one item per scope, and what was texted from one address.

A counter's buckets are attributes that only ADD changes, so writers need not know each
other. docs/data-model.md describes the items.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import final

from countersign.aws.items import Item, address_pk, counter_pk
from countersign.aws.table import ConditionFailedError, Table, Update
from countersign.aws.usage import KEEP_ADDRESS_SECONDS
from countersign.clock import Clock
from countersign.counting import Tally
from countersign.errors import ServiceUnavailableError
from countersign.usage import DAY, HOUR, Span, named_bucket

KEEP_COUNTER_SECONDS = 16 * DAY
# How far back anybody looks.
_READ_SECONDS = {Span.TEN_MINUTES: 80 * 60, Span.HOUR: 26 * HOUR, Span.DAY: 15 * DAY}
# As many old buckets may lie about before a write is spent on them.
_STALE_BUCKETS = 12

# Of its own first try, whose answer was lost, and of a batch that comes again before any other one.
_NOT_COUNTED_YET = "(attribute_not_exists(#batch) OR #batch <> :batch)"


def count_update(scope: str, *, amounts: Mapping[str, int], batch: str, now: int) -> Update:
    """Add to a counter's buckets."""
    added = ", ".join(f"#{name} :{name}" for name in amounts)
    return Update(
        counter_pk(scope),
        expression=f"ADD {added} SET #ttl = :ttl, #batch = :batch",
        condition=_NOT_COUNTED_YET,
        values={**amounts, "ttl": now + KEEP_COUNTER_SECONDS, "batch": batch},
    )


def address_update(address_key: str, *, moments: Mapping[str, int], now: int) -> Update:
    """Note when an address last had a text sent to a country, and an approval there."""
    sets = [f"#{name} = :{name}" for name in (*moments, "ttl")]
    return Update(
        address_pk(address_key),
        expression="SET " + ", ".join(sets),
        condition="",
        values={**moments, "ttl": now + KEEP_ADDRESS_SECONDS},
    )


def stale_buckets(item: Item, *, now: int) -> list[str]:
    """The buckets of a counter that ended before anybody looks back to."""
    stale = []
    for name in item:
        bucket = named_bucket(name)
        if bucket is not None:
            _, span, place = bucket
            if (place + 1) * span.seconds <= now - _READ_SECONDS[span]:
                stale.append(name)
    return stale


def prune_update(scope: str, *, buckets: list[str], now: int) -> Update:
    """Remove old buckets, unless the item has gone: it must not come back without a TTL."""
    return Update(
        counter_pk(scope),
        expression="REMOVE " + ", ".join(f"#{name}" for name in buckets),
        condition="#ttl > :now",
        values={"now": now},
    )


@final
class DynamoCounters:
    """stream.Counters over the table."""

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def add(self, tally: Tally, *, batch: str) -> None:
        """One UpdateItem per counter and address, and one more where many old buckets have gathered.

        Raises ServiceUnavailableError; what was written before stays written.
        """
        for scope, sums in sorted(tally.buckets.items()):
            amounts = {name: amount for name, amount in sums.items() if amount != 0}
            if amounts:
                self._count(scope, amounts=amounts, batch=batch)
        for address_key, moments in sorted(tally.addresses.items()):
            update = address_update(address_key, moments=moments, now=self._clock.now())
            self._table.update(update, returned="NONE")

    def _count(self, scope: str, *, amounts: Mapping[str, int], batch: str) -> None:
        now = self._clock.now()
        update = count_update(scope, amounts=amounts, batch=batch, now=now)
        try:
            item = self._table.update(update, returned="ALL_NEW")
        except ConditionFailedError:
            return  # counted already
        stale = stale_buckets(item, now=now)
        if len(stale) > _STALE_BUCKETS:
            # Housekeeping, which the next batch may do as well: no reason to count this one again.
            with suppress(ConditionFailedError, ServiceUnavailableError):
                self._table.update(prune_update(scope, buckets=stale, now=now), returned="NONE")
