"""Where a batch of the table's changes comes in: the counting function's edge.

Lambda hands on the changes of one shard in their order, and repeats a batch until it is
counted or given up (template.yaml bounds that). What leaves says from which record on to
repeat: `{"batchItemFailures": [{"itemIdentifier": SequenceNumber}]}`, empty for none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast, final

from countersign.changes import Change, UnreadableChangeError
from countersign.counting import Tally
from countersign.errors import ConfigurationError, ServiceUnavailableError, cause_of

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

type Record = Mapping[str, object]


class BatchFailedError(Exception):
    """Makes Lambda try again, with half the batch. Its text is constant, for Lambda logs it."""


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
        records = cast("Mapping[str, Sequence[Record]]", event)["Records"]
        tally, counted = Tally(), 0
        for record in records:
            try:
                change = self._read(record)
            except UnreadableChangeError as error:
                self._telemetry.outcome("ChangeUnreadable", error_type=str(error))
                break
            if change is not None:
                tally.add(change)
            counted += 1
        if records and counted == 0:
            raise BatchFailedError("the first change of the batch cannot be read")
        unread = [sequence_number(record) for record in records[counted : counted + 1]]
        try:
            self._counters().add(tally, batch=_name(records))
        except ServiceUnavailableError as error:
            self._telemetry.outcome("CountingDeferred", cause=cause_of(error))
            return [sequence_number(records[0])]
        for (country, provider), steps in tally.steps.items():
            values = {step.value: number for step, number in steps.items()}
            self._telemetry.measured(values, country=country, provider=provider)
        return unread


def answered(take: Callable[[], list[str]], *, telemetry: PowertoolsTelemetry) -> dict[str, object]:
    """What Lambda is told of a batch: the records that `take` wants again.

    Raises BatchFailedError, and nothing else.
    """
    try:
        return {"batchItemFailures": [{"itemIdentifier": failed} for failed in take()]}
    except BatchFailedError:
        raise
    except ConfigurationError as error:
        telemetry.configuration_fault(str(error))
        raise BatchFailedError("the function is not set up correctly") from None
    except Exception as error:
        telemetry.failure(error)
        raise BatchFailedError("unexpected failure") from None
    finally:
        telemetry.flush()


def _name(records: Sequence[Record]) -> str:
    """What a batch is known by when it comes again."""
    ids = "\n".join(str(record["eventID"]) for record in records)
    return hashlib.sha256(ids.encode()).hexdigest()[:16]


def sequence_number(record: Record) -> str:
    """The number by which Lambda knows a change."""
    return str(cast("Mapping[str, object]", record["dynamodb"])["SequenceNumber"])
