"""How the counters' items are written: once for a batch, again after a fault, and pruned."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.counters import KEEP_COUNTER_SECONDS, DynamoCounters, prune_update, stale_buckets
from countersign.aws.table import ConditionFailedError, Table
from countersign.errors import ServiceUnavailableError
from countersign.usage import DAY, HOUR, Kind, Span, bucket_name
from tests.support.aws import TABLE, TroubledClient, client_error
from tests.support.clock import NOON, FakeClock
from tests.support.counters import SCOPES, buckets, everywhere, filled, kept, lived, texts
from tests.support.stream import items


def test_counters_live_for_sixteen_days_after_the_last_count(
    counters: DynamoCounters, dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    counters.add(texts(), batch="b1")
    clock.advance(1_000)
    counters.add(texts(), batch="b2")
    assert {item["ttl"]["N"] for item in items(dynamodb, "C#").values()} == {
        str(NOON + 1_000 + KEEP_COUNTER_SECONDS)
    }


def test_each_counter_and_each_address_of_a_batch_is_written_once(
    counters: DynamoCounters, trouble: TroubledClient, dynamodb: DynamoDBClient
) -> None:
    counters.add(texts(40), batch="b1")
    assert trouble.calls == ["update_item"] * (len(SCOPES) + 1)
    assert buckets(dynamodb) == filled(40)


def test_a_batch_that_comes_again_is_not_counted_again(
    counters: DynamoCounters, dynamodb: DynamoDBClient
) -> None:
    counters.add(texts(3), batch="b1")
    counters.add(texts(3), batch="b1")
    assert buckets(dynamodb) == filled(3)


def test_a_batch_that_comes_again_after_another_one_is_counted_twice(
    counters: DynamoCounters, dynamodb: DynamoDBClient
) -> None:
    for batch in ("b1", "b2", "b1"):
        counters.add(texts(), batch=batch)
    assert buckets(dynamodb) == filled(3)  # too many, never too few


def test_an_answer_that_was_lost_is_counted_once(
    counters: DynamoCounters, trouble: TroubledClient, dynamodb: DynamoDBClient
) -> None:
    trouble.lose_answer()
    counters.add(texts(), batch="b1")
    assert kept(dynamodb) == everywhere(1)


@pytest.mark.parametrize(
    "trouble_of",
    [
        client_error("ProvisionedThroughputExceededException"),
        client_error("InternalServerError"),
        EndpointConnectionError(endpoint_url="https://dynamodb.example"),
    ],
)
def test_a_fault_of_the_table_is_told_and_the_batch_can_come_again(
    trouble_of: Exception, counters: DynamoCounters, trouble: TroubledClient, dynamodb: DynamoDBClient
) -> None:
    trouble.fail(trouble_of)
    with pytest.raises(ServiceUnavailableError):
        counters.add(texts(), batch="b1")
    counters.add(texts(), batch="b1")
    assert kept(dynamodb) == everywhere(1)


@pytest.mark.parametrize(
    ("span", "reach"), [(Span.TEN_MINUTES, 80 * 60), (Span.HOUR, 26 * HOUR), (Span.DAY, 15 * DAY)]
)
def test_a_bucket_is_stale_when_it_ended_before_anybody_looks_back_to(span: Span, reach: int) -> None:
    seconds, oldest_read = span.seconds, NOON - reach
    place = oldest_read // seconds  # the bucket in which the oldest moment that is read lies
    before, it = (bucket_name(Kind.SENT, span, at=at * seconds) for at in (place - 1, place))
    item = items_of_names(before, it)
    end_of_it = (place + 1) * seconds - oldest_read
    assert stale_buckets(item, now=NOON) == [before]
    assert stale_buckets(item, now=NOON + end_of_it - 1) == [before]
    assert stale_buckets(item, now=NOON + end_of_it) == list(item)


def test_no_other_attribute_is_ever_stale() -> None:
    item = items_of_names("pk", "ttl", "batch", "st", "sx1", "st1x", "kst1", "t1")
    assert stale_buckets(item, now=NOON) == []


def items_of_names(*names: str) -> dict[str, Any]:
    return {name: {"N": "1"} for name in names}


COUNTRY = "country#VN"
EVERY_TWENTY_MINUTES = 20 * 60


def _busy(counters: DynamoCounters, clock: FakeClock, *, hours: int) -> None:
    """A text and its approval every twenty minutes, for the country's counter alone."""
    for _ in range(hours * 3):
        tally = lived(at=clock.now(), address_key=None)
        for scope in set(tally.buckets) - {COUNTRY}:
            del tally.buckets[scope]
        counters.add(tally, batch=f"b{clock.now()}")
        clock.advance(EVERY_TWENTY_MINUTES)


def test_old_buckets_are_removed_when_some_have_gathered_and_no_other_is(
    counters: DynamoCounters, dynamodb: DynamoDBClient, clock: FakeClock, trouble: TroubledClient
) -> None:
    _busy(counters, clock, hours=36)
    held = buckets(dynamodb, COUNTRY)
    stale = stale_buckets(items_of_names(*held), now=clock.now())
    kept = held.keys() - set(stale)
    # Of 108 ten minutes, 36 hours and three days, what is read, and what may lie about.
    lengths = {name[:2] for name in held}
    assert {length: sum(name.startswith(length) for name in kept) for length in lengths} == {
        "st": 4, "vt": 4, "sh": 26, "vh": 26, "vd": 3,
    }  # fmt: skip
    assert len(stale) <= 12
    assert sum(held[name] for name in held if name.startswith("vd")) == 108
    removals = [one for one in trouble.requests if one["UpdateExpression"].startswith("REMOVE")]
    assert len(trouble.requests) == 108 + len(removals)
    removed = [len(one["ExpressionAttributeNames"]) - 1 for one in removals]  # the other one is the TTL
    assert sum(removed) == 2 * (108 - 4 + 36 - 26) - len(stale)
    assert min(removed) > 12


@pytest.mark.parametrize(("lying", "left"), [(12, 12), (13, 0)])
def test_a_write_is_spent_on_more_than_a_dozen_old_buckets(
    lying: int, left: int, counters: DynamoCounters, dynamodb: DynamoDBClient
) -> None:
    old = {f"st{place}": {"N": "1"} for place in range(lying)}
    dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": "C#total"}, **old})
    counters.add(texts(), batch="b1")
    assert buckets(dynamodb) == filled(1) | dict.fromkeys(list(old)[:left], 1)


def test_a_removal_that_fails_fails_no_count(
    counters: DynamoCounters, trouble: TroubledClient, dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    _busy(counters, clock, hours=3)
    trouble.fail_at("REMOVE", client_error("InternalServerError"))
    _busy(counters, clock, hours=3)
    tries = [one for one in trouble.requests if one["UpdateExpression"].startswith("REMOVE")]
    assert len(tries) == 2  # the one that failed, and the next batch's
    assert tries[0]["ExpressionAttributeNames"].items() < tries[1]["ExpressionAttributeNames"].items()
    held = buckets(dynamodb, COUNTRY)
    assert sum(value for name, value in held.items() if name.startswith("vd")) == 18
    assert len(stale_buckets(items_of_names(*held), now=clock.now())) <= 12


def test_a_counter_that_was_deleted_before_its_removal_does_not_come_back(
    dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    table = Table(TABLE, client=lambda: dynamodb, clock=clock)
    with pytest.raises(ConditionFailedError):
        table.update(prune_update("total", buckets=["st1"], now=NOON), returned="NONE")
    assert items(dynamodb) == {}
