"""A vendor's access token, shared through the table: sealed, and fetched by one at a time."""

from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.table import Table
from countersign.aws.tokens import DynamoTokenStore
from countersign.codes import Keyring, Keys
from countersign.errors import ServiceUnavailableError
from countersign.ports import SharedToken
from tests.support.aws import TABLE, TroubledClient, client_error
from tests.support.builders import keys
from tests.support.clock import NOON, FakeClock

TOKEN = SharedToken("canary-token", NOON + 3_600)
NAME = "message_central#C-1"


def token_store(
    client: DynamoDBClient, *, clock: FakeClock, pepper: Keys | None = None, previous: Keys | None = None
) -> DynamoTokenStore:
    """One container's view of the table."""
    table = Table(TABLE, client=lambda: client, clock=clock)
    ring = Keyring(pepper or keys(), previous)
    return DynamoTokenStore(table, ring=lambda: ring, clock=clock)


@pytest.fixture
def tokens(dynamodb: DynamoDBClient, clock: FakeClock) -> DynamoTokenStore:
    return token_store(dynamodb, clock=clock)


@pytest.fixture
def others(dynamodb: DynamoDBClient, clock: FakeClock) -> DynamoTokenStore:
    return token_store(dynamodb, clock=clock)


def test_there_is_no_token_at_first(tokens: DynamoTokenStore) -> None:
    assert tokens.load(NAME) is None


def test_what_one_container_saves_the_others_load(tokens: DynamoTokenStore, others: DynamoTokenStore) -> None:
    tokens.begin_refresh(NAME, lease_seconds=10)
    assert others.load(NAME) is None
    tokens.save(NAME, token=TOKEN)
    assert others.load(NAME) == TOKEN
    assert others.load("message_central#C-2") is None


def test_a_token_is_stored_sealed(tokens: DynamoTokenStore, dynamodb: DynamoDBClient) -> None:
    tokens.save(NAME, token=TOKEN)
    [item] = dynamodb.scan(TableName=TABLE)["Items"]
    assert "canary" not in repr(item)
    assert item["ttl"]["N"] == str(NOON + 3_600)


def test_a_token_of_another_pepper_is_none(
    tokens: DynamoTokenStore, dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    tokens.save(NAME, token=TOKEN)
    other = token_store(dynamodb, clock=clock, pepper=Keys("another pepper, as long as it has to be"))
    assert other.load(NAME) is None


def test_a_token_is_shared_while_the_pepper_is_rotated_and_fetched_anew_after_it(
    tokens: DynamoTokenStore, dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    tokens.save(NAME, token=TOKEN)
    new = Keys("another pepper, as long as it has to be")
    ahead = token_store(dynamodb, clock=clock, pepper=new, previous=keys())
    assert ahead.load(NAME) == TOKEN
    assert token_store(dynamodb, clock=clock, pepper=new).load(NAME) is None
    ahead.save(NAME, token=TOKEN)
    assert tokens.load(NAME) is None
    assert token_store(dynamodb, clock=clock, pepper=new).load(NAME) == TOKEN


def test_one_container_fetches_at_a_time(
    tokens: DynamoTokenStore, others: DynamoTokenStore, clock: FakeClock
) -> None:
    assert tokens.begin_refresh(NAME, lease_seconds=10)
    assert not others.begin_refresh(NAME, lease_seconds=10)
    clock.advance(9)
    assert not others.begin_refresh(NAME, lease_seconds=10)
    clock.advance(1)
    assert others.begin_refresh(NAME, lease_seconds=10)


@pytest.mark.parametrize("end", ["save", "abandon"])
def test_the_next_one_may_fetch_when_the_first_has_ended(
    tokens: DynamoTokenStore, others: DynamoTokenStore, end: str
) -> None:
    tokens.begin_refresh(NAME, lease_seconds=10)
    if end == "save":
        tokens.save(NAME, token=TOKEN)
    else:
        tokens.abandon_refresh(NAME)
    assert others.begin_refresh(NAME, lease_seconds=10)


def test_a_refresh_that_has_passed_on_is_not_ended_by_its_first_holder(
    tokens: DynamoTokenStore, others: DynamoTokenStore, clock: FakeClock
) -> None:
    tokens.begin_refresh(NAME, lease_seconds=10)
    clock.advance(10)
    assert others.begin_refresh(NAME, lease_seconds=10)
    tokens.abandon_refresh(NAME)
    assert not tokens.begin_refresh(NAME, lease_seconds=10)


def test_a_lost_answer_to_a_lease_is_recognised(trouble: TroubledClient, clock: FakeClock) -> None:
    tokens = token_store(trouble.as_client, clock=clock)
    trouble.lose_answer()
    assert tokens.begin_refresh(NAME, lease_seconds=10)


def test_a_refresh_begins_beside_an_older_token(tokens: DynamoTokenStore, others: DynamoTokenStore) -> None:
    tokens.save(NAME, token=TOKEN)
    assert tokens.begin_refresh(NAME, lease_seconds=10)
    assert others.load(NAME) == TOKEN
    newer = SharedToken("newer", NOON + 7_200)
    tokens.save(NAME, token=newer)
    assert others.load(NAME) == newer


def test_trouble_with_the_table_is_a_refusal(trouble: TroubledClient, clock: FakeClock) -> None:
    tokens = token_store(trouble.as_client, clock=clock)
    for _ in range(2):
        trouble.fail(client_error("ThrottlingException"))
        with pytest.raises(ServiceUnavailableError):
            tokens.load(NAME)
