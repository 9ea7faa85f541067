"""Which vendors are asked, in which order, and when no other one is."""

from __future__ import annotations

import pytest

from countersign.errors import CooldownError, UndeliverableError
from countersign.model import Custody, Delivery, Status
from countersign.orders import SendResult
from countersign.service.courier import LEAST_SECONDS_FOR_A_VENDOR
from tests.support.builders import OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import ACCEPTED, BLOCKED, REFUSED, UNKNOWN
from tests.support.world import VENDOR, World, another, code_of

NOBODY_ELSE = SendResult(outcome=Delivery.UNKNOWN, detail="http 500", try_elsewhere=True)


@pytest.mark.parametrize(
    ("first", "asked", "delivery"),
    [
        (ACCEPTED, 1, Delivery.ACCEPTED),
        (UNKNOWN, 1, Delivery.UNKNOWN),
        (NOBODY_ELSE, 1, Delivery.UNKNOWN),
        (REFUSED, 2, Delivery.ACCEPTED),
    ],
)
def test_only_what_was_provably_not_sent_goes_elsewhere(
    first: SendResult, asked: int, delivery: Delivery
) -> None:
    world = World()
    world.one.will(first)
    made = world.started()
    assert world.sends == asked
    assert made.delivery is delivery
    assert made.provider == ("one" if asked == 1 else "two")


def test_a_number_that_nobody_may_write_to_is_tried_nowhere_else() -> None:
    world = World()
    world.one.will(BLOCKED)
    with pytest.raises(UndeliverableError):
        world.start()
    assert world.sends == 1


def test_an_unknown_of_the_second_ends_the_round() -> None:
    world = World()
    world.one.will(REFUSED)
    world.two.will(UNKNOWN)
    made = world.started()
    assert (made.provider, made.delivery) == ("two", Delivery.UNKNOWN)
    assert world.three.orders == []


def test_every_vendor_is_asked_once_and_in_order() -> None:
    world = World()
    names: list[str] = []
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED, meanwhile=lambda name=vendor.name: names.append(name))  # type: ignore[misc]
    with pytest.raises(UndeliverableError):
        world.start()
    assert names == ["one", "two", "three"]


def test_the_same_code_goes_to_every_vendor_of_a_round() -> None:
    world = World()
    world.one.will(REFUSED)
    made = world.started()
    assert code_of(world.one) == code_of(world.two)
    assert world.check(made.id, code_of(world.two)).solved


def test_no_vendor_is_called_without_the_time_for_it() -> None:
    world = World()
    world.one.will(REFUSED, takes_seconds=10)
    with pytest.raises(UndeliverableError):
        world.start(seconds=10 + LEAST_SECONDS_FOR_A_VENDOR - 0.1)
    assert world.two.orders == []


def test_a_vendor_is_called_while_there_is_time_for_it() -> None:
    world = World()
    world.one.will(REFUSED, takes_seconds=10)
    world.start(seconds=10 + LEAST_SECONDS_FOR_A_VENDOR)
    assert world.two.patience == [LEAST_SECONDS_FOR_A_VENDOR]


def test_a_failover_to_the_gateways_custody_lets_our_code_be_checked() -> None:
    world = World(route=("one:vendor", "two:gateway"))
    world.one.will(REFUSED)
    made = world.started()
    assert (made.custody, made.provider) == (Custody.GATEWAY, "two")
    assert world.store.calls == ["usage", "claim_number", "create", "redirect", "settle_delivery"]
    assert world.check(made.id, code_of(world.two)).status(NOON)[0] is Status.APPROVED


def test_a_failover_to_the_vendors_custody_asks_that_vendor() -> None:
    world = World(route=("one:gateway", "two:vendor"))
    world.one.will(REFUSED)
    made = world.started()
    assert (made.custody, made.provider, made.code) == (Custody.VENDOR, "two", "")


def test_a_failover_of_our_code_costs_no_call() -> None:
    world = World(route=("one:gateway", "two:gateway"))
    world.one.will(REFUSED)
    world.start()
    assert world.store.calls == ["usage", "claim_number", "create", "settle_delivery"]


def test_a_failover_of_a_vendors_code_is_written_before_the_next_vendor_is_called() -> None:
    world = World(route=("one:vendor", "two:vendor"))
    world.one.will(REFUSED)
    stored: list[str] = []

    def look() -> None:
        found = world.memory.get("demo", world.two.orders[-1].verification_id)
        stored.append(found.provider if found else "")

    world.two.will(ACCEPTED, meanwhile=look)
    world.start()
    assert stored == ["two"]
    assert world.store.calls == ["usage", "claim_number", "create", "redirect", "settle_delivery"]


