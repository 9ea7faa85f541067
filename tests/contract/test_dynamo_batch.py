"""A read of several items at once, as DynamoDB may answer it; and what becomes of a circuit's item."""

from __future__ import annotations

from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.store import DynamoStore
from countersign.circuits import REMEMBERED_SECONDS
from countersign.errors import ServiceUnavailableError
from countersign.ports import Store
from tests.support.aws import TABLE, TroubledClient, dynamo_store
from tests.support.clock import NOON, FakeClock
from tests.support.looks import circuits_in


@pytest.fixture
def store(trouble: TroubledClient, clock: FakeClock) -> DynamoStore:
    return dynamo_store(trouble.as_client, clock=clock)


def left(*pks: str) -> dict[str, Any]:
    """An answer of BatchGetItem that leaves these unread."""
    return {
        "Responses": {TABLE: []},
        "UnprocessedKeys": {TABLE: {"Keys": [{"pk": {"S": pk}} for pk in pks]}},
    }


def test_what_dynamodb_leaves_unread_is_asked_for_again_alone(
    store: Store, trouble: TroubledClient, clock: FakeClock
) -> None:
    for vendor in ("esms", "engagelab"):
        store.record_outage(vendor, country="VN", now=NOON, held_until=None)
    asked_before = len(trouble.requests)
    trouble.answer(left("B#engagelab#VN"))
    found = circuits_in(store, ["esms", "engagelab"], country="VN")
    assert found["engagelab"].failures == (NOON,)
    asked = [request["RequestItems"][TABLE]["Keys"] for request in trouble.requests[asked_before:]]
    whole, again = ([key["pk"]["S"] for key in keys] for keys in asked)
    assert {"B#esms#VN", "B#engagelab#VN", "C#total"} <= set(whole)
    assert again == ["B#engagelab#VN"]
    assert len(clock.slept) == 1


def test_what_dynamodb_never_reads_is_trouble(
    store: Store, trouble: TroubledClient, clock: FakeClock
) -> None:
    trouble.answer(*[left("B#esms#VN")] * 4)
    with pytest.raises(ServiceUnavailableError) as refused:
        circuits_in(store, ["esms"], country="VN")
    assert refused.value.retry_after_seconds == 1
    assert len(trouble.calls) == 4
    assert 0 < sum(clock.slept) < 1


def test_the_circuits_are_read_at_half_the_price(store: Store, trouble: TroubledClient) -> None:
    circuits_in(store, ["esms"], country="VN")
    assert "ConsistentRead" not in trouble.requests[0]["RequestItems"][TABLE]


def test_a_circuit_is_removed_when_its_outages_are_forgotten(store: Store, dynamodb: DynamoDBClient) -> None:
    store.record_outage("esms", country="VN", now=NOON, held_until=None)
    [item] = dynamodb.scan(TableName=TABLE)["Items"]
    assert item["ttl"]["N"] == str(NOON + REMEMBERED_SECONDS)
