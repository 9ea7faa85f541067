"""Guesses that come while a vendor has the send in hand, and the vendor then refuses."""

from __future__ import annotations

import pytest

from countersign.errors import CooldownError, SendLimitError, UndeliverableError, WrongCodeError
from countersign.model import Reason, Status
from tests.support.alone import alone
from tests.support.builders import client
from tests.support.providers import BLOCKED
from tests.support.world import GATEWAY, VENDOR, World, code_of


@pytest.mark.parametrize("route", [GATEWAY, VENDOR])
def test_a_refused_send_that_was_guessed_at_stays_counted(route: tuple[str, ...]) -> None:
    world = World(route=route)
    guesses: list[str] = []

    def guess() -> None:
        with pytest.raises(WrongCodeError):
            world.check_latest(f"{len(guesses):06d}")
        guesses.append("wrong")

    for _ in range(5):
        world.one.will(BLOCKED, meanwhile=guess)
        with pytest.raises(UndeliverableError):
            world.start(cooldown_seconds=0)
    with pytest.raises(SendLimitError):
        world.start(cooldown_seconds=0)
    assert len(guesses) == 5


def test_a_refused_send_whose_id_was_told_and_guessed_at_stays_counted() -> None:
    world = World()

    def guess() -> None:
        with pytest.raises(CooldownError) as live:
            alone(world)
        with pytest.raises(WrongCodeError):
            world.check(str(live.value.live_id), "000000")

    for _ in range(5):
        world.one.will(BLOCKED, meanwhile=guess)
        with pytest.raises(UndeliverableError):
            alone(world)
    with pytest.raises(SendLimitError):
        alone(world)


def test_an_approval_that_was_answered_outlives_the_vendors_refusal() -> None:
    world = World()
    told: list[str] = []
    world.one.will(BLOCKED, meanwhile=lambda: told.append(world.check_latest(code_of(world.one)).id))
    with pytest.raises(UndeliverableError):
        world.start(by=client())
    assert world.read(told[0]).status(world.clock.now()) == (Status.APPROVED, Reason.CORRECT_CODE)
