"""A write has happened and nobody was told: the request goes on with it, or leaves it to whoever has it."""

from __future__ import annotations

import pytest

from countersign.errors import (
    CooldownError,
    GuessLimitError,
    SendLimitError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Delivery, Reason, Status
from tests.support.builders import NUMBER, client
from tests.support.providers import REFUSED, DiedError
from tests.support.world import World, code_of, resendable

ONE_TEXT = client(sends_per_10_minutes=1)


def test_a_start_whose_intent_went_out_by_its_twin_leaves_the_number_to_that_one() -> None:
    world = World()
    world.store.meanwhile["create"] = lambda: world.start(key="order-17")
    assert world.start(key="order-17").replayed
    with pytest.raises(CooldownError):
        world.start()
    world.clock.advance(60)
    with pytest.raises(Exception, match="Too many codes"):
        world.start(by=ONE_TEXT)
    assert world.resend(world.start(key="order-17").verification.id).sends == 2


def test_a_start_whose_twin_was_refused_by_every_vendor_leaves_the_number_free() -> None:
    world = World()
    for vendor in world.vendors:
        vendor.will(REFUSED)

    def twin() -> None:
        with pytest.raises(Exception, match="nothing was sent"):
            world.start(key="order-17")

    world.store.meanwhile["create"] = twin
    with pytest.raises(Exception, match="nothing was sent"):
        world.start(key="order-17")
    assert world.start(by=ONE_TEXT).verification.delivery is Delivery.ACCEPTED


def test_a_start_that_is_refused_for_want_of_guesses_leaves_the_number_to_its_twin() -> None:
    world = World()
    caller = client(attempts=5, failures_per_hour=5, cooldown_seconds=0)
    world.start(by=caller)
    # To the first one the guesses of the code that it replaces are promised; its twin no longer sees that.
    world.store.meanwhile["get"] = lambda: world.start(by=caller, key="order-17")
    assert world.start(by=caller, key="order-17").replayed
    assert world.sends == 2
    with pytest.raises(SendLimitError):
        world.start(by=client(sends_per_10_minutes=2), to=NUMBER, purpose="payment")


def test_a_start_that_goes_on_with_an_old_claim_and_gets_no_guesses_counts_no_further_send() -> None:
    world = World()
    caller = client(attempts=5, failures_per_hour=5)
    world.store.before["create"] = DiedError()
    with pytest.raises(DiedError):
        world.start(by=caller, key="order-17")
    world.clock.advance(590)
    world.start(by=caller, purpose="payment")
    with pytest.raises(GuessLimitError):
        world.start(by=caller, key="order-17")
    world.clock.advance(10)  # the first one's time is out of the window
    assert world.start(by=client(sends_per_10_minutes=2), purpose="transfer").verification.sends == 1
    assert world.sends == 2


def test_a_newer_start_is_not_undone_by_the_vendors_refusal_of_an_older_one() -> None:
    world = World(route=("one:gateway",))
    caller = client(cooldown_seconds=0)
    newer: list[str] = []
    world.one.will(REFUSED, meanwhile=lambda: newer.append(world.start(by=caller).verification.id))
    with pytest.raises(UndeliverableError) as refused:
        world.start(by=caller)
    assert refused.value.verification is not None
    older = world.read(refused.value.verification.id)
    assert older.status(world.clock.now()) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.read(newer[0]).status(world.clock.now())[0] is Status.PENDING


def test_a_start_whose_intent_is_written_without_an_answer_goes_on() -> None:
    world = World()
    world.store.after["create"] = ServiceUnavailableError()
    started = world.start(key="order-17")
    assert (started.replayed, started.verification.delivery) == (False, Delivery.ACCEPTED)
    assert world.start(key="order-17").replayed
    assert world.sends == 1
    with pytest.raises(CooldownError):
        world.start()


def test_a_start_that_finds_its_twins_intent_where_its_own_write_failed_sends_nothing() -> None:
    world = World()

    def twin() -> None:
        world.start(key="order-17")
        world.store.before["create"] = ServiceUnavailableError()

    world.store.meanwhile["create"] = twin
    assert world.start(key="order-17").replayed
    assert world.sends == 1
    with pytest.raises(CooldownError):
        world.start()


def test_where_nobody_knows_whether_an_intent_is_written_the_claim_stays() -> None:
    world = World()
    world.store.after["create"] = ServiceUnavailableError()
    world.store.before["get"] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.start(key="order-17")
    assert world.sends == 0
    with pytest.raises(CooldownError):
        world.start()
    lost = world.start(key="order-17").verification
    assert lost.delivery is Delivery.SENDING
    world.clock.advance(60)
    sent = world.resend(lost.id)
    assert world.check(sent.id, code_of(world.two)).solved


@pytest.mark.parametrize("route", [("one:gateway", "two:gateway"), ("keyed:vendor", "two:gateway")])
def test_a_resend_whose_claims_answer_was_lost_is_sent(route: tuple[str, ...]) -> None:
    world = World(route=route)
    made = resendable(world)
    world.memory.lose_answers = 1
    assert world.resend(made).sends == 2
    assert world.sends == 2


def test_of_two_resends_in_one_second_one_is_sent() -> None:
    world = World()
    made = resendable(world)
    world.store.meanwhile["begin_resend"] = lambda: world.resend(made)
    with pytest.raises(CooldownError) as refused:
        world.resend(made)
    assert refused.value.resend_at == world.clock.now() + 60
    assert world.read(made).sends == world.sends == 2
