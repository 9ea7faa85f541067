"""That a code has run out is written where that is how the verification ends, and nowhere else."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.items import verification_item
from countersign.lifecycle import ending
from countersign.model import Custody, Delivery, Reason, Status
from countersign.ports import Store
from tests.support.aws import TABLE, TroubledClient, dynamo_store
from tests.support.builders import CODE_HASH, WRONG_HASH, resend_intent, settlement, verification
from tests.support.clock import NOON

END = NOON + 300
LATER = NOON + 900
ENDED = (Status.EXPIRED, Reason.TIMED_OUT)


def test_a_code_that_has_run_out_is_written_down(store: Store) -> None:
    store.create(verification(), supersedes=())
    written = store.expire("demo", "v1", now=END)
    assert written.applied
    assert written.verification is not None
    assert (written.verification.stored_status, written.verification.stored_reason) == ENDED
    assert store.get("demo", "v1") == written.verification


def test_it_is_written_once(store: Store) -> None:
    store.create(verification(), supersedes=())
    store.expire("demo", "v1", now=END)
    again = store.expire("demo", "v1", now=END + 1)
    assert not again.applied
    assert again.verification is not None
    assert again.verification.stored_status is Status.EXPIRED


def test_a_code_that_lives_is_left_alone(store: Store) -> None:
    store.create(verification(), supersedes=())
    assert not store.expire("demo", "v1", now=END - 1).applied
    assert store.guess("demo", "v1", guess=CODE_HASH, now=END - 1).applied


def test_what_a_resend_has_given_more_time_is_left_alone(store: Store) -> None:
    new = verification()
    store.create(new, supersedes=())
    store.settle_delivery(new, settlement=settlement(new), release=None)
    store.begin_resend(new, intent=resend_intent(new, expires_at=END + 60))
    assert not store.expire("demo", "v1", now=END).applied
    assert store.expire("demo", "v1", now=END + 60).applied


def test_nothing_is_written_where_nothing_is(store: Store) -> None:
    outcome = store.expire("demo", "nobody", now=LATER)
    assert (outcome.applied, outcome.verification) == (False, None)
    assert store.get("demo", "nobody") is None


def test_no_code_is_right_once_it_is_written_whatever_a_clock_says(store: Store) -> None:
    store.create(verification(), supersedes=())
    store.expire("demo", "v1", now=END)
    assert not store.guess("demo", "v1", guess=CODE_HASH, now=NOON).applied
    assert not store.cancel("demo", "v1", now=NOON).applied


ATTEMPTS: list[dict[str, Any]] = [
    {},
    {"attempts": 1, "guess": CODE_HASH, "checked_at": END - 9},
    *({"attempts": 5, "guess": WRONG_HASH, "checked_at": at} for at in (END - 9, END, END + 9)),
    {"attempts": 5, "checking": 1, "checked_at": END - 9},
]
MARKS: list[dict[str, Any]] = [
    {},
    *({"superseded_by": "v2", "superseded_at": at} for at in (END - 10, END - 5, END, END + 5)),
]
STATUSES: list[dict[str, Any]] = [
    {},
    {"stored_status": Status.CANCELED, "stored_reason": Reason.CANCELED_BY_CLIENT},
    {"stored_status": Status.FAILED, "stored_reason": Reason.UNDELIVERABLE, "delivery": Delivery.REJECTED},
]
CUSTODIES: list[dict[str, Any]] = [{}, {"custody": Custody.VENDOR, "code": "", "guess": "-"}]


@pytest.mark.parametrize("now", [END - 1, END, LATER])
def test_the_condition_is_what_the_status_is_derived_by(dynamodb: DynamoDBClient, now: int) -> None:
    """Of everything that can be stored."""
    store = dynamo_store(dynamodb)
    for place, (attempts, mark, status, custody) in enumerate(
        product(ATTEMPTS, MARKS, STATUSES, CUSTODIES), start=1
    ):
        stored = verification(f"v{place}", **attempts | mark | status | custody)
        item = dict(verification_item(stored, writer="w"))
        dynamodb.put_item(TableName=TABLE, Item=item)
        was_open = ending(stored) is None
        is_over = stored.status(now)[0] is Status.EXPIRED
        assert store.expire("demo", stored.id, now=now).applied == (was_open and is_over), stored


def test_a_write_whose_answer_is_lost_is_recognised(trouble: TroubledClient) -> None:
    store = dynamo_store(trouble.as_client)
    store.create(verification(), supersedes=())
    trouble.lose_answer()
    assert store.expire("demo", "v1", now=END).applied
