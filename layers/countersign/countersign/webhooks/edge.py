"""Where a batch of the queue comes in: the webhook function's edge.

What leaves says which messages the queue keeps (partial batch responses):
`{"batchItemFailures": [{"itemIdentifier": messageId}]}`, empty for none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast, final

from countersign.errors import ConfigurationError, ServiceUnavailableError, cause_of
from countersign.webhooks.deliverer import Deliverer, Letter

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry


class BatchFailedError(Exception):
    """Makes the queue keep the whole batch. Its text is constant, for Lambda logs it."""


@final
class QueueEdge:
    """The webhook function's entry."""

    def __init__(self, *, deliverer: Callable[[], Deliverer], telemetry: PowertoolsTelemetry) -> None:
        self._deliverer = deliverer
        self._telemetry = telemetry

    def __call__(self, event: object, _context: object) -> dict[str, object]:
        """Send a batch. Raises BatchFailedError where nothing can be said of single messages."""
        try:
            return _kept(self._deliver(_letters(event)))
        except ConfigurationError as error:
            self._telemetry.configuration_fault(str(error))
            raise BatchFailedError("the function is not set up correctly") from None
        except Exception as error:
            self._telemetry.failure(error)
            raise BatchFailedError("unexpected failure") from None
        finally:
            self._telemetry.flush()

    def _deliver(self, letters: Sequence[Letter]) -> list[str]:
        try:
            return self._deliverer().deliver(letters)
        except ServiceUnavailableError as error:  # nothing was sent; all of them come again
            self._telemetry.outcome("WebhooksDeferred", cause=cause_of(error))
            return [letter.id for letter in letters]


def _kept(ids: Sequence[str]) -> dict[str, object]:
    return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in ids]}


def _letters(event: object) -> list[Letter]:
    records = cast("Mapping[str, Sequence[Mapping[str, object]]]", event)["Records"]
    return [
        Letter(
            id=str(record["messageId"]),
            receipt=str(record["receiptHandle"]),
            attempt=int(str(cast("Mapping[str, object]", record["attributes"])["ApproximateReceiveCount"])),
            text=str(record["body"]),
        )
        for record in records
    ]
