"""The event bus: EventBridge's PutEvents."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import batched
from typing import TYPE_CHECKING, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.consumers import TakenInPartError
from countersign.errors import ServiceUnavailableError
from countersign.lifecycle import SOURCE, Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

AT_ONCE = 10  # entries of one PutEvents; one of ours is below 2 KB, and a call takes 256 KB
# docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html: what may pass.
PASSING = frozenset({"AccessDeniedException", "InternalException", "InternalFailure", "ThrottlingException"})


@final
class EventBridgeBus:
    """consumers.Bus over PutEvents."""

    def __init__(self, name: str, *, client: Callable[[], EventBridgeClient]) -> None:
        self._name = name
        self._client = client

    def put(self, events: Sequence[Event]) -> None:
        """Ten to a call. Raises TakenInPartError, or ServiceUnavailableError where the first call fails."""
        put = 0
        for few in batched(events, AT_ONCE, strict=False):
            codes = self._put(few, put=put)
            for place, code in enumerate(codes):
                if code:
                    raise TakenInPartError(put + place, lasting=code not in PASSING)
            put += len(few)

    def _put(self, few: Sequence[Event], *, put: int) -> list[str]:
        """Why each of them was refused; empty for what is on its way."""
        try:
            answer = self._client().put_events(Entries=[self._entry(event) for event in few])
        except (BotoCoreError, ClientError) as error:
            if put:
                raise TakenInPartError(put, lasting=False) from error
            raise ServiceUnavailableError from error
        return [str(entry.get("ErrorCode") or "") for entry in answer["Entries"]]

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        return {
            "Time": datetime.fromtimestamp(event.occurred_at, UTC),
            "Source": SOURCE,
            "DetailType": event.happening.value,
            "Detail": json.dumps(event.detail(), ensure_ascii=False, separators=(",", ":")),
            "EventBusName": self._name,
        }
