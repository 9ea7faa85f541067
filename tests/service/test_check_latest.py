"""Checks by number, for callers who know no id, and the number of a verification."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ExpiredError,
    NotFoundError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Secret, Status, Verdict
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.providers import REFUSED
from tests.support.world import VENDOR, World, another, code_of


def test_a_right_code_approves_the_numbers_newest_verification() -> None:
    world = World()
    made = world.started()
    world.store.calls.clear()
    approved = world.check_latest(code_of(world.one))
    assert approved.id == made.id
    assert approved.status(NOON)[0] is Status.APPROVED
    assert world.store.calls == ["slot", "guess"]


def test_a_wrong_code_is_refused_and_counted() -> None:
    world = World()
    made = world.started()
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            world.check_latest(another(code_of(world.one)))
    with pytest.raises(AttemptsExhaustedError):
        world.check_latest(code_of(world.one))
    assert world.read(made.id).attempts == 5


def test_a_code_approves_once() -> None:
    world = World()
    world.started()
    world.check_latest(code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.check_latest(code_of(world.one))


def test_an_expired_code_is_refused() -> None:
    world = World()
    world.started()
    world.clock.advance(300)
    with pytest.raises(ExpiredError):
        world.check_latest(code_of(world.one))


def test_only_the_newest_code_of_the_number_is_right() -> None:
    world = World()
    world.started()
    old = code_of(world.one)
    world.clock.advance(60)
    newer = world.started()
    with pytest.raises(WrongCodeError):
        world.check_latest(old)
    assert world.check_latest(code_of(world.one)).id == newer.id


def test_a_number_without_a_verification_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        World().check_latest("123456")


@pytest.mark.parametrize("other", [{"to": OTHER_NUMBER}, {"purpose": "payment"}, {"by": client("other")}])
def test_a_code_is_bound_to_its_number_its_purpose_and_its_client(other: dict[str, Any]) -> None:
    world = World()
    world.started()
    with pytest.raises(NotFoundError):
        world.check_latest(code_of(world.one), **other)


def test_a_vendors_code_is_checked_at_the_vendor() -> None:
    world = World(route=VENDOR)
    world.started()
    world.one.will_say(Verdict.WRONG, Verdict.VERIFIED)
    with pytest.raises(WrongCodeError):
        world.check_latest("123456")
    assert world.check_latest("654321").status(NOON)[0] is Status.APPROVED


def test_after_a_start_that_nobody_took_the_number_has_no_code_any_more() -> None:
    world = World()
    for _ in range(2):
        for vendor in (world.one, world.two, world.three):
            vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.start()
    with pytest.raises(NotFoundError):
        world.check_latest(code_of(world.one))


def test_a_code_that_an_undeliverable_start_replaced_is_refused() -> None:
    world = World()
    world.started()
    old = code_of(world.one)
    world.clock.advance(60)
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.start()
    with pytest.raises(CanceledError):
        world.check_latest(old)


# The number -----------------------------------------------------------------------------------


def test_the_whole_number_of_a_verification_can_be_read() -> None:
    world = World()
    assert world.checker.number_of(world.started()) == Secret(NUMBER)


def test_under_another_pepper_the_number_cannot_be_read() -> None:
    world = World()
    made = world.started()
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    assert world.checker.number_of(made) is None
