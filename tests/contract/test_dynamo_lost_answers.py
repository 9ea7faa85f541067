"""A lost answer: the write has happened, and the client library sends it again."""

from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.store import DynamoStore
from countersign.circuits import OPEN_SECONDS, OUTAGES_THAT_OPEN, Circuit, CircuitState
from countersign.claims import ClaimRefused
from countersign.model import Custody, Delivery, RouteStep, Status, Verdict
from countersign.policy import Limit
from countersign.ports import Store
from countersign.writes import Created
from tests.support.aws import TroubledClient, dynamo_store
from tests.support.builders import (
    CODE_HASH,
    WRONG_HASH,
    claim,
    claim_at,
    release,
    resend_intent,
    settlement,
    vendor_held,
    verification,
)
from tests.support.clock import NOON, FakeClock
from tests.support.looks import circuits_in


@pytest.fixture
def store(trouble: TroubledClient, clock: FakeClock) -> DynamoStore:
    return dynamo_store(trouble.as_client, clock=clock)


def test_a_repeated_create_is_recognised_as_our_own(store: Store, trouble: TroubledClient) -> None:
    trouble.lose_answer()
    assert store.create(verification(), supersedes=()) == Created(applied=True, verification=verification())
    assert trouble.calls == ["put_item"]


def test_a_create_of_another_process_is_not_our_own(store: Store, dynamodb: DynamoDBClient) -> None:
    dynamo_store(dynamodb).create(verification(), supersedes=())
    assert not store.create(verification(), supersedes=()).applied


def test_a_repeated_right_guess_approves_and_counts_once(store: Store, trouble: TroubledClient) -> None:
    store.create(verification(), supersedes=())
    trouble.lose_answer()
    counted = store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    assert counted.applied
    assert counted.verification is not None
    assert counted.verification.attempts == 1
    assert counted.verification.status(NOON)[0] is Status.APPROVED


def test_a_repeated_wrong_guess_counts_once(store: Store, trouble: TroubledClient) -> None:
    store.create(verification(), supersedes=())
    trouble.lose_answer()
    counted = store.guess("demo", "v1", guess=WRONG_HASH, now=NOON)
    assert counted.applied
    assert counted.verification is not None
    assert counted.verification.attempts == 1


def test_a_guess_of_another_process_is_not_our_own(store: Store, dynamodb: DynamoDBClient) -> None:
    store.create(verification(), supersedes=())
    dynamo_store(dynamodb).guess("demo", "v1", guess=CODE_HASH, now=NOON)
    assert not store.guess("demo", "v1", guess=CODE_HASH, now=NOON).applied


def test_a_lost_guess_that_someone_else_solved_meanwhile_approves_nothing(
    store: Store, trouble: TroubledClient, dynamodb: DynamoDBClient
) -> None:
    store.create(verification(), supersedes=())
    other = dynamo_store(dynamodb)
    trouble.lose_answer(meanwhile=lambda: other.guess("demo", "v1", guess=CODE_HASH, now=NOON))
    assert not store.guess("demo", "v1", guess=WRONG_HASH, now=NOON).applied


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_repeated_verdict_is_settled_once(store: Store, trouble: TroubledClient, verdict: Verdict) -> None:
    store.create(vendor_held(), supersedes=())
    store.guess("demo", "v1", guess=WRONG_HASH, now=NOON)
    trouble.lose_answer()
    counted = store.settle_check(vendor_held(), verdict=verdict, now=NOON)
    assert counted.applied
    assert counted.verification is not None
    assert counted.verification.checking == 0
    assert counted.verification.attempts == (0 if verdict is Verdict.UNKNOWN else 1)
    approved = counted.verification.status(NOON)[0] is Status.APPROVED
    assert approved is (verdict is Verdict.VERIFIED)


def test_a_repeated_cancel_is_recognised_as_our_own(store: Store, trouble: TroubledClient) -> None:
    store.create(verification(), supersedes=())
    trouble.lose_answer()
    assert store.cancel("demo", "v1", now=NOON).applied


def test_a_repeated_resend_is_written_once(store: Store, trouble: TroubledClient) -> None:
    store.create(verification(delivery=Delivery.ACCEPTED), supersedes=())
    trouble.lose_answer()
    counted = store.begin_resend(verification(), intent=resend_intent(verification()))
    assert counted.applied
    assert counted.verification is not None
    assert counted.verification.sends == 2


def test_a_repeated_settlement_is_recognised_as_our_own(store: Store, trouble: TroubledClient) -> None:
    store.create(verification(), supersedes=())
    trouble.lose_answer()
    assert store.settle_delivery(verification(), settlement=settlement(verification()), release=None).applied


def test_a_repeated_redirect_is_recognised_as_our_own(store: Store, trouble: TroubledClient) -> None:
    store.create(vendor_held(), supersedes=())
    trouble.lose_answer()
    step = RouteStep("two", Custody.GATEWAY)
    assert store.redirect(vendor_held(), step=step, code=CODE_HASH, claim=claim())


def test_a_repeated_claim_is_refused_by_itself_and_says_so(store: Store, trouble: TroubledClient) -> None:
    trouble.lose_answer()
    outcome = store.claim_number(claim("v1"))
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert outcome.held.verification_id == "v1"


