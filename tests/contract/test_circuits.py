"""What both stores do with a vendor's circuit in a country."""

from __future__ import annotations

import pytest

from countersign.circuits import OPEN_SECONDS, OUTAGES_THAT_OPEN, PROBE_SECONDS, Circuit, CircuitState
from countersign.ports import Store
from tests.support.clock import NOON
from tests.support.looks import circuits_in

PROBED_AT = NOON + OPEN_SECONDS


def read(store: Store, vendor: str = "esms", country: str = "VN") -> Circuit:
    return circuits_in(store, [vendor], country=country)[vendor]


def fail(store: Store, *, times: int = OUTAGES_THAT_OPEN, at: int = NOON) -> list[bool]:
    """Which of so many outages opened the circuit."""
    return [store.record_outage("esms", country="VN", now=at, held_until=None) for _ in range(times)]


def half_open(store: Store) -> Circuit:
    fail(store)
    circuit = read(store)
    assert circuit.state(PROBED_AT) is CircuitState.HALF_OPEN
    return circuit


def test_circuits_that_nobody_has_written_are_closed(store: Store) -> None:
    found = circuits_in(store, ["esms", "engagelab"], country="VN")
    assert found == {vendor: Circuit(vendor=vendor, country="VN") for vendor in ("esms", "engagelab")}


def test_an_outage_is_of_its_vendor_and_country_alone(store: Store) -> None:
    fail(store, times=1)
    assert read(store).failures == (NOON,)
    assert read(store, "engagelab").failures == ()
    assert read(store, country="SG").failures == ()
    together = circuits_in(store, ["engagelab", "esms"], country="VN")
    assert {vendor: circuit.failures for vendor, circuit in together.items()} == {
        "engagelab": (),
        "esms": (NOON,),
    }


def test_the_newest_outages_are_remembered_the_newest_first(store: Store) -> None:
    for second in range(7):
        fail(store, times=1, at=NOON + second)
    assert read(store).failures == tuple(range(NOON + 6, NOON + 1, -1))


def test_only_the_fifth_outage_says_that_it_has_opened_the_circuit(store: Store) -> None:
    assert fail(store, times=7) == [False] * 4 + [True] + [False] * 2


def test_an_outage_of_a_probe_opens_nothing_that_was_closed(store: Store) -> None:
    half_open(store)
    assert fail(store, times=1, at=PROBED_AT) == [False]
    assert read(store).state(PROBED_AT) is CircuitState.OPEN


def test_a_vendor_that_wants_no_requests_is_held_open_at_once(store: Store) -> None:
    held_until = NOON + 100
    assert store.record_outage("esms", country="VN", now=NOON, held_until=held_until)
    assert read(store).open_until == held_until
    assert not store.record_outage("esms", country="VN", now=NOON + 1, held_until=None)
    assert read(store).open_until == held_until


def test_one_of_many_gets_the_probe(store: Store) -> None:
    circuit = half_open(store)
    probes = [store.begin_probe(circuit, now=PROBED_AT) for _ in range(4)]
    assert [probe is not None for probe in probes] == [True, False, False, False]
    assert probes[0] == read(store)
    assert read(store).state(PROBED_AT + PROBE_SECONDS - 1) is CircuitState.OPEN


def test_after_a_probe_that_nobody_heard_of_again_there_is_another_one(store: Store) -> None:
    store.begin_probe(half_open(store), now=PROBED_AT)
    later = PROBED_AT + PROBE_SECONDS
    circuit = read(store)
    assert circuit.state(later) is CircuitState.HALF_OPEN
    assert store.begin_probe(circuit, now=later) is not None
    assert store.begin_probe(circuit, now=later) is None


def test_there_is_no_probe_after_an_outage_that_came_after_the_reading(store: Store) -> None:
    circuit = half_open(store)
    fail(store, times=1, at=PROBED_AT)
    assert store.begin_probe(circuit, now=PROBED_AT) is None


def test_a_circuit_that_has_closed_since_it_was_read_needs_no_probe(store: Store) -> None:
    circuit = half_open(store)
    assert store.clear_circuit(read(store))
    found = store.begin_probe(circuit, now=PROBED_AT)
    assert found == read(store)
    assert found.failures == ()


def test_an_answer_clears_what_was_there_when_it_was_asked_for(store: Store) -> None:
    fail(store, times=3)
    assert store.clear_circuit(read(store))
    assert read(store).failures == ()
    assert fail(store) == [False] * 4 + [True]  # they are counted anew


def test_the_probes_answer_closes_the_circuit(store: Store) -> None:
    probe = store.begin_probe(half_open(store), now=PROBED_AT)
    assert probe is not None
    assert store.clear_circuit(probe)
    assert read(store).state(PROBED_AT) is CircuitState.CLOSED


def test_an_answer_to_a_call_that_began_before_an_outage_clears_nothing(store: Store) -> None:
    fail(store, times=4)
    before_the_slow_call = read(store)
    fail(store, times=1)  # in the same second
    assert not store.clear_circuit(before_the_slow_call)
    assert read(store).state(NOON) is CircuitState.OPEN


def test_a_late_answer_does_not_end_another_ones_probe(store: Store) -> None:
    circuit = half_open(store)
    store.begin_probe(circuit, now=PROBED_AT)
    assert not store.clear_circuit(circuit)
    assert read(store).state(PROBED_AT) is CircuitState.OPEN


def test_a_clearing_ends_the_hold_that_is_over(store: Store) -> None:
    store.record_outage("esms", country="VN", now=NOON, held_until=NOON + 10)
    assert store.clear_circuit(read(store))
    assert read(store).open_until == 0


@pytest.mark.parametrize("country", ["VN", "001"])
def test_numbers_of_no_country_have_a_circuit_too(store: Store, country: str) -> None:
    store.record_outage("esms", country=country, now=NOON, held_until=None)
    assert read(store, country=country).failures == (NOON,)
