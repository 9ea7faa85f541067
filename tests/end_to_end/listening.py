"""What the deployed stack's bus tells, as anybody in the account could hear it."""

from __future__ import annotations

import json
import time
from typing import Any

from local.stack import Stack
from tests.support.lifecycle import valid

WAIT_SECONDS = 30.0

type Told = dict[str, Any]


class Listener:
    """A rule of its own on the stack's bus, and the queue that it fills."""

    def __init__(self, stack: Stack, *, name: str) -> None:
        self._name = name
        self._events, self._sqs, self._bus = stack.client("events"), stack.client("sqs"), stack.deployment.bus
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": ["countersign"]})
        self._events.put_rule(Name=name, EventBusName=self._bus, EventPattern=pattern)
        targets = [{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}]
        self._events.put_targets(Rule=name, EventBusName=self._bus, Targets=targets)  # type: ignore[arg-type]
        self._heard: dict[str, Told] = {}

    def close(self) -> None:
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=["queue"])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._url)

    def _listen(self) -> None:
        while messages := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                event = valid(json.loads(message["Body"]))
                self._heard[event["detail"]["event_id"]] = event
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def told(self, verification_id: str, *, seconds: float = WAIT_SECONDS, until: int = 1) -> list[Told]:
        """The events of a verification in their order, as soon as there are so many, or after the wait."""
        deadline = time.monotonic() + seconds
        while True:
            self._listen()
            told = [one for one in self._heard.values() if one["detail"]["id"] == verification_id]
            if len(told) >= until or time.monotonic() > deadline:
                return sorted(told, key=lambda one: str(one["detail"]["sequence"]))
            time.sleep(0.2)


def names(told: list[Told]) -> list[str]:
    """What happened, without `Verification`."""
    return [one["detail-type"].removeprefix("Verification") for one in told]
