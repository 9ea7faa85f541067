"""Circuits that are all open, probes that are lost, and a breaker whose own store is down."""

from __future__ import annotations

import pytest

from countersign.circuits import OPEN_SECONDS, CircuitState
from countersign.errors import ServiceUnavailableError, WrongCodeError
from countersign.model import Custody, Delivery, Status
from countersign.orders import SendResult
from tests.support.builders import client
from tests.support.circuits_of import asked, circuit_state, number, opened, probed_elsewhere, rested
from tests.support.providers import ACCEPTED, DOWN, HANGS
from tests.support.world import VENDOR, World, code_of, resendable

# Every circuit is open ------------------------------------------------------------------------


def test_where_every_circuit_is_open_nothing_is_claimed_written_or_sent() -> None:
    world = World(route=("one:gateway",))
    opened(world)
    world.clock.advance(7)
    with pytest.raises(ServiceUnavailableError) as refused:
        world.start()
    assert refused.value.retry_after_seconds == OPEN_SECONDS - 7
    assert (world.store.calls, asked(world)) == (["usage"], [])
    assert world.telemetry.warnings == [
        ("every circuit of the route is open", {"country": "VN", "vendors": "one"})
    ]
    world.clock.advance(OPEN_SECONDS - 7)
    assert world.started().delivery is Delivery.ACCEPTED


def test_one_is_told_to_wait_for_the_first_of_them() -> None:
    world = World(route=("one:gateway", "two:gateway"))
    opened(world, vendor="two")
    world.clock.advance(10)
    opened(world)
    with pytest.raises(ServiceUnavailableError) as refused:
        world.start()
    assert refused.value.retry_after_seconds == OPEN_SECONDS - 10


def test_what_was_served_before_is_served_again_while_every_circuit_is_open() -> None:
    world = World(route=("one:gateway",))
    first = world.start(key="order-17")
    opened(world)
    again = world.start(key="order-17")
    assert (again.replayed, again.verification.id) == (True, first.verification.id)
    with pytest.raises(ServiceUnavailableError):
        world.start(key="order-18", to=number(70))


def test_a_resend_goes_past_an_open_circuit_and_leaves_everything_where_all_are_open() -> None:
    world = World(route=("one:gateway", "two:gateway"))
    made = resendable(world)
    opened(world, vendor="two")
    assert world.resend(made).provider == "one"
    world.clock.advance(60)
    opened(world, vendor="two")
    opened(world)
    before = world.read(made)
    world.store.calls.clear()
    with pytest.raises(ServiceUnavailableError) as refused:
        world.resend(made)
    assert refused.value.retry_after_seconds == OPEN_SECONDS
    assert world.store.calls == ["get", "usage"]
    assert world.read(made) == before


# What was promised stays true -----------------------------------------------------------------


@pytest.mark.parametrize(
    "route",
    [VENDOR, ("one:vendor", "two:gateway"), ("one:gateway", "two:vendor"), ("one:gateway", "keyed:vendor")],
)
def test_a_probe_that_is_lost_leaves_the_intent_to_the_next_vendor_before_its_call(
    route: tuple[str, ...],
) -> None:
    world = World(route=route)
    rested(world)
    second = next(vendor for vendor in world.vendors if vendor.name == route[1].partition(":")[0])
    stored: list[tuple[str, Custody]] = []

    def look() -> None:
        found = world.memory.get("demo", second.orders[-1].verification_id)
        assert found is not None
        stored.append((found.provider, found.custody))

    def lose_the_probe() -> None:
        probed_elsewhere(world)
        second.will(ACCEPTED, meanwhile=look)

    world.store.meanwhile["claim_number"] = lose_the_probe
    made = world.started()
    custody = Custody(route[1].partition(":")[2])
    assert (made.provider, made.custody, asked(world)) == (second.name, custody, [second.name])
    assert stored == [(second.name, custody)]
    if custody is Custody.GATEWAY:
        assert world.check(made.id, code_of(second)).status(world.clock.now())[0] is Status.APPROVED


def test_a_vendor_with_one_code_per_number_is_locked_although_the_one_before_it_was_passed_over() -> None:
    world = World(route=("one:vendor", "keyed:vendor", "three:vendor"))
    rested(world)
    world.store.meanwhile["claim_number"] = lambda: probed_elsewhere(world)
    assert world.started().provider == "keyed"
    assert world.start(by=client("other")).verification.provider == "three"
    assert sorted(asked(world)) == ["keyed", "three"]


def test_a_vendors_check_is_asked_whatever_its_circuit_says() -> None:
    world = World(route=VENDOR)
    made = world.started()
    opened(world)
    with pytest.raises(WrongCodeError):
        world.check(made.id, "123456")
    assert len(world.one.check_orders) == 1


# The breaker's own store ----------------------------------------------------------------------


def test_where_the_limits_and_circuits_cannot_be_read_nothing_is_claimed_or_sent() -> None:
    """They are read in one call; a start that no limit could refuse is no start."""
    world = World()
    world.store.before["usage"] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.start()
    assert (world.store.calls, asked(world)) == (["usage"], [])
    assert world.started().provider == "one"


@pytest.mark.parametrize(("result", "provider"), [(DOWN, "two"), (HANGS, "one")])
def test_an_outage_that_cannot_be_recorded_fails_nothing(result: SendResult, provider: str) -> None:
    world = World()
    world.one.will(result)
    world.store.before["record_outage"] = ServiceUnavailableError()
    assert world.started().provider == provider
    assert world.telemetry.warnings == [("a circuit could not be written", {"vendor": "one"})]


def test_a_circuit_that_cannot_be_cleared_fails_nothing() -> None:
    world = World()
    world.one.will(DOWN)
    world.start(to=number(1))
    world.store.before["clear_circuit"] = ServiceUnavailableError()
    assert world.started().delivery is Delivery.ACCEPTED


def test_where_no_probe_can_be_taken_the_next_vendor_carries_it() -> None:
    world = World()
    rested(world)
    world.store.before["begin_probe"] = ServiceUnavailableError()
    assert world.started().provider == "two"
    assert world.telemetry.warnings == [("a probe could not be taken", {"vendor": "one"})]


def test_where_no_probe_can_be_taken_the_last_vendor_is_asked_all_the_same() -> None:
    world = World(route=("one:gateway",))
    rested(world)
    world.store.before["begin_probe"] = ServiceUnavailableError()
    assert world.started().provider == "one"
    assert circuit_state(world) is CircuitState.CLOSED


def test_a_request_whose_time_is_up_is_settled_and_not_noted() -> None:
    world = World()
    world.one.will(HANGS, takes_seconds=19.5)
    assert world.started().delivery is Delivery.UNKNOWN
    assert "record_outage" not in world.store.calls
