"""The circuit of a vendor in a country, second by second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.circuits import (
    LONGEST_HOLD_SECONDS,
    OPEN_SECONDS,
    OUTAGES_THAT_OPEN,
    PROBE_SECONDS,
    REMEMBERED_SECONDS,
    Circuit,
    CircuitState,
)
from countersign.edge import LONGEST_SECONDS
from tests.support.clock import NOON

NEW = Circuit(vendor="esms", country="VN")


def failed(*times: int, held_until: int | None = None) -> Circuit:
    """A circuit after outages at these times."""
    circuit = NEW
    for at in times:
        circuit = circuit.after_outage(at, held_until=held_until)
    return circuit


BROKEN = failed(*range(NOON - 4, NOON + 1))


def test_a_new_circuit_is_closed() -> None:
    assert NEW.state(NOON) is CircuitState.CLOSED
    assert not NEW.has_failed_lately(NOON)
    assert not NEW.has_opened


def test_four_outages_open_nothing_and_the_fifth_does() -> None:
    assert failed(*[NOON] * 4).state(NOON) is CircuitState.CLOSED
    assert failed(*[NOON] * 5).state(NOON) is CircuitState.OPEN
    assert failed(*[NOON] * 5).has_opened


@pytest.mark.parametrize(
    ("span", "state"),
    [(REMEMBERED_SECONDS - 1, CircuitState.OPEN), (REMEMBERED_SECONDS, CircuitState.CLOSED)],
)
def test_the_five_must_not_be_older_than_ten_minutes(span: int, state: CircuitState) -> None:
    assert failed(NOON - span, NOON, NOON, NOON, NOON).state(NOON) is state


def test_it_is_open_for_thirty_seconds_after_the_last_outage_and_then_half_open() -> None:
    assert BROKEN.open_until == NOON + OPEN_SECONDS
    assert BROKEN.state(NOON + OPEN_SECONDS - 1) is CircuitState.OPEN
    assert BROKEN.state(NOON + OPEN_SECONDS) is CircuitState.HALF_OPEN


def test_a_probe_in_flight_keeps_it_open_until_it_is_given_up() -> None:
    begun = NOON + 100
    probed = Circuit(vendor="esms", country="VN", failures=BROKEN.failures, probe_until=begun + PROBE_SECONDS)
    assert probed.state(begun) is CircuitState.OPEN
    assert probed.state(begun + PROBE_SECONDS - 1) is CircuitState.OPEN
    assert probed.state(begun + PROBE_SECONDS) is CircuitState.HALF_OPEN


def test_a_probe_is_given_up_later_than_the_request_that_makes_it() -> None:
    assert PROBE_SECONDS > LONGEST_SECONDS


def test_one_more_outage_opens_a_half_open_one_again_for_thirty_seconds() -> None:
    again = BROKEN.after_outage(NOON + 50, held_until=None)
    assert again.state(NOON + 50) is CircuitState.OPEN
    assert again.open_until == NOON + 50 + OPEN_SECONDS


def test_without_any_outage_for_ten_minutes_it_is_simply_closed() -> None:
    oldest = NOON - 4
    assert BROKEN.state(oldest + REMEMBERED_SECONDS - 1) is CircuitState.HALF_OPEN
    assert BROKEN.state(oldest + REMEMBERED_SECONDS) is CircuitState.CLOSED


def test_an_outage_is_of_the_past_after_ten_minutes() -> None:
    assert failed(NOON).has_failed_lately(NOON + REMEMBERED_SECONDS - 1)
    assert not failed(NOON).has_failed_lately(NOON + REMEMBERED_SECONDS)


def test_a_vendor_that_asks_for_it_is_left_alone_at_once_and_for_as_long() -> None:
    held = failed(NOON, held_until=NOON + LONGEST_HOLD_SECONDS)
    assert held.has_opened
    assert held.state(NOON) is CircuitState.OPEN
    assert held.open_until == NOON + LONGEST_HOLD_SECONDS
    assert held.state(NOON + LONGEST_HOLD_SECONDS) is CircuitState.CLOSED


def test_a_later_outage_does_not_shorten_what_the_vendor_asked_for() -> None:
    held = failed(NOON, held_until=NOON + 100).after_outage(NOON + 1, held_until=None)
    assert held.open_until == NOON + 100


def test_a_hold_that_is_over_leaves_what_the_outages_say() -> None:
    held = failed(*[NOON] * 5, held_until=NOON + 100)
    assert held.state(NOON + 99) is CircuitState.OPEN
    assert held.state(NOON + 100) is CircuitState.HALF_OPEN


@given(
    times=st.lists(st.integers(NOON - 2000, NOON + 5), max_size=9).map(sorted),
    later=st.integers(0, 700),
    at=st.integers(NOON, NOON + 1500),
)
def test_one_more_outage_never_closes_a_circuit(times: list[int], later: int, at: int) -> None:
    """Not even that of a slow call, which comes after others have opened it."""
    before = failed(*times)
    recorded_at = max([*times, NOON - 2000]) + later
    after = before.after_outage(recorded_at, held_until=None)
    if before.state(at) is not CircuitState.CLOSED:
        assert after.state(at) is not CircuitState.CLOSED


@given(
    times=st.lists(st.integers(NOON - 2000, NOON), max_size=7).map(sorted),
    probe_until=st.integers(NOON - 100, NOON + 30),
    held_until=st.integers(NOON - 100, NOON + 300),
)
def test_it_is_not_open_any_more_at_the_second_that_it_names(
    times: list[int], probe_until: int, held_until: int
) -> None:
    circuit = Circuit(
        vendor="esms",
        country="VN",
        failures=failed(*times).failures,
        probe_until=probe_until,
        held_until=held_until,
    )
    if circuit.state(NOON) is CircuitState.OPEN:
        assert circuit.state(circuit.open_until - 1) is CircuitState.OPEN
        assert circuit.state(circuit.open_until) is not CircuitState.OPEN
        assert circuit.open_until - NOON <= max(OPEN_SECONDS, PROBE_SECONDS, LONGEST_HOLD_SECONDS)
    else:
        assert circuit.open_until <= NOON


def test_it_remembers_no_more_outages_than_it_needs() -> None:
    assert failed(*range(NOON, NOON + 20)).failures == tuple(range(NOON + 19, NOON + 14, -1))
    assert len(failed(*range(NOON, NOON + 20)).failures) == OUTAGES_THAT_OPEN
