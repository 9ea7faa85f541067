"""Batches for the counters, and what the counters hold after them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.changes import read_change
from countersign.aws.counters import DynamoCounters
from countersign.aws.items import verification_item
from countersign.aws.table import Table
from countersign.counting import Tally
from countersign.model import Verification
from tests.support.aws import TABLE
from tests.support.builders import verification
from tests.support.clock import NOON, FakeClock
from tests.support.stream import Record, items, record

# Keys of a verification, and the scopes that one with them is counted in.
KNOWN: dict[str, Any] = {"prefix_key": "p1", "address_key": "a1"}
SCOPES = ("total", "client#demo", "country#VN", "prefix#p1")
SLOT = {"t": NOON // 600, "h": NOON // 3_600, "d": NOON // 86_400}


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


def stored(what: Verification) -> dict[str, Any]:
    """Its item."""
    return dict(verification_item(what, writer="w"))


def buckets(client: DynamoDBClient, scope: str = "total") -> dict[str, int]:
    item = items(client, "C#").get(f"C#{scope}", {})
    return {name: int(value["N"]) for name, value in item.items() if name[1] == "_"}


def filled(sent: int, approved: int = 0) -> dict[str, int]:
    """The buckets of one moment: texts have none of a day."""
    both = (("s", "th", sent), ("v", "thd", approved))
    return {f"{kind}_{span}{SLOT[span]}": number for kind, spans, number in both for span in spans if number}
