"""Starting a verification."""

from __future__ import annotations

import pytest

from countersign.claims import CLOCK_SKEW_SECONDS
from countersign.errors import (
    CooldownError,
    InvalidRequestError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Channel, Custody, Delivery, Reason, Status
from countersign.orders import SendResult
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED, UNKNOWN
from tests.support.world import VENDOR, World, code_of


def test_a_start_sends_a_code_to_the_number() -> None:
    world = World()
    started = world.start(locale="vi", reference="order-17")
    [order] = world.one.orders
    assert order.phone.e164.reveal() == NUMBER
    assert (order.channel, order.custody, order.send_number) == (Channel.SMS, Custody.GATEWAY, 1)
    assert (order.code_length, order.ttl_seconds, order.locale) == (6, 300, "vi")
    assert order.code is not None
    assert len(order.code.reveal()) == 6
    made = started.verification
    assert order.verification_id == made.id
    assert not started.replayed
    assert made.status(NOON) == (Status.PENDING, None)
    assert (made.delivery, made.provider, made.custody) == (Delivery.ACCEPTED, "one", Custody.GATEWAY)
    assert (made.expires_at, made.resend_at) == (NOON + 300, NOON + 60)
    assert (made.attempts_left, made.sends_left) == (5, 4)
    assert (made.reference, made.to_masked) == ("order-17", "+84•••••8484")
    assert world.read(made.id) == made


def test_the_usual_way_is_three_calls_to_the_store() -> None:
    world = World()
    world.start()
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery"]


def test_with_custody_of_the_vendor_no_code_is_ours() -> None:
    world = World(route=VENDOR)
    made = world.started()
    assert world.one.orders[0].code is None
    assert (made.code, made.vendor_reference, made.custody) == ("", "ref-1", Custody.VENDOR)


def test_the_code_and_the_number_are_not_stored() -> None:
    world = World()
    made = world.started()
    code = code_of(world.one)
    plain = repr(made)
    for hidden in (code, NUMBER, NUMBER[1:]):
        assert hidden not in plain


def test_the_policy_decides_what_is_made() -> None:
    world = World()
    caller = client(attempts=3, sends=2, cooldown_seconds=10, ttl_seconds=120, code_length=8)
    made = world.start(by=caller).verification
    assert (made.attempts_max, made.sends_max, made.resend_at, made.expires_at) == (
        3,
        2,
        NOON + 10,
        NOON + 120,
    )
    assert len(code_of(world.one)) == 8


@pytest.mark.parametrize(("vendors", "expected"), [(60, 60), (300, 300), (900, 300)])
def test_it_expires_with_the_earlier_of_our_life_and_the_vendors(vendors: int, expected: int) -> None:
    world = World(route=VENDOR)
    world.one.will(SendResult(outcome=Delivery.ACCEPTED, detail="accepted", expires_in_seconds=vendors))
    assert world.started().expires_at == NOON + expected


def test_the_vendors_life_begins_when_the_vendor_answers() -> None:
    world = World(route=VENDOR)
    answer = SendResult(outcome=Delivery.ACCEPTED, detail="accepted", expires_in_seconds=60)
    world.one.will(answer, takes_seconds=5)
    assert world.started().expires_at == NOON + 65


def test_every_outcome_is_told_without_code_or_number() -> None:
    world = World()
    made = world.started()
    assert world.telemetry.events == ["DeliveryAccepted", "VerificationStarted"]
    fields = world.telemetry.fields("DeliveryAccepted")
    assert fields["verification_id"] == made.id
    assert (fields["country"], fields["channel"], fields["provider"]) == ("VN", "sms", "one")
    told = repr(world.telemetry.outcomes)
    assert code_of(world.one) not in told
    assert NUMBER[1:] not in told


def test_an_unknown_delivery_is_no_error() -> None:
    world = World()
    world.one.will(UNKNOWN)
    made = world.started()
    assert made.delivery is Delivery.UNKNOWN
    assert made.status(NOON)[0] is Status.PENDING
    assert world.check(made.id, code_of(world.one)).status(NOON)[0] is Status.APPROVED


# The cooldown -------------------------------------------------------------------------------


def test_a_number_in_its_cooldown_answers_with_the_live_id() -> None:
    world = World()
    made = world.started()
    world.clock.advance(59)
    with pytest.raises(CooldownError) as refused:
        world.start()
    assert (refused.value.live_id, refused.value.resend_at) == (made.id, NOON + 60)
    assert refused.value.retry_after_seconds == 1
    assert world.sends == 1


def test_an_id_that_has_expired_is_not_called_live() -> None:
    world = World()
    caller = client(cooldown_seconds=120, ttl_seconds=60)
    world.start(by=caller)
    world.clock.advance(60)
    with pytest.raises(CooldownError) as refused:
        world.start(by=caller)
    assert (refused.value.live_id, refused.value.retry_after_seconds) == (None, 60)


def test_a_newer_start_replaces_the_older_one() -> None:
    world = World()
    older = world.started()
    old_code = code_of(world.one)
    world.clock.advance(60)
    newer = world.started()
    assert world.read(older.id).superseded_by == newer.id
    assert world.read(older.id).status(world.clock.now()) == (Status.CANCELED, Reason.SUPERSEDED)
    assert world.check(newer.id, code_of(world.one)).id == newer.id
    assert old_code != code_of(world.one)


def test_what_has_expired_by_every_clock_needs_no_replacing() -> None:
    world = World()
    older = world.started()
    world.clock.advance(300 + CLOCK_SKEW_SECONDS)
    world.start()
    assert world.read(older.id).superseded_by is None


def test_one_whose_process_died_before_its_intent_is_replaced_with_the_one_before_it() -> None:
    world = World()
    first = world.started()
    world.clock.advance(60)
    world.store.before["create"] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.start()
    world.clock.advance(60)
    third = world.started()
    assert world.read(first.id).superseded_by == third.id


@pytest.mark.parametrize("other", ["number", "purpose", "client"])
def test_another_number_purpose_or_client_is_another_slot(other: str) -> None:
    world = World()
    first = world.started()
    match other:
        case "number":
            world.start(to=OTHER_NUMBER)
        case "purpose":
            world.start(purpose="payment")
        case _:
            world.start(by=client("other"))
    assert world.read(first.id).superseded_by is None


# Undeliverable ------------------------------------------------------------------------------


def test_what_no_vendor_takes_is_undeliverable_and_frees_the_number_at_once() -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError) as refused:
        world.start()
    failed = refused.value.verification
    assert failed is not None
    assert failed.status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    assert world.read(failed.id).status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery", "get"]
    assert world.started().delivery is Delivery.ACCEPTED


