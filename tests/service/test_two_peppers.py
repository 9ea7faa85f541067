"""While the pepper is rotated: what was made with the one before goes on, and nothing happens twice."""

from __future__ import annotations

import pytest

from countersign.claims import CLOCK_SKEW_SECONDS
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CooldownError,
    ExpiredError,
    ServiceUnavailableError,
    WrongCodeError,
)
from countersign.model import Reason, ResendMode, Secret, Status, Verdict
from tests.support.builders import NUMBER, OTHER_NUMBER, PEPPER, client
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import ACCEPTED, DiedError
from tests.support.world import VENDOR, World, another, code_of


@pytest.fixture
def world() -> World:
    return World()


def rotated(world: World) -> World:
    """The same container, after it has read the secret anew."""
    world.peppers.rotate(NEXT_PEPPER)
    return world


# Checks ---------------------------------------------------------------------------------------


def test_a_code_of_the_previous_pepper_is_right_once(world: World) -> None:
    made = world.started()
    rotated(world)
    assert world.check(made.id, code_of(world.one)).status(NOON)[0] is Status.APPROVED
    with pytest.raises(AlreadyApprovedError):
        world.check(made.id, code_of(world.one))
    assert world.read(made.id).attempts == 1


def test_a_wrong_code_of_the_previous_pepper_is_counted_once(world: World) -> None:
    made = world.started()
    rotated(world)
    for tried in range(1, 6):
        with pytest.raises(WrongCodeError):
            world.check(made.id, another(code_of(world.one)))
        assert world.read(made.id).attempts == tried
    with pytest.raises(AttemptsExhaustedError):
        world.check(made.id, code_of(world.one))


def test_a_check_needs_a_second_write_only_for_a_live_code_of_the_previous_pepper(world: World) -> None:
    old = world.started()
    code = code_of(world.one)
    rotated(world)
    new = world.started(to=OTHER_NUMBER)
    world.store.calls.clear()
    world.check(new.id, code_of(world.one))
    assert world.store.calls == ["guess"]
    world.store.calls.clear()
    world.check(old.id, code)
    assert world.store.calls == ["guess", "guess"]
    world.store.calls.clear()
    with pytest.raises(AlreadyApprovedError):
        world.check(old.id, code)
    assert world.store.calls == ["guess"]


def test_a_vendors_code_is_checked_with_the_number_of_the_previous_pepper() -> None:
    world = World(route=VENDOR)
    made = world.started()
    rotated(world)
    world.one.will_say(Verdict.WRONG, Verdict.VERIFIED)
    with pytest.raises(WrongCodeError):
        world.check(made.id, "123456")
    assert world.check(made.id, "654321").status(NOON)[0] is Status.APPROVED
    assert [order.phone_e164 for order in world.one.check_orders] == [Secret(NUMBER)] * 2
    assert world.read(made.id).attempts == 2


def test_a_pepper_that_goes_while_the_vendor_is_asked_changes_nothing() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.store.meanwhile["settle_check"] = lambda: world.peppers.rotate(NEXT_PEPPER, previous=None)
    world.one.will_say(Verdict.VERIFIED)
    assert world.check(made.id, "654321").status(NOON)[0] is Status.APPROVED


def test_a_check_by_number_finds_the_code_of_either_pepper(world: World) -> None:
    world.started()
    rotated(world)
    assert world.check_latest(code_of(world.one)).status(NOON)[0] is Status.APPROVED
    world.clock.advance(60)
    newer = world.started()
    assert world.check_latest(code_of(world.one)).id == newer.id


def test_the_number_of_a_verification_can_be_read_under_either_pepper(world: World) -> None:
    made = world.started()
    rotated(world)
    assert world.checker.number_of(made) == Secret(NUMBER)


def test_a_pepper_that_is_gone_is_said_in_the_log_and_to_the_caller(world: World) -> None:
    made = world.started()
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    with pytest.raises(ExpiredError, match="is gone"):
        world.check(made.id, code_of(world.one))
    [(message, fields)] = world.telemetry.warnings
    assert message == "made with a pepper that is gone"
    assert fields == {"verification_id": made.id, "client": "demo", "pepper": made.pepper}


