"""The trimmed clients reach the endpoints, sign for the scopes, and say and read what untrimmed ones do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError

from countersign.aws.clients import (
    dynamodb_client,
    events_client,
    kms_client,
    queues_client,
    secrets_client,
    trimmed_session,
)

REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-1", "il-central-1", "cn-north-1", "us-gov-west-1"]


class _Empty:
    def stream(self, **_: object) -> Iterator[bytes]:
        yield b"{}"


def _seen(client: Any, service: str) -> tuple[str, str]:
    """The URL and the signing scope of one call, which goes nowhere."""
    calls: list[tuple[str, str]] = []

    def answer(request: AWSRequest, **_: object) -> AWSResponse:
        authorization = request.headers["Authorization"]
        text = authorization.decode() if isinstance(authorization, bytes) else str(authorization)
        calls.append((str(request.url), text.split("/", 2)[2].split(",")[0]))
        return AWSResponse(str(request.url), 200, HTTPHeaders(), _Empty())

    client.meta.events.register("before-send", answer)
    CALLS[service](client)
    return calls[0]


QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/q"
MAKE: dict[str, Callable[[botocore.session.Session], Any]] = {
    "dynamodb": dynamodb_client,
    "events": events_client,
    "kms": kms_client,
    "secretsmanager": secrets_client,
    "sqs": queues_client,
}
CALLS: dict[str, Callable[[Any], object]] = {
    "dynamodb": lambda client: client.get_item(TableName="t", Key={"pk": {"S": "x"}}),
    "events": lambda client: client.put_events(Entries=[{"Source": "x", "Detail": "{}"}]),
    "kms": lambda client: client.get_public_key(KeyId="x"),
    "secretsmanager": lambda client: client.get_secret_value(SecretId="x"),
    "sqs": lambda client: client.send_message_batch(
        QueueUrl=QUEUE, Entries=[{"Id": "0", "MessageBody": "x"}]
    ),
}


@pytest.mark.parametrize("variant", ["plain", "fips", "dualstack"])
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", MAKE)
def test_endpoint_and_signing_scope_are_those_of_the_untrimmed_client(
    service: str, region: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": region,
        "AWS_USE_FIPS_ENDPOINT": str(variant == "fips").lower(),
        "AWS_USE_DUALSTACK_ENDPOINT": str(variant == "dualstack").lower(),
    }.items():
        monkeypatch.setenv(name, value)
    stock = botocore.session.Session().create_client(service, region_name=region)
    assert _seen(MAKE[service](trimmed_session()), service) == _seen(stock, service)


class _Body:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


ITEM = {"pk": {"S": "V#demo#\u2022"}, "attempts": {"N": "3"}, "code": {"S": ""}}
KEY = {"pk": {"S": "x"}}
UPDATE = {
    "TableName": "t",
    "Key": KEY,
    "UpdateExpression": "SET #a = :one",
    "ConditionExpression": "#a < :one",
    "ExpressionAttributeNames": {"#a": "attempts"},
    "ExpressionAttributeValues": {":one": {"N": "1"}},
}
PUT = {"TableName": "t", "Item": ITEM, "ConditionExpression": "attribute_not_exists(pk)"}
REFUSED = "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"
CANCELED = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException"
REASONS = [{"Code": "ConditionalCheckFailed", "Message": "no", "Item": ITEM}, {"Code": "None"}]
BATCH = {
    "Responses": {"t": [ITEM, KEY]},
    "UnprocessedKeys": {"t": {"Keys": [KEY], "ConsistentRead": False}},
}


def _said_and_read(client: Any, operation: str, asked: object, *, status: int, answer: object) -> object:
    """The body that a call sends, and what it makes of the answer: its result or its error."""
    bodies: list[object] = []

    def answered(request: AWSRequest, **_: object) -> AWSResponse:
        bodies.append(json.loads(request.body or b""))
        return AWSResponse(str(request.url), status, HTTPHeaders(), _Body(json.dumps(answer).encode()))

    client.meta.events.register("before-send", answered)
    try:
        result = getattr(client, operation)(**asked)  # type: ignore[arg-type]  # a table of arguments
    except ClientError as error:
        result = error.response
    result.pop("ResponseMetadata")
    return bodies[0], result


@pytest.mark.parametrize(
    ("operation", "asked", "status", "answer"),
    [
        ("get_item", {"TableName": "t", "Key": KEY}, 200, {"Item": ITEM}),
        ("get_item", {"TableName": "t", "Key": KEY}, 200, {}),
        ("put_item", PUT, 200, {}),
        ("put_item", PUT, 400, {"__type": REFUSED, "message": "no", "Item": ITEM}),
        ("update_item", UPDATE, 200, {"Attributes": ITEM}),
        ("update_item", UPDATE, 400, {"__type": REFUSED, "message": "no", "Item": ITEM}),
        ("batch_get_item", {"RequestItems": {"t": {"Keys": [KEY]}}}, 200, BATCH),
        (
            "transact_write_items",
            {"TransactItems": [{"Put": PUT}, {"Update": UPDATE}], "ClientRequestToken": "x"},
            400,
            {"__type": CANCELED, "Message": "no", "CancellationReasons": REASONS},
        ),
    ],
)
def test_items_are_said_and_read_as_by_the_untrimmed_client(
    operation: str, asked: object, status: int, answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    stock = botocore.session.Session().create_client("dynamodb")
    ours = dynamodb_client(trimmed_session())
    said_and_read = _said_and_read(ours, operation, asked, status=status, answer=answer)
    assert said_and_read == _said_and_read(stock, operation, asked, status=status, answer=answer)
