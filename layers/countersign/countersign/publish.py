"""Where the publishing function's events come in: the table's changes, and looks that are due.

Both are batches, and both answers say what to repeat: for changes from which record on, for
messages of the queue which of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, final

from countersign.batches import BatchFailedError, Record, answered, records_of
from countersign.changes import Change
from countersign.consumers import Consumer, TakenInPartError
from countersign.errors import ConfigurationError, ServiceUnavailableError, cause_of
from countersign.stream import readable, sequence_number

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

QUEUE = "aws:sqs"


class Expirer(Protocol):
    """What a due look is for."""

    def look(self, client_id: str, verification_id: str) -> None:
        """Raises ServiceUnavailableError or TakenInPartError: to be asked again."""
        ...


@final
class PublishEdge:
    """The publishing function's entry."""

    def __init__(
        self,
        *,
        read: Callable[[Record], Change | None],
        consumers: Callable[[], Sequence[Consumer]],
        read_wake: Callable[[Record], tuple[str, str]],
        expirer: Callable[[], Expirer],
        telemetry: PowertoolsTelemetry,
    ) -> None:
        """`read` raises UnreadableChangeError, `read_wake` a ValueError without a text of the message."""
        self._read = read
        self._consumers = consumers
        self._read_wake = read_wake
        self._expirer = expirer
        self._telemetry = telemetry

    def __call__(self, event: object, _context: object) -> dict[str, object]:
        """Take a batch. Raises BatchFailedError, which has a batch of changes halved and tried again."""
        return answered(lambda: self._take(event), telemetry=self._telemetry)

    def _take(self, event: object) -> list[str]:
        """What is to be handed on again."""
        records = records_of(event)
        if any(record.get("eventSource") == QUEUE for record in records):
            return [str(record["messageId"]) for record in records if not self._looked(record)]
        return self._changed(records)

    def _changed(self, records: Sequence[Record]) -> list[str]:
        """The sequence number from which on to try again, if there is one."""
        found = readable(records, read=self._read, telemetry=self._telemetry)
        changes = [change for change in found if change is not None]
        places = [place for place, change in enumerate(found) if change is not None] + [len(found)]
        again = min((places[taken] for taken in self._each_takes(changes)), default=len(found))
        return [sequence_number(record) for record in records[again : again + 1]]

    def _each_takes(self, changes: Sequence[Change]) -> list[int]:
        """How many of the changes each consumer took. One that fails keeps no other from its own.

        Raises BatchFailedError where a consumer will not take the first change, however often it comes:
        halved until it is alone, that change is given up, and its neighbours go on.
        """
        taken: list[int] = []
        failed = False
        for consumer in self._consumers():
            try:
                consumer.take(changes)
            except TakenInPartError as error:
                self._deferred(error)
                failed = failed or (error.lasting and error.taken == 0)
                taken.append(error.taken)
            except ServiceUnavailableError as error:
                self._deferred(error)
                taken.append(0)
            except Exception as error:
                self._telemetry.failure(error)
                failed = True
        if failed:
            raise BatchFailedError("a change of the batch cannot be taken")
        return taken

    def _looked(self, record: Record) -> bool:
        """Look at the verification that a message names. False: the message is to come again, it alone.

        Raises ConfigurationError.
        """
        try:
            client_id, verification_id = self._read_wake(record)
        except ValueError as error:
            self._telemetry.outcome("LookUnreadable", error_type=str(error))
            return False
        try:
            self._expirer().look(client_id, verification_id)
        except ConfigurationError:
            raise
        except (ServiceUnavailableError, TakenInPartError) as error:
            self._deferred(error)
            return False
        except Exception as error:  # an item that cannot be read: its neighbours' end must not wait for that
            self._telemetry.failure(error)
            return False
        return True

    def _deferred(self, error: ServiceUnavailableError | TakenInPartError) -> None:
        self._telemetry.outcome("PublishingDeferred", cause=cause_of(error))