def test_an_undeliverable_start_still_ends_what_it_replaced() -> None:
    world = World()
    older = world.started()
    world.clock.advance(60)
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.start()
    assert world.read(older.id).status(world.clock.now())[0] is Status.CANCELED


def test_no_provider_for_the_channel_is_the_requests_fault() -> None:
    world = World(routes={"default": {"*": {"sms": ["one:gateway"]}}})
    with pytest.raises(InvalidRequestError) as refused:
        world.start(channel=Channel.ZALO)
    assert refused.value.field == "channel"
    assert world.store.calls == []
    assert [message for message, _ in world.telemetry.warnings] == ["no provider can carry this"]


def test_providers_that_all_refuse_the_order_are_the_requests_fault() -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.refuses = "channel not offered"
    with pytest.raises(InvalidRequestError):
        world.start()
    assert world.telemetry.warnings[0][1]["refusals"] == "; ".join(
        f"{name}: channel not offered" for name in ("one", "two", "three")
    )


def test_providers_that_are_not_set_up_are_our_fault() -> None:
    world = World()
    world.providers.known.clear()
    with pytest.raises(ServiceUnavailableError):
        world.start()
    assert world.store.calls == []


def test_a_provider_that_is_not_set_up_is_left_out() -> None:
    world = World()
    del world.providers.known["one"]
    assert world.started().provider == "two"


def test_a_provider_that_cannot_carry_the_order_is_left_out() -> None:
    world = World()
    world.one.refuses = "codes of 4 to 8 digits only"
    assert world.started().provider == "two"
    assert world.one.orders == []
