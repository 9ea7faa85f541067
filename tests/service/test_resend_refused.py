"""What a resend is refused for."""

from __future__ import annotations

import pytest

from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CooldownError,
    ExpiredError,
    NotFoundError,
    SendsExhaustedError,
    ServiceUnavailableError,
    WrongCodeError,
)
from countersign.model import Delivery
from tests.support.builders import client, verification
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import DiedError
from tests.support.world import World, another, code_of, resendable


def test_a_resend_in_the_cooldown_is_refused() -> None:
    world = World()
    made = world.started()
    world.clock.advance(59)
    with pytest.raises(CooldownError) as refused:
        world.resend(made.id)
    assert (refused.value.live_id, refused.value.resend_at) == (made.id, NOON + 60)
    assert refused.value.retry_after_seconds == 1
    assert world.sends == 1


def test_a_resend_begins_a_new_cooldown() -> None:
    world = World()
    made = resendable(world)
    world.resend(made)
    world.clock.advance(59)
    with pytest.raises(CooldownError):
        world.resend(made)
    with pytest.raises(CooldownError):
        world.start()


def test_there_are_as_many_sends_as_the_policy_says() -> None:
    world = World()
    caller = client(sends=2)
    made = world.start(by=caller).verification
    world.clock.advance(60)
    assert world.resend(made.id, by=caller).sends_left == 0
    world.clock.advance(60)
    with pytest.raises(SendsExhaustedError):
        world.resend(made.id, by=caller)
    assert world.sends == 2


def test_what_is_over_is_not_sent_again() -> None:
    world = World()
    made = resendable(world)
    world.check(made, code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.resend(made)

    exhausted = world.start(purpose="payment", by=client(attempts=1)).verification
    with pytest.raises(WrongCodeError):
        world.check(exhausted.id, another(code_of(world.one)))
    with pytest.raises(AttemptsExhaustedError):
        world.resend(exhausted.id)

    canceled = world.start(purpose="sign-up").verification
    world.cancel(canceled.id)
    with pytest.raises(CanceledError):
        world.resend(canceled.id)

    expired = world.start(purpose="change").verification
    world.clock.advance(300)
    with pytest.raises(ExpiredError):
        world.resend(expired.id)
    assert world.sends == 4


def test_a_replaced_verification_is_not_sent_again() -> None:
    world = World()
    older = resendable(world)
    world.start()
    world.clock.advance(60)
    with pytest.raises(CanceledError):
        world.resend(older)


def test_nobody_elses_verification_is_sent_again() -> None:
    world = World()
    made = resendable(world)
    with pytest.raises(NotFoundError):
        world.resend(made, by=client("other"))


def test_a_number_that_was_altered_is_not_sent_to() -> None:
    world = World()
    world.memory.create(verification(to_sealed="altered"), supersedes=())
    world.clock.advance(60)
    with pytest.raises(ServiceUnavailableError):
        world.resend("v1")
    assert world.sends == 0


def test_a_number_that_cannot_be_read_any_more_is_not_sent_to() -> None:
    world = World()
    made = resendable(world)
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    with pytest.raises(ExpiredError):
        world.resend(made)
    assert world.sends == 1


@pytest.mark.parametrize("step", ["claim_number", "begin_resend"])
def test_a_resend_that_is_overtaken_by_a_cancel_sends_nothing(step: str) -> None:
    world = World()
    made = resendable(world)
    world.store.meanwhile[step] = lambda: world.cancel(made)
    with pytest.raises(CanceledError):
        world.resend(made)
    assert world.sends == 1


def test_a_resend_that_is_overtaken_by_a_newer_start_sends_nothing() -> None:
    world = World()
    made = resendable(world)
    world.store.meanwhile["claim_number"] = world.start
    with pytest.raises(CanceledError):
        world.resend(made)
    assert world.sends == 2  # the first one and the newer one


@pytest.mark.parametrize("step", ["claim_number", "begin_resend"])
def test_two_resends_at_the_same_time_are_one(step: str) -> None:
    world = World()
    caller = client(cooldown_seconds=0) if step == "begin_resend" else client()
    made = world.start(by=caller).verification
    world.clock.advance(60)
    world.store.meanwhile[step] = lambda: world.resend(made.id, by=caller)
    with pytest.raises(CooldownError):
        world.resend(made.id, by=caller)
    assert world.sends == 2
    assert world.read(made.id).sends == 2


def test_attempts_are_not_reset() -> None:
    world = World()
    made = resendable(world)
    with pytest.raises(WrongCodeError):
        world.check(made, another(code_of(world.one)))
    assert world.resend(made).attempts_left == 4


def test_where_the_last_attempt_is_still_at_the_vendor_nothing_is_sent_and_nothing_is_counted() -> None:
    world = World(route=("one:vendor", "two:vendor"))
    caller = client(attempts=1, sends_per_10_minutes=2)
    made = world.start(by=caller).verification
    world.store.before["settle_check"] = DiedError()
    with pytest.raises(DiedError):
        world.check(made.id, "123456", by=caller)
    world.clock.advance(60)
    for _ in range(2):
        with pytest.raises(AttemptsExhaustedError):
            world.resend(made.id, by=caller)
    assert world.start(by=caller).verification.delivery is Delivery.ACCEPTED
    assert world.sends == 2


def test_a_resend_that_the_last_attempt_overtakes_sends_nothing() -> None:
    world = World(route=("one:vendor", "two:vendor"))
    caller = client(attempts=1)
    made = world.start(by=caller).verification
    world.clock.advance(60)

    def last_attempt() -> None:
        world.store.before["settle_check"] = DiedError()
        with pytest.raises(DiedError):
            world.check(made.id, "123456", by=caller)

    world.store.meanwhile["begin_resend"] = last_attempt
    with pytest.raises(AttemptsExhaustedError):
        world.resend(made.id, by=caller)
    assert world.sends == 1


def test_a_verification_that_vanishes_while_it_is_sent_again_is_not_found() -> None:
    world = World()
    made = resendable(world)
    world.store.meanwhile["begin_resend"] = world.memory.forget
    with pytest.raises(NotFoundError):
        world.resend(made)
    assert world.sends == 1
