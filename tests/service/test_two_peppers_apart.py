"""Two containers of which one has not seen the rotation: every promise is kept over both, and keys too."""

from __future__ import annotations

from contextlib import suppress

import pytest

from countersign.errors import (
    CanceledError,
    CooldownError,
    CountersignError,
    GuessLimitError,
    IdempotencyConflictError,
    SendLimitError,
    ServiceUnavailableError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Status
from tests.support.builders import OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import REFUSED
from tests.support.world import World, another, code_of

EAGER = client(cooldown_seconds=0)
BUSY = client(cooldown_seconds=0, sends_per_10_minutes=10)


@pytest.fixture
def world() -> World:
    return World()


def rotated(world: World) -> World:
    """The same container, after it has read the secret anew."""
    world.peppers.rotate(NEXT_PEPPER)
    return world


# Two containers of which one is behind --------------------------------------------------------


def containers() -> tuple[World, World]:
    """One that has seen the rotation, and one that goes on with what it had."""
    ahead = World()
    behind = World(store=ahead.memory, clock=ahead.clock)
    ahead.peppers.rotate(NEXT_PEPPER)
    behind.peppers.rotate(NEXT_PEPPER, seen=False)
    return ahead, behind


def test_a_container_that_is_behind_checks_a_newer_code_after_one_fresh_look() -> None:
    ahead, behind = containers()
    made = ahead.started()
    with pytest.raises(WrongCodeError):
        behind.check(made.id, another(code_of(ahead.one)))
    assert behind.check(made.id, code_of(ahead.one)).attempts == 2
    assert behind.peppers.looks == 1


def test_a_container_that_is_behind_and_cannot_look_counts_nothing() -> None:
    ahead, behind = containers()
    made = ahead.started()
    behind.peppers.away = True
    with pytest.raises(ServiceUnavailableError):
        behind.check(made.id, code_of(ahead.one))
    assert ahead.read(made.id).attempts == 0
    behind.peppers.away = False
    assert behind.check(made.id, code_of(ahead.one)).attempts == 1


def test_a_container_that_is_behind_sends_a_newer_verification_again() -> None:
    ahead, behind = containers()
    made = ahead.started()
    ahead.clock.advance(60)
    assert behind.resend(made.id).sends == 2
    assert code_of(behind.two) == code_of(ahead.one)


def test_one_verification_is_live_whichever_container_starts_the_next() -> None:
    ahead, behind = containers()
    ids = []
    for world in (behind, ahead, behind, behind, ahead, ahead):
        ids.append(world.start(by=BUSY).verification.id)
        live = [one for one in ids if ahead.read(one).status(NOON)[0] is Status.PENDING]
        assert live == ids[-1:]


@pytest.mark.parametrize("first_is_behind", [True, False])
def test_a_cooldown_holds_in_every_container(*, first_is_behind: bool) -> None:
    ahead, behind = containers()
    first, second = (behind, ahead) if first_is_behind else (ahead, behind)
    made = first.started()
    with pytest.raises(CooldownError) as refused:
        second.start()
    assert (refused.value.live_id, refused.value.resend_at) == (made.id, NOON + 60)


def test_the_limits_of_a_number_hold_over_both() -> None:
    ahead, behind = containers()
    for world in (behind, ahead, behind, ahead, behind):
        world.start(by=EAGER)
    for world in (ahead, behind):
        with pytest.raises(SendLimitError):
            world.start(by=client("other"))


def test_the_guesses_of_a_number_are_granted_over_both() -> None:
    ahead, behind = containers()
    for purpose, world in (("a", behind), ("b", ahead), ("c", behind)):
        world.start(by=EAGER, purpose=purpose)
    for world in (ahead, behind):
        with pytest.raises(GuessLimitError):
            world.start(by=EAGER, purpose="d")


def test_a_vendors_lock_holds_in_every_container() -> None:
    for first_is_behind in (True, False):
        ahead = World(route=("keyed:vendor", "two:vendor"))
        behind = World(route=("keyed:vendor", "two:vendor"), store=ahead.memory)
        ahead.peppers.rotate(NEXT_PEPPER)
        behind.peppers.rotate(NEXT_PEPPER, seen=False)
        first, second = (behind, ahead) if first_is_behind else (ahead, behind)
        assert first.start().verification.provider == "keyed"
        assert second.start(by=client("other")).verification.provider == "two"


# Idempotency ----------------------------------------------------------------------------------


@pytest.mark.parametrize("passed", [0, 60, 400, 90_000])
def test_a_key_that_was_served_before_the_rotation_is_served_again(world: World, passed: int) -> None:
    first = world.start(key="order-17").verification
    rotated(world)
    world.clock.advance(passed)
    again = world.start(key="order-17")
    assert (again.replayed, again.verification.id) == (True, first.id)
    assert world.sends == 1


def test_a_key_of_the_rotation_is_known_when_it_is_over(world: World) -> None:
    rotated(world)
    first = world.start(key="order-17").verification
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    assert world.start(key="order-17").verification.id == first.id
    assert world.sends == 1


def test_a_key_of_the_previous_pepper_with_another_request_is_a_conflict(world: World) -> None:
    world.start(key="order-17")
    rotated(world)
    with pytest.raises(IdempotencyConflictError):
        world.start(key="order-17", to=OTHER_NUMBER)


def test_a_failed_start_of_the_previous_pepper_is_told_again(world: World) -> None:
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.start(key="order-17")
    rotated(world)
    called = world.sends
    with pytest.raises(UndeliverableError):
        world.start(key="order-17")
    assert world.sends == called


def test_looking_for_an_older_key_costs_one_read_and_only_while_there_are_two_peppers(world: World) -> None:
    usual = ["usage", "claim_number", "create", "settle_delivery"]
    world.start(key="1")
    assert world.store.calls == usual
    rotated(world)
    world.store.calls.clear()
    world.start(key="2", to=OTHER_NUMBER)
    assert world.store.calls == ["get", *usual]
    world.store.calls.clear()
    world.start(to="+6598765432")
    assert world.store.calls == usual


@pytest.mark.parametrize("passed", [0, 60, 200])
def test_a_key_that_a_container_ahead_has_served_is_not_sent_again_by_one_behind(passed: int) -> None:
    ahead, behind = containers()
    first = ahead.start(key="order-17").verification
    ahead.clock.advance(passed)
    again = behind.start(key="order-17")
    assert (again.replayed, again.verification.id) == (True, first.id)
    assert (ahead.sends, behind.sends) == (1, 0)
    assert ahead.read(first.id).status(ahead.clock.now())[0] is Status.PENDING


@pytest.mark.parametrize("passed", [0, 60])
@pytest.mark.parametrize("away", [True, False])
def test_a_container_that_is_behind_and_sees_no_other_pepper_sends_no_key_again(
    passed: int, *, away: bool
) -> None:
    ahead, behind = containers()
    first = ahead.start(key="order-17").verification
    ahead.clock.advance(passed)
    behind.peppers.away = away
    behind.peppers.written = behind.peppers.known
    with pytest.raises((ServiceUnavailableError, CanceledError, CooldownError)):
        behind.start(key="order-17")
    assert behind.sends == 0
    assert ahead.read(first.id).status(ahead.clock.now())[0] is Status.PENDING


STEPS = ["claim_number", "create", "settle_delivery"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("first_is_behind", [True, False])
@pytest.mark.parametrize("cooldown_seconds", [0, 60])
def test_one_key_at_two_containers_at_once_is_one_text(
    step: str, cooldown_seconds: int, *, first_is_behind: bool
) -> None:
    ahead, behind = containers()
    first, second = (behind, ahead) if first_is_behind else (ahead, behind)
    caller = client(cooldown_seconds=cooldown_seconds)
    answers = []

    def both(world: World) -> None:
        with suppress(CountersignError):
            answers.append(world.start(by=caller, key="order-17").verification.id)

    first.store.meanwhile[step] = lambda: both(second)
    both(first)
    assert ahead.sends + behind.sends == 1
    assert len(set(answers)) <= 1
    ahead.clock.advance(60)
    for world in (ahead, behind):
        both(world)
    assert ahead.sends + behind.sends == 1
    assert len(set(answers)) == 1
