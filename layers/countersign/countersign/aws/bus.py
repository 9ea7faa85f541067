"""The event bus: EventBridge's PutEvents."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, final

from countersign.aws.tens import hand_over
from countersign.lifecycle import SOURCE, Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

# docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html: what may pass.
PASSING = frozenset({"AccessDeniedException", "InternalException", "InternalFailure", "ThrottlingException"})


@final
class EventBridgeBus:
    """consumers.Bus over PutEvents."""

    def __init__(self, name: str, *, client: Callable[[], EventBridgeClient]) -> None:
        self._name = name
        self._client = client

    def put(self, events: Sequence[Event]) -> None:
        """Ten to a call: an event is below 2 KB, and a call takes 256 KB.

        Raises TakenInPartError, or ServiceUnavailableError where the first call fails.
        """
        hand_over(events, send=self._put)

    def _put(self, few: Sequence[Event]) -> dict[int, bool]:
        answer = self._client().put_events(Entries=[self._entry(event) for event in few])
        codes = [str(entry.get("ErrorCode") or "") for entry in answer["Entries"]]
        return {place: code not in PASSING for place, code in enumerate(codes) if code}

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        return {
            "Time": datetime.fromtimestamp(event.occurred_at, UTC),
            "Source": SOURCE,
            "DetailType": event.happening.value,
            "Detail": json.dumps(event.detail(), ensure_ascii=False, separators=(",", ":")),
            "EventBusName": self._name,
        }
