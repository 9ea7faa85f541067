"""Resends that nobody takes, that come twice, or that meet a busy vendor."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.client import Client
from countersign.errors import CooldownError, UndeliverableError
from countersign.model import Channel, Delivery, ResendMode, Status, Verdict
from tests.support.builders import client
from tests.support.clock import NOON
from tests.support.providers import ACCEPTED, REFUSED, DiedError
from tests.support.world import VENDOR, World, code_of, resendable


def rejected(
    world: World,
    made: str,
    *,
    by: Client | None = None,
    key: str | None = None,
    channel: Channel | None = None,
) -> None:
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.resend(made, by=by, key=key, channel=channel)
    for vendor in (world.one, world.two, world.three):
        vendor.sends.clear()


@pytest.mark.parametrize("mode", list(ResendMode))
def test_a_resend_that_nobody_takes_leaves_the_earlier_code_good(mode: ResendMode) -> None:
    world = World()
    made = resendable(world)
    good = code_of(world.one)
    rejected(world, made, by=client(resend=mode))
    after = world.read(made)
    assert (after.sends, after.delivery, after.provider) == (1, Delivery.ACCEPTED, "one")
    assert after.status(world.clock.now())[0] is Status.PENDING
    assert world.check(made, good).solved


def test_a_resend_that_nobody_takes_leaves_the_earlier_vendors_code_good() -> None:
    world = World(route=VENDOR)
    made = resendable(world)
    rejected(world, made)
    world.one.will_say(Verdict.VERIFIED)
    world.check(made, "123456")
    assert world.one.check_orders[0].vendor_reference == "ref-1"


def test_a_resend_that_nobody_takes_leaves_the_channel() -> None:
    world = World()
    made = resendable(world)
    rejected(world, made, channel=Channel.VOICE)
    assert world.read(made).channel is Channel.SMS


def test_a_key_whose_resend_nobody_took_does_not_say_that_it_was_sent() -> None:
    world = World()
    made = resendable(world)
    rejected(world, made, key="click-1")
    world.clock.advance(60)
    assert world.resend(made, key="click-1").sends == 2
    assert world.sends == 5


def test_the_same_key_sends_again_once() -> None:
    world = World()
    made = resendable(world)
    first = world.resend(made, key="click-1")
    assert world.resend(made, key="click-1") == first
    world.clock.advance(60)
    assert world.resend(made, key="click-1").sends == 2
    assert world.resend(made, key="click-2").sends == 3


def test_without_a_key_nothing_is_remembered() -> None:
    world = World()
    made = resendable(world)
    world.resend(made)
    with pytest.raises(CooldownError):
        world.resend(made)


def test_a_resend_goes_round_a_busy_vendor() -> None:
    world = World(route=("one:vendor", "keyed:vendor", "three:vendor"))
    made = world.started()
    world.one.will(REFUSED)
    assert world.start(by=client("other")).verification.provider == "keyed"
    world.clock.advance(60)
    assert world.resend(made.id).provider == "three"


def test_a_resend_whose_only_vendor_is_busy_has_to_wait() -> None:
    world = World(routes={"default": {"*": {"sms": ["one:vendor"], "voice": ["keyed:vendor"]}}})
    made = world.started()
    world.start(by=client("other"), channel=Channel.VOICE)
    world.clock.advance(60)
    with pytest.raises(CooldownError) as refused:
        world.resend(made.id, channel=Channel.VOICE)
    assert (refused.value.live_id, refused.value.resend_at) == (made.id, NOON + 570)


@pytest.mark.parametrize("seconds", [0, 29])
def test_a_resend_waits_for_one_that_a_vendor_still_has_in_hand(seconds: int) -> None:
    world, hasty = World(route=VENDOR), client(cooldown_seconds=0)
    made = world.start(by=hasty).verification.id
    refusals: list[CooldownError] = []

    def again() -> None:
        with pytest.raises(CooldownError) as refused:
            world.resend(made, by=hasty)
        refusals.append(refused.value)

    began = world.clock.now()
    world.two.will(replace(ACCEPTED, vendor_reference="ref-2"), takes_seconds=seconds, meanwhile=again)
    assert world.resend(made, by=hasty, seconds=60).delivery is Delivery.ACCEPTED
    assert [(one.live_id, one.resend_at) for one in refusals] == [(made, began + 30)]
    world.two.will_say(Verdict.VERIFIED)
    world.check(made, "123456")
    assert world.two.check_orders[0].vendor_reference == "ref-2"


def test_a_resend_that_died_in_a_vendors_hands_is_followed_by_another() -> None:
    world, hasty = World(), client(cooldown_seconds=0)
    made = world.start(by=hasty).verification.id
    world.two.will(ACCEPTED, dies=True)
    with pytest.raises(DiedError):
        world.resend(made, by=hasty)
    world.clock.advance(29)
    with pytest.raises(CooldownError):
        world.resend(made, by=hasty)
    world.clock.advance(1)
    assert world.resend(made, by=hasty).delivery is Delivery.ACCEPTED
