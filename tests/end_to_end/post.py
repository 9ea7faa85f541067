"""The ways in that have no caller waiting: the deployed queue of requests, and the bus."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mypy_boto3_sqs import SQSClient

from local.deploying import STACK_NAME, session
from local.stack import Stack

WAIT_SECONDS = 30.0


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether it holds, as soon as it does, or after the longest wait."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@dataclass(frozen=True)
class Post:
    """The ways in, as a caller in the account has them."""

    stack: Stack

    @cached_property
    def outputs(self) -> dict[str, str]:
        found = self.stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        return {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}

    @cached_property
    def sqs(self) -> SQSClient:
        return session().client("sqs", endpoint_url=self.stack.endpoint)

    @cached_property
    def events(self) -> Any:
        return session().client("events", endpoint_url=self.stack.endpoint)

    def send(self, body: object) -> str:
        """The id of the message."""
        text = body if isinstance(body, str) else json.dumps(body)
        return self.sqs.send_message(QueueUrl=self.outputs["RequestsUrl"], MessageBody=text)["MessageId"]

    def put(self, detail: object, *, detail_type: str = "VerificationRequested") -> None:
        entry = {
            "EventBusName": self.outputs["BusName"],
            "Source": "com.example.shop",
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        assert self.events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def is_empty(self) -> bool:
        """Whether nothing is on the queue, in flight or waiting."""
        names = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        found = self.sqs.get_queue_attributes(QueueUrl=self.outputs["RequestsUrl"], AttributeNames=["All"])[
            "Attributes"
        ]
        return all(found[name] == "0" for name in names)  # type: ignore[index]  # a table of names

    def dead_letters(self) -> dict[str, str]:
        """Bodies by the message's id, taken away."""
        url, found = self.outputs["RequestsDeadLettersUrl"], {}
        while received := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for one in received:
                found[one["MessageId"]] = one["Body"]
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return found

    def texts(self, to: str) -> int:
        return len(self.stack.messages(to))
