"""The receipts function in this process: its real objects over an emulated AWS."""

from __future__ import annotations

import io
import json
from itertools import count
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from botocore.session import Session

from countersign.bootstrap import Container
from countersign.bootstrap.receipts import callback_edge, receiver_of
from countersign.reports import Owner
from countersign.telemetry import PowertoolsTelemetry
from tests.support.callbacks import SEGMENT, callback_id, rows, sms_query
from tests.support.clock import FakeClock
from tests.support.gateway import Context, HttpAnswer, http_event

_serial = count(1)


class Receipts:
    """One container of the function, with its log."""

    def __init__(self, environment: dict[str, str], *, session: Session | None = None) -> None:
        self.log = io.StringIO()
        self.clock = FakeClock()
        logger = Logger(service=f"receipts-{next(_serial)}", stream=self.log, location=None)
        metrics = Metrics(service="countersign", namespace="Countersign")
        self.container = Container(
            environment,
            clock=self.clock,
            telemetry=PowertoolsTelemetry(logger=logger, metrics=metrics),
            session=session,
        )
        self.edge = callback_edge(self.container)
        self.answers: list[str] = []

    def event(self, event: object, *, context: Context | None = None) -> HttpAnswer:
        result: Any = self.edge(event, context or Context(milliseconds=20_000))
        self.answers.append(json.dumps(result))
        assert result["isBase64Encoded"] is False
        return HttpAnswer(result["statusCode"], result["headers"], result["body"])

    def engagelab(
        self, *statuses: str, body: str | None = None, header: str | None = None, **told: Any
    ) -> HttpAnswer:
        """EngageLab calls back about one text, or with this body."""
        signed = callback_id(at=self.clock.now()) if header is None else header
        text = rows(*statuses, **told) if body is None else body
        headers = {"content-type": "application/json", "x-callback-id": signed}
        return self.event(http_event("POST", "/receipts/engagelab", body=text, headers=headers))

    def esms(self, query: str | None = None, *, segment: str = SEGMENT, **told: Any) -> HttpAnswer:
        """eSMS calls back about one text, or with this query."""
        asked = sms_query(**told) if query is None else query
        return self.event(http_event("GET", f"/receipts/esms/{segment}", query=asked, headers={}))

    def link(self, vendor: str, reference: str, verification_id: str, *, client: str = "demo") -> None:
        """What the stream's consumer does once the text has a reference."""
        owner = Owner(client, verification_id, "VN")
        receiver_of(self.container).linked(vendor, reference, owner=owner)

    def lines(self, message: str | None = None) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if message is None or line["message"] == message]
