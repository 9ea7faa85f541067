"""Claims that wait for the end of the earlier code, claims over what has ended, and a look at a slot."""

from __future__ import annotations

import pytest

from countersign.claims import Claimed, ClaimRefused, Slot
from countersign.ports import Store
from tests.support.builders import claim, claim_at, release
from tests.support.clock import NOON

FIRST = Slot(verification_id="v1", previous_id=None, resend_at=NOON + 60, expires_at=NOON + 300)


def holder(outcome: Claimed | ClaimRefused) -> str:
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert (outcome.limited_until, outcome.locked_until) == (0, 0)
    return outcome.held.verification_id


# Waiting for the end --------------------------------------------------------------------------


def test_a_claim_that_waits_for_expiry_finds_a_free_number_free(store: Store) -> None:
    assert store.claim_number(claim("v1", waits_for_expiry=True)) == Claimed(before=None)


@pytest.mark.parametrize("passed", [0, 59, 60, 61, 299])
def test_a_claim_that_waits_for_expiry_is_refused_while_the_earlier_code_lives(
    store: Store, passed: int
) -> None:
    store.claim_number(claim("v1"))
    wish = claim_at(NOON + passed, "v2", waits_for_expiry=True)
    assert store.claim_number(wish) == ClaimRefused(held=FIRST)


def test_a_claim_that_waits_for_expiry_comes_through_at_the_second_of_the_expiry(store: Store) -> None:
    store.claim_number(claim("v1"))
    assert store.claim_number(claim_at(NOON + 300, "v2", waits_for_expiry=True)) == Claimed(before=FIRST)


def test_a_claim_that_waits_for_expiry_waits_for_a_longer_cooldown_too(store: Store) -> None:
    store.claim_number(claim("v1", resend_at=NOON + 400))
    assert holder(store.claim_number(claim_at(NOON + 399, "v2", waits_for_expiry=True))) == "v1"
    assert isinstance(store.claim_number(claim_at(NOON + 400, "v2", waits_for_expiry=True)), Claimed)


def test_a_resend_moves_the_expiry_that_a_claim_waits_for(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim_at(NOON + 60, "v1", continues="v1"))
    assert holder(store.claim_number(claim_at(NOON + 359, "v2", waits_for_expiry=True))) == "v1"
    assert isinstance(store.claim_number(claim_at(NOON + 360, "v2", waits_for_expiry=True)), Claimed)


def test_a_claim_that_waits_for_expiry_never_takes_its_own_slot_twice(store: Store) -> None:
    store.claim_number(claim("v1", waits_for_expiry=True))
    assert holder(store.claim_number(claim_at(NOON + 1_000, "v1", waits_for_expiry=True))) == "v1"


def test_a_claim_that_does_not_wait_goes_by_the_cooldown_alone(store: Store) -> None:
    store.claim_number(claim("v1", waits_for_expiry=True))
    assert isinstance(store.claim_number(claim_at(NOON + 60, "v2")), Claimed)


# Over what has ended --------------------------------------------------------------------------


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("passed", [0, 59, 100])
def test_a_claim_over_what_has_ended_needs_no_waiting(store: Store, passed: int, *, waits: bool) -> None:
    store.claim_number(claim("v1"))
    wish = claim_at(NOON + passed, "v2", replaces="v1", waits_for_expiry=waits)
    assert store.claim_number(wish) == Claimed(before=FIRST)
    held = Slot(
        verification_id="v2", previous_id="v1", resend_at=NOON + passed + 60, expires_at=NOON + passed + 300
    )
    assert store.slot("number1", slot="slot1") == held


def test_of_two_claims_over_the_same_one_wins(store: Store) -> None:
    store.claim_number(claim("v1"))
    assert isinstance(store.claim_number(claim_at(NOON + 1, "v2", replaces="v1")), Claimed)
    assert holder(store.claim_number(claim_at(NOON + 1, "v3", replaces="v1"))) == "v2"
    assert holder(store.claim_number(claim_at(NOON + 900, "v3", replaces="v1"))) == "v2"


def test_a_claim_over_what_the_number_does_not_hold_is_refused(store: Store) -> None:
    assert store.claim_number(claim("v2", replaces="v1")) == ClaimRefused(held=None)
    store.claim_number(claim("v1", slot="slot2"))
    assert store.claim_number(claim("v2", replaces="v1")) == ClaimRefused(held=None)
    assert store.slot("number1", slot="slot1") is None


def test_a_claim_over_what_has_ended_needs_the_vendors_lock_too(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim("v2", slot="slot2", vendor_lock="esms"))
    wish = claim_at(NOON + 1, "v3", replaces="v1", vendor_lock="esms")
    assert store.claim_number(wish) == ClaimRefused(held=None, locked_until=NOON + 570)
    assert store.slot("number1", slot="slot1") == FIRST


def test_a_released_claim_over_what_has_ended_gives_the_slot_back(store: Store) -> None:
    store.claim_number(claim("v1"))
    wish = claim_at(NOON + 1, "v2", replaces="v1")
    taken = store.claim_number(wish)
    assert isinstance(taken, Claimed)
    assert store.release_number(release(wish, before=taken.before))
    assert store.slot("number1", slot="slot1") == FIRST
    assert isinstance(store.claim_number(claim_at(NOON + 2, "v3", replaces="v1")), Claimed)


# A look at a slot -----------------------------------------------------------------------------


def test_a_slot_that_nobody_claimed_holds_nothing(store: Store) -> None:
    assert store.slot("number1", slot="slot1") is None
    store.claim_number(claim("v1", slot="slot2"))
    store.claim_number(claim("v2", number_key="number2"))
    assert store.slot("number1", slot="slot1") is None


def test_a_slot_holds_the_newest_claim_and_looking_changes_nothing(store: Store) -> None:
    store.claim_number(claim("v1"))
    for _ in range(2):
        assert store.slot("number1", slot="slot1") == FIRST
    store.claim_number(claim_at(NOON + 60, "v2"))
    newest = Slot(verification_id="v2", previous_id="v1", resend_at=NOON + 120, expires_at=NOON + 360)
    assert store.slot("number1", slot="slot1") == newest


def test_a_released_slot_that_was_empty_is_empty_again(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.release_number(release(claim("v1")))
    assert store.slot("number1", slot="slot1") is None


def test_a_slot_stays_readable_after_everything_has_run_out(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim_at(NOON + 1_000, "v2", slot="slot2"))
    assert store.slot("number1", slot="slot1") == FIRST
