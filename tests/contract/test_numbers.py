"""Claiming and releasing numbers: cooldown, slots, vendors' locks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.claims import Claimed, ClaimRefused, Slot
from countersign.ports import Store
from tests.support.builders import claim, claim_at, release
from tests.support.clock import NOON


def test_a_number_that_nobody_has_is_free(store: Store) -> None:
    assert store.claim_number(claim("v1")) == Claimed(before=None)


def test_a_number_in_its_cooldown_is_refused_with_what_the_slot_holds(store: Store) -> None:
    store.claim_number(claim("v1"))
    held = Slot(verification_id="v1", previous_id=None, resend_at=NOON + 60, expires_at=NOON + 300)
    assert store.claim_number(claim_at(NOON + 59, "v2")) == ClaimRefused(held=held)


def test_a_cooldown_ends_to_the_second(store: Store) -> None:
    store.claim_number(claim("v1"))
    held = Slot(verification_id="v1", previous_id=None, resend_at=NOON + 60, expires_at=NOON + 300)
    assert store.claim_number(claim_at(NOON + 60, "v2")) == Claimed(before=held)


def test_a_refused_claim_changes_nothing(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim_at(NOON + 30, "v2"))
    outcome = store.claim_number(claim_at(NOON + 60, "v3"))
    assert isinstance(outcome, Claimed)
    assert outcome.before is not None
    assert outcome.before.verification_id == "v1"


def test_a_slot_remembers_the_one_before(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim_at(NOON + 60, "v2"))
    outcome = store.claim_number(claim_at(NOON + 120, "v3"))
    held = Slot(verification_id="v2", previous_id="v1", resend_at=NOON + 120, expires_at=NOON + 360)
    assert outcome == Claimed(before=held)


@pytest.mark.parametrize("passed", [0, 60, 1_000])
def test_the_same_verification_never_claims_its_slot_twice(store: Store, passed: int) -> None:
    store.claim_number(claim("v1"))
    outcome = store.claim_number(claim_at(NOON + passed, "v1"))
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert outcome.held.verification_id == "v1"


def test_slots_of_one_number_do_not_hinder_each_other(store: Store) -> None:
    store.claim_number(claim("v1"))
    assert store.claim_number(claim("v2", slot="slot2")) == Claimed(before=None)


def test_numbers_do_not_hinder_each_other(store: Store) -> None:
    store.claim_number(claim("v1"))
    assert store.claim_number(claim("v2", number_key="number2")) == Claimed(before=None)


# Vendors' locks -----------------------------------------------------------------------------


def test_a_vendors_lock_keeps_out_the_other_slots_until_it_runs_out(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    wish = claim_at(NOON + 569, "v2", slot="slot2", vendor_lock="esms")
    assert store.claim_number(wish) == ClaimRefused(held=None, locked_until=NOON + 570)
    assert store.claim_number(replace(wish, now=NOON + 570)) == Claimed(before=None)


def test_a_claim_that_a_lock_refused_takes_no_slot(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    store.claim_number(claim("v2", slot="slot2", vendor_lock="esms"))
    assert store.claim_number(claim("v3", slot="slot2")) == Claimed(before=None)


def test_a_slot_takes_its_own_lock_again(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    assert isinstance(store.claim_number(claim_at(NOON + 60, "v2", vendor_lock="esms")), Claimed)
    other = claim_at(NOON + 300, "v3", slot="slot2", vendor_lock="esms")
    assert store.claim_number(other) == ClaimRefused(held=None, locked_until=NOON + 630)


def test_locks_of_different_vendors_are_different_locks(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    assert isinstance(store.claim_number(claim("v2", slot="slot2", vendor_lock="other")), Claimed)


def test_locks_of_different_numbers_are_different_locks(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    wish = claim("v2", number_key="number2", slot="slot2", vendor_lock="esms")
    assert isinstance(store.claim_number(wish), Claimed)


def test_a_claim_without_a_lock_goes_past_a_lock(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    assert isinstance(store.claim_number(claim("v2", slot="slot2")), Claimed)


def test_the_cooldown_is_named_before_the_lock(store: Store) -> None:
    store.claim_number(claim("v1", vendor_lock="esms"))
    store.claim_number(claim("v2", slot="slot2"))
    outcome = store.claim_number(claim_at(NOON + 30, "v3", slot="slot2", vendor_lock="esms"))
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert outcome.held.verification_id == "v2"


# Continuing ---------------------------------------------------------------------------------


def test_a_resend_keeps_the_slot_and_moves_its_times(store: Store) -> None:
    store.claim_number(claim("v0"))
    store.claim_number(claim_at(NOON + 60, "v1"))
    assert isinstance(store.claim_number(claim_at(NOON + 120, "v1", continues="v1")), Claimed)
    held = Slot(verification_id="v1", previous_id="v0", resend_at=NOON + 180, expires_at=NOON + 420)
    assert store.claim_number(claim_at(NOON + 130, "v2")) == ClaimRefused(held=held)


def test_a_resend_in_the_cooldown_is_refused(store: Store) -> None:
    store.claim_number(claim("v1"))
    held = Slot(verification_id="v1", previous_id=None, resend_at=NOON + 60, expires_at=NOON + 300)
    assert store.claim_number(claim_at(NOON + 59, "v1", continues="v1")) == ClaimRefused(held=held)


def test_a_resend_of_what_the_slot_no_longer_holds_is_refused(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim_at(NOON + 60, "v2"))
    outcome = store.claim_number(claim_at(NOON + 120, "v1", continues="v1"))
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert outcome.held.verification_id == "v2"


def test_a_resend_of_a_number_without_a_record_is_refused(store: Store) -> None:
    assert store.claim_number(claim("v1", continues="v1")) == ClaimRefused(held=None)


def test_a_resend_needs_the_vendors_lock_too(store: Store) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(claim("v2", slot="slot2", vendor_lock="esms"))
    wish = claim_at(NOON + 60, "v1", continues="v1", vendor_lock="esms")
    assert store.claim_number(wish) == ClaimRefused(held=None, locked_until=NOON + 570)


# Releasing ----------------------------------------------------------------------------------


def test_a_released_number_is_as_free_as_before(store: Store) -> None:
    wish = claim("v1")
    store.claim_number(wish)
    store.release_number(release(wish))
    assert store.claim_number(claim_at(NOON + 1, "v2")) == Claimed(before=None)


def test_a_released_slot_gets_back_what_it_held(store: Store) -> None:
    store.claim_number(claim("v0"))
    store.claim_number(claim_at(NOON + 60, "v1"))
    wish = claim_at(NOON + 120, "v2")
    taken = store.claim_number(wish)
    assert isinstance(taken, Claimed)
    store.release_number(release(wish, before=taken.before))
    again = store.claim_number(claim_at(NOON + 121, "v3"))
    assert again == Claimed(before=taken.before)
    assert taken.before == Slot(
        verification_id="v1", previous_id="v0", resend_at=NOON + 120, expires_at=NOON + 360
    )


def test_a_release_keeps_the_vendors_lock_for_it_may_guard_an_older_code(store: Store) -> None:
    wish = claim("v1", vendor_lock="esms")
    store.claim_number(wish)
    store.release_number(release(wish))
    assert isinstance(store.claim_number(claim("v2", slot="slot2", vendor_lock="esms")), ClaimRefused)
    assert isinstance(store.claim_number(claim("v3", vendor_lock="esms")), Claimed)


def test_a_release_without_a_lock_leaves_the_locks_alone(store: Store) -> None:
    store.claim_number(claim("v1", slot="slot2", vendor_lock="esms"))
    wish = claim("v2")
    store.claim_number(wish)
    store.release_number(release(wish))
    assert isinstance(store.claim_number(claim("v3", slot="slot3", vendor_lock="esms")), ClaimRefused)


def test_a_late_release_does_not_touch_the_next_claim(store: Store) -> None:
    late = claim("v1", vendor_lock="esms")
    store.claim_number(late)
    store.claim_number(claim_at(NOON + 60, "v2", vendor_lock="esms"))
    store.release_number(release(late))
    outcome = store.claim_number(claim_at(NOON + 61, "v3"))
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is not None
    assert outcome.held.verification_id == "v2"
    assert isinstance(
        store.claim_number(claim_at(NOON + 61, "v4", slot="slot2", vendor_lock="esms")), ClaimRefused
    )


def test_releasing_twice_or_what_was_never_claimed_does_nothing(store: Store) -> None:
    wish = claim("v1")
    store.release_number(release(wish))
    store.claim_number(wish)
    store.release_number(release(wish))
    store.release_number(release(wish))
    assert store.claim_number(claim("v2")) == Claimed(before=None)


def test_a_release_says_whether_the_slot_was_still_its_own(store: Store) -> None:
    wish = claim("v1")
    store.claim_number(wish)
    assert store.release_number(release(wish))
    assert not store.release_number(release(wish))
