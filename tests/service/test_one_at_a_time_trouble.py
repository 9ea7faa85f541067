"""One code at a time when processes die, answers get lost and starts race."""

from __future__ import annotations

import pytest

from countersign.errors import CanceledError, CooldownError, ServiceUnavailableError
from countersign.model import Delivery, Reason, Status
from countersign.service.wish import IN_FLIGHT_SECONDS
from tests.support.alone import alone, end
from tests.support.clock import NOON
from tests.support.providers import DiedError
from tests.support.world import World

OVER_AN_ENDED_ONE = ["usage", "claim_number", "get", "claim_number", "create", "settle_delivery"]


# Claims without a verification ----------------------------------------------------------------


def dead_claim(world: World) -> str:
    """The id of a start that died between its claim and its intent."""
    world.store.after["claim_number"] = DiedError()
    with pytest.raises(DiedError):
        alone(world)
    [slot] = world.memory.slots
    return slot.verification_id


@pytest.mark.parametrize("passed", [0, IN_FLIGHT_SECONDS - 1])
def test_a_start_that_is_being_made_counts_as_live(passed: int) -> None:
    world = World()
    dead = dead_claim(world)
    world.clock.advance(passed)
    with pytest.raises(CooldownError) as refused:
        alone(world)
    assert refused.value.live_id == dead
    assert world.sends == 0


def test_a_start_that_died_is_replaced_when_no_start_can_run_any_more() -> None:
    world = World()
    dead_claim(world)
    world.clock.advance(IN_FLIGHT_SECONDS)
    world.store.calls.clear()
    assert alone(world).verification.delivery is Delivery.ACCEPTED
    assert world.store.calls == OVER_AN_ENDED_ONE


def test_a_start_that_was_thought_dead_and_goes_on_sends_nothing() -> None:
    world = World()
    newer: list[str] = []

    def thought_dead() -> None:
        world.clock.advance(IN_FLIGHT_SECONDS)
        newer.append(alone(world).verification.id)

    world.store.meanwhile["create"] = thought_dead
    with pytest.raises(CanceledError):
        alone(world)
    assert world.sends == 1
    assert world.read(newer[0]).status(world.clock.now())[0] is Status.PENDING


def test_a_start_whose_intent_could_not_be_written_frees_its_number() -> None:
    world = World()
    world.store.before["create"] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        alone(world)
    assert alone(world).verification.delivery is Delivery.ACCEPTED


def test_what_lives_behind_a_dead_start_ends_with_the_next_one() -> None:
    """A start of another kind died over a living code, which must not live on beside the next one."""
    world = World()
    oldest = alone(world).verification
    world.clock.advance(60)
    world.store.after["claim_number"] = DiedError()
    with pytest.raises(DiedError):
        world.start()
    world.clock.advance(60)
    newest = alone(world).verification
    now = world.clock.now()
    assert world.read(oldest.id).status(now) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.read(newest.id).status(now)[0] is Status.PENDING


# Races and lost answers -----------------------------------------------------------------------


def test_of_two_starts_over_the_same_ended_one_one_sends() -> None:
    world = World()
    end(world, "approved", alone(world))
    winner: list[str] = []

    def overtaken() -> None:
        world.store.meanwhile["claim_number"] = lambda: winner.append(alone(world).verification.id)

    world.store.meanwhile["get"] = overtaken
    with pytest.raises(CooldownError) as refused:
        alone(world)
    assert [refused.value.live_id] == winner
    assert world.sends == 2
    assert world.read(winner[0]).status(NOON)[0] is Status.PENDING


def test_a_start_whose_claims_answer_was_lost_still_sends() -> None:
    world = World()
    world.memory.lose_answers = 1
    assert alone(world).verification.delivery is Delivery.ACCEPTED
    assert world.sends == 1


def test_a_start_over_an_ended_one_whose_claims_answer_was_lost_still_sends() -> None:
    world = World()
    end(world, "approved", alone(world))

    def lose() -> None:
        world.memory.lose_answers = 1

    world.store.meanwhile["get"] = lose
    assert alone(world).verification.delivery is Delivery.ACCEPTED
    assert world.sends == 2


def test_the_same_key_replays_while_the_code_lives_and_afterwards() -> None:
    world = World()
    first = alone(world, key="order-17")
    for passed in (0, 100, 300):
        world.clock.advance(passed)
        again = alone(world, key="order-17")
        assert (again.replayed, again.verification.id) == (True, first.verification.id)
    assert world.sends == 1


def test_the_same_key_replays_though_a_newer_code_lives() -> None:
    world = World()
    first = alone(world, key="order-17")
    world.cancel(first.verification.id)
    alone(world)
    again = alone(world, key="order-17")
    assert (again.replayed, again.verification.id) == (True, first.verification.id)
    assert world.sends == 2
