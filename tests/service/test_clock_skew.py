"""Two containers whose clocks differ by three minutes, case by case (`test_any_skew.py` has the rest)."""

from __future__ import annotations

import pytest

from countersign.claims import CLOCK_SKEW_SECONDS
from countersign.errors import AlreadyApprovedError, CanceledError, CooldownError, ExpiredError
from countersign.model import Reason, Status
from tests.support.builders import client
from tests.support.clock import NOON, FakeClock
from tests.support.world import GATEWAY, World, another, code_of

TTL_SECONDS = 300
SKEWS = [-CLOCK_SKEW_SECONDS, CLOCK_SKEW_SECONDS]


def containers(skew_seconds: int, *, route: tuple[str, ...] = GATEWAY) -> tuple[World, World]:
    """One whose clock is right, and one whose clock is not."""
    right = World(route=route)
    wrong = World(route=route, store=right.memory, clock=FakeClock(NOON + skew_seconds))
    return right, wrong


def let_pass(seconds: int, *worlds: World) -> None:
    for world in worlds:
        world.clock.advance(seconds)


@pytest.mark.parametrize("skew_seconds", SKEWS)
def test_a_code_is_good_for_its_life_give_or_take_the_skew(skew_seconds: int) -> None:
    right, wrong = containers(skew_seconds)
    made = wrong.started()
    let_pass(TTL_SECONDS + skew_seconds - 1, right, wrong)
    assert right.check(made.id, code_of(wrong.one)).solved
    again = wrong.start(to="+6591234567").verification
    let_pass(TTL_SECONDS + skew_seconds, right, wrong)
    with pytest.raises(ExpiredError):
        right.check(again.id, code_of(wrong.one))


@pytest.mark.parametrize("skew_seconds", SKEWS)
def test_a_code_is_good_once_by_whatever_clock(skew_seconds: int) -> None:
    right, wrong = containers(skew_seconds)
    made = right.started()
    right.check(made.id, code_of(right.one))
    with pytest.raises(AlreadyApprovedError):
        wrong.check(made.id, code_of(right.one))


def test_what_has_expired_by_a_fast_clock_is_ended_for_the_slow_one_too() -> None:
    right, fast = containers(CLOCK_SKEW_SECONDS)
    older = right.started()
    let_pass(TTL_SECONDS - CLOCK_SKEW_SECONDS, right, fast)
    assert fast.read(older.id).status(fast.clock.now())[0] is Status.EXPIRED
    assert right.read(older.id).status(right.clock.now())[0] is Status.PENDING
    fast.started()
    assert right.read(older.id).status(right.clock.now()) == (Status.CANCELED, Reason.SUPERSEDED)
    with pytest.raises(CanceledError):
        right.check(older.id, code_of(right.one))


def test_one_that_died_before_its_intent_does_not_hide_the_one_before_it_from_a_fast_clock() -> None:
    right, fast = containers(CLOCK_SKEW_SECONDS)
    oldest = right.start(ttl_seconds=600).verification
    right.clock.advance(60)
    fast.clock.advance(60)
    right.store.before["create"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        right.start(ttl_seconds=60)
    let_pass(539, right, fast)
    fast.started()
    assert right.read(oldest.id).superseded_by is not None


@pytest.mark.parametrize("skew_seconds", SKEWS)
@pytest.mark.parametrize("first_is_right", [True, False])
def test_no_clock_frees_a_vendors_number_before_its_code_is_dead(
    skew_seconds: int, *, first_is_right: bool
) -> None:
    right, wrong = containers(skew_seconds, route=("keyed:vendor", "two:vendor"))
    first, second = (right, wrong) if first_is_right else (wrong, right)
    first.start()
    let_pass(TTL_SECONDS + 89, right, wrong)
    assert second.start(by=client("other")).verification.provider == "two"


@pytest.mark.parametrize("skew_seconds", SKEWS)
def test_a_cooldown_is_off_by_the_skew_and_its_end_always_lies_ahead(skew_seconds: int) -> None:
    right, wrong = containers(skew_seconds)
    caller = client(cooldown_seconds=200)
    wrong.start(by=caller)
    with pytest.raises(CooldownError) as refused:
        right.start(by=caller)
    assert refused.value.retry_after_seconds == 200 + skew_seconds
    let_pass(200 + skew_seconds - 1, right, wrong)
    with pytest.raises(CooldownError) as refused:
        right.start(by=caller)
    assert refused.value.retry_after_seconds == 1


def test_no_attempt_left_stays_no_attempt_left_whatever_the_next_start_says_of_the_time() -> None:
    right, fast = containers(CLOCK_SKEW_SECONDS)
    caller = client(attempts=1, cooldown_seconds=0)
    made = right.start(by=caller).verification
    with pytest.raises(Exception, match="wrong"):
        fast.check(made.id, another(code_of(right.one)), by=caller)
    right.start(by=caller)
    found = right.read(made.id)
    assert found.superseded_at is not None
    assert found.checked_at is not None
    assert found.superseded_at < found.checked_at
    assert found.status(right.clock.now()) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


@pytest.mark.parametrize("skew_seconds", SKEWS)
def test_a_key_is_one_text_by_whatever_clock(skew_seconds: int) -> None:
    right, wrong = containers(skew_seconds)
    first = right.start(key="order-17").verification
    for passed in (0, 60, 300, 600):
        let_pass(passed, right, wrong)
        for world in (wrong, right):
            assert world.start(key="order-17").verification.id == first.id
    assert right.sends + wrong.sends == 1
