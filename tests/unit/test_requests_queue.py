"""Messages are put back on the very queue that they came from, in every partition."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from countersign.aws.clients import hurried_queues_client, trimmed_session
from countersign.aws.requests_queue import RequestsQueue
from countersign.errors import ServiceUnavailableError


class Body:
    def __init__(self, document: object) -> None:
        self._data = json.dumps(document).encode()

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._data


class Sqs:
    """A queue's client whose calls go nowhere, and what they said. Status 0: nobody answers."""

    def __init__(self, *, status: int = 200) -> None:
        self.said: list[dict[str, Any]] = []
        self._status = status
        self.client = hurried_queues_client(trimmed_session())
        events: Any = self.client.meta.events
        events.register("before-send", self._answer)

    def _answer(self, request: AWSRequest, **_: object) -> AWSResponse:
        self.said.append(json.loads(request.body or b""))
        if not self._status:
            raise ReadTimeoutError(endpoint_url=str(request.url))
        error = {} if self._status == 200 else {"__type": "com.amazonaws.sqs#ReceiptHandleIsInvalid"}
        return AWSResponse(str(request.url), self._status, HTTPHeaders(), Body(error))


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "eu-west-1", "sqs.eu-west-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "sqs.cn-north-1.amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "sqs.us-gov-west-1.amazonaws.com"),
    ],
)
def test_each_message_waits_for_its_own_time_on_the_queue_of_the_arn(
    partition: str, region: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    sqs = Sqs()
    queue = RequestsQueue(f"arn:{partition}:sqs:{region}:123456789012:requests", client=lambda: sqs.client)
    queue.put_back({"one": 0, "two": 48})
    url = f"https://{host}/123456789012/requests"
    assert sqs.said == [
        {"QueueUrl": url, "ReceiptHandle": "one", "VisibilityTimeout": 0},
        {"QueueUrl": url, "ReceiptHandle": "two", "VisibilityTimeout": 48},
    ]


def test_a_message_that_sqs_refuses_comes_back_later_and_its_neighbour_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    sqs = Sqs(status=400)
    queue = RequestsQueue("arn:aws:sqs:eu-west-1:123456789012:requests", client=lambda: sqs.client)
    with pytest.raises(ServiceUnavailableError):
        queue.put_back({"one": 0, "two": 48})
    assert [said["ReceiptHandle"] for said in sqs.said] == ["one", "two"]


def test_where_sqs_does_not_answer_no_time_is_lost_on_another_message(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    sqs = Sqs(status=0)
    queue = RequestsQueue("arn:aws:sqs:eu-west-1:123456789012:requests", client=lambda: sqs.client)
    with pytest.raises(ServiceUnavailableError):
        queue.put_back({"one": 0, "two": 48})
    assert len(sqs.said) == 1
