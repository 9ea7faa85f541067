"""A queue, a receiver, and the function between them."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.session import Session
from mypy_boto3_sqs import SQSClient

from tests.integration.conftest import Aws
from tests.integration.webhooks.container import Function
from tests.support.aws import TABLE
from tests.support.gateway import PEPPER
from tests.support.webhooks import Receiver, receiving, section


@pytest.fixture
def queue(aws: Aws) -> Iterator[str]:
    """The queue's URL."""
    url = boto3.client("sqs").create_queue(QueueName="webhooks", Attributes={"VisibilityTimeout": "360"})[
        "QueueUrl"
    ]
    yield url
    boto3.client("sqs").delete_queue(QueueUrl=url)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def environment(aws: Aws, queue: str) -> dict[str, str]:
    return {
        "TABLE_NAME": TABLE,
        "CLIENTS_SECRET_ARN": aws.clients_arn,
        "SECRET_TTL_SECONDS": "0",  # whatever a test puts into the secret is seen at once
        "WEBHOOKS_QUEUE_URL": queue,
        "WEBHOOK_LOOPBACK": "on",
    }


@pytest.fixture
def function(environment: dict[str, str], aws: Aws, session: Session) -> Function:
    aws.put_clients({"pepper": PEPPER, "clients": {}})
    return Function(environment, aws=aws, session=session)


@pytest.fixture
def hooked(function: Function, receiver: Receiver) -> Function:
    function.clients_are(shop=section(receiver.url))
    return function


@pytest.fixture
def sqs(queue: str) -> SQSClient:
    return boto3.client("sqs")
