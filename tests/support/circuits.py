"""The circuits in memory: a model of that part of countersign.ports.Store, written from its contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count

from countersign.circuits import PROBE_SECONDS, Circuit, CircuitState


class MemoryCircuits:
    """Every write changes the mark; one that is repeated finds its own and changes nothing."""

    def __init__(self) -> None:
        self._stored: dict[tuple[str, str], Circuit] = {}
        self._marks = count(1)

    def read(self, vendors: Sequence[str], *, country: str) -> Mapping[str, Circuit]:
        return {vendor: self._found(vendor, country) for vendor in vendors}

    def record_outage(
        self, vendor: str, *, country: str, now: int, held_until: int | None, is_repeated: bool
    ) -> bool:
        before = self._found(vendor, country)
        failures = (now, *before.failures)[:5]
        held = before.held_until if held_until is None else held_until
        after = self._write(replace(before, failures=failures, held_until=held))
        opens = before.state(now) is CircuitState.CLOSED and after.state(now) is CircuitState.OPEN
        return opens and not is_repeated  # whoever asks twice does not hear what the first try did

    def begin_probe(self, circuit: Circuit, *, now: int) -> Circuit | None:
        found = self._found(circuit.vendor, circuit.country)
        if self._is_as_read(circuit):
            return self._write(replace(found, probe_until=now + PROBE_SECONDS))
        return found if found.state(now) is CircuitState.CLOSED else None

    def clear(self, circuit: Circuit) -> bool:
        if not self._is_as_read(circuit):
            return False
        self._write(replace(circuit, failures=(), probe_until=0, held_until=0))
        return True

    def _is_as_read(self, circuit: Circuit) -> bool:
        stored = self._stored.get((circuit.vendor, circuit.country))
        return stored is not None and stored.mark == circuit.mark

    def _found(self, vendor: str, country: str) -> Circuit:
        return self._stored.get((vendor, country)) or Circuit(vendor=vendor, country=country)

    def _write(self, circuit: Circuit) -> Circuit:
        written = replace(circuit, mark=f"mark-{next(self._marks)}")
        self._stored[circuit.vendor, circuit.country] = written
        return written
