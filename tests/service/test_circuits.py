"""A vendor that is down is left alone, and asked again by one request at a time."""

from __future__ import annotations

from contextlib import suppress

import pytest

from countersign.circuits import (
    OPEN_SECONDS,
    OUTAGES_THAT_OPEN,
    PROBE_SECONDS,
    REMEMBERED_SECONDS,
    CircuitState,
)
from countersign.errors import ServiceUnavailableError, UndeliverableError
from countersign.model import Delivery
from countersign.orders import SendResult
from tests.support.builders import OTHER_NUMBER
from tests.support.circuits_of import asked, circuit_state, forget, number, opened, probed_elsewhere, rested
from tests.support.providers import ACCEPTED, BLOCKED, DOWN, HANGS, REFUSED, UNKNOWN, DiedError
from tests.support.world import World, code_of

CALM = ["usage", "claim_number", "create", "settle_delivery"]
OURS = SendResult(outcome=Delivery.REJECTED, detail="no time left to connect", was_asked=False)
BUSY = SendResult(outcome=Delivery.REJECTED, detail="http 429", is_outage=True, retry_after_seconds=120)


# Opening --------------------------------------------------------------------------------------


@pytest.mark.parametrize("result", [DOWN, HANGS])
def test_after_five_outages_in_a_row_a_vendor_is_left_alone(result: SendResult) -> None:
    world = World()
    for serial in range(OUTAGES_THAT_OPEN):
        world.one.will(result)
        world.start(to=number(serial))
    forget(world)
    made = world.started()
    assert (made.provider, asked(world)) == ("two", ["two"])
    assert world.store.calls == CALM


def test_it_is_asked_for_other_countries_as_ever() -> None:
    world = World()
    opened(world)
    assert world.start(to=OTHER_NUMBER).verification.provider == "one"


def test_what_is_no_outage_opens_nothing() -> None:
    world = World()
    for serial, result in enumerate((REFUSED, BLOCKED, UNKNOWN, OURS, ACCEPTED) * 3):
        world.one.will(result)
        with suppress(UndeliverableError):
            world.start(to=number(serial))
    assert len(world.one.orders) == 15
    assert "record_outage" not in world.store.calls


def test_every_outage_is_told_and_the_one_that_opens_too() -> None:
    world = World()
    for serial in range(OUTAGES_THAT_OPEN):
        world.one.will(DOWN)
        world.start(to=number(serial))
    assert world.telemetry.events.count("VendorOutage") == OUTAGES_THAT_OPEN
    assert world.telemetry.events.count("CircuitOpened") == 1
    told = {"provider": "one", "country": "VN", "detail": "no connection"}
    assert world.telemetry.fields("VendorOutage") == told
    assert world.telemetry.fields("CircuitOpened") == told


def test_an_answer_in_between_counts_as_a_new_beginning() -> None:
    world = World()
    for serial, result in enumerate((DOWN, DOWN, DOWN, DOWN, ACCEPTED, DOWN, DOWN, DOWN, DOWN)):
        world.one.will(result)
        world.start(to=number(serial))
    assert circuit_state(world) is CircuitState.CLOSED
    assert "CircuitClosed" not in world.telemetry.events  # it never was open


def test_a_refusal_of_the_number_is_an_answer_too() -> None:
    world = World()
    for serial, result in enumerate((DOWN, DOWN, DOWN, DOWN, BLOCKED, DOWN)):
        world.one.will(result)
        with suppress(UndeliverableError):
            world.start(to=number(serial))
    assert circuit_state(world) is CircuitState.CLOSED


def test_while_nothing_failed_the_breaker_costs_its_read_and_no_write() -> None:
    world = World()
    world.start()
    assert world.store.calls == CALM


def test_what_failed_long_ago_costs_nothing_more() -> None:
    world = World()
    world.one.will(DOWN)
    world.start(to=number(1))
    world.clock.advance(REMEMBERED_SECONDS)
    forget(world)
    world.start(to=number(2))
    assert world.store.calls == CALM


def test_an_answer_clears_what_failed_lately_with_one_write_and_the_next_writes_none() -> None:
    world = World()
    world.one.will(DOWN)
    world.start(to=number(1))
    forget(world)
    world.start(to=number(2))
    assert world.store.calls == [*CALM[:3], "clear_circuit", "settle_delivery"]
    forget(world)
    world.start(to=number(3))
    assert world.store.calls == CALM


def test_a_slow_success_of_before_the_outage_does_not_close_the_circuit() -> None:
    world = World()
    world.one.will(DOWN)
    world.start(to=number(9))  # so that the slow call has something that it could clear
    world.one.will(ACCEPTED, meanwhile=lambda: opened(world, times=4))
    world.start(to=number(10))
    assert circuit_state(world) is CircuitState.OPEN