@pytest.mark.parametrize("how", ["start", "one at a time", "over an ended one", "resend"])
def test_a_repeated_claim_counts_as_one_send(store: Store, trouble: TroubledClient, how: str) -> None:
    limit = Limit(3, 600)
    store.claim_number(claim_at(NOON - 60, "v0", expires_at=NOON, limits=(limit,)))
    wishes = {
        "start": claim("v1", limits=(limit,)),
        "one at a time": claim("v1", limits=(limit,), waits_for_expiry=True),
        "over an ended one": claim("v1", limits=(limit,), replaces="v0"),
        "resend": claim("v0", limits=(limit,), continues="v0"),
    }
    trouble.lose_answer()
    outcome = store.claim_number(wishes[how])
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert outcome.held.verification_id == wishes[how].verification_id
    assert not isinstance(store.claim_number(claim("v2", slot="slot2", limits=(limit,))), ClaimRefused)
    refused = store.claim_number(claim("v3", slot="slot3", limits=(limit,)))
    assert refused == ClaimRefused(held=None, limited_until=NOON - 60 + 600)


def test_a_repeated_claim_that_reached_the_limit_says_that_the_slot_is_its_own(
    store: Store, trouble: TroubledClient
) -> None:
    trouble.lose_answer()
    outcome = store.claim_number(claim("v1", limits=(Limit(1, 600),)))
    assert isinstance(outcome, ClaimRefused)
    assert (outcome.held and outcome.held.verification_id, outcome.limited_until) == ("v1", 0)


def test_a_repeated_release_does_no_harm(store: Store, trouble: TroubledClient) -> None:
    limit = Limit(2, 600)
    store.claim_number(claim("v0", slot="slot0", limits=(limit,)))
    store.claim_number(claim("v1", limits=(limit,)))
    trouble.lose_answer()
    store.release_number(release(claim("v1")))
    assert not isinstance(store.claim_number(claim("v2", limits=(limit,))), ClaimRefused)
    assert isinstance(store.claim_number(claim("v3", slot="slot3", limits=(limit,))), ClaimRefused)


def test_a_repeated_outage_counts_once_and_nobody_is_told_twice(
    store: Store, trouble: TroubledClient
) -> None:
    for _ in range(3):
        store.record_outage("esms", country="VN", now=NOON, held_until=None)
    trouble.lose_answer()
    assert not store.record_outage("esms", country="VN", now=NOON, held_until=None)
    assert circuits_in(store, ["esms"], country="VN")["esms"].failures == (NOON,) * 4


def test_a_repeated_probe_is_recognised_as_our_own(store: Store, trouble: TroubledClient) -> None:
    circuit = half_open(store)
    trouble.lose_answer()
    probe = store.begin_probe(circuit, now=NOON + OPEN_SECONDS)
    assert probe is not None
    assert probe.state(NOON + OPEN_SECONDS) is CircuitState.OPEN
    assert store.begin_probe(circuit, now=NOON + OPEN_SECONDS) is None


def test_a_repeated_clearing_is_recognised_as_our_own(store: Store, trouble: TroubledClient) -> None:
    circuit = half_open(store)
    trouble.lose_answer()
    assert store.clear_circuit(circuit)


def test_a_clearing_that_is_repeated_after_a_new_outage_leaves_it(
    store: Store, trouble: TroubledClient, dynamodb: DynamoDBClient
) -> None:
    circuit = half_open(store)
    other = dynamo_store(dynamodb)
    trouble.lose_answer(
        meanwhile=lambda: other.record_outage("esms", country="VN", now=NOON + 31, held_until=None)
    )
    assert not store.clear_circuit(circuit)
    assert circuits_in(store, ["esms"], country="VN")["esms"].failures == (NOON + 31,)


def half_open(store: Store) -> Circuit:
    for _ in range(OUTAGES_THAT_OPEN):
        store.record_outage("esms", country="VN", now=NOON, held_until=None)
    return circuits_in(store, ["esms"], country="VN")["esms"]


def test_every_transaction_has_a_token_of_its_own(store: Store, trouble: TroubledClient) -> None:
    store.create(verification("v1"), supersedes=())
    store.create(verification("v2"), supersedes=("v1",))
    store.create(verification("v3"), supersedes=("v2",))
    tokens = [
        request["ClientRequestToken"] for request in trouble.requests if "ClientRequestToken" in request
    ]
    assert len(set(tokens)) == len(tokens) == 2
    assert all(0 < len(token) <= 36 for token in tokens)


def test_a_repeated_right_guess_knows_itself_although_the_delivery_was_settled_in_between(
    store: Store, trouble: TroubledClient
) -> None:
    intent = verification()
    store.create(intent, supersedes=())
    trouble.lose_answer(
        meanwhile=lambda: store.settle_delivery(intent, settlement=settlement(intent), release=None)
    )
    counted = store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    assert counted.applied
    assert counted.verification is not None
    assert counted.verification.solved


def test_an_attempt_is_given_back_under_a_token_of_its_own(store: Store, trouble: TroubledClient) -> None:
    """A repetition with the same token is known to DynamoDB, whatever was written in between."""
    store.create(vendor_held(), supersedes=())
    store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    counted = store.settle_check(vendor_held(attempts=1, checking=1), verdict=Verdict.UNKNOWN, now=NOON)
    assert counted.applied
    assert trouble.calls[-1] == "transact_write_items"
    assert trouble.requests[-1]["ClientRequestToken"]
    found = store.get("demo", "v1")
    assert found is not None
    assert (found.attempts, found.checking) == (0, 0)
