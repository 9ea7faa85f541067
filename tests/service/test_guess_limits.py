"""How many wrong codes one number takes, whoever tries them, for whatever purpose."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.errors import CountersignError, GuessLimitError, WrongCodeError
from countersign.model import Status, Verdict, Verification
from tests.support.builders import OTHER_NUMBER, client
from tests.support.world import VENDOR, World, another, code_of

HOUR, DAY = 3_600, 86_400
OPEN: dict[str, Any] = {"cooldown_seconds": 0, "sends_per_10_minutes": 10, "sends_per_day": 20}


def fail(world: World, made: Verification, times: int = 5, *, by: str = "demo") -> None:
    """Wrong codes, each of which is counted."""
    wrong = another(code_of(world.one))
    for _ in range(times):
        with pytest.raises(WrongCodeError):
            world.check(made.id, wrong, by=client(by))


def use_up(world: World, verifications: int) -> None:
    """Each takes its five wrong codes and is over before the next begins."""
    for _ in range(verifications):
        fail(world, world.start(by=client(**OPEN)).verification)
        world.clock.advance(300)


def limited(world: World) -> int:
    """A start is refused for want of guesses; after how many seconds it may come again."""
    sends = world.sends
    with pytest.raises(GuessLimitError) as refused:
        world.start(by=client(**OPEN))
    assert world.sends == sends
    assert refused.value.retry_after_seconds is not None
    return refused.value.retry_after_seconds


def test_fifteen_wrong_codes_in_an_hour_and_twenty_five_in_a_day_are_the_default() -> None:
    world = World()
    use_up(world, 3)
    assert limited(world) == HOUR - 900
    world.clock.advance(HOUR - 900)
    use_up(world, 2)
    world.clock.advance(HOUR)
    assert limited(world) > HOUR


def test_a_refused_start_leaves_the_number_as_it_was() -> None:
    world = World()
    use_up(world, 3)
    world.store.calls.clear()
    limited(world)
    assert world.store.calls == ["usage", "claim_number", "release_number"]
    world.clock.advance(HOUR)
    assert world.start(by=client(**OPEN)).verification.attempts_max == 5


def test_a_verification_gets_no_more_guesses_than_the_number_has_left() -> None:
    world = World()
    use_up(world, 2)
    fail(world, world.start(by=client(**OPEN)).verification, 3)
    world.clock.advance(300)
    made = world.start(by=client(**OPEN)).verification
    assert made.attempts_max == 2
    fail(world, made, 2)
    world.clock.advance(300)
    limited(world)


def test_other_live_verifications_count_with_all_their_guesses() -> None:
    world = World()
    for purpose in ("login", "payment", "profile"):
        assert world.start(purpose=purpose).verification.attempts_max == 5
    with pytest.raises(GuessLimitError) as refused:
        world.start(purpose="newsletter")
    assert refused.value.retry_after_seconds == 300
    assert world.start(to=OTHER_NUMBER, purpose="newsletter").verification.attempts_max == 5
    world.clock.advance(300)
    assert world.start(purpose="newsletter").verification.attempts_max == 5


def test_clients_and_purposes_share_the_limits_of_a_number() -> None:
    world = World()
    for caller in ("one", "two", "three"):
        made = world.start(by=client(caller), purpose=caller).verification
        fail(world, made, by=caller)
        world.clock.advance(300)
    limited(world)


def test_right_codes_do_not_count() -> None:
    world = World()
    for _ in range(6):
        made = world.start(by=client(**OPEN)).verification
        fail(world, made, 1)
        assert world.check(made.id, code_of(world.one)).status(world.clock.now())[0] is Status.APPROVED
        world.clock.advance(300)
    assert world.start(by=client(**OPEN)).verification.attempts_max == 5


@pytest.mark.parametrize(("verdict", "counts"), [(Verdict.WRONG, True), (Verdict.UNKNOWN, False)])
def test_with_a_vendors_code_the_vendors_word_counts(verdict: Verdict, *, counts: bool) -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(verdict)
    world.store.calls.clear()
    with pytest.raises(CountersignError):
        world.check(made.id, "000000")
    assert world.store.calls == ["guess", "settle_check", *(["record_failure"] if counts else [])]


def test_a_right_code_costs_nothing_more_and_a_wrong_one_a_write() -> None:
    world = World()
    made = world.started()
    world.store.calls.clear()
    fail(world, made, 1)
    assert world.store.calls == ["guess", "record_failure"]
    world.store.calls.clear()
    world.check(made.id, code_of(world.one))
    assert world.store.calls == ["guess"]


def test_where_a_wrong_code_cannot_be_counted_nothing_is_said_of_it() -> None:
    world = World()
    made = world.started()
    world.store.before["record_failure"] = CountersignError()
    with pytest.raises(CountersignError) as refused:
        world.check(made.id, another(code_of(world.one)))
    assert not isinstance(refused.value, WrongCodeError)


def test_a_start_that_was_served_is_served_again_though_no_guess_is_left() -> None:
    world = World()
    made = world.start(by=client(**OPEN), key="k").verification
    fail(world, made)
    world.clock.advance(300)
    use_up(world, 2)
    again = world.start(by=client(**OPEN), key="k")
    assert (again.replayed, again.verification.id) == (True, made.id)


def wrong_codes(world: World, verification: Verification, *, by: str) -> list[int]:
    """As many as are answered; when each of them was."""
    failed = []
    for _ in range(10):
        with suppress(CountersignError):
            try:
                world.check(verification.id, "wrong1", by=client(by))
            except WrongCodeError:
                failed.append(world.clock.now())
    return failed


STEP = st.one_of(
    st.tuples(st.just("start"), st.sampled_from(["one", "two", "three"]), st.sampled_from(["a", "b"])),
    st.tuples(st.just("guesses"), st.integers(0, 9), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from([1, 59, 240, 299, 1_700, 3_599]), st.just("")),
)


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(STEP, min_size=10, max_size=60))
def test_no_order_of_starts_and_guesses_exceeds_a_limit(steps: list[tuple[str, object, str]]) -> None:
    """Every answered wrong code is counted by hand, and no window ever holds too many."""
    world = World()
    made: list[tuple[str, Verification]] = []
    failed: list[int] = []
    for step, what, purpose in steps:
        if step == "wait" and isinstance(what, int):
            world.clock.advance(what)
        elif step == "start":
            with suppress(CountersignError):
                started = world.start(by=client(str(what), **OPEN), purpose=purpose)
                made.append((str(what), started.verification))
        elif made and isinstance(what, int):
            owner, verification = made[-1 - what % len(made)]
            failed += wrong_codes(world, verification, by=owner)
        now = world.clock.now()
        assert sum(at > now - HOUR for at in failed) <= 15
        assert sum(at > now - DAY for at in failed) <= 25
