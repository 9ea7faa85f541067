"""A redelivery as a message on the queue of requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ConnectTimeoutError

from countersign.aws.redeliveries import SqsRedeliveries
from countersign.errors import ServiceUnavailableError
from countersign.reports import Redelivery
from tests.support.aws import client_error

REDELIVERY = Redelivery(client_id="demo", verification_id="v1", sends=2, in_seconds=40)


@dataclass
class Queue:
    """As much of an SQS client as is used."""

    error: Exception | None = None
    sent: list[tuple[str, str, int]] = field(default_factory=list)

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> object:  # noqa: N803  # botocore's
        if self.error is not None:
            raise self.error
        self.sent.append((QueueUrl, MessageBody, DelaySeconds))
        return {}


def test_a_message_names_client_verification_and_text_and_waits() -> None:
    queue = Queue()
    SqsRedeliveries("https://queue.example", client=lambda: queue).ask(REDELIVERY)
    [(url, body, delay)] = queue.sent
    assert (url, delay) == ("https://queue.example", 40)
    assert json.loads(body) == {"client": "demo", "resend": "v1", "sends": 2}


@pytest.mark.parametrize(
    "error",
    [client_error("AccessDenied", operation="SendMessage"), ConnectTimeoutError(endpoint_url="https://q")],
)
def test_a_queue_that_does_not_take_it_is_said(error: Exception) -> None:
    with pytest.raises(ServiceUnavailableError):
        SqsRedeliveries("https://queue.example", client=lambda: Queue(error)).ask(REDELIVERY)
