"""Guesses, vendors' verdicts and cancellation."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.model import GUESS_NONE, Delivery, Reason, Status, Verdict, Verification
from countersign.ports import Store
from tests.support.builders import CODE_HASH, WRONG_HASH, resend_intent, vendor_held, verification
from tests.support.clock import NOON
from tests.support.stored import stored


def created(store: Store, what: Verification) -> Verification:
    what = replace(what, delivery=Delivery.ACCEPTED)
    assert store.create(what, supersedes=()).applied
    return what


def guess(store: Store, value: str = WRONG_HASH, *, now: int = NOON) -> bool:
    return store.guess("demo", "v1", guess=value, now=now).applied


# Guess --------------------------------------------------------------------------------------


def test_the_right_guess_approves(store: Store) -> None:
    before = created(store, verification())
    counted = store.guess("demo", "v1", guess=CODE_HASH, now=NOON + 7)
    assert counted.applied
    assert counted.verification == stored(store)
    assert stored(store) == replace(before, attempts=1, guess=CODE_HASH, checked_at=NOON + 7)
    assert stored(store).status(NOON) == (Status.APPROVED, Reason.CORRECT_CODE)


def test_a_wrong_guess_is_counted(store: Store) -> None:
    created(store, verification())
    counted = store.guess("demo", "v1", guess=WRONG_HASH, now=NOON)
    assert counted.applied
    assert counted.verification is not None
    assert not counted.verification.solved
    assert counted.verification.attempts_left == 4


def test_a_right_code_is_good_once(store: Store) -> None:
    created(store, verification())
    assert guess(store, CODE_HASH)
    again = store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    assert not again.applied
    assert again.verification is not None
    assert again.verification.attempts == 1
    assert not guess(store, WRONG_HASH)
    assert stored(store).status(NOON)[0] is Status.APPROVED


def test_exactly_as_many_guesses_count_as_the_policy_says(store: Store) -> None:
    created(store, verification(attempts_max=3))
    assert [guess(store) for _ in range(5)] == [True, True, True, False, False]
    assert not guess(store, CODE_HASH)
    assert stored(store).attempts == 3
    assert stored(store).status(NOON) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


def test_the_last_attempt_may_be_the_right_one(store: Store) -> None:
    created(store, verification(attempts_max=2))
    guess(store)
    assert guess(store, CODE_HASH)
    assert stored(store).status(NOON)[0] is Status.APPROVED


@pytest.mark.parametrize(("now", "applied"), [(NOON + 299, True), (NOON + 300, False), (NOON + 900, False)])
def test_a_code_lives_to_the_second(store: Store, now: int, *, applied: bool) -> None:
    created(store, verification())
    assert guess(store, CODE_HASH, now=now) is applied
    assert stored(store).attempts == (1 if applied else 0)


@pytest.mark.parametrize("ended_by", ["cancel", "supersede"])
def test_the_right_code_of_an_ended_verification_is_refused(store: Store, ended_by: str) -> None:
    created(store, verification())
    if ended_by == "cancel":
        store.cancel("demo", "v1", now=NOON)
    else:
        store.create(verification("v2"), supersedes=("v1",))
    assert not guess(store, CODE_HASH)
    assert stored(store).attempts == 0
    assert stored(store).status(NOON)[0] is Status.CANCELED


def test_a_failed_one_takes_no_guess(store: Store) -> None:
    created(store, verification(stored_status=Status.FAILED, stored_reason=Reason.UNDELIVERABLE))
    assert not guess(store, CODE_HASH)


def test_a_code_may_be_checked_while_its_delivery_is_not_settled(store: Store) -> None:
    store.create(verification(), supersedes=())
    assert guess(store, CODE_HASH)
    assert stored(store).status(NOON)[0] is Status.APPROVED


def test_a_guess_at_nothing_is_refused(store: Store) -> None:
    counted = store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    assert (counted.applied, counted.verification) == (False, None)


def test_no_guess_solves_a_code_that_a_vendor_holds(store: Store) -> None:
    created(store, vendor_held())
    for value in (CODE_HASH, GUESS_NONE):
        assert guess(store, value)
    assert stored(store).status(NOON)[0] is Status.PENDING


# A vendor's verdict -------------------------------------------------------------------------


def test_a_guess_at_a_vendors_code_is_reserved_until_the_vendor_has_answered(store: Store) -> None:
    created(store, vendor_held(attempts_max=1))
    assert guess(store)
    assert (stored(store).attempts, stored(store).checking) == (1, 1)
    assert stored(store).status(NOON)[0] is Status.PENDING
    assert not guess(store)


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.EXPIRED, Verdict.USED, Verdict.EXHAUSTED])
def test_a_vendors_refusal_keeps_the_attempt(store: Store, verdict: Verdict) -> None:
    created(store, vendor_held())
    guess(store)
    counted = store.settle_check(stored(store), verdict=verdict, now=NOON)
    assert counted.applied
    assert counted.verification == stored(store)
    assert (stored(store).attempts, stored(store).checking) == (1, 0)
    assert stored(store).status(NOON)[0] is Status.PENDING


def test_the_last_refusal_ends_it(store: Store) -> None:
    created(store, vendor_held(attempts_max=1))
    guess(store)
    store.settle_check(stored(store), verdict=Verdict.WRONG, now=NOON)
    assert stored(store).status(NOON) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


def test_vendor_trouble_gives_the_attempt_back(store: Store) -> None:
    created(store, vendor_held(attempts_max=1))
    guess(store)
    assert store.settle_check(stored(store), verdict=Verdict.UNKNOWN, now=NOON).applied
    assert (stored(store).attempts, stored(store).checking) == (0, 0)
    assert guess(store)


def test_a_vendors_yes_approves(store: Store) -> None:
    created(store, vendor_held())
    guess(store, now=NOON + 3)
    counted = store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=NOON + 5)
    assert counted.applied
    assert counted.verification == stored(store)
    assert stored(store).status(NOON + 5) == (Status.APPROVED, Reason.CORRECT_CODE)
    assert (stored(store).attempts, stored(store).checking, stored(store).checked_at) == (1, 0, NOON + 5)


@pytest.mark.parametrize(("now", "applied"), [(NOON + 299, True), (NOON + 300, False)])
def test_a_vendors_yes_counts_to_the_second(store: Store, now: int, *, applied: bool) -> None:
    created(store, vendor_held())
    guess(store, now=NOON + 299)
    assert store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=now).applied is applied
    assert stored(store).status(NOON + 300)[0] is (Status.APPROVED if applied else Status.EXPIRED)


def test_the_last_refusal_after_expiry_leaves_it_expired(store: Store) -> None:
    created(store, vendor_held(attempts_max=1))
    guess(store, now=NOON + 299)
    store.settle_check(stored(store), verdict=Verdict.WRONG, now=NOON + 301)
    assert stored(store).status(NOON + 301) == (Status.EXPIRED, Reason.TIMED_OUT)


def test_what_has_failed_is_not_canceled_by_a_newer_one(store: Store) -> None:
    created(store, verification(attempts_max=1))
    guess(store, now=NOON + 1)
    store.create(verification("v2", created_at=NOON + 2), supersedes=("v1",))
    assert stored(store).status(NOON + 3) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


def test_a_vendors_yes_approves_once(store: Store) -> None:
    created(store, vendor_held())
    guess(store)
    guess(store)
    assert store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=NOON).applied
    second = store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=NOON)
    assert not second.applied
    assert second.verification == stored(store)


@pytest.mark.parametrize("ended_by", ["cancel", "supersede"])
def test_a_vendors_yes_for_an_ended_verification_approves_nothing(store: Store, ended_by: str) -> None:
    created(store, vendor_held())
    guess(store)
    if ended_by == "cancel":
        store.cancel("demo", "v1", now=NOON)
    else:
        store.create(vendor_held("v2"), supersedes=("v1",))
    assert not store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=NOON).applied
    assert stored(store).status(NOON)[0] is Status.CANCELED


def test_a_vendors_no_after_a_yes_leaves_the_yes(store: Store) -> None:
    created(store, vendor_held())
    guess(store)
    guess(store)
    store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=NOON)
    assert not store.settle_check(stored(store), verdict=Verdict.WRONG, now=NOON).applied
    assert stored(store).status(NOON)[0] is Status.APPROVED


# Cancel -------------------------------------------------------------------------------------


def test_a_pending_one_can_be_canceled(store: Store) -> None:
    before = created(store, verification())
    counted = store.cancel("demo", "v1", now=NOON)
    assert counted.applied
    assert counted.verification == stored(store)
    assert stored(store) == replace(
        before, stored_status=Status.CANCELED, stored_reason=Reason.CANCELED_BY_CLIENT
    )


def test_canceling_twice_changes_nothing(store: Store) -> None:
    created(store, verification())
    store.cancel("demo", "v1", now=NOON)
    second = store.cancel("demo", "v1", now=NOON)
    assert not second.applied
    assert second.verification == stored(store)


@pytest.mark.parametrize(("now", "applied"), [(NOON + 299, True), (NOON + 300, False)])
def test_an_expired_one_cannot_be_canceled(store: Store, now: int, *, applied: bool) -> None:
    created(store, verification())
    assert store.cancel("demo", "v1", now=now).applied is applied


@pytest.mark.parametrize("last", [CODE_HASH, WRONG_HASH])
def test_an_approved_or_exhausted_one_cannot_be_canceled(store: Store, last: str) -> None:
    created(store, verification(attempts_max=1))
    guess(store, last)
    was = stored(store)
    assert not store.cancel("demo", "v1", now=NOON).applied
    assert stored(store) == was


def test_one_whose_last_attempt_is_still_at_the_vendor_can_be_canceled(store: Store) -> None:
    created(store, vendor_held(attempts_max=1))
    guess(store)
    assert store.cancel("demo", "v1", now=NOON).applied


@pytest.mark.parametrize("answered_at", [NOON + 2, NOON + 1, NOON + 9])
def test_what_was_superseded_stays_so_when_the_last_verdict_comes(store: Store, answered_at: int) -> None:
    """Within the same second, too, and where the clock of the check is behind."""
    created(store, vendor_held(attempts_max=1))
    assert guess(store)
    store.create(vendor_held("v2", created_at=NOON + 2), supersedes=("v1",))
    assert stored(store).status(NOON + 2) == (Status.CANCELED, Reason.SUPERSEDED)
    store.settle_check(stored(store), verdict=Verdict.WRONG, now=answered_at)
    assert stored(store).status(NOON + 9) == (Status.CANCELED, Reason.SUPERSEDED)


@pytest.mark.parametrize("verdict", [Verdict.WRONG, Verdict.USED])
def test_an_approval_keeps_its_time_whatever_other_checks_bring_later(store: Store, verdict: Verdict) -> None:
    created(store, vendor_held())
    assert guess(store)
    assert guess(store)
    assert store.settle_check(stored(store), verdict=Verdict.VERIFIED, now=NOON + 2).applied
    store.settle_check(stored(store), verdict=verdict, now=NOON + 9)
    assert stored(store).checked_at == NOON + 2


def test_a_superseded_one_cannot_be_canceled_again(store: Store) -> None:
    created(store, verification())
    store.create(verification("v2"), supersedes=("v1",))
    assert not store.cancel("demo", "v1", now=NOON).applied


def test_canceling_nothing_is_refused(store: Store) -> None:
    counted = store.cancel("demo", "v1", now=NOON)
    assert (counted.applied, counted.verification) == (False, None)


def test_attempts_outlive_a_resend(store: Store) -> None:
    before = created(store, verification(attempts_max=2))
    guess(store)
    store.begin_resend(before, intent=resend_intent(before))
    assert guess(store)
    assert not guess(store, CODE_HASH)
