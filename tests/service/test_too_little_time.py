"""A request that has no time for a vendor begins nothing."""

from __future__ import annotations

import pytest

from countersign.errors import ServiceUnavailableError, UndeliverableError
from countersign.model import Delivery
from countersign.service.courier import LEAST_SECONDS_FOR_A_VENDOR
from countersign.service.sending import LEAST_SECONDS_FOR_A_SEND
from tests.support.world import World, resendable

TOO_LITTLE = LEAST_SECONDS_FOR_A_SEND - 0.01


@pytest.mark.parametrize("seconds", [0.0, TOO_LITTLE])
def test_a_start_without_the_time_claims_writes_and_sends_nothing(seconds: float) -> None:
    world = World()
    with pytest.raises(ServiceUnavailableError) as refused:
        world.start(seconds=seconds)
    assert refused.value.retry_after_seconds == 1
    assert (world.store.calls, world.sends) == ([], 0)
    assert world.started().delivery is Delivery.ACCEPTED


def test_a_start_with_just_the_time_for_it_is_made() -> None:
    world = World()
    assert world.start(seconds=LEAST_SECONDS_FOR_A_SEND).verification.delivery is Delivery.ACCEPTED


def test_what_was_served_before_is_served_again_in_whatever_time_is_left() -> None:
    world = World()
    first = world.start(key="order-17")
    again = world.start(key="order-17", seconds=TOO_LITTLE)
    assert (again.replayed, again.verification.id) == (True, first.verification.id)
    assert world.sends == 1


@pytest.mark.parametrize("seconds", [0.0, TOO_LITTLE])
def test_a_resend_without_the_time_leaves_everything_as_it_is(seconds: float) -> None:
    world = World()
    made = resendable(world)
    before = world.read(made)
    world.store.calls.clear()
    with pytest.raises(ServiceUnavailableError) as refused:
        world.resend(made, seconds=seconds)
    assert refused.value.retry_after_seconds == 1
    assert (world.store.calls, world.sends) == (["get"], 1)
    assert world.read(made) == before
    assert world.resend(made).sends == 2


def test_time_that_the_store_used_up_ends_the_start_unsent_and_frees_the_number() -> None:
    world = World()
    world.store.meanwhile["create"] = lambda: world.clock.advance(20.01 - LEAST_SECONDS_FOR_A_VENDOR)
    with pytest.raises(UndeliverableError):
        world.start()
    assert world.sends == 0
    assert world.started().delivery is Delivery.ACCEPTED
