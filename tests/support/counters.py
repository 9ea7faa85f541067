"""Batches for the counters, and what the counters hold after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.changes import read_change
from countersign.aws.counters import DynamoCounters
from countersign.aws.items import verification_item
from countersign.aws.table import Table
from countersign.counting import Tally
from countersign.model import Delivery, Verification
from countersign.usage import Kind, Span, bucket_name, named_bucket
from tests.support.aws import TABLE
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON, FakeClock
from tests.support.stream import Record, items, record

# Keys of a verification, and the scopes that one with them is counted in.
KNOWN: dict[str, Any] = {"prefix_key": "p1", "address_key": "a1"}
SCOPES = ("total", "client#demo", "country#VN", "prefix#p1")
APPROVALS_IN = ("country#VN", "prefix#p1")  # what the guard against pumping looks at


def counters_over(client: DynamoDBClient, *, clock: FakeClock) -> DynamoCounters:
    return DynamoCounters(Table(TABLE, client=lambda: client, clock=clock), clock=clock)


def tally_of(records: Sequence[Record]) -> Tally:
    tally = Tally()
    for one in records:
        change = read_change(one)
        if change is not None:
            tally.add(change)
    return tally


def texts(number: int = 1, *, at: int = NOON, **changes: Any) -> Tally:
    """As many starts, told in one batch."""
    tally = Tally()
    for _ in range(number):
        told = record(None, stored(verification(created_at=at, **KNOWN | changes)), at=at)
        change = read_change(told)
        assert change is not None
        tally.add(change)
    return tally


def lived(*, at: int, **changes: Any) -> Tally:
    """A start that was taken and answered with the right code within the second, told in one batch."""
    started = verification(created_at=at, **KNOWN | changes)
    taken = replace(started, delivery=Delivery.ACCEPTED)
    solved = replace(taken, guess=CODE_HASH, attempts=1, checked_at=at)
    images = [None, stored(started), stored(taken), stored(solved)]
    return tally_of([record(old, new, at=at) for old, new in pairwise(images)])


def stored(what: Verification) -> dict[str, Any]:
    """Its item."""
    return dict(verification_item(what, writer="w"))


def buckets(client: DynamoDBClient, scope: str = "total") -> dict[str, int]:
    item = items(client, "C#").get(f"C#{scope}", {})
    return {name: int(value["N"]) for name, value in item.items() if named_bucket(name) is not None}


def filled(sent: int, approved: int = 0) -> dict[str, int]:
    """The buckets of one moment: texts have none of a day."""
    both = (
        (Kind.SENT, (Span.TEN_MINUTES, Span.HOUR), sent),
        (Kind.APPROVED, tuple(Span), approved),
    )
    return {
        bucket_name(kind, span, at=NOON): number for kind, spans, number in both for span in spans if number
    }


def kept(client: DynamoDBClient) -> dict[str, dict[str, int]]:
    """The buckets of every counter there is, by scope."""
    return {pk.removeprefix("C#"): buckets(client, pk.removeprefix("C#")) for pk in items(client, "C#")}


def everywhere(sent: int, approved: int = 0) -> dict[str, dict[str, int]]:
    """What all counters hold of KNOWN verifications: approvals are counted in two of them."""
    return {scope: filled(sent, approved if scope in APPROVALS_IN else 0) for scope in SCOPES}
