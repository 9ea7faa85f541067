"""The stores that keep the contract."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.ports import Store
from tests.support.aws import TABLE, TroubledClient, dynamo_store, make_table
from tests.support.clock import FakeClock
from tests.support.emulated import empty_aws
from tests.support.store import MemoryStore


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


@pytest.fixture(params=["memory", "dynamo"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return dynamo_store(request.getfixturevalue("dynamodb"))
