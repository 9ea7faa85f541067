"""The stores that keep the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.counters import DynamoCounters
from countersign.ports import Store
from tests.support.aws import TABLE, TroubledClient, dynamo_store, make_table
from tests.support.clock import FakeClock
from tests.support.counters import counters_over
from tests.support.emulated import empty_aws
from tests.support.store import MemoryStore
from tests.support.stream import Recorder


@pytest.fixture(scope="module")
def dynamodb_of_the_module(emulator: str) -> Iterator[DynamoDBClient]:
    with empty_aws(emulator):
        yield make_table()


@pytest.fixture
def dynamodb(dynamodb_of_the_module: DynamoDBClient) -> Iterator[DynamoDBClient]:
    """A client to an empty table."""
    client = dynamodb_of_the_module
    yield client
    for item in client.scan(TableName=TABLE)["Items"]:
        client.delete_item(TableName=TABLE, Key={"pk": item["pk"]})


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def trouble(dynamodb: DynamoDBClient) -> TroubledClient:
    return TroubledClient(dynamodb)


@pytest.fixture
def recorder(dynamodb: DynamoDBClient, clock: FakeClock) -> Recorder:
    return Recorder(dynamodb, now=clock.now)


@pytest.fixture
def counters(trouble: TroubledClient, clock: FakeClock) -> DynamoCounters:
    return counters_over(trouble.as_client, clock=clock)


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return dynamo_store(request.getfixturevalue("dynamodb"))
