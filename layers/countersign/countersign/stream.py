"""Where a batch of the table's changes comes in: the counting function's edge.

Lambda hands on the changes of one shard in their order, and repeats a batch until it is
counted or given up (template.yaml bounds that). What leaves says from which record on to
repeat: `{"batchItemFailures": [{"itemIdentifier": SequenceNumber}]}`, empty for none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast, final

from countersign.batches import BatchFailedError, Record, answered, records_of
from countersign.changes import Change, UnreadableChangeError
from countersign.counting import Tally
from countersign.errors import ServiceUnavailableError, cause_of

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry


class Counters(Protocol):
    """Where sums are kept."""

    def add(self, tally: Tally, *, batch: str) -> None:
        """Add a batch, whose name is the same whenever it comes again.

        Raises ServiceUnavailableError; part of it may have been added.
        """
        ...


@final
class StreamEdge:
    """The counting function's entry."""

    def __init__(
        self,
        *,
        read: Callable[[Record], Change | None],
        counters: Callable[[], Counters],
        telemetry: PowertoolsTelemetry,
    ) -> None:
        """`read` raises UnreadableChangeError."""
        self._read = read
        self._counters = counters
        self._telemetry = telemetry

    def __call__(self, event: object, _context: object) -> dict[str, object]:
        """Count a batch.

        Raises BatchFailedError where no record can be named from which to try again, and where the
        first one cannot be read: then Lambda halves the batch until that record is alone, gives it
        up, and counts its neighbours.
        """
        return answered(lambda: self._count(event), telemetry=self._telemetry)

    def _count(self, event: object) -> list[str]:
        """The sequence number from which on to try again, if there is one."""
        records = records_of(event)
        found = readable(records, read=self._read, telemetry=self._telemetry)
        tally = Tally()
        for change in found:
            if change is not None:
                tally.add(change)
        unread = [sequence_number(record) for record in records[len(found) : len(found) + 1]]
        try:
            self._counters().add(tally, batch=_name(records))
        except ServiceUnavailableError as error:
            self._telemetry.outcome("CountingDeferred", cause=cause_of(error))
            return [sequence_number(records[0])]
        for (country, provider), steps in tally.steps.items():
            values = {step.value: number for step, number in steps.items()}
            self._telemetry.measured(values, country=country, provider=provider)
        return unread


def readable(
    records: Sequence[Record],
    *,
    read: Callable[[Record], Change | None],
    telemetry: PowertoolsTelemetry,
) -> list[Change | None]:
    """What the records up to the first that cannot be read tell, one for each; None: no verification's.

    Raises BatchFailedError where the very first one cannot be read: then Lambda halves the batch until
    that record is alone, gives it up, and hands on its neighbours.
    """
    found: list[Change | None] = []
    for record in records:
        try:
            found.append(read(record))
        except UnreadableChangeError as error:
            telemetry.outcome("ChangeUnreadable", error_type=str(error))
            break
    if records and not found:
        raise BatchFailedError("the first change of the batch cannot be read")
    return found


def _name(records: Sequence[Record]) -> str:
    """What a batch is known by when it comes again."""
    ids = "\n".join(str(record["eventID"]) for record in records)
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def sequence_number(record: Record) -> str:
    """The number by which Lambda knows a change."""
    return str(cast("Mapping[str, object]", record["dynamodb"])["SequenceNumber"])
