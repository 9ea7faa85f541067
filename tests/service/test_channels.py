"""Several channels in order of preference: each one's route, one after the other."""

from __future__ import annotations

import pytest

from countersign.errors import (
    NotCarriedError,
    NumberNotAllowedError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Channel, Custody, Delivery, Status, Verdict
from countersign.orders import SendResult
from tests.support.builders import client
from tests.support.clock import NOON
from tests.support.providers import ACCEPTED, BLOCKED, REFUSED, UNKNOWN, ScriptedProvider
from tests.support.world import World, code_of

WHATSAPP_THEN_SMS = (Channel.WHATSAPP, Channel.SMS)
ROUTES = {
    "default": {
        "*": {
            "whatsapp": ["one:gateway", "two:gateway"],
            "sms": ["two:gateway", "three:gateway"],
            "zalo": ["one:vendor"],
            "rcs": ["keyed:vendor", "two:vendor"],
        }
    }
}
LANDLINE = "+6561234567"


def asked(world: World) -> list[tuple[str, Channel]]:
    """Who was asked to carry what, by vendor."""
    return [(vendor.name, order.channel) for vendor in world.vendors for order in vendor.orders]


def in_order(world: World, **results: tuple[SendResult, ...]) -> list[tuple[str, Channel]]:
    """Script the named vendors; the list fills with who is asked, in the order of the calls."""
    calls: list[tuple[str, Channel]] = []

    def note(vendor: ScriptedProvider) -> None:
        calls.append((vendor.name, vendor.orders[-1].channel))

    for name, script in results.items():
        vendor = world.providers.known[name]
        vendor.will(*script, meanwhile=lambda vendor=vendor: note(vendor))  # type: ignore[misc]
    return calls


def test_the_first_channel_carries_where_it_can() -> None:
    world = World(routes=ROUTES)
    made = world.start(channels=WHATSAPP_THEN_SMS).verification
    assert asked(world) == [("one", Channel.WHATSAPP)]
    assert made.channel is Channel.WHATSAPP
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery"]


def test_the_route_of_the_first_channel_is_gone_through_before_the_next_channels() -> None:
    world = World(routes=ROUTES)
    calls = in_order(world, one=(REFUSED,), two=(REFUSED, REFUSED), three=(ACCEPTED,))
    made = world.start(channels=WHATSAPP_THEN_SMS).verification
    assert calls == [
        ("one", Channel.WHATSAPP),
        ("two", Channel.WHATSAPP),
        ("two", Channel.SMS),
        ("three", Channel.SMS),
    ]
    assert (made.channel, made.provider, made.delivery) == (Channel.SMS, "three", Delivery.ACCEPTED)


def test_the_channel_that_carried_is_stored_and_its_code_is_good() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    world.two.will(REFUSED, ACCEPTED)
    made = world.start(channels=WHATSAPP_THEN_SMS).verification
    stored = world.read(made.id)
    assert (stored.channel, stored.provider) == (Channel.SMS, "two")
    assert world.telemetry.fields("VerificationStarted")["channel"] == "sms"
    assert world.check(made.id, code_of(world.two)).status(NOON)[0] is Status.APPROVED


@pytest.mark.parametrize("order", [WHATSAPP_THEN_SMS, WHATSAPP_THEN_SMS[::-1]])
def test_the_order_is_the_requests(order: tuple[Channel, ...]) -> None:
    world = World(routes=ROUTES)
    assert world.start(channels=order).verification.channel is order[0]


def test_the_intent_names_the_first_channel_before_anybody_is_called() -> None:
    world = World(routes=ROUTES)
    seen: list[Channel] = []
    world.one.will(
        ACCEPTED,
        meanwhile=lambda: seen.append(world.read(world.one.orders[-1].verification_id).channel),
    )
    world.start(channels=WHATSAPP_THEN_SMS)
    assert seen == [Channel.WHATSAPP]


@pytest.mark.parametrize("place", [0, 1])
def test_an_unknown_fate_ends_the_round_in_any_channel(place: int) -> None:
    world = World(routes=ROUTES)
    if place == 0:
        world.one.will(UNKNOWN)
    else:
        world.one.will(REFUSED)
        world.two.will(REFUSED, UNKNOWN)
    made = world.start(channels=WHATSAPP_THEN_SMS).verification
    assert made.delivery is Delivery.UNKNOWN
    assert made.channel is (Channel.WHATSAPP, Channel.SMS)[place]
    assert world.three.orders == []


def test_all_channels_may_refuse() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    world.two.will(REFUSED, REFUSED)
    world.three.will(REFUSED)
    with pytest.raises(UndeliverableError) as refused:
        world.start(channels=WHATSAPP_THEN_SMS)
    assert world.sends == 4
    assert not refused.value.number_refused
    assert world.start(channels=WHATSAPP_THEN_SMS).verification.delivery is Delivery.ACCEPTED


def test_a_vendor_that_refuses_the_number_itself_ends_the_round_and_says_so() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    world.two.will(BLOCKED)
    with pytest.raises(UndeliverableError) as refused:
        world.start(channels=WHATSAPP_THEN_SMS)
    assert refused.value.number_refused
    assert world.sends == 2


@pytest.mark.parametrize("has_time", [True, False])
def test_undeliverable_for_another_reason_says_nothing_of_the_number(*, has_time: bool) -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    world.store.meanwhile["create"] = lambda: world.clock.advance(0 if has_time else 20)
    with pytest.raises(UndeliverableError) as refused:
        world.start()
    assert not refused.value.number_refused


# Custody --------------------------------------------------------------------------------------


def test_a_vendors_code_that_fails_over_to_our_own_in_the_next_channel_is_ours_to_check() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    made = world.start(channels=(Channel.ZALO, Channel.SMS)).verification
    assert (made.custody, made.provider, made.channel) == (Custody.GATEWAY, "two", Channel.SMS)
    assert world.store.calls == ["usage", "claim_number", "create", "redirect", "settle_delivery"]
    assert world.check(made.id, code_of(world.two)).solved


def test_a_vendor_is_asked_to_check_in_the_channel_that_carried() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    world.two.will(REFUSED)
    made = world.start(channels=(Channel.WHATSAPP, Channel.ZALO)).verification
    assert (made.custody, made.provider) == (Custody.VENDOR, "one")
    world.one.will_say(Verdict.VERIFIED)
    world.check(made.id, "123456")
    assert [order.channel for order in world.one.check_orders] == [Channel.ZALO]


def test_a_lock_of_a_later_channel_is_taken_when_its_turn_comes() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    made = world.start(channels=(Channel.ZALO, Channel.RCS)).verification
    assert made.provider == "keyed"
    other = world.start(channels=(Channel.RCS,), by=client("other")).verification
    assert other.provider == "two"


def test_a_busy_vendor_is_gone_round_from_channel_to_channel() -> None:
    world = World(routes=ROUTES)
    world.start(channels=(Channel.RCS,), by=client("other"))
    world.two.will(REFUSED)
    made = world.start(channels=(Channel.RCS, Channel.SMS)).verification
    assert (made.provider, made.channel) == ("two", Channel.SMS)
    assert len(world.keyed.orders) == 1


# What nobody carries --------------------------------------------------------------------------


def test_a_channel_without_a_route_is_passed_over() -> None:
    world = World(routes=ROUTES)
    made = world.start(channels=(Channel.VOICE, Channel.SMS)).verification
    assert made.channel is Channel.SMS


@pytest.mark.parametrize("channels", [(Channel.VOICE,), (Channel.VOICE, Channel.SILENT)])
def test_where_no_channel_has_a_route_that_is_said(channels: tuple[Channel, ...]) -> None:
    world = World(routes=ROUTES)
    with pytest.raises(NotCarriedError) as refused:
        world.start(channels=channels)
    assert not refused.value.has_route
    assert refused.value.field == "channel"
    assert world.store.calls == []
    assert world.telemetry.warnings[0][1]["channel"] == ", ".join(channels)


def test_where_the_vendors_of_the_routes_refuse_the_order_there_was_a_route() -> None:
    world = World(routes=ROUTES)
    for vendor in world.vendors:
        vendor.refuses = "codes of 6 digits only"
    with pytest.raises(NotCarriedError) as refused:
        world.start(channels=(Channel.VOICE, Channel.SMS))
    assert refused.value.has_route
    assert world.store.calls == []


def test_where_no_vendor_of_the_routes_is_set_up_it_is_our_fault() -> None:
    world = World(routes=ROUTES)
    world.providers.known.clear()
    with pytest.raises(ServiceUnavailableError):
        world.start(channels=WHATSAPP_THEN_SMS)


# Numbers that receive no texts ----------------------------------------------------------------


@pytest.mark.parametrize("channels", [(Channel.SMS,), WHATSAPP_THEN_SMS])
def test_a_landline_gets_no_texts(channels: tuple[Channel, ...]) -> None:
    world = World(routes=ROUTES)
    with pytest.raises(NumberNotAllowedError):
        world.start(to=LANDLINE, channels=channels)
    assert world.store.calls == []
    assert world.sends == 0


WITH_VOICE = {"default": {"*": {"*": ["one:gateway", "two:gateway"]}}}


def test_a_landline_can_be_called() -> None:
    world = World(routes=WITH_VOICE)
    made = world.start(to=LANDLINE, channels=(Channel.VOICE,)).verification
    assert made.delivery is Delivery.ACCEPTED


def test_a_landline_gets_no_texts_by_a_resend_either() -> None:
    world = World(routes=WITH_VOICE)
    made = world.start(to=LANDLINE, channels=(Channel.VOICE,)).verification
    world.clock.advance(60)
    with pytest.raises(NumberNotAllowedError):
        world.resend(made.id, channel=Channel.SMS)
    assert world.sends == 1


# Resends --------------------------------------------------------------------------------------


def test_a_resend_stays_in_the_channel_that_carried() -> None:
    world = World(routes=ROUTES)
    world.one.will(REFUSED)
    world.two.will(REFUSED, ACCEPTED)
    made = world.start(channels=WHATSAPP_THEN_SMS).verification
    world.clock.advance(60)
    again = world.resend(made.id)
    assert (again.channel, again.provider) == (Channel.SMS, "three")
