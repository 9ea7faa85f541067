"""Records of the table's stream, read as changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.changes import read_change
from countersign.aws.counters import DynamoCounters
from countersign.changes import UnreadableChangeError
from countersign.counting import Tally
from tests.support.aws import dynamo_store
from tests.support.builders import claim, verification
from tests.support.clock import NOON
from tests.support.counters import SCOPES, stored, texts
from tests.support.stream import Record, Recorder, numbers, record


def test_items_of_another_kind_are_passed_over(
    dynamodb: DynamoDBClient, recorder: Recorder, counters: DynamoCounters
) -> None:
    store = dynamo_store(dynamodb)
    recorder.after(lambda: store.claim_number(claim()))
    recorder.after(lambda: counters.add(texts(), batch="b1"))
    assert len(recorder.records) == 1 + len(SCOPES) + 1
    assert [read_change(one) for one in recorder.records] == [None] * len(recorder.records)


def test_what_ttl_deletes_counts_nothing(recorder: Recorder) -> None:
    change = read_change(record(stored(verification()), None, at=NOON))
    assert change is not None
    assert change.new is None
    tally = Tally()
    tally.add(change)
    assert tally.buckets == {}


def test_a_moment_is_read_with_or_without_its_fraction() -> None:
    for at in (NOON, float(NOON) + 0.9, f"{NOON}.0"):
        told = record(None, stored(verification()), at=0)
        told["dynamodb"]["ApproximateCreationDateTime"] = at
        change = read_change(told)
        assert change is not None
        assert change.at == NOON


def test_a_change_is_known_by_the_number_of_its_record() -> None:
    first, second = (record(None, stored(verification()), at=NOON) for _ in range(2))
    found = [read_change(one) for one in (first, second)]
    assert [one.number for one in found if one is not None] == numbers([first, second])


def _without(*path: str) -> Callable[[Record], object]:
    def remove(told: Record) -> None:
        node = told
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]

    return remove


def _with(value: object, *path: str) -> Callable[[Record], object]:
    def put(told: Record) -> None:
        node = told
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return put


@pytest.mark.parametrize(
    "spoil",
    [
        _without("dynamodb"),
        _with(None, "dynamodb"),
        _without("dynamodb", "Keys"),
        _with({"pk": {"N": "1"}}, "dynamodb", "Keys"),
        _with("V#demo#v1", "dynamodb", "Keys", "pk"),
        _without("dynamodb", "ApproximateCreationDateTime"),
        _without("dynamodb", "SequenceNumber"),
        _with("first", "dynamodb", "SequenceNumber"),
        _with("noon", "dynamodb", "ApproximateCreationDateTime"),
        _with(float("inf"), "dynamodb", "ApproximateCreationDateTime"),
        _without("dynamodb", "NewImage", "created_at"),
        _without("dynamodb", "NewImage", "provider"),
        _with({"S": "soon"}, "dynamodb", "NewImage", "created_at"),
        _with({"N": "84901888484.5"}, "dynamodb", "NewImage", "sends"),
        _with({"S": "+84901888484"}, "dynamodb", "NewImage", "delivery"),
        _with(["id"], "dynamodb", "NewImage"),
        _with({"S": "x"}, "dynamodb", "NewImage", "stored_status"),
    ],
)
def test_what_this_service_does_not_write_is_unreadable_and_its_text_is_not_repeated(
    spoil: Callable[[Record], object],
) -> None:
    told = record(None, stored(verification()), at=NOON)
    spoil(told)
    with pytest.raises(UnreadableChangeError) as refused:
        read_change(told)
    assert str(refused.value).endswith("Error")
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
