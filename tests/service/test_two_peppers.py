"""While the pepper is rotated: what was made with the one before goes on, and nothing happens twice."""

from __future__ import annotations

from contextlib import suppress

import pytest

from countersign.claims import CLOCK_SKEW_SECONDS
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CooldownError,
    CountersignError,
    ExpiredError,
    GuessLimitError,
    IdempotencyConflictError,
    SendLimitError,
    ServiceUnavailableError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Reason, ResendMode, Secret, Status, Verdict
from tests.support.builders import NUMBER, OTHER_NUMBER, PEPPER, client
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import ACCEPTED, REFUSED, DiedError
from tests.support.world import VENDOR, World, another, code_of

EAGER = client(cooldown_seconds=0)
BUSY = client(cooldown_seconds=0, sends_per_10_minutes=10)


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
    usual = ["claim_number", "create", "settle_delivery"]
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


# A rotation in the middle of something --------------------------------------------------------


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("previous", [PEPPER, None])
@pytest.mark.parametrize("step", STEPS)
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
