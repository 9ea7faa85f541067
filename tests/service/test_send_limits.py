"""What one number gets in ten minutes and in a day, whoever asks for it."""

from __future__ import annotations

import pytest

from countersign.errors import (
    CooldownError,
    IdempotencyConflictError,
    SendLimitError,
    UndeliverableError,
)
from countersign.model import Delivery, Status
from tests.support.builders import OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED, UNKNOWN, DiedError
from tests.support.world import World, code_of

DAY = 86_400


def limited(world: World, **more: object) -> int:
    """A start is refused by a send limit; after how many seconds it may come again."""
    sends = world.sends
    with pytest.raises(SendLimitError) as refused:
        world.start(**more)  # type: ignore[arg-type]  # each test's own wishes
    assert world.sends == sends
    seconds = refused.value.retry_after_seconds
    assert seconds is not None
    return seconds


def use_up(world: World, times: int = 5) -> None:
    """So many sends in one second, each of another client; with one attempt, to leave guesses to others."""
    for number in range(times):
        world.start(by=client(f"client{number}", attempts=1))


def test_five_sends_in_ten_minutes_are_the_default_and_ten_in_a_day() -> None:
    world = World()
    use_up(world)
    assert limited(world) == 600
    world.clock.advance(599)
    assert limited(world) == 1
    world.clock.advance(1)
    use_up(world)
    assert limited(world) == DAY - 600
    world.clock.advance(DAY - 601)
    assert limited(world) == 1
    world.clock.advance(1)
    assert world.started().delivery is Delivery.ACCEPTED


def test_the_window_slides_with_every_send() -> None:
    world = World()
    caller = client(cooldown_seconds=0, sends_per_10_minutes=2)
    for seconds in (0, 100):
        world.clock.advance(seconds)
        world.start(by=caller)
    world.clock.advance(500)
    world.start(by=caller)
    assert limited(world, by=caller) == 100
    world.clock.advance(100)
    world.start(by=caller)
    assert limited(world, by=caller) == 500


@pytest.mark.parametrize(
    ("in_10_minutes", "in_a_day", "most", "seconds"),
    [(1, 10, 1, 600), (10, 20, 10, 600), (5, 1, 1, DAY), (10, 10, 10, DAY), (10, 3, 3, DAY)],
)
def test_the_policy_decides_how_many(in_10_minutes: int, in_a_day: int, most: int, seconds: int) -> None:
    world = World()
    caller = client(cooldown_seconds=0, sends_per_10_minutes=in_10_minutes, sends_per_day=in_a_day)
    for _ in range(most):
        world.start(by=caller)
    assert limited(world, by=caller) == seconds


def test_clients_and_purposes_share_the_limits_of_a_number() -> None:
    world = World()
    for purpose in ("login", "payment"):
        for caller in ("one", "two"):
            world.start(by=client(caller, attempts=1), purpose=purpose)
    world.start(by=client("three", attempts=1))
    assert limited(world, by=client("four"), purpose="other") == 600
    assert world.start(to=OTHER_NUMBER, by=client("four")).verification.delivery is Delivery.ACCEPTED


def test_a_refused_start_leaves_the_living_code_as_it_is() -> None:
    world = World()
    made = world.started()
    code = code_of(world.one)
    use_up(world, 4)
    world.clock.advance(60)
    assert limited(world) == 540
    assert world.read(made.id).superseded_by is None
    assert world.check(made.id, code).status(world.clock.now())[0] is Status.APPROVED


def test_a_refused_start_costs_one_call_and_says_nothing_to_a_vendor() -> None:
    world = World()
    use_up(world)
    world.store.calls.clear()
    assert limited(world) == 600
    assert world.store.calls == ["usage", "claim_number"]


def test_the_cooldown_is_named_before_the_limit() -> None:
    world = World()
    made = world.started()
    use_up(world, 4)
    with pytest.raises(CooldownError) as refused:
        world.start()
    assert refused.value.live_id == made.id


# What counts ----------------------------------------------------------------------------------


