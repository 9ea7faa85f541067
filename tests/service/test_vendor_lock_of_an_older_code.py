"""A vendor that knows one code per number: its lock outlives the longest-lived code of the slot."""

from __future__ import annotations

from contextlib import suppress

import pytest

from countersign.errors import CooldownError, UndeliverableError
from tests.support.builders import client
from tests.support.providers import ACCEPTED, BLOCKED
from tests.support.world import World


@pytest.mark.parametrize("second", [ACCEPTED, BLOCKED])
def test_a_shorter_start_of_the_slot_does_not_free_the_vendor_for_another_client(second: object) -> None:
    world = World(route=("keyed:vendor",))
    world.start(by=client("x"), ttl_seconds=600, cooldown_seconds=0)
    world.keyed.will(second)  # type: ignore[arg-type]
    with suppress(UndeliverableError):
        world.start(by=client("x"), ttl_seconds=60, cooldown_seconds=0)
    assert len(world.keyed.orders) == 2
    world.clock.advance(869)
    with pytest.raises(CooldownError):
        world.start(by=client("y"), ttl_seconds=60, cooldown_seconds=0)
    world.clock.advance(1)
    assert world.start(by=client("y"), cooldown_seconds=0).verification.provider == "keyed"
