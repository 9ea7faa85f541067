"""What was sent and verified lately, as it lies in the table.

The counters (`C#…`) are written from the table's stream; the record of a source address
(`A#…`) with the very transaction that writes a verification, so that its limit is exact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from countersign.aws.circuits import circuit_pk, read_circuit
from countersign.aws.items import Item, address_pk, counter_pk, number
from countersign.aws.table import Update
from countersign.aws.times import is_within, moved_up, window_start
from countersign.policy import ADDRESS_SENDS_PER_MINUTE
from countersign.usage import (
    DAY,
    AddressUse,
    Charge,
    Gauge,
    Kind,
    Scope,
    Span,
    Usage,
    UsageQuery,
    named_bucket,
    scopes_of,
)

KEEP_ADDRESS_SECONDS = 2 * DAY

_COUNTRY = re.compile(r"([kv])_([A-Z]{2}|001)")


def usage_pks(query: UsageQuery) -> list[str]:
    """The items that a query is about."""
    pks = [*_counters(query).values()]
    pks += [circuit_pk(vendor, country=query.country) for vendor in query.vendors]
    if query.address_key is not None:
        pks.append(address_pk(query.address_key))
    return pks


def _counters(query: UsageQuery) -> dict[Scope, str]:
    scopes = scopes_of(query.client_id, country=query.country, prefix_key=query.prefix_key)
    return {scope: counter_pk(key) for scope, key in scopes.items()}


def read_usage(items: Mapping[str, Item], *, query: UsageQuery) -> Usage:
    """What the items of a query say; one that is not there has counted nothing yet."""
    country = query.country
    return Usage(
        gauges={scope: read_gauge(items.get(pk)) for scope, pk in _counters(query).items()},
        address=read_address(items.get(address_pk(query.address_key or ""))),
        circuits={
            vendor: read_circuit(
                items.get(circuit_pk(vendor, country=country)), vendor=vendor, country=country
            )
            for vendor in query.vendors
        },
    )


def read_gauge(item: Item | None) -> Gauge:
    """The buckets of a counter."""
    counts: dict[Kind, dict[int, dict[int, int]]] = {
        kind: {span.seconds: {} for span in Span} for kind in Kind
    }
    for name, value in (item or {}).items():
        bucket = named_bucket(name)
        if bucket is not None:
            kind, span, place = bucket
            counts[kind][span.seconds][place] = int(value["N"])
    return Gauge(sent=counts[Kind.SENT], verified=counts[Kind.APPROVED], untold=counts[Kind.UNTOLD])


def read_address(item: Item | None) -> AddressUse:
    """The record of a source address."""
    if item is None:
        return AddressUse()
    by_country: dict[str, dict[str, int]] = {"k": {}, "v": {}}
    for name in item:
        match = _COUNTRY.fullmatch(name)
        if match is not None:
            by_country[match[1]][match[2]] = number(item, name)
    places = range(1, ADDRESS_SENDS_PER_MINUTE.high + 1)
    return AddressUse(
        sent_at=tuple(at for place in places if (at := number(item, f"t{place}"))),
        last_text=by_country["k"],
        last_approval=by_country["v"],
    )


def charge_update(charge: Charge) -> Update:
    """One more text of an address, if its limit leaves room."""
    sets = [*moved_up("t", places=ADDRESS_SENDS_PER_MINUTE.high), "#ttl = :ttl"]
    return Update(
        address_pk(charge.address_key),
        expression="SET " + ", ".join(sets),
        condition=is_within(charge.limit),
        values={
            "now": charge.now,
            "zero": 0,
            "ttl": charge.now + KEEP_ADDRESS_SECONDS,
            window_start(charge.limit): charge.now - charge.limit.seconds,
        },
    )
