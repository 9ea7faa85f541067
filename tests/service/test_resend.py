"""Sending again within a verification."""

from __future__ import annotations

import pytest

from countersign.codes import Keys
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CooldownError,
    ExpiredError,
    InvalidRequestError,
    NotFoundError,
    SendsExhaustedError,
    ServiceUnavailableError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Channel, Custody, Delivery, ResendMode, SendResult, Status, Verdict
from tests.support.builders import NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED, UNKNOWN
from tests.support.world import VENDOR, World, another, code_of

NEW_CODE = client(resend=ResendMode.NEW_CODE)


def resendable(world: World) -> str:
    """The id of a verification whose cooldown has just ended."""
    made = world.started()
    world.clock.advance(60)
    return made.id


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
    assert world.store.calls == ["get", "claim_number", "begin_resend", "settle_delivery"]


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
    world = World(route=("one:gateway", "two:vendor", "three:gateway"))
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
    world = World(route=("one:gateway", "two:vendor", "three:gateway"))
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


# What refuses it ------------------------------------------------------------------------------


def test_a_resend_in_the_cooldown_is_refused() -> None:
    world = World()
    made = world.started()
    world.clock.advance(59)
    with pytest.raises(CooldownError) as refused:
        world.resend(made.id)
    assert (refused.value.live_id, refused.value.resend_at) == (made.id, NOON + 60)
    assert refused.value.retry_after_seconds == 1
    assert world.sends == 1


def test_a_resend_begins_a_new_cooldown() -> None:
    world = World()
    made = resendable(world)
    world.resend(made)
    world.clock.advance(59)
    with pytest.raises(CooldownError):
        world.resend(made)
    with pytest.raises(CooldownError):
        world.start()


def test_there_are_as_many_sends_as_the_policy_says() -> None:
    world = World()
    caller = client(sends=2)
    made = world.start(by=caller).verification
    world.clock.advance(60)
    assert world.resend(made.id, by=caller).sends_left == 0
    world.clock.advance(60)
    with pytest.raises(SendsExhaustedError):
        world.resend(made.id, by=caller)
    assert world.sends == 2


def test_what_is_over_is_not_sent_again() -> None:
    world = World()
    made = resendable(world)
    world.check(made, code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.resend(made)

    exhausted = world.start(purpose="payment", by=client(attempts=1)).verification
    with pytest.raises(WrongCodeError):
        world.check(exhausted.id, another(code_of(world.one)))
    with pytest.raises(AttemptsExhaustedError):
        world.resend(exhausted.id)

    canceled = world.start(purpose="sign-up").verification
    world.cancel(canceled.id)
    with pytest.raises(CanceledError):
        world.resend(canceled.id)

    expired = world.start(purpose="change").verification
    world.clock.advance(300)
    with pytest.raises(ExpiredError):
        world.resend(expired.id)
    assert world.sends == 4


def test_a_replaced_verification_is_not_sent_again() -> None:
    world = World()
    older = resendable(world)
    world.start()
    world.clock.advance(60)
    with pytest.raises(CanceledError):
        world.resend(older)


def test_nobody_elses_verification_is_sent_again() -> None:
    world = World()
    made = resendable(world)
    with pytest.raises(NotFoundError):
        world.resend(made, by=client("other"))


def test_a_number_that_cannot_be_read_any_more_is_not_sent_to() -> None:
    world = World()
    made = resendable(world)
    world.keys = Keys("another pepper, as long as it has to be")
    with pytest.raises(ServiceUnavailableError):
        world.resend(made)
    assert world.sends == 1


@pytest.mark.parametrize("step", ["claim_number", "begin_resend"])
def test_a_resend_that_is_overtaken_by_a_cancel_sends_nothing(step: str) -> None:
    world = World()
    made = resendable(world)
    world.store.meanwhile[step] = lambda: world.cancel(made)
    with pytest.raises(CanceledError):
        world.resend(made)
    assert world.sends == 1


def test_a_resend_that_is_overtaken_by_a_newer_start_sends_nothing() -> None:
    world = World()
    made = resendable(world)
    world.store.meanwhile["claim_number"] = world.start
    with pytest.raises(CanceledError):
        world.resend(made)
    assert world.sends == 2  # the first one and the newer one


@pytest.mark.parametrize("step", ["claim_number", "begin_resend"])
def test_two_resends_at_the_same_time_are_one(step: str) -> None:
    world = World()
    caller = client(cooldown_seconds=0) if step == "begin_resend" else client()
    made = world.start(by=caller).verification
    world.clock.advance(60)
    world.store.meanwhile[step] = lambda: world.resend(made.id, by=caller)
    with pytest.raises(CooldownError):
        world.resend(made.id, by=caller)
    assert world.sends == 2
    assert world.read(made.id).sends == 2


def test_attempts_are_not_reset() -> None:
    world = World()
    made = resendable(world)
    with pytest.raises(WrongCodeError):
        world.check(made, another(code_of(world.one)))
    assert world.resend(made).attempts_left == 4


# Rejected -------------------------------------------------------------------------------------


def rejected(world: World, made: str, *, key: str | None = None, channel: Channel | None = None) -> None:
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.resend(made, key=key, channel=channel)
    for vendor in (world.one, world.two, world.three):
        vendor.sends.clear()


@pytest.mark.parametrize("by", [client(), NEW_CODE])
def test_a_resend_that_nobody_takes_leaves_the_earlier_code_good(by: object) -> None:
    world = World()
    made = resendable(world)
    good = code_of(world.one)
    rejected(world, made)
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


# Idempotency ----------------------------------------------------------------------------------


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


# A vendor that knows one code per number ------------------------------------------------------


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
    assert (refused.value.live_id, refused.value.resend_at) == (made.id, NOON + 300)
