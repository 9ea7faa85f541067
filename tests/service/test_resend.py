"""Sending again within a verification."""

from __future__ import annotations

import pytest

from countersign.errors import (
    AlreadyApprovedError,
    InvalidRequestError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Channel, Custody, Delivery, ResendMode, Status, Verdict
from countersign.orders import SendResult
from tests.support.builders import NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED, UNKNOWN
from tests.support.world import VENDOR, World, code_of, resendable

NEW_CODE = client(resend=ResendMode.NEW_CODE)


def test_a_resend_goes_to_the_next_vendor_with_the_same_code() -> None:
    world = World()
    made = resendable(world)
    again = world.resend(made)
    assert code_of(world.two) == code_of(world.one)
    assert (again.provider, again.sends, again.delivery) == ("two", 2, Delivery.ACCEPTED)
    [order] = world.two.orders
    assert (order.send_number, order.phone.e164.reveal(), order.verification_id) == (2, NUMBER, made)
    assert order.phone.calling_code == "84"
    assert world.check(made, code_of(world.one)).solved


def test_a_resend_is_four_calls_to_the_store() -> None:
    world = World()
    made = resendable(world)
    world.store.calls.clear()
    world.resend(made)
    assert world.store.calls == ["get", "usage", "claim_number", "begin_resend", "settle_delivery"]


def test_the_same_code_lives_no_longer_by_being_sent_again() -> None:
    world = World()
    made = resendable(world)
    again = world.resend(made)
    assert (again.expires_at, again.resend_at) == (NOON + 300, NOON + 120)


def test_a_new_code_kills_the_older_one_and_lives_a_whole_life() -> None:
    world = World()
    made = world.start(by=NEW_CODE).verification
    old = code_of(world.one)
    world.clock.advance(60)
    again = world.resend(made.id, by=NEW_CODE)
    assert code_of(world.two) != old
    assert again.expires_at == NOON + 360
    with pytest.raises(WrongCodeError):
        world.check(made.id, old)
    assert world.check(made.id, code_of(world.two)).solved


def test_what_the_vendor_holds_is_made_anew() -> None:
    world = World(route=VENDOR)
    made = resendable(world)
    world.two.will(SendResult(outcome=Delivery.ACCEPTED, detail="accepted", vendor_reference="ref-2"))
    again = world.resend(made)
    assert (again.provider, again.vendor_reference, again.expires_at) == ("two", "ref-2", NOON + 360)
    world.two.will_say(Verdict.VERIFIED)
    world.check(made, "123456")
    assert world.two.check_orders[0].vendor_reference == "ref-2"
    assert world.one.check_orders == []


def test_the_vendors_life_bounds_a_resend_too() -> None:
    world = World(route=VENDOR)
    made = resendable(world)
    world.two.will(SendResult(outcome=Delivery.ACCEPTED, detail="accepted", expires_in_seconds=60))
    assert world.resend(made).expires_at == NOON + 120


def test_the_vendors_go_round() -> None:
    world = World()
    made = world.started()
    providers = []
    for _ in range(4):
        world.clock.advance(60)
        providers.append(world.resend(made.id).provider)
    assert providers == ["two", "three", "one", "two"]


def test_a_resend_after_an_unknown_delivery_goes_to_the_next_vendor() -> None:
    world = World()
    world.one.will(UNKNOWN)
    made = world.started()
    world.clock.advance(60)
    assert world.resend(made.id).provider == "two"
    assert len(world.one.orders) == 1


def test_a_resend_fails_over_like_a_start() -> None:
    world = World()
    made = resendable(world)
    world.two.will(REFUSED)
    assert world.resend(made).provider == "three"


def test_a_resend_of_unknown_fate_is_no_error_and_ends_the_round() -> None:
    world = World()
    made = resendable(world)
    world.two.will(UNKNOWN)
    assert world.resend(made).delivery is Delivery.UNKNOWN
    assert world.three.orders == []


def test_a_resend_may_change_the_custody() -> None:
    world = World(route=("one:vendor", "two:gateway"))
    made = resendable(world)
    again = world.resend(made)
    assert (again.custody, again.provider) == (Custody.GATEWAY, "two")
    assert world.check(made, code_of(world.two)).solved


def test_a_code_that_is_checked_before_a_resend_is_settled_is_good_once() -> None:
    world = World(route=("one:gateway", "two:gateway", "three:gateway"))
    made = resendable(world)
    world.two.will(REFUSED)
    seen: list[Status] = []
    world.three.will(
        UNKNOWN,
        meanwhile=lambda: seen.append(world.check(made, code_of(world.three)).status(NOON)[0]),
    )
    world.resend(made)
    assert seen == [Status.APPROVED]
    assert world.read(made).status(NOON)[0] is Status.APPROVED
    with pytest.raises(AlreadyApprovedError):
        world.check(made, code_of(world.three))


def test_the_old_code_that_arrives_while_a_resend_is_refused_everywhere_is_good_once() -> None:
    world = World(route=("one:gateway", "two:gateway", "three:gateway"))
    made = resendable(world)
    world.two.will(REFUSED)
    seen: list[Status] = []
    world.three.will(
        REFUSED, meanwhile=lambda: seen.append(world.check(made, code_of(world.one)).status(NOON)[0])
    )
    world.one.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.resend(made)
    assert seen == [Status.APPROVED]
    assert world.read(made).status(NOON)[0] is Status.APPROVED


def test_a_route_that_mixes_custodies_does_not_prolong_the_same_code() -> None:
    world = World(route=("one:gateway", "two:vendor", "three:gateway"))
    made = resendable(world)
    first = code_of(world.one)
    world.two.will(REFUSED)
    resent = world.resend(made)
    assert resent.provider == "three"
    assert code_of(world.three) != first
    with pytest.raises(WrongCodeError):
        world.check(made, first)


def test_every_key_of_a_resend_is_remembered() -> None:
    world = World()
    made = resendable(world)
    for key in ("k1", None, "k2"):
        world.resend(made, key=key)
        world.clock.advance(60)
    sends = world.sends
    for key in ("k1", "k2"):
        world.resend(made, key=key)
    assert world.sends == sends == 4


# Another channel ------------------------------------------------------------------------------

BY_CHANNEL = {"default": {"*": {"sms": ["one:gateway", "two:gateway"], "voice": ["three:gateway"]}}}


def test_a_resend_may_take_another_channel() -> None:
    world = World(routes=BY_CHANNEL)
    made = resendable(world)
    again = world.resend(made, channel=Channel.VOICE)
    assert (again.channel, again.provider) == (Channel.VOICE, "three")
    assert world.three.orders[0].channel is Channel.VOICE
    world.clock.advance(60)
    assert world.resend(made).channel is Channel.VOICE


def test_a_channel_without_a_route_changes_nothing() -> None:
    world = World(routes=BY_CHANNEL)
    made = resendable(world)
    was = world.read(made)
    with pytest.raises(InvalidRequestError) as refused:
        world.resend(made, channel=Channel.ZALO)
    assert refused.value.field == "channel"
    assert world.read(made) == was
