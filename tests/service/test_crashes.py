"""What is left by a process that died, in words; every step of everything is in test_crash_matrix.py."""

from __future__ import annotations

import pytest

from countersign.errors import CanceledError, CooldownError, ServiceUnavailableError
from countersign.model import Delivery, Reason, Status
from countersign.orders import SendResult
from tests.support.builders import client
from tests.support.clock import NOON
from tests.support.providers import ACCEPTED, DiedError
from tests.support.world import World, code_of

KEYED_FIRST = ("keyed:vendor", "two:vendor")


def die(world: World, *, when: str, step: str) -> None:
    getattr(world.store, when)[step] = DiedError()


def died_start(world: World, *, key: str | None = "order-17", when: str, step: str) -> None:
    die(world, when=when, step=step)
    with pytest.raises(DiedError):
        world.start(key=key)


def test_a_replay_just_before_the_end_of_what_died_before_its_intent_sends_once() -> None:
    world = World()
    died_start(world, when="before", step="create")
    world.clock.advance(299)
    again = world.start(key="order-17")
    assert not again.replayed
    assert again.verification.delivery is Delivery.ACCEPTED
    assert world.start(key="order-17").replayed
    assert world.sends == 1


@pytest.mark.parametrize("passed", [0, 60, 400])
def test_a_replay_of_what_died_after_its_intent_sends_nothing(passed: int) -> None:
    world = World()
    died_start(world, when="after", step="create")
    world.clock.advance(passed)
    again = world.start(key="order-17")
    assert again.replayed
    assert again.verification.delivery is Delivery.SENDING
    assert world.sends == 0


def test_a_replay_of_what_died_while_the_vendor_was_called_sends_nothing_more() -> None:
    world = World()
    world.one.will(ACCEPTED, dies=True)
    with pytest.raises(DiedError):
        world.start(key="order-17")
    again = world.start(key="order-17")
    assert (again.replayed, again.verification.delivery) == (True, Delivery.SENDING)
    assert world.sends == 1


def test_a_replay_of_what_died_before_it_was_settled_sends_nothing_more_and_its_code_is_good() -> None:
    world = World()
    died_start(world, when="before", step="settle_delivery")
    again = world.start(key="order-17").verification
    assert world.sends == 1
    assert world.check(again.id, code_of(world.one)).status(NOON)[0] is Status.APPROVED


def test_a_start_that_was_overtaken_before_its_intent_sends_nothing_ever() -> None:
    world = World()
    died_start(world, when="after", step="claim_number")
    world.clock.advance(60)
    newer = world.started()
    with pytest.raises(CooldownError) as refused:
        world.start(key="order-17")
    assert refused.value.live_id == newer.id
    world.clock.advance(60)
    with pytest.raises(CanceledError):
        world.start(key="order-17")
    assert world.read(newer.id).superseded_by is None
    assert world.check(newer.id, code_of(world.one)).id == newer.id
    assert world.sends == 1


def test_a_start_that_is_overtaken_between_claim_and_intent_sends_nothing() -> None:
    world = World()
    caller = client(cooldown_seconds=0)
    world.store.meanwhile["create"] = lambda: world.start(by=caller)
    with pytest.raises(CanceledError):
        world.start(by=caller, key="order-17")
    assert world.sends == 1


def test_starts_that_overtake_each_other_leave_one_live_code() -> None:
    world = World()
    caller = client(cooldown_seconds=0)
    oldest = world.start(by=caller).verification
    newest: list[str] = []

    def overtaken() -> None:
        world.store.meanwhile["create"] = lambda: newest.append(world.start(by=caller).verification.id)
        with pytest.raises(CanceledError):
            world.start(by=caller)

    world.store.meanwhile["create"] = overtaken
    with pytest.raises(CanceledError):
        world.start(by=caller)
    assert world.read(oldest.id).status(NOON) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.read(newest[0]).status(NOON)[0] is Status.PENDING


def test_what_a_dead_start_of_a_shorter_life_was_to_end_is_ended_by_the_next_one() -> None:
    world = World()
    oldest = world.start(by=client(ttl_seconds=600)).verification
    world.clock.advance(60)
    die(world, when="before", step="create")
    with pytest.raises(DiedError):
        world.start(by=client(ttl_seconds=60))
    world.clock.advance(61)
    newest = world.start().verification
    now = world.clock.now()
    assert world.read(oldest.id).status(now) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.read(newest.id).status(now)[0] is Status.PENDING


