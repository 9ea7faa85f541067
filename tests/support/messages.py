"""Messages on the queue of requests, as Lambda hands them on, and a queue that remembers what came back."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from countersign.errors import ServiceUnavailableError
from tests.support.clock import NOON
from tests.support.samples import EVENTS

type Record = dict[str, Any]

_serial = count(1)


def sample(name: str) -> dict[str, Any]:
    """A sample event."""
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def message(
    body: object = None,
    *,
    id_: str | None = None,
    receives: int = 1,
    sent_at: float = NOON,
    **members: object,
) -> Record:
    """One record. `body`: its text, or what it says as JSON; without one, a start of demo's."""
    record: Record = copy.deepcopy(sample("sqs_request")["Records"][0])
    if body is None:
        body = {"client": "demo", "to": "+84901888484"} | members
    number = next(_serial)
    record["messageId"] = id_ or f"00000000-0000-4000-8000-{number:012}"
    record["receiptHandle"] = f"receipt-{number}"
    record["body"] = body if isinstance(body, str) else json.dumps(body)
    record["attributes"] |= {
        "ApproximateReceiveCount": str(receives),
        "SentTimestamp": str(int(sent_at * 1000)),
    }
    return record


def again(record: Record) -> Record:
    """The same message, as it is handed on the next time."""
    attributes = record["attributes"]
    receives = str(int(attributes["ApproximateReceiveCount"]) + 1)
    return record | {"attributes": attributes | {"ApproximateReceiveCount": receives}}


def by_the_bus(
    detail: Mapping[str, object] | None = None, *, time: str = "2025-06-15T15:06:40Z", **changes: object
) -> dict[str, Any]:
    """An event as the rule's target gets it, at noon."""
    event = sample("eventbridge_request") | {"time": time}
    if detail is not None:
        event["detail"] = dict(detail)
    return event | changes


def batch(*records: Record) -> dict[str, Any]:
    return {"Records": list(records)}


def failed(answer: Mapping[str, Any]) -> list[str]:
    """The ids of the messages that are not done."""
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


@dataclass
class RememberingQueue:
    """A countersign.intake.Queue."""

    waits: dict[str, int] = field(default_factory=dict)  # by receipt
    broken: bool = False

    def put_back(self, waits: Mapping[str, int]) -> None:
        if self.broken:
            raise ServiceUnavailableError
        self.waits |= waits

    def wait_of(self, record: Record) -> int:
        return self.waits[record["receiptHandle"]]
