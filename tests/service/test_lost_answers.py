"""A write has happened and nobody was told: the request goes on with it, or leaves it to whoever has it."""

from __future__ import annotations

import pytest

from countersign.errors import CooldownError
from countersign.model import Delivery
from tests.support.builders import client
from tests.support.providers import REFUSED
from tests.support.world import World

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