def test_a_vendor_that_says_how_long_is_left_alone_for_so_long() -> None:
    world = World()
    world.one.will(BUSY)
    world.start(to=number(1))
    assert world.telemetry.events.count("CircuitOpened") == 1
    forget(world)
    world.clock.advance(119)
    assert world.start(to=number(2)).verification.provider == "two"
    world.clock.advance(1)
    assert world.start(to=number(3)).verification.provider == "one"
    assert world.telemetry.events.count("CircuitClosed") == 1


# Half-open ------------------------------------------------------------------------------------


def test_after_thirty_seconds_one_request_asks_again_and_its_success_closes_the_circuit() -> None:
    world = World()
    opened(world)
    world.clock.advance(OPEN_SECONDS)
    assert world.started().provider == "one"
    assert world.store.calls == [*CALM[:2], "begin_probe", CALM[2], "clear_circuit", "settle_delivery"]
    assert world.telemetry.fields("CircuitClosed") == {"provider": "one", "country": "VN"}
    forget(world)
    assert world.start(to=number(50)).verification.provider == "one"
    assert world.store.calls == CALM


def test_while_one_probes_everybody_else_goes_on_to_the_next_vendor() -> None:
    world = World()
    rested(world)
    others: list[str] = []
    world.one.will(
        ACCEPTED, meanwhile=lambda: others.append(world.start(to=number(60)).verification.provider)
    )
    assert world.started().provider == "one"
    assert others == ["two"]


def test_of_two_that_read_the_same_circuit_one_probes_and_the_other_is_carried_by_the_next() -> None:
    world = World()
    rested(world)
    world.store.meanwhile["claim_number"] = lambda: probed_elsewhere(world)
    assert world.started().provider == "two"
    assert asked(world) == ["two"]


def test_a_probe_that_fails_opens_the_circuit_again_without_telling_so_twice() -> None:
    world = World()
    rested(world)
    world.one.will(DOWN)
    assert world.started().provider == "two"
    assert circuit_state(world) is CircuitState.OPEN
    assert "CircuitOpened" not in world.telemetry.events
    world.clock.advance(OPEN_SECONDS)
    assert circuit_state(world) is CircuitState.HALF_OPEN


def test_a_probe_that_died_is_given_up_after_a_while() -> None:
    world = World()
    rested(world)
    world.one.will(ACCEPTED, dies=True)
    with pytest.raises(DiedError):
        world.start(to=number(61))
    assert world.start(to=number(62)).verification.provider == "two"
    world.clock.advance(PROBE_SECONDS)
    assert world.start(to=number(63)).verification.provider == "one"


def test_a_probe_that_never_reached_the_vendor_says_nothing() -> None:
    world = World()
    rested(world)
    world.one.will(OURS)
    assert world.started().provider == "two"
    assert circuit_state(world) is CircuitState.OPEN
    world.clock.advance(PROBE_SECONDS)
    assert circuit_state(world) is CircuitState.HALF_OPEN


def test_a_circuit_that_closed_after_it_was_read_lets_the_request_through() -> None:
    world = World(route=("one:gateway",))
    rested(world)
    world.store.meanwhile["claim_number"] = lambda: world.start(to=number(64))
    assert world.started().provider == "one"
    assert asked(world) == ["one", "one"]


def test_the_loser_of_a_probe_whose_route_has_nobody_else_loses_nothing() -> None:
    world = World(route=("one:gateway",))
    older = world.started()
    world.clock.advance(60)
    rested(world)
    world.store.meanwhile["claim_number"] = lambda: probed_elsewhere(world)
    with pytest.raises(ServiceUnavailableError) as refused:
        world.start(key="order-17")
    assert refused.value.retry_after_seconds == 5
    assert world.store.calls[-1] == "release_number"
    assert len(asked(world)) == 1
    assert world.check(older.id, code_of(world.one)).solved
    world.clock.advance(PROBE_SECONDS)
    assert world.start(key="order-17").verification.delivery is Delivery.ACCEPTED


def test_a_resend_that_loses_a_probe_leaves_its_code_good() -> None:
    world = World(route=("one:gateway",))
    made = world.started()
    world.clock.advance(60)
    rested(world)
    world.store.meanwhile["claim_number"] = lambda: probed_elsewhere(world)
    with pytest.raises(ServiceUnavailableError):
        world.resend(made.id)
    assert world.read(made.id) == made
    assert world.check(made.id, code_of(world.one)).solved