def test_what_has_ended_is_refused_as_ever_whether_its_pepper_is_known_or_not(world: World) -> None:
    made = world.started()
    world.cancel(made.id)
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    with pytest.raises(CanceledError):
        world.check(made.id, code_of(world.one))
    with pytest.raises(CanceledError):
        world.resend(made.id)


# A rotation in the middle of something --------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("previous", [PEPPER, None])
@pytest.mark.parametrize("step", ["claim_number", "create", "settle_delivery"])
def test_a_start_stays_with_the_pepper_it_began_with(step: str, when: str, previous: str | None) -> None:
    world = World()

    def rotates() -> None:
        world.peppers.rotate(NEXT_PEPPER, previous=previous)

    if when == "before":
        world.store.meanwhile[step] = rotates
    else:
        world.one.will(ACCEPTED, meanwhile=rotates)
    made = world.start(key="order-17").verification
    other = World(store=world.memory)
    assert other.check(made.id, code_of(world.one)).solved


@pytest.mark.parametrize("step", ["get", "claim_number", "begin_resend", "settle_delivery"])
@pytest.mark.parametrize("policy", ["same_code", "new_code"])
def test_a_resend_stays_with_the_pepper_of_its_verification(step: str, policy: str) -> None:
    world = World()
    caller = client(resend=ResendMode(policy))
    made = world.start(by=caller).verification
    first_code = code_of(world.one)
    world.clock.advance(60)
    world.store.meanwhile[step] = lambda: world.peppers.rotate(NEXT_PEPPER)
    assert world.resend(made.id, by=caller, key="again").sends == 2
    assert world.resend(made.id, by=caller, key="again").sends == 2
    assert (code_of(world.two) == first_code) is (policy == "same_code")
    world.clock.advance(60)
    assert world.resend(made.id, by=caller, key="third").sends == 3
    assert world.check(made.id, code_of(world.three), by=caller).solved
    assert world.read(made.id, by=caller).pepper == made.pepper


def test_a_start_ends_the_one_before_it_whatever_pepper_that_has(world: World) -> None:
    older = world.started()
    rotated(world)
    world.clock.advance(60)
    newer = world.started()
    assert world.read(older.id).status(world.clock.now()) == (Status.CANCELED, Reason.SUPERSEDED)
    with pytest.raises(CanceledError):
        world.check(older.id, code_of(world.one))
    assert newer.pepper != older.pepper


def test_a_code_of_another_number_is_not_ended_by_a_start_that_knows_two_peppers(world: World) -> None:
    """An id that died before its intent at one number lives at another one, under the same key."""
    world.store.before["create"] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.start(key="order-17", seconds=20)
    world.clock.advance(60)
    live = world.start(key="order-17", to=OTHER_NUMBER).verification
    rotated(world)
    world.start()
    assert world.read(live.id).superseded_by is None


def test_a_number_whose_start_died_before_the_rotation_is_free_after_its_cooldown(world: World) -> None:
    world.store.before["create"] = DiedError()
    with pytest.raises(DiedError):
        world.start(key="order-17")
    rotated(world)
    with pytest.raises(CooldownError):
        world.start(key="order-17")
    world.clock.advance(60)
    assert not world.start(key="order-17").replayed
    assert world.sends == 1


def test_what_has_expired_under_the_previous_pepper_needs_no_replacing(world: World) -> None:
    older = world.started()
    rotated(world)
    world.clock.advance(300 + CLOCK_SKEW_SECONDS)
    world.start()
    assert world.read(older.id).superseded_by is None


def test_a_rotation_can_be_taken_back(world: World) -> None:
    first = world.started()
    rotated(world)
    world.clock.advance(60)
    second = world.started()
    world.peppers.rotate(PEPPER, previous=NEXT_PEPPER)
    with pytest.raises(CooldownError):
        world.start()
    assert world.check(second.id, code_of(world.one)).solved
    world.clock.advance(60)
    third = world.started()
    world.peppers.rotate(PEPPER, previous=None)
    world.clock.advance(60)
    fourth = world.started()
    now = world.clock.now()
    states = [world.read(one.id).status(now)[0] for one in (first, second, third, fourth)]
    assert states == [Status.CANCELED, Status.APPROVED, Status.CANCELED, Status.PENDING]
