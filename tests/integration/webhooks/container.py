"""One container of the webhook function, and batches as Lambda hands them to it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from botocore.session import Session

from countersign.bootstrap import Container
from countersign.bootstrap.webhooks import deliverer_of
from countersign.clock import SystemClock
from countersign.errors import ServiceUnavailableError
from countersign.telemetry import PowertoolsTelemetry
from countersign.webhooks.deliverer import Deliverer
from countersign.webhooks.edge import QueueEdge
from tests.integration.conftest import Aws
from tests.support.gateway import PEPPER, Context

_serial = count(1)


def telemetry_into(log: io.StringIO) -> PowertoolsTelemetry:
    logger = Logger(service=f"webhooks-{next(_serial)}", stream=log, location=None)
    return PowertoolsTelemetry(logger=logger, metrics=Metrics(service="countersign"))


class Hiding:
    """The queue's messages: for how long each was hidden. It can be made to fail."""

    def __init__(self) -> None:
        self.seconds: dict[str, int] = {}
        self.fails = False

    def hide(self, receipt: str, *, seconds: int) -> None:
        if self.fails:
            raise ServiceUnavailableError(retry_after_seconds=1)
        self.seconds[receipt] = seconds


class Function:
    """One container, with its log; the clients' webhooks are as the test sets them."""

    def __init__(self, environment: Mapping[str, str], *, aws: Aws, session: Session) -> None:
        self.log = io.StringIO()
        self._aws = aws
        telemetry = telemetry_into(self.log)
        self.container = Container(environment, clock=SystemClock(), telemetry=telemetry, session=session)
        self.waiting = Hiding()
        made = deliverer_of(self.container)
        self.deliverer = Deliverer(
            endpoints=made._endpoints,
            gone=made._gone,
            post=made._post,
            waiting=self.waiting,
            jitter=lambda _limit: 0,
            telemetry=telemetry,
            clock=self.container.clock,
        )
        self.edge = QueueEdge(deliverer=lambda: self.deliverer, telemetry=telemetry)

    def clients_are(self, **webhooks: object) -> None:
        clients = {name: {"secrets": ["s"], "webhook": hook} for name, hook in webhooks.items()}
        self._aws.put_clients({"pepper": PEPPER, "clients": clients})

    def __call__(self, *bodies: str, attempt: int = 1) -> list[int]:
        """The places of the messages that the queue keeps."""
        answer = self.edge(batch(*bodies, attempt=attempt), Context())
        json.dumps(answer)  # what Lambda does with it
        failures: Any = answer["batchItemFailures"]
        return [int(failure["itemIdentifier"].removeprefix("message-")) for failure in failures]

    def told(self, message: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if line["message"] == message]


def batch(*bodies: str, attempt: int = 1) -> dict[str, Any]:
    return {
        "Records": [
            {
                "messageId": f"message-{place}",
                "receiptHandle": f"receipt-{place}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(attempt)},
                "eventSource": "aws:sqs",
            }
            for place, body in enumerate(bodies)
        ]
    }
