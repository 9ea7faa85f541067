"""A gateway whose send function takes batches of the queue of requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

from countersign.bootstrap import Container
from countersign.clock import Deadline
from countersign.dialects.dialect import UseCases
from countersign.dialects.native import Native
from countersign.intake import Intake
from countersign.service.start import Starter
from countersign.service.wish import Started
from tests.support.gateway import Context, Gateway
from tests.support.messages import Record, RememberingQueue, batch, failed
from tests.support.use_cases import NoUseCases


class Mailbox:
    """A gateway whose send function takes batches; what it puts back is remembered."""

    def __init__(self, gateway: Gateway, *, use_cases: UseCases | None = None) -> None:
        self.gateway = gateway
        self.clock = gateway.clock
        self.queue = RememberingQueue()
        self.intake = Intake(
            native=Native(use_cases or gateway.container),
            queue=lambda _arn: self.queue,
            telemetry=gateway.container.telemetry,
            clock=gateway.clock,
            draw=lambda below: below - 1,
        )

    def hand_on(self, *records: Record, milliseconds: int = 25_000) -> list[str]:
        """The ids of the messages that are not done."""
        answer = self.intake(batch(*records), Context(milliseconds=milliseconds))
        json.dumps(answer)  # what Lambda does with it
        self.gateway.container.telemetry.flush()
        return failed(answer)

    def told(self, event: str) -> list[dict[str, Any]]:
        return self.gateway.lines(event)


class Stand(NoUseCases):
    """A container in which something stands in for the use case of starting."""

    def __init__(self, container: Container, *, start: Callable[[Deadline], Started]) -> None:
        self.clients, self.clock = container.clients, container.clock
        self._start = start

    def start(self, *_: object, deadline: Deadline, **__: object) -> Started:
        return self._start(deadline)

    @property
    def starter(self) -> Starter:
        return cast("Starter", self)
