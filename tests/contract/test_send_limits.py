"""The send limits of a number: sliding windows, exact to the second, whoever sends."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.claims import Claimed, ClaimRefused, NumberClaim
from countersign.policy import SENDS_PER_10_MINUTES, SENDS_PER_DAY, Limit, Policy
from countersign.ports import Store
from tests.support.builders import claim_at, release
from tests.support.clock import NOON

TEN_MINUTES, DAY = 600, 86_400
WINDOWS = [
    *((TEN_MINUTES, limit) for limit in range(SENDS_PER_10_MINUTES.low, SENDS_PER_10_MINUTES.high + 1)),
    *((DAY, limit) for limit in range(SENDS_PER_DAY.low, SENDS_PER_DAY.high + 1)),
]
NO_OTHER = Limit(SENDS_PER_DAY.high, 1)

_NUMBERS = count(1)


def wish(now: int, number: int, *limits: Limit, of: str = "number1") -> NumberClaim:
    """A claim in a slot of its own, so that nothing but the limits can refuse it."""
    return claim_at(now, f"v{number}", slot=f"slot{number}", number_key=of, limits=limits)


def refused_until(outcome: Claimed | ClaimRefused) -> int:
    assert isinstance(outcome, ClaimRefused)
    assert outcome.held is None
    assert outcome.locked_until == 0
    return outcome.limited_until


@pytest.mark.parametrize(("seconds", "most"), WINDOWS)
def test_a_limit_lets_its_count_through_and_the_next_when_the_first_is_a_window_old(
    store: Store, seconds: int, most: int
) -> None:
    limits = Limit(most, seconds), NO_OTHER
    for number in range(most):
        assert store.claim_number(wish(NOON + number, number, *limits)) == Claimed(before=None)
    for now in (NOON + most, NOON + seconds - 1):
        assert refused_until(store.claim_number(wish(now, 90, *limits))) == NOON + seconds
    assert store.claim_number(wish(NOON + seconds, 91, *limits)) == Claimed(before=None)
    # It slides: the end of the first send's window is no new ration.
    second = NOON + 1 + seconds if most > 1 else NOON + 2 * seconds
    assert refused_until(store.claim_number(wish(NOON + seconds, 92, *limits))) == second


def test_the_policys_limits_are_those_of_ten_minutes_and_of_a_day(store: Store) -> None:
    limits = Policy().send_limits
    times = [NOON + start + number for start in (0, TEN_MINUTES) for number in range(5)]
    for number, now in enumerate(times):
        assert store.claim_number(wish(now, number, *limits)) == Claimed(before=None)
    after = NOON + TEN_MINUTES + 4
    assert refused_until(store.claim_number(wish(after, 90, *limits))) == NOON + DAY
    assert refused_until(store.claim_number(wish(NOON + DAY - 1, 91, *limits))) == NOON + DAY
    assert store.claim_number(wish(NOON + DAY, 92, *limits)) == Claimed(before=None)


def test_where_several_limits_are_reached_the_later_end_is_said(store: Store) -> None:
    store.claim_number(wish(NOON, 1))
    both = Limit(1, TEN_MINUTES), Limit(1, DAY)
    assert refused_until(store.claim_number(wish(NOON + 1, 2, *both))) == NOON + DAY
    assert refused_until(store.claim_number(wish(NOON + 1, 3, *reversed(both)))) == NOON + DAY
    assert refused_until(store.claim_number(wish(NOON + 1, 4, both[0]))) == NOON + TEN_MINUTES


def test_every_client_is_held_to_its_own_limit_by_what_all_of_them_sent(store: Store) -> None:
    strict, generous = Limit(1, TEN_MINUTES), Limit(3, TEN_MINUTES)
    for number in range(2):
        store.claim_number(wish(NOON + number, number, generous))
    assert refused_until(store.claim_number(wish(NOON + 2, 90, strict))) == NOON + 1 + TEN_MINUTES
    assert store.claim_number(wish(NOON + 2, 91, generous)) == Claimed(before=None)
    assert refused_until(store.claim_number(wish(NOON + 2, 92, generous))) == NOON + TEN_MINUTES


def test_numbers_have_their_limits_apart(store: Store) -> None:
    limit = Limit(1, DAY)
    store.claim_number(wish(NOON, 1, limit))
    assert store.claim_number(wish(NOON, 2, limit, of="number2")) == Claimed(before=None)


def test_a_claim_without_limits_is_counted_and_never_limited(store: Store) -> None:
    for number in range(25):
        assert store.claim_number(wish(NOON, number)) == Claimed(before=None)
    assert refused_until(store.claim_number(wish(NOON, 90, Limit(20, DAY)))) == NOON + DAY


def test_a_resend_counts_and_is_limited(store: Store) -> None:
    limit = Limit(2, TEN_MINUTES)
    store.claim_number(claim_at(NOON, "v1", limits=(limit,)))
    again = claim_at(NOON + 60, "v1", limits=(limit,), continues="v1")
    assert isinstance(store.claim_number(again), Claimed)
    third = claim_at(NOON + 120, "v1", limits=(limit,), continues="v1")
    assert refused_until(store.claim_number(third)) == NOON + TEN_MINUTES
    assert refused_until(store.claim_number(wish(NOON + 120, 2, limit))) == NOON + TEN_MINUTES


def test_a_start_over_what_has_ended_counts_and_is_limited(store: Store) -> None:
    limit = Limit(2, TEN_MINUTES)
    store.claim_number(claim_at(NOON, "v1", limits=(limit,)))
    assert isinstance(store.claim_number(claim_at(NOON + 1, "v2", limits=(limit,), replaces="v1")), Claimed)
    third = claim_at(NOON + 2, "v3", limits=(limit,), replaces="v2")
    assert refused_until(store.claim_number(third)) == NOON + TEN_MINUTES


# What a refusal leaves -------------------------------------------------------------------------


def test_a_claim_that_a_limit_refused_changes_nothing(store: Store) -> None:
    limit = Limit(2, TEN_MINUTES)
    store.claim_number(wish(NOON, 1, limit))
    store.claim_number(wish(NOON + 100, 2, limit))
    for number in range(3, 9):
        refused = wish(NOON + 200 + number, number, limit)
        assert refused_until(store.claim_number(refused)) == NOON + TEN_MINUTES
        assert store.slot("number1", slot=refused.slot) is None
    assert store.claim_number(wish(NOON + TEN_MINUTES, 9, limit)) == Claimed(before=None)


def test_a_limited_claim_takes_no_vendors_lock(store: Store) -> None:
    limit = Limit(1, TEN_MINUTES)
    store.claim_number(claim_at(NOON, "v1", slot="slot1"))
    locking = claim_at(NOON + 1, "v2", slot="slot2", vendor_lock="esms", limits=(limit,))
    assert refused_until(store.claim_number(locking)) == NOON + TEN_MINUTES
    assert isinstance(store.claim_number(claim_at(NOON + 2, "v3", slot="slot3", vendor_lock="esms")), Claimed)


@pytest.mark.parametrize("reason", ["cooldown", "lock"])
def test_a_claim_that_something_else_refused_is_not_counted(store: Store, reason: str) -> None:
    limit = Limit(2, TEN_MINUTES)
    store.claim_number(claim_at(NOON, "v1", slot="slot1", vendor_lock="esms", limits=(limit,)))
    slot = "slot1" if reason == "cooldown" else "slot2"
    for number in range(5):
        refused = claim_at(NOON + 1, f"w{number}", slot=slot, vendor_lock="esms", limits=(limit,))
        assert isinstance(store.claim_number(refused), ClaimRefused)
    assert store.claim_number(wish(NOON + 2, 90, limit)) == Claimed(before=None)
    assert refused_until(store.claim_number(wish(NOON + 3, 91, limit))) == NOON + TEN_MINUTES


def test_the_slot_is_named_before_the_limit_and_the_limit_before_the_lock(store: Store) -> None:
    limit = Limit(1, TEN_MINUTES)
    store.claim_number(claim_at(NOON, "v1", vendor_lock="esms"))
    same_slot = store.claim_number(claim_at(NOON + 1, "v2", vendor_lock="esms", limits=(limit,)))
    assert isinstance(same_slot, ClaimRefused)
    assert same_slot.held is not None
    assert same_slot.limited_until == 0
    other_slot = claim_at(NOON + 1, "v3", slot="slot2", vendor_lock="esms", limits=(limit,))
    assert refused_until(store.claim_number(other_slot)) == NOON + TEN_MINUTES
    later = claim_at(NOON + TEN_MINUTES - 300, "v4", slot="slot2", vendor_lock="esms", limits=())
    assert store.claim_number(later) == ClaimRefused(held=None, locked_until=NOON + 570)


# Releasing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("most", [1, 2, 5, 20])
def test_a_released_claim_gives_one_send_back(store: Store, most: int) -> None:
    limit = Limit(most, DAY)
    made = [wish(NOON + number, number, limit) for number in range(most)]
    for one in made:
        store.claim_number(one)
    assert store.release_number(release(made[-1]))
    assert store.claim_number(wish(NOON + most, 90, limit)) == Claimed(before=None)
    oldest = NOON if most > 1 else NOON + most
    assert refused_until(store.claim_number(wish(NOON + most, 91, limit))) == oldest + DAY


def test_a_release_that_comes_twice_or_too_late_gives_back_no_more(store: Store) -> None:
    limit = Limit(2, DAY)
    first, second = claim_at(NOON, "v1", limits=(limit,)), claim_at(NOON + 60, "v2", limits=(limit,))
    store.claim_number(first)
    taken = store.claim_number(second)
    assert isinstance(taken, Claimed)
    assert not store.release_number(release(first))
    assert store.release_number(release(second, before=taken.before))
    assert not store.release_number(release(second, before=taken.before))
    assert store.claim_number(wish(NOON + 61, 90, limit)) == Claimed(before=None)
    assert refused_until(store.claim_number(wish(NOON + 61, 91, limit))) == NOON + DAY


@pytest.mark.parametrize("releases", [1, 2, 3])
def test_releasing_restores_what_the_claims_had_pushed_out_of_the_last_place(
    store: Store, releases: int
) -> None:
    limit = Limit(SENDS_PER_DAY.high, DAY)
    for number in range(SENDS_PER_DAY.high):
        store.claim_number(wish(NOON + number, number, limit))
    now = NOON + DAY + releases - 1  # so many of them are a day old
    late = [wish(now, 30 + number, limit) for number in range(releases)]
    for round_ in range(3):
        for one in late:
            assert store.claim_number(one) == Claimed(before=None), round_
        assert refused_until(store.claim_number(wish(now, 90, limit))) == NOON + DAY + releases
        for one in reversed(late):
            assert store.release_number(release(one))


def test_the_first_claim_of_all_is_released_to_nothing(store: Store) -> None:
    limit = Limit(1, DAY)
    first = wish(NOON, 1, limit)
    store.claim_number(first)
    store.release_number(release(first))
    assert store.claim_number(wish(NOON, 2, limit)) == Claimed(before=None)
    assert refused_until(store.claim_number(wish(NOON + 1, 3, limit))) == NOON + DAY


def test_a_release_that_comes_after_another_claim_takes_back_one_send_though_the_newest(
    store: Store,
) -> None:
    """The count is right; the times may be off by as long as the failed delivery took (ADR 10)."""
    limit = Limit(2, TEN_MINUTES)
    failed, sent = wish(NOON, 1), wish(NOON + 20, 2)
    store.claim_number(failed)
    store.claim_number(sent)
    assert store.release_number(release(failed))
    assert store.claim_number(wish(NOON + 21, 3, limit)) == Claimed(before=None)
    assert refused_until(store.claim_number(wish(NOON + 22, 4, limit))) == NOON + TEN_MINUTES


# Whatever comes --------------------------------------------------------------------------------

GAPS = st.sampled_from([0, 1, 59, 299, 300, 599, 600, 601, 3_600, 43_200, 86_399, 86_400, 86_401])
LIMITS = st.builds(
    lambda short, long: (Limit(short, TEN_MINUTES), Limit(long, DAY)),
    st.integers(SENDS_PER_10_MINUTES.low, SENDS_PER_10_MINUTES.high),
    st.integers(SENDS_PER_DAY.low, SENDS_PER_DAY.high),
)
SENDS = st.lists(
    st.tuples(st.one_of(st.just(1), GAPS), st.integers(0, 1), st.booleans()), min_size=1, max_size=40
)


def lets_through(sent: list[int], *, now: int, limits: tuple[Limit, ...]) -> bool:
    """The rule: less than its count in the window that ends now."""
    return all(sum(now - limit.seconds < moment <= now for moment in sent) < limit.count for limit in limits)


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(clients=st.tuples(LIMITS, LIMITS), sends=SENDS)
def test_no_limit_is_ever_passed_and_none_refuses_too_early(
    store: Store,
    clients: tuple[tuple[Limit, ...], tuple[Limit, ...]],
    sends: list[tuple[int, int, bool]],
) -> None:
    """Against a plain list of the times of all sends that were not taken back."""
    number_key = f"number{next(_NUMBERS)}"
    sent: list[int] = []
    now = NOON
    for number, (gap, client, is_taken_back) in enumerate(sends):
        now += gap
        limits = clients[client]
        slot = f"slot{number % 3}"
        one = claim_at(now, f"v{number}", slot=slot, number_key=number_key, limits=limits, resend_at=now)
        outcome = store.claim_number(one)
        assert isinstance(outcome, Claimed) is lets_through(sent, now=now, limits=limits)
        if isinstance(outcome, ClaimRefused):
            until = refused_until(outcome)
            assert lets_through(sent, now=until, limits=limits)
            assert not lets_through(sent, now=until - 1, limits=limits)
        elif is_taken_back:
            assert store.release_number(release(one, before=outcome.before))
        else:
            sent.append(now)
