"""The publishing function as tests run it, what listens to its bus, and records of changes for it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from botocore.session import Session

from countersign.aws.changes import read_change
from countersign.aws.expiries import read_wake
from countersign.aws.items import verification_item
from countersign.bootstrap import Container
from countersign.bootstrap.changes import publish_edge
from countersign.consumers import Consumer
from countersign.model import Delivery, Verification
from countersign.publish import PublishEdge
from countersign.service.expiry import Expirer
from countersign.telemetry import PowertoolsTelemetry
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON, FakeClock
from tests.support.gateway import Context
from tests.support.lifecycle import FakeWakes, valid
from tests.support.stream import Record, record

BUS = "countersign-test"
_serial = count(1)

type Told = dict[str, Any]


@dataclass(frozen=True)
class Outlets:
    """A bus whose events a rule puts into a queue, the queue of looks, and that of requests."""

    heard_url: str
    expiries_url: str
    requests_url: str

    def told(self) -> list[Told]:
        """Everything that has come since the last time, checked against the schema."""
        return [valid(json.loads(body)) for body in _taken(self.heard_url)]

    def looks(self) -> list[object]:
        """The looks that are due."""
        return [json.loads(body) for body in _taken(self.expiries_url)]

    def requests(self) -> list[str]:
        """The bodies of the messages that are due on the queue of requests."""
        return _taken(self.requests_url)

    def waiting(self) -> int:
        """How many looks are not due yet."""
        sqs = boto3.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=self.expiries_url, AttributeNames=["All"])
        return int(found["Attributes"]["ApproximateNumberOfMessagesDelayed"])

    def purge(self) -> None:
        for url in (self.heard_url, self.expiries_url, self.requests_url):
            boto3.client("sqs").purge_queue(QueueUrl=url)


def make_outlets() -> Outlets:
    """Call it where AWS is emulated."""
    sqs, events = boto3.client("sqs"), boto3.client("events")
    events.create_event_bus(Name=BUS)
    heard, expiries, requests = (
        sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("heard", "expiries", "requests")
    )
    arn = sqs.get_queue_attributes(QueueUrl=heard, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source":["countersign"]}')
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "heard", "Arn": arn}])
    return Outlets(heard, expiries, requests)


def _taken(url: str) -> list[str]:
    """The bodies of all messages that are visible, which are then gone."""
    sqs = boto3.client("sqs")
    bodies = []
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


class Publishing:
    """One container of the function, with its log."""

    def __init__(self, environment: dict[str, str], *, session: Session | None = None) -> None:
        self.log = io.StringIO()
        logger = Logger(service=f"publishing-{next(_serial)}", stream=self.log, location=None)
        self.telemetry = PowertoolsTelemetry(logger=logger, metrics=Metrics(service="countersign"))
        self.clock = FakeClock()
        self.container = Container(environment, clock=self.clock, telemetry=self.telemetry, session=session)
        self.edge = publish_edge(self.container)

    def over(self, *consumers: Consumer) -> None:
        """From now on with these consumers."""
        wakes = FakeWakes(self.clock)
        self.edge = PublishEdge(
            read=read_change,
            consumers=lambda: consumers,
            read_wake=read_wake,
            expirer=lambda: Expirer(store=self.container.store, wakes=wakes, clock=self.clock),
            telemetry=self.telemetry,
        )

    def __call__(self, event: object) -> dict[str, object]:
        answer = self.edge(event, Context())
        json.dumps(answer)  # what Lambda does with it
        return answer

    def messages(self) -> list[str]:
        return [json.loads(line)["message"] for line in self.log.getvalue().splitlines()]


def item(what: Verification) -> dict[str, Any]:
    return dict(verification_item(what, writer="w"))


def start(verification_id: str = "v1", **changes: Any) -> Record:
    return record(None, item(verification(verification_id, **changes)), at=NOON)


def sent(verification_id: str = "v1", **changes: Any) -> Record:
    begun = verification(verification_id, **changes)
    took = verification(verification_id, delivery=Delivery.ACCEPTED, **changes)
    return record(item(begun), item(took), at=NOON + 1)


def approved(verification_id: str = "v1") -> Record:
    took = verification(verification_id, delivery=Delivery.ACCEPTED)
    solved = verification(
        verification_id, delivery=Delivery.ACCEPTED, guess=CODE_HASH, attempts=1, checked_at=NOON + 9
    )
    return record(item(took), item(solved), at=NOON + 9)


def spoilt() -> Record:
    """A record that nobody can read, with what must not be told anywhere."""
    told = start()
    told["dynamodb"]["NewImage"]["channel"] = {"S": "canary +84901888484"}
    return told


def texts(number: int) -> list[Record]:
    return [sent(f"v{place}") for place in range(number)]


def names(told: Sequence[Told]) -> list[tuple[str, str]]:
    """Id and what happened, in the order of the sequences."""
    ordered = sorted(told, key=lambda one: str(one["detail"]["sequence"]))
    return [(one["detail"]["id"], one["detail-type"].removeprefix("Verification")) for one in ordered]
