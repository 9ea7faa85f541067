"""A start that is refused while the number's earlier code lives, and let through once it has ended."""

from __future__ import annotations

import pytest

from countersign.errors import (
    CooldownError,
    SendLimitError,
    UndeliverableError,
)
from countersign.model import Delivery, Reason, Status
from countersign.orders import SendResult
from countersign.service.wish import IN_FLIGHT_SECONDS
from tests.support.alone import ENDS, alone, end
from tests.support.builders import OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED, DiedError
from tests.support.world import VENDOR, World, code_of

OVER_AN_ENDED_ONE = ["usage", "claim_number", "get", "claim_number", "create", "settle_delivery"]


@pytest.mark.parametrize("passed", [0, 1, IN_FLIGHT_SECONDS, 59, 60, 61, 299])
def test_a_second_start_is_refused_with_the_live_id_as_long_as_the_code_lives(passed: int) -> None:
    world = World()
    first = alone(world)
    world.store.calls.clear()
    world.clock.advance(passed)
    with pytest.raises(CooldownError) as refused:
        alone(world)
    assert (refused.value.live_id, refused.value.resend_at) == (first.verification.id, NOON + 300)
    assert refused.value.retry_after_seconds == 300 - passed
    assert world.store.calls == ["usage", "claim_number", "get"]
    assert world.sends == 1
    assert world.check(first.verification.id, code_of(world.one)).solved


def test_the_first_start_and_one_after_the_expiry_are_three_calls() -> None:
    world = World()
    first = alone(world)
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery"]
    world.clock.advance(300)
    world.store.calls.clear()
    second = alone(world)
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery"]
    assert first.verification.id != second.verification.id


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize("passed", [0, 100])
def test_after_one_that_has_ended_the_next_start_goes_through_at_once(how: str, passed: int) -> None:
    world = World()
    first = alone(world)
    end(world, how, first)
    world.clock.advance(passed)
    world.store.calls.clear()
    second = alone(world)
    assert world.store.calls == OVER_AN_ENDED_ONE
    assert second.verification.delivery is Delivery.ACCEPTED
    now = world.clock.now()
    assert world.read(first.verification.id).status(now)[0] is ENDS[how]
    assert world.check(second.verification.id, code_of(world.one)).status(now)[0] is Status.APPROVED


def test_what_has_ended_keeps_its_reason_after_it_was_replaced() -> None:
    world = World()
    first = alone(world)
    end(world, "failed", first)
    alone(world)
    now = world.clock.now()
    assert world.read(first.verification.id).status(now) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


@pytest.mark.parametrize("passed", [100, 299])
def test_a_vendors_shorter_life_lets_the_next_start_through(passed: int) -> None:
    world = World(route=VENDOR)
    world.one.will(SendResult(outcome=Delivery.ACCEPTED, detail="accepted", expires_in_seconds=100))
    first = alone(world)
    world.clock.advance(99)
    with pytest.raises(CooldownError) as refused:
        alone(world)
    assert refused.value.resend_at == NOON + 100
    world.clock.advance(passed - 99)
    assert alone(world).verification.delivery is Delivery.ACCEPTED
    assert world.read(first.verification.id).status(world.clock.now())[0] is Status.EXPIRED


def test_an_undeliverable_start_frees_the_number_at_once() -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        alone(world)
    world.store.calls.clear()
    assert alone(world).verification.delivery is Delivery.ACCEPTED
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery"]


def test_a_delivery_of_unknown_fate_is_a_live_code() -> None:
    world = World()
    world.one.will(SendResult(outcome=Delivery.UNKNOWN, detail="read timeout"))
    first = alone(world)
    world.clock.advance(100)
    with pytest.raises(CooldownError) as refused:
        alone(world)
    assert refused.value.live_id == first.verification.id


def test_a_check_that_a_vendor_has_not_answered_keeps_the_code_alive() -> None:
    """The fifth attempt is at the vendor: it may still approve."""
    world = World(route=VENDOR)
    caller = client(attempts=1)
    first = alone(world, by=caller)
    world.store.before["settle_check"] = DiedError()
    with pytest.raises(DiedError):
        world.check(first.verification.id, "123456", by=caller)
    with pytest.raises(CooldownError) as refused:
        alone(world, by=caller)
    assert refused.value.live_id == first.verification.id


# An explicit cooldown -------------------------------------------------------------------------


@pytest.mark.parametrize("how", ENDS)
def test_a_cooldown_that_was_asked_for_holds_after_the_end_as_well(how: str) -> None:
    world = World()
    first = alone(world, cooldown=90)
    world.clock.advance(10)
    end(world, how, first)
    world.clock.advance(79)
    with pytest.raises(CooldownError) as refused:
        alone(world, cooldown=90)
    assert (refused.value.live_id, refused.value.resend_at) == (None, NOON + 90)
    assert refused.value.retry_after_seconds == 1
    world.clock.advance(1)
    assert alone(world, cooldown=90).verification.delivery is Delivery.ACCEPTED


def test_a_live_code_is_named_though_the_cooldown_runs() -> None:
    world = World()
    first = alone(world, cooldown=90)
    with pytest.raises(CooldownError) as refused:
        alone(world, cooldown=90)
    assert (refused.value.live_id, refused.value.resend_at) == (first.verification.id, NOON + 300)


# Beside other rules ---------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["number", "purpose", "client"])
def test_another_number_purpose_or_client_does_not_wait(other: str) -> None:
    world = World()
    alone(world)
    match other:
        case "number":
            alone(world, to=OTHER_NUMBER)
        case "purpose":
            alone(world, purpose="payment")
        case _:
            alone(world, by=client("other"))
    assert world.sends == 2


def test_a_start_over_an_ended_one_is_held_to_the_send_limit() -> None:
    world = World()
    caller = client(sends_per_10_minutes=1)
    end_of = alone(world, by=caller)
    world.cancel(end_of.verification.id)
    with pytest.raises(SendLimitError) as refused:
        alone(world, by=caller)
    assert refused.value.retry_after_seconds == 600
    assert world.sends == 1


def test_a_start_over_an_ended_one_goes_round_a_vendor_that_is_busy_with_the_number() -> None:
    world = World(route=("keyed:vendor", "two:vendor"))
    world.start(by=client("other"))
    first = alone(world).verification
    assert first.provider == "two"
    world.cancel(first.id)
    assert alone(world).verification.provider == "two"
    assert len(world.keyed.orders) == 1


def test_an_undeliverable_start_over_an_ended_one_leaves_the_number_free() -> None:
    world = World()
    end(world, "approved", alone(world))
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        alone(world)
    assert alone(world).verification.delivery is Delivery.ACCEPTED
