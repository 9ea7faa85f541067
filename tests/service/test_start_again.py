"""The same start again: one verification and one send, whatever happened in between."""

from __future__ import annotations

import pytest

from countersign.errors import (
    CooldownError,
    IdempotencyConflictError,
    UndeliverableError,
)
from countersign.model import Channel, Delivery, Reason, Status
from tests.support.builders import OTHER_NUMBER, client
from tests.support.providers import REFUSED
from tests.support.world import World, code_of


def test_the_same_key_gives_the_same_verification_and_one_send() -> None:
    world = World()
    first = world.start(key="order-17")
    again = world.start(key="order-17")
    assert again.replayed
    assert again.verification == first.verification
    assert world.sends == 1


def test_the_same_key_is_remembered_after_the_cooldown_and_the_expiry() -> None:
    world = World()
    first = world.start(key="order-17")
    for seconds in (60, 300):
        world.clock.advance(seconds)
        again = world.start(key="order-17")
        assert (again.replayed, again.verification.id) == (True, first.verification.id)
    assert world.sends == 1


def test_a_replay_leaves_the_number_as_it_was() -> None:
    world = World()
    world.start(key="order-17")
    world.clock.advance(90)
    world.start(key="order-17")
    assert not world.start().replayed


@pytest.mark.parametrize(
    "difference",
    [
        {"purpose": "payment"},
        {"locale": "vi"},
        {"reference": "order-18"},
        {"channel": Channel.VOICE},
        {"ttl_seconds": 60},
        {"to": OTHER_NUMBER},
    ],
)
def test_the_same_key_with_another_request_is_a_conflict(difference: dict[str, object]) -> None:
    world = World()
    world.start(key="order-17")
    with pytest.raises(IdempotencyConflictError):
        world.start(key="order-17", **difference)  # type: ignore[arg-type]  # one wish each
    assert world.sends == 1


def test_a_conflict_leaves_the_other_number_free() -> None:
    world = World()
    world.start(key="order-17")
    with pytest.raises(IdempotencyConflictError):
        world.start(key="order-17", to=OTHER_NUMBER)
    assert not world.start(to=OTHER_NUMBER).replayed


def test_keys_of_different_clients_are_different_keys() -> None:
    world = World()
    first = world.start(key="order-17")
    second = world.start(key="order-17", by=client("other"))
    assert not second.replayed
    assert first.verification.id != second.verification.id


def test_the_key_of_an_undeliverable_start_stays_undeliverable() -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    for _ in range(2):
        with pytest.raises(UndeliverableError):
            world.start(key="order-17")
    assert world.sends == 3
    assert world.start(key="order-18").verification.delivery is Delivery.ACCEPTED


@pytest.mark.parametrize("passed", [0, 60, 400])
def test_a_replay_after_a_newer_start_gives_the_older_one_as_it_is_now(passed: int) -> None:
    world = World()
    older = world.start(key="order-17").verification
    world.clock.advance(60)
    newer = world.started()
    world.clock.advance(passed)
    again = world.start(key="order-17")
    assert (again.replayed, again.verification.id) == (True, older.id)
    assert again.verification.status(world.clock.now()) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.read(newer.id).superseded_by is None
    assert world.sends == 2


def test_a_replay_does_not_shorten_the_newer_ones_cooldown() -> None:
    world = World()
    world.start(key="order-17")
    world.clock.advance(60)
    newer = world.started()
    world.start(key="order-17")
    with pytest.raises(CooldownError) as refused:
        world.start()
    assert refused.value.live_id == newer.id


# And the number --------------------------------------------------------------------------------


@pytest.mark.parametrize("cooldown_seconds", [0, 60])
def test_a_replay_beside_its_first_run_leaves_the_number_to_what_was_sent(cooldown_seconds: int) -> None:
    world = World()
    caller = client(cooldown_seconds=cooldown_seconds)
    world.store.meanwhile["create"] = lambda: world.start(by=caller, key="order-17")
    first = world.start(by=caller, key="order-17").verification
    if cooldown_seconds:
        with pytest.raises(CooldownError) as refused:
            world.start(by=caller)
        assert refused.value.live_id == first.id
    world.clock.advance(cooldown_seconds)
    newer = world.start(by=caller).verification
    now = world.clock.now()
    assert world.read(first.id).status(now) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.read(newer.id).status(now)[0] is Status.PENDING


def test_a_replay_after_newer_starts_leaves_the_number_to_them() -> None:
    world = World()
    world.start(key="order-17")
    world.clock.advance(60)
    newer = world.started()
    world.clock.advance(60)
    assert world.start(key="order-17").replayed
    assert world.check_latest(code_of(world.one)).id == newer.id
    assert world.start().verification.id != newer.id  # no cooldown, for nothing was sent


def test_a_replay_of_what_nobody_took_leaves_the_number_free() -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    for _ in range(2):
        with pytest.raises(UndeliverableError):
            world.start(key="order-17")
    assert world.started().delivery is Delivery.ACCEPTED