def test_a_code_that_is_checked_before_the_vendor_has_answered_is_good_once() -> None:
    world = World(route=("one:vendor", "two:gateway"))
    world.one.will(REFUSED)
    seen: list[Status] = []

    def the_user_is_quick() -> None:
        order = world.two.orders[-1]
        seen.append(world.check(order.verification_id, code_of(world.two)).status(NOON)[0])

    world.two.will(UNKNOWN, meanwhile=the_user_is_quick)
    made = world.started()
    assert seen == [Status.APPROVED]
    assert made.status(NOON)[0] is Status.APPROVED
    assert world.read(made.id).status(NOON)[0] is Status.APPROVED


def test_the_intent_is_durable_before_a_vendor_is_called() -> None:
    world = World()
    seen: list[Delivery] = []

    def look() -> None:
        seen.append(world.read(world.one.orders[-1].verification_id).delivery)

    world.one.will(ACCEPTED, meanwhile=look)
    world.start()
    assert seen == [Delivery.SENDING]


# A vendor that knows one code per number ------------------------------------------------------


KEYED_FIRST = ("keyed:vendor", "two:vendor")


def test_a_vendor_that_is_busy_with_the_number_is_gone_round() -> None:
    world = World(route=KEYED_FIRST)
    world.start()
    made = world.start(by=client("other")).verification
    assert made.provider == "two"
    assert len(world.keyed.orders) == 1


def test_another_number_does_not_wait_for_it() -> None:
    world = World(route=KEYED_FIRST)
    world.start()
    assert world.start(by=client("other"), to=OTHER_NUMBER).verification.provider == "keyed"


def test_the_same_slot_replaces_its_own_code_there() -> None:
    world = World(route=KEYED_FIRST)
    world.start()
    world.clock.advance(60)
    assert world.started().provider == "keyed"


def test_a_number_whose_only_vendor_is_busy_has_to_wait_for_it() -> None:
    world = World(route=("keyed:vendor",))
    world.start()
    world.clock.advance(100)
    with pytest.raises(CooldownError) as refused:
        world.start(by=client("other"))
    assert (refused.value.live_id, refused.value.resend_at) == (None, NOON + 570)
    assert refused.value.retry_after_seconds == 470


def test_the_lock_ends_when_the_vendors_code_must_be_dead() -> None:
    world = World(route=KEYED_FIRST)
    world.start()
    world.clock.advance(569)
    assert world.start(by=client("early")).verification.provider == "two"
    world.clock.advance(1)
    assert world.start(by=client("other")).verification.provider == "keyed"


def test_with_our_own_codes_the_vendor_needs_no_lock() -> None:
    world = World(route=("keyed:gateway", "two:gateway"))
    world.start()
    assert world.start(by=client("other")).verification.provider == "keyed"


def test_a_failover_takes_the_lock_on_its_way() -> None:
    world = World(route=("one:vendor", "keyed:vendor", "three:vendor"))
    world.one.will(REFUSED, REFUSED)
    assert world.started().provider == "keyed"
    assert world.start(by=client("other")).verification.provider == "three"
    assert len(world.keyed.orders) == 1


def test_an_undeliverable_start_leaves_the_lock_that_guards_an_older_code() -> None:
    world = World(route=("keyed:vendor",))
    world.start()
    world.clock.advance(60)
    world.keyed.will(REFUSED)
    with pytest.raises(UndeliverableError):
        world.start()
    with pytest.raises(CooldownError):
        world.start(by=client("other"))


def test_a_conflicting_replay_does_not_give_a_living_codes_lock_away() -> None:
    world = World(route=KEYED_FIRST)
    world.start(key="order-17")
    world.start(to=OTHER_NUMBER)
    world.clock.advance(60)
    with pytest.raises(Exception, match="another request"):
        world.start(key="order-17", to=OTHER_NUMBER)
    assert world.start(by=client("other"), to=OTHER_NUMBER).verification.provider == "two"


def test_what_was_refused_everywhere_is_not_checkable() -> None:
    world = World()
    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError) as refused:
        world.start()
    assert refused.value.verification is not None
    code = code_of(world.three)
    for guess in (code, another(code)):
        with pytest.raises(UndeliverableError):
            world.check(refused.value.verification.id, guess)


def test_all_vendors_of_a_route_may_hold_the_code() -> None:
    world = World(route=VENDOR)
    world.one.will(REFUSED)
    world.two.will(REFUSED)
    assert world.started().provider == "three"