@pytest.mark.parametrize("passed", [30, 61, 200])
def test_a_resumed_start_and_its_slot_agree_on_their_times(passed: int) -> None:
    world = World()
    caller = client(ttl_seconds=90)
    die(world, when="before", step="create")
    with pytest.raises(DiedError):
        world.start(by=caller, key="order-17")
    world.clock.advance(passed)
    resumed = world.start(by=caller, key="order-17").verification
    world.clock.advance(1)
    with pytest.raises(CooldownError) as refused:
        world.start(by=caller)
    assert (refused.value.live_id, refused.value.resend_at) == (resumed.id, resumed.resend_at)
    world.clock.advance(60)
    world.start(by=caller)
    assert world.read(resumed.id).status(world.clock.now())[0] is not Status.PENDING


def test_a_start_whose_intent_could_not_be_written_frees_its_number() -> None:
    world = World()
    world.store.before["create"] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.start()
    assert world.started().delivery is Delivery.ACCEPTED


def test_a_replay_of_what_died_before_its_intent_leaves_a_busy_vendor_alone() -> None:
    world = World(route=KEYED_FIRST)
    holder = world.start(by=client("other")).verification
    assert holder.provider == "keyed"
    died_start(world, when="before", step="create")
    again = world.start(key="order-17").verification
    assert again.provider == "two"
    assert len(world.keyed.orders) == 1


def test_a_replay_of_what_died_before_its_intent_uses_the_vendor_whose_lock_it_has() -> None:
    world = World(route=KEYED_FIRST)
    died_start(world, when="after", step="claim_number")
    assert world.start(key="order-17").verification.provider == "keyed"
    assert world.start(by=client("other")).verification.provider == "two"


def test_an_undeliverable_replay_does_not_give_away_a_lock_of_another_slot() -> None:
    world = World(route=KEYED_FIRST)
    world.start(by=client("other"))
    died_start(world, when="before", step="create")
    world.two.will(SendResult(outcome=Delivery.REJECTED, detail="no balance"))
    with pytest.raises(Exception, match="nothing was sent"):
        world.start(key="order-17")
    assert world.start(by=client("third")).verification.provider == "two"


def test_a_resend_that_died_leaves_the_old_code_good() -> None:
    world = World()
    made = world.started()
    world.clock.advance(60)
    world.two.will(ACCEPTED, dies=True)
    with pytest.raises(DiedError):
        world.resend(made.id)
    assert world.read(made.id).delivery is Delivery.SENDING
    assert world.check(made.id, code_of(world.one)).solved


def test_after_a_resend_that_died_one_can_resend_when_the_cooldown_is_over() -> None:
    world = World()
    made = world.started()
    world.clock.advance(60)
    die(world, when="after", step="begin_resend")
    with pytest.raises(DiedError):
        world.resend(made.id)
    with pytest.raises(CooldownError):
        world.resend(made.id)
    world.clock.advance(60)
    assert world.resend(made.id).sends == 3
    assert world.sends == 2


def test_three_starts_at_once_leave_one_live_code() -> None:
    world = World()
    caller = client(cooldown_seconds=0)
    first = world.start(by=caller).verification
    ids: list[str] = []

    def third() -> None:
        ids.append(world.start(by=caller).verification.id)

    def second() -> None:
        world.store.meanwhile["create"] = third
        with pytest.raises(CanceledError):
            world.start(by=caller)

    world.store.meanwhile["create"] = second
    with pytest.raises(CanceledError):
        world.start(by=caller)
    assert world.read(first.id).status(NOON)[0] is Status.CANCELED
    assert world.read(ids[0]).status(NOON)[0] is Status.PENDING
    assert world.sends == 2


def test_a_start_whose_claims_answer_was_lost_and_that_is_then_overtaken_sends_nothing() -> None:
    world = World()
    caller = client(cooldown_seconds=0)
    world.memory.lose_answers = 1
    world.store.meanwhile["create"] = lambda: world.start(by=caller)
    with pytest.raises(CanceledError):
        world.start(by=caller)
    assert world.sends == 1
