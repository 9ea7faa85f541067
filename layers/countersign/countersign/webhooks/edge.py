"""Where a batch of the queue comes in: the webhook function's edge.

What leaves says which messages the queue keeps (partial batch responses):
`{"batchItemFailures": [{"itemIdentifier": messageId}]}`, empty for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast, final

from countersign.batches import answered, records_of
from countersign.errors import ServiceUnavailableError, cause_of
from countersign.webhooks.deliverer import Deliverer, Letter

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry


@final
class QueueEdge:
    """The webhook function's entry."""

    def __init__(self, *, deliverer: Callable[[], Deliverer], telemetry: PowertoolsTelemetry) -> None:
        self._deliverer = deliverer
        self._telemetry = telemetry

    def __call__(self, event: object, _context: object) -> dict[str, object]:
        """Send a batch. Raises BatchFailedError where nothing can be said of single messages."""
        return answered(lambda: self._deliver(_letters(event)), telemetry=self._telemetry)

    def _deliver(self, letters: Sequence[Letter]) -> list[str]:
        try:
            return self._deliverer().deliver(letters)
        except ServiceUnavailableError as error:  # nothing was sent; all of them come again
            self._telemetry.outcome("WebhooksDeferred", cause=cause_of(error))
            return [letter.id for letter in letters]


def _letters(event: object) -> list[Letter]:
    return [
        Letter(
            id=str(record["messageId"]),
            receipt=str(record["receiptHandle"]),
            attempt=int(str(cast("Mapping[str, object]", record["attributes"])["ApproximateReceiveCount"])),
            text=str(record["body"]),
        )
        for record in records_of(event)
    ]
