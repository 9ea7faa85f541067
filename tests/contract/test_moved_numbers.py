"""A number's record moves to the next pepper's key with all that it holds; its old key leads to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.claims import Claimed, ClaimRefused, NumberClaim, Slot
from countersign.model import Custody, Delivery, RouteStep, Status
from countersign.policy import Limit
from countersign.ports import Store
from tests.support.builders import (
    claim,
    claim_at,
    release,
    undeliverable,
    vendor_held,
    verification,
)
from tests.support.clock import NOON
from tests.support.stored import created, stored

OLD, NEW = "number1", "number1-of-the-next-pepper"
HELD = Slot(verification_id="v1", previous_id=None, resend_at=NOON + 60, expires_at=NOON + 300, attempts=5)
GUESSES = (Limit(15, 3_600), Limit(25, 86_400))


def moving(now: int, verification_id: str, **changes: object) -> NumberClaim:
    """A claim of a container that knows both peppers."""
    return replace(claim_at(now, verification_id, **changes), number_key=NEW, moves_from=OLD)


def moved(store: Store) -> None:
    """The slot of `v1` stands under the new key, and has not changed."""
    assert store.claim_number(moving(NOON, "v2")) == ClaimRefused(held=HELD)


@pytest.fixture(autouse=True)
def old_record(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms", attempts=5, failure_limits=GUESSES))


# What moves -----------------------------------------------------------------------------------


def test_a_slot_moves_with_its_cooldown(store: Store) -> None:
    assert store.claim_number(moving(NOON + 59, "v2")) == ClaimRefused(held=HELD)
    assert store.claim_number(moving(NOON + 60, "v2")) == Claimed(before=HELD)


def test_the_times_of_sends_move(store: Store) -> None:
    limit = Limit(2, 600)
    assert isinstance(store.claim_number(moving(NOON + 60, "v2", limits=(limit,))), Claimed)
    refused = store.claim_number(moving(NOON + 120, "v3", limits=(limit,)))
    assert refused == ClaimRefused(held=None, limited_until=NOON + 600)


def test_the_times_of_wrong_codes_move(store: Store) -> None:
    for second in range(13):
        store.record_failure(OLD, now=NOON + second)
    wish = moving(NOON + 300, "v2", attempts=5, failure_limits=GUESSES)
    outcome = store.claim_number(wish)
    assert isinstance(outcome, Claimed)
    assert outcome.allowance is not None
    assert outcome.allowance.guesses == 2


def test_guesses_that_were_promised_stay_promised(store: Store) -> None:
    wish = moving(NOON, "v2", slot="slot2", attempts=10, failure_limits=(Limit(6, 3_600),))
    outcome = store.claim_number(wish)
    assert isinstance(outcome, Claimed)
    assert outcome.allowance is not None
    assert outcome.allowance.guesses == 1


def test_a_vendors_lock_moves(store: Store) -> None:
    refused = store.claim_number(moving(NOON + 1, "v2", slot="slot2", vendor_lock="esms"))
    assert refused == ClaimRefused(held=None, locked_until=NOON + 570)


def test_a_number_that_has_no_record_begins_one_under_its_new_key(store: Store) -> None:
    fresh = replace(moving(NOON, "v2"), number_key="number2-next", moves_from="number2")
    assert store.claim_number(fresh) == Claimed(before=None)
    late = replace(claim("v3"), number_key="number2")
    held = replace(HELD, verification_id="v2", attempts=0)
    assert store.claim_number(late) == ClaimRefused(held=held, moved_to="number2-next")


def test_a_record_moves_once(store: Store) -> None:
    store.claim_number(moving(NOON + 60, "v2"))
    assert isinstance(store.claim_number(moving(NOON + 119, "v3")), ClaimRefused)
    held = Slot(
        verification_id="v2", previous_id="v1", resend_at=NOON + 120, expires_at=NOON + 360, attempts=5
    )
    assert store.claim_number(moving(NOON + 120, "v3")) == Claimed(before=held)


# Who comes by the old key ---------------------------------------------------------------------


def test_a_claim_by_the_old_key_is_made_where_the_record_is(store: Store) -> None:
    moved(store)
    assert store.claim_number(claim_at(NOON + 59, "v3")) == ClaimRefused(held=HELD, moved_to=NEW)
    assert store.claim_number(claim_at(NOON + 60, "v3")) == Claimed(before=HELD, moved_to=NEW)
    held = store.slot(NEW, slot="slot1")
    assert held is not None
    assert held.verification_id == "v3"


def test_a_slot_is_found_by_either_key(store: Store) -> None:
    moved(store)
    assert store.slot(OLD, slot="slot1") == store.slot(NEW, slot="slot1") == HELD
    assert store.slot(OLD, slot="slot2") is None


def test_a_wrong_code_is_counted_where_the_record_is(store: Store) -> None:
    moved(store)
    for second in range(11):
        store.record_failure(OLD, now=NOON + second)
    outcome = store.claim_number(moving(NOON + 300, "v2", attempts=5, failure_limits=GUESSES))
    assert isinstance(outcome, Claimed)
    assert outcome.allowance is not None
    assert outcome.allowance.guesses == 4


def test_a_claim_by_the_old_key_is_undone_where_the_record_is(store: Store) -> None:
    moved(store)
    assert store.release_number(release(claim("v1")))
    assert store.slot(NEW, slot="slot1") is None
    assert not store.release_number(release(claim("v1")))


def test_a_delivery_that_failed_undoes_its_claim_where_the_record_is(store: Store) -> None:
    what = created(store, verification("v1"))
    moved(store)
    store.settle_delivery(what, settlement=undeliverable(what), release=release(claim("v1")))
    assert stored(store).stored_status is Status.FAILED
    assert store.slot(NEW, slot="slot1") is None


def test_a_resend_claims_where_the_record_is(store: Store) -> None:
    moved(store)
    assert isinstance(store.claim_number(claim_at(NOON + 59, "v1", continues="v1")), ClaimRefused)
    again = store.claim_number(claim_at(NOON + 60, "v1", continues="v1"))
    assert again == Claimed(before=HELD, moved_to=NEW)


def test_a_failover_takes_the_vendors_lock_where_the_record_is(store: Store) -> None:
    what = created(store, vendor_held("v1", provider="one"))
    moved(store)
    wish = claim("v1", vendor_lock="keyed")
    assert store.redirect(what, step=RouteStep("keyed", Custody.VENDOR), code="", claim=wish)
    other = moving(NOON + 1, "v2", slot="slot2", vendor_lock="keyed")
    assert store.claim_number(other) == ClaimRefused(held=None, locked_until=NOON + 570)
    blocked = created(store, vendor_held("v3", provider="one", slot="slot2"))
    wish = claim("v3", slot="slot2", vendor_lock="keyed")
    assert not store.redirect(blocked, step=RouteStep("keyed", Custody.VENDOR), code="", claim=wish)
    assert stored(store, "v1").delivery is Delivery.SENDING


def test_a_record_can_move_again_and_back(store: Store) -> None:
    moved(store)
    third = replace(claim_at(NOON + 1, "v2"), number_key="number1-of-the-third", moves_from=NEW)
    assert store.claim_number(third) == ClaimRefused(held=HELD)
    assert store.claim_number(claim_at(NOON + 2, "v2")) == ClaimRefused(
        held=HELD, moved_to="number1-of-the-third"
    )
    back = replace(claim_at(NOON + 60, "v2"), number_key=OLD, moves_from=NEW)
    assert store.claim_number(back) == Claimed(before=HELD, moved_to="number1-of-the-third")


def test_a_record_that_moved_from_a_key_elsewhere_is_taken_from_there(store: Store) -> None:
    moved(store)
    third = replace(claim_at(NOON + 1, "v2"), number_key="number1-of-the-third", moves_from=OLD)
    assert store.claim_number(third) == ClaimRefused(held=HELD)
    assert store.slot(NEW, slot="slot1") == HELD
    assert store.claim_number(moving(NOON + 60, "v2")) == Claimed(
        before=HELD, moved_to="number1-of-the-third"
    )
