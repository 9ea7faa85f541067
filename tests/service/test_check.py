"""Checking codes, reading and canceling."""

from __future__ import annotations

import pytest

from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CountersignError,
    ExpiredError,
    NotFoundError,
    ServiceUnavailableError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Status, Verdict
from tests.support.builders import client
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import REFUSED
from tests.support.world import VENDOR, World, another, code_of

# A code that we hold --------------------------------------------------------------------------


def test_the_right_code_approves_with_one_call() -> None:
    world = World()
    made = world.started()
    world.store.calls.clear()
    approved = world.check(made.id, code_of(world.one))
    assert approved.status(NOON)[0] is Status.APPROVED
    assert world.store.calls == ["guess"]


def test_checking_a_code_of_ours_asks_no_vendor() -> None:
    world = World()
    made = world.started()
    world.providers.asked.clear()
    world.check(made.id, code_of(world.one))
    assert world.providers.asked == []


def test_a_wrong_code_is_refused_with_the_attempts_left() -> None:
    world = World()
    made = world.started()
    with pytest.raises(WrongCodeError) as refused:
        world.check(made.id, another(code_of(world.one)))
    assert refused.value.verification is not None
    assert refused.value.verification.attempts_left == 4


def test_a_code_is_good_once() -> None:
    world = World()
    made = world.started()
    world.check(made.id, code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.check(made.id, code_of(world.one))


def test_after_the_last_wrong_code_the_right_one_is_refused() -> None:
    world = World()
    made = world.started()
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            world.check(made.id, another(code_of(world.one)))
    for _ in range(2):
        with pytest.raises(AttemptsExhaustedError):
            world.check(made.id, code_of(world.one))
    assert world.read(made.id).attempts == 5


def test_a_code_is_refused_from_the_second_on_that_it_expires() -> None:
    world = World()
    made = world.started()
    world.clock.advance(299)
    with pytest.raises(WrongCodeError):
        world.check(made.id, another(code_of(world.one)))
    world.clock.advance(1)
    with pytest.raises(ExpiredError):
        world.check(made.id, code_of(world.one))


def test_a_code_of_another_verification_is_wrong() -> None:
    world = World()
    first = world.started()
    code = code_of(world.one)
    other = world.start(purpose="payment").verification
    assert code != code_of(world.one)
    with pytest.raises(WrongCodeError):
        world.check(other.id, code)
    assert world.check(first.id, code).solved


def test_another_clients_verification_is_not_there() -> None:
    world = World()
    made = world.started()
    stranger = client("other")
    with pytest.raises(NotFoundError):
        world.check(made.id, code_of(world.one), by=stranger)
    with pytest.raises(NotFoundError):
        world.read(made.id, by=stranger)
    with pytest.raises(NotFoundError):
        world.cancel(made.id, by=stranger)
    assert world.read(made.id).attempts == 0


def test_the_code_of_a_replaced_verification_is_refused() -> None:
    world = World()
    older = world.started()
    code = code_of(world.one)
    world.clock.advance(60)
    world.start()
    with pytest.raises(CanceledError):
        world.check(older.id, code)


def test_a_lost_answer_to_the_right_code_still_approves() -> None:
    world = World()
    made = world.started()
    world.memory.lose_answers = 1
    assert world.check(made.id, code_of(world.one)).attempts == 1


def test_a_code_of_a_pepper_that_is_gone_is_no_good_and_costs_no_attempt() -> None:
    world = World()
    made = world.started()
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    with pytest.raises(ExpiredError):
        world.check(made.id, code_of(world.one))
    assert world.read(made.id).attempts == 0


def test_every_answer_is_told() -> None:
    world = World()
    made = world.started()
    world.check(made.id, code_of(world.one))
    fields = world.telemetry.fields("VerificationApproved")
    assert (fields["verification_id"], fields["client"], fields["provider"]) == (made.id, "demo", "one")
    assert (fields["country"], fields["channel"], fields["outcome"]) == ("VN", "sms", "approved")
    assert code_of(world.one) not in repr(world.telemetry.outcomes)


# Read and cancel ------------------------------------------------------------------------------


def test_reading_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFoundError):
        World().read("v1")


def test_a_canceled_verification_approves_nothing() -> None:
    world = World()
    made = world.started()
    world.store.calls.clear()
    assert world.cancel(made.id).status(NOON)[0] is Status.CANCELED
    assert world.store.calls == ["cancel"]
    with pytest.raises(CanceledError):
        world.check(made.id, code_of(world.one))


def test_canceling_twice_is_no_error() -> None:
    world = World()
    made = world.started()
    world.cancel(made.id)
    assert world.cancel(made.id).status(NOON)[0] is Status.CANCELED


def test_canceling_does_not_end_the_cooldown() -> None:
    world = World()
    world.cancel(world.started().id)
    with pytest.raises(CountersignError, match="a moment ago"):
        world.start()


def test_what_is_over_cannot_be_canceled() -> None:
    world = World()
    approved = world.started()
    world.check(approved.id, code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.cancel(approved.id)

    exhausted = world.start(purpose="payment", by=client(attempts=1)).verification
    with pytest.raises(WrongCodeError):
        world.check(exhausted.id, another(code_of(world.one)))
    with pytest.raises(AttemptsExhaustedError):
        world.cancel(exhausted.id)

    expired = world.start(purpose="sign-up").verification
    world.clock.advance(300)
    with pytest.raises(ExpiredError):
        world.cancel(expired.id)

    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError) as refused:
        world.start()
    assert refused.value.verification is not None
    with pytest.raises(UndeliverableError):
        world.cancel(refused.value.verification.id)


def test_canceling_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFoundError):
        World().cancel("v1")


# Fail closed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["guess", "settle_check"])
def test_a_store_that_gives_no_answer_approves_nothing(step: str) -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(Verdict.VERIFIED)
    world.store.before[step] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.check(made.id, "123456")
    assert world.read(made.id).status(NOON)[0] is Status.PENDING
