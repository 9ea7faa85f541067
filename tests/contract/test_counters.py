"""The counters' items, kept from what the store really writes."""

from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.counters import DynamoCounters
from countersign.aws.store import DynamoStore
from countersign.aws.usage import KEEP_ADDRESS_SECONDS
from countersign.model import Verdict
from tests.support.aws import TroubledClient, dynamo_store
from tests.support.builders import (
    CODE_HASH,
    WRONG_HASH,
    claim,
    release,
    resend_intent,
    settlement,
    undeliverable,
    vendor_held,
    verification,
)
from tests.support.clock import NOON, FakeClock
from tests.support.counters import APPROVALS_IN, KNOWN, SCOPES, buckets, everywhere, filled, kept, tally_of
from tests.support.stream import Recorder, items


@pytest.fixture
def store(dynamodb: DynamoDBClient) -> DynamoStore:
    return dynamo_store(dynamodb)


def test_a_start_its_delivery_and_its_approval_are_one_text_everywhere_and_one_approval(
    store: DynamoStore, recorder: Recorder, counters: DynamoCounters, dynamodb: DynamoDBClient
) -> None:
    started = verification(**KNOWN)
    recorder.after(lambda: store.create(started, supersedes=()))
    recorder.after(lambda: store.settle_delivery(started, settlement=settlement(started), release=None))
    recorder.after(lambda: store.guess("demo", "v1", guess=WRONG_HASH, now=NOON))
    recorder.after(lambda: store.guess("demo", "v1", guess=CODE_HASH, now=NOON))
    counters.add(tally_of(recorder.records), batch="b1")
    assert kept(dynamodb) == everywhere(1, 1)
    [address] = items(dynamodb, "A#").values()
    assert address == {
        "pk": {"S": "A#a1"},
        "k_VN": {"N": str(NOON)},
        "v_VN": {"N": str(NOON)},
        "ttl": {"N": str(NOON + KEEP_ADDRESS_SECONDS)},
    }


def test_a_vendors_approval_counts_when_the_verdict_is_written(
    store: DynamoStore, recorder: Recorder, counters: DynamoCounters, dynamodb: DynamoDBClient
) -> None:
    held = vendor_held(**KNOWN)
    store.create(held, supersedes=())
    store.settle_delivery(held, settlement=settlement(held), release=None)
    recorder.after(lambda: store.guess("demo", "v1", guess="any", now=NOON))
    counters.add(tally_of(recorder.records), batch="b1")
    assert kept(dynamodb) == {}
    recorder.after(lambda: store.settle_check(held, verdict=Verdict.VERIFIED, now=NOON))
    counters.add(tally_of(recorder.records[1:]), batch="b2")
    assert kept(dynamodb) == dict.fromkeys(APPROVALS_IN, filled(0, 1))


def test_a_start_that_nobody_took_counts_nothing_in_the_end(
    store: DynamoStore, recorder: Recorder, counters: DynamoCounters, dynamodb: DynamoDBClient
) -> None:
    started = verification(**KNOWN)
    store.claim_number(claim())
    recorder.after(lambda: store.create(started, supersedes=()))
    counters.add(tally_of(recorder.records), batch="b1")
    assert buckets(dynamodb) == filled(1)
    recorder.after(
        lambda: store.settle_delivery(started, settlement=undeliverable(started), release=release(claim()))
    )
    counters.add(tally_of(recorder.records[1:]), batch="b2")
    assert set(buckets(dynamodb).values()) == {0}


def test_a_resend_counts_again_and_a_refused_one_is_given_back(
    store: DynamoStore,
    recorder: Recorder,
    counters: DynamoCounters,
    dynamodb: DynamoDBClient,
    clock: FakeClock,
) -> None:
    started = verification(**KNOWN)
    store.create(started, supersedes=())
    before = store.settle_delivery(started, settlement=settlement(started), release=None).verification
    assert before is not None
    clock.advance(60)
    resent = recorder.after(lambda: store.begin_resend(before, intent=resend_intent(before))).verification
    assert resent is not None
    counters.add(tally_of(recorder.records), batch="b1")
    assert kept(dynamodb) == dict.fromkeys(SCOPES, filled(1))
    as_before = settlement(before, sends=before.sends)
    recorder.after(lambda: store.settle_delivery(resent, settlement=as_before, release=None))
    counters.add(tally_of(recorder.records[1:]), batch="b2")
    assert set(buckets(dynamodb).values()) == {0}


def test_an_older_one_that_a_start_ends_counts_nothing(
    store: DynamoStore, recorder: Recorder, dynamodb: DynamoDBClient
) -> None:
    store.create(verification(), supersedes=())
    recorder.after(lambda: store.create(verification("v2"), supersedes=("v1", "v0")))
    told = [one["eventName"] for one in recorder.records]
    assert told == ["INSERT", "MODIFY", "INSERT"]  # a mark, the older one, the newer one
    total = tally_of(recorder.records).buckets["total"]
    assert total == filled(1)


def test_what_adds_up_to_nothing_is_not_written(
    store: DynamoStore, recorder: Recorder, counters: DynamoCounters, trouble: TroubledClient
) -> None:
    started = verification()
    recorder.after(lambda: store.create(started, supersedes=()))
    recorder.after(lambda: store.settle_delivery(started, settlement=undeliverable(started), release=None))
    counters.add(tally_of(recorder.records), batch="b1")
    assert trouble.calls == []