def test_a_start_that_nobody_took_does_not_count() -> None:
    world = World()
    use_up(world, 4)
    for _ in range(3):
        for vendor in (world.one, world.two, world.three):
            vendor.will(REFUSED)
        with pytest.raises(UndeliverableError):
            world.start()
    assert world.started().delivery is Delivery.ACCEPTED
    assert limited(world, by=client("other")) == 600


def test_a_delivery_of_unknown_fate_counts() -> None:
    world = World()
    caller = client(sends_per_10_minutes=1)
    world.one.will(UNKNOWN)
    world.start(by=caller)
    assert limited(world, by=client("other", sends_per_10_minutes=1)) == 600


def test_a_failover_counts_once() -> None:
    world = World()
    caller = client(cooldown_seconds=0, sends_per_10_minutes=2)
    world.one.will(REFUSED)
    for _ in range(2):
        world.start(by=caller)
    assert limited(world, by=caller) == 600


@pytest.mark.parametrize("cooldown", [0, 60])
def test_a_start_whose_claims_answer_was_lost_counts_once(cooldown: int) -> None:
    world = World()
    world.memory.lose_answers = 1
    world.start(by=client(cooldown_seconds=cooldown))
    use_up(world, 4)
    assert limited(world, by=client("other")) == 600


# Resends --------------------------------------------------------------------------------------


def test_a_resend_counts() -> None:
    world = World()
    made = world.started()
    world.clock.advance(60)
    world.resend(made.id)
    use_up(world, 3)
    assert limited(world, by=client("other")) == 540


def test_a_resend_is_held_to_the_limit_and_the_code_stays_good() -> None:
    world = World()
    made = world.started()
    code = code_of(world.one)
    use_up(world, 4)
    world.clock.advance(60)
    sends = world.sends
    with pytest.raises(SendLimitError) as refused:
        world.resend(made.id)
    assert refused.value.retry_after_seconds == 540
    assert world.sends == sends
    found = world.read(made.id)
    assert (found.sends, found.delivery, found.resend_at) == (1, Delivery.ACCEPTED, NOON + 60)
    assert world.check(made.id, code).solved


def test_a_repeated_resend_with_its_key_is_answered_though_the_limit_is_reached() -> None:
    world = World()
    made = world.started()
    world.clock.advance(60)
    world.resend(made.id, key="again")
    use_up(world, 3)
    sends = world.sends
    assert world.resend(made.id, key="again").sends == 2
    assert world.sends == sends


# Replays --------------------------------------------------------------------------------------


@pytest.mark.parametrize("passed", [0, 60, 300])
def test_a_start_that_was_served_is_served_again_though_the_limit_is_reached(passed: int) -> None:
    world = World()
    made = world.start(key="order-17").verification
    use_up(world, 4)
    world.clock.advance(passed)
    again = world.start(key="order-17")
    assert (again.replayed, again.verification.id) == (True, made.id)
    assert world.sends == 5


def test_a_replay_is_served_at_the_limit_though_another_start_has_the_slot() -> None:
    world = World()
    caller = client(cooldown_seconds=0)
    made = world.start(by=caller, key="order-17").verification
    world.start(by=caller)
    use_up(world, 3)
    assert world.start(by=caller, key="order-17").verification.id == made.id


def test_the_same_key_with_another_request_is_a_conflict_at_the_limit_too() -> None:
    world = World()
    world.start(key="order-17")
    use_up(world, 4)
    with pytest.raises(IdempotencyConflictError):
        world.start(key="order-17", purpose="payment")


def test_a_new_key_is_held_to_the_limit() -> None:
    world = World()
    use_up(world)
    assert limited(world, key="order-17") == 600
    world.clock.advance(600)
    assert not world.start(key="order-17").replayed


def test_a_key_whose_start_died_meets_the_limit_by_its_name() -> None:
    world = World()
    caller = client(sends_per_10_minutes=1)
    world.store.after["claim_number"] = DiedError()
    with pytest.raises(DiedError):
        world.start(by=caller, key="order-17")
    world.clock.advance(60)
    assert limited(world, by=caller, key="order-17") == 540
