"""Listens to the stack's bus, so that whoever looks at the local stack sees what it tells.

A rule and a queue beside the deployed stack, as anybody's in AWS would be.
"""

from __future__ import annotations

import json
import threading
from types import TracebackType
from typing import Self

import requests
from botocore.exceptions import BotoCoreError, ClientError

from local.deploying import session

NAME = "local-events"
WAIT_SECONDS = 2
POST_SECONDS = 10.0


class BusListener:
    """Hands every event on the bus to /local/events, until it is stopped. Use it as a context manager."""

    def __init__(self, *, endpoint: str, bus: str, url: str) -> None:
        """`url` is the front's, or the simulators' control address."""
        self._sqs = session().client("sqs", endpoint_url=endpoint)
        self._events = session().client("events", endpoint_url=endpoint)
        self._bus = bus
        self._address = f"{url}/local/events"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="bus listener", daemon=True)

    def __enter__(self) -> Self:
        self._queue = self._sqs.create_queue(QueueName=NAME)["QueueUrl"]
        known = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": [{"prefix": ""}]})  # whoever's they are
        self._events.put_rule(Name=NAME, EventBusName=self._bus, EventPattern=pattern)
        arn = known["Attributes"]["QueueArn"]
        self._events.put_targets(Rule=NAME, EventBusName=self._bus, Targets=[{"Id": "queue", "Arn": arn}])
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _listen(self) -> None:
        with requests.Session() as http:
            http.trust_env = False  # no proxy lies between this machine and itself
            while not self._stop.is_set():
                try:
                    self._hand_on(http)
                except (BotoCoreError, ClientError, requests.RequestException):
                    if self._stop.wait(WAIT_SECONDS):
                        return  # or the emulator has gone

    def _hand_on(self, http: requests.Session) -> None:
        found = self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT_SECONDS
        )
        for message in found.get("Messages", []):
            http.post(self._address, data=message["Body"].encode(), timeout=POST_SECONDS).raise_for_status()
            self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
