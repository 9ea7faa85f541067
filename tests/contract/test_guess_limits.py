"""The guesses that a claim gets, in both stores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.claims import Allowance, Claimed, ClaimRefused, NumberClaim, Release, Slot
from countersign.policy import Limit
from countersign.ports import Store
from tests.support.builders import claim, claim_at
from tests.support.clock import NOON

HOUR, DAY = 3_600, 86_400
LIMITS = (Limit(15, HOUR), Limit(25, DAY))


def asking(claimed: NumberClaim, guesses: int = 5) -> NumberClaim:
    return replace(claimed, attempts=guesses, failure_limits=LIMITS)


def guesses(store: Store, wish: NumberClaim) -> Allowance:
    outcome = store.claim_number(wish)
    assert isinstance(outcome, Claimed)
    assert outcome.allowance is not None
    return outcome.allowance


def fail(store: Store, times: int, *, at: int) -> None:
    for _ in range(times):
        store.record_failure("number1", now=at)


def test_a_claim_gets_the_guesses_that_it_asks_for(store: Store) -> None:
    assert guesses(store, asking(claim("v1"))) == Allowance(5, again_at=NOON)


def test_a_claim_that_asks_for_none_hears_of_none(store: Store) -> None:
    assert store.claim_number(claim("v1")) == Claimed(before=None)


@pytest.mark.parametrize(("failures", "left"), [(0, 5), (10, 5), (11, 4), (14, 1), (15, 0), (25, 0)])
def test_failures_within_the_hour_are_taken_off(store: Store, failures: int, left: int) -> None:
    store.claim_number(asking(claim("v1")))
    fail(store, failures, at=NOON)
    allowance = guesses(store, asking(claim_at(NOON + HOUR - 1, "v2")))
    assert allowance.guesses == left
    later = asking(claim_at(NOON + HOUR, "v3", slot="slot2"))
    assert guesses(store, later).guesses == max(0, min(5, 25 - failures - 5))


@pytest.mark.parametrize(("failures", "left"), [(20, 5), (21, 4), (25, 0)])
def test_failures_within_the_day_are_taken_off(store: Store, failures: int, left: int) -> None:
    store.claim_number(asking(claim("v1")))
    fail(store, failures, at=NOON)
    assert guesses(store, asking(claim_at(NOON + DAY - 1, "v2"))).guesses == left
    assert guesses(store, asking(claim_at(NOON + DAY + 300, "v3"))).guesses == 5


def test_other_live_slots_count_with_what_they_asked_for(store: Store) -> None:
    store.claim_number(asking(claim("v1"), 7))
    assert guesses(store, asking(claim("v2", slot="slot2"))) == Allowance(5, again_at=NOON + 300)
    assert guesses(store, asking(claim("v3", slot="slot3"))) == Allowance(3, again_at=NOON + 300)
    late = claim_at(NOON + 300, "v4", slot="slot4")
    assert guesses(store, asking(late)) == Allowance(5, again_at=NOON + 300)


def test_the_code_that_a_claim_ends_counts_until_it_would_have_expired(store: Store) -> None:
    store.claim_number(asking(claim("v1"), 10))
    assert guesses(store, asking(claim_at(NOON + 60, "v2"), 10)).guesses == 5
    assert guesses(store, asking(claim_at(NOON + 360, "v3"), 10)).guesses == 10


def test_a_claim_that_is_repeated_does_not_count_against_itself(store: Store) -> None:
    wish = asking(claim("v1"), 15)
    assert guesses(store, wish).guesses == 15
    again = store.claim_number(wish)
    assert isinstance(again, ClaimRefused)
    assert again.allowance == Allowance(15, again_at=NOON)


def test_a_release_gives_back_what_was_asked_for_before(store: Store) -> None:
    store.claim_number(asking(claim("v1"), 4))
    wish = asking(claim_at(NOON + 60, "v2"), 9)
    taken = store.claim_number(wish)
    assert isinstance(taken, Claimed)
    before = Slot(
        verification_id="v1", previous_id=None, resend_at=NOON + 60, expires_at=NOON + 300, attempts=4
    )
    assert taken.before == before
    assert store.release_number(Release(claim=wish, before=before))
    assert guesses(store, asking(claim_at(NOON + 60, "v3", slot="slot2"), 15)).guesses == 11


def test_numbers_have_failures_of_their_own(store: Store) -> None:
    store.claim_number(asking(claim("v1")))
    fail(store, 15, at=NOON)
    assert guesses(store, asking(claim("v2", number_key="number2"))).guesses == 5


def test_a_failure_of_a_number_that_nobody_claimed_is_nothing(store: Store) -> None:
    store.record_failure("number9", now=NOON)
    assert guesses(store, asking(claim("v1", number_key="number9"))).guesses == 5
