"""The circuits' items: one per vendor and country.

The times of the last outages stand in a row that every outage moves up, as those of a number's
sends do. Each write leaves a fresh `writer`: a probe and a clearing are made on the circuit as it
was read or not at all, and a write that the client library repeats knows its own first try.
"""

from __future__ import annotations

from typing import final

from countersign.aws.items import Item, number, text
from countersign.aws.table import ConditionFailedError, Table, Update
from countersign.aws.times import moved_up
from countersign.circuits import (
    OUTAGES_THAT_OPEN,
    PROBE_SECONDS,
    REMEMBERED_SECONDS,
    Circuit,
    CircuitState,
)
from countersign.codes import random_seed

_ROW = "f"
_IS_AS_READ = "#writer = :seen"
_NOT_OUR_OWN_RETRY = "(attribute_not_exists(#writer) OR #writer <> :writer)"


def circuit_pk(vendor: str, *, country: str) -> str:
    return f"B#{vendor}#{country}"


def read_circuit(item: Item | None, *, vendor: str, country: str) -> Circuit:
    """The circuit in an item; a closed one where there is no item."""
    held = item or {}
    row = [number(held, f"{_ROW}{place}") for place in range(1, OUTAGES_THAT_OPEN + 1)]
    return Circuit(
        vendor=vendor,
        country=country,
        failures=tuple(failed_at for failed_at in row if failed_at),
        probe_until=number(held, "probe_until"),
        held_until=number(held, "held_until"),
        mark=text(held, "writer") or "",
    )


def outage_update(vendor: str, *, country: str, now: int, held_until: int | None) -> Update:
    """One more outage, whatever is stored."""
    sets = [*moved_up(_ROW, places=OUTAGES_THAT_OPEN), "#ttl = :ttl", "#writer = :writer"]
    values: dict[str, str | int] = {
        "now": now,
        "zero": 0,
        "ttl": now + REMEMBERED_SECONDS,
        "writer": random_seed(),
    }
    if held_until is not None:
        sets.append("#held_until = :held_until")
        values["held_until"] = held_until
    return Update(
        circuit_pk(vendor, country=country),
        expression="SET " + ", ".join(sets),
        condition=_NOT_OUR_OWN_RETRY,
        values=values,
    )


def probe_update(circuit: Circuit, *, now: int) -> Update:
    """Take the probe, unless somebody has written since the circuit was read: of many, one."""
    return Update(
        circuit_pk(circuit.vendor, country=circuit.country),
        expression="SET #probe_until = :probe_until, #writer = :writer",
        condition=_IS_AS_READ,
        values={"probe_until": now + PROBE_SECONDS, "seen": circuit.mark, "writer": random_seed()},
    )


def clear_update(circuit: Circuit) -> Update:
    """Forget every outage, unless there was one since the circuit was read."""
    row = [f"#{_ROW}{place}" for place in range(1, OUTAGES_THAT_OPEN + 1)]
    return Update(
        circuit_pk(circuit.vendor, country=circuit.country),
        expression=f"SET #writer = :writer REMOVE {', '.join(row)}, #probe_until, #held_until",
        condition=_IS_AS_READ,
        values={"seen": circuit.mark, "writer": random_seed()},
    )


@final
class CircuitRecords:
    """The circuits of ports.Store."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record_outage(self, vendor: str, *, country: str, now: int, held_until: int | None) -> bool:
        update = outage_update(vendor, country=country, now=now, held_until=held_until)
        try:
            old = self._table.update(update, returned="ALL_OLD")
        except ConditionFailedError:
            return False  # by its own first try, whose answer was lost: it is counted, and was not told
        before = read_circuit(old, vendor=vendor, country=country)
        after = before.after_outage(now, held_until=held_until)
        return before.state(now) is CircuitState.CLOSED and after.state(now) is CircuitState.OPEN

    def begin_probe(self, circuit: Circuit, *, now: int) -> Circuit | None:
        update = probe_update(circuit, now=now)
        try:
            stored: Item | None = self._table.update(update, returned="ALL_NEW")
        except ConditionFailedError as error:
            stored = error.items[0]
        found = read_circuit(stored, vendor=circuit.vendor, country=circuit.country)
        is_ours = found.mark == update.values["writer"]
        return found if is_ours or found.state(now) is CircuitState.CLOSED else None

    def clear(self, circuit: Circuit) -> bool:
        update = clear_update(circuit)
        try:
            self._table.update(update, returned="ALL_NEW")
        except ConditionFailedError as error:
            return text(error.items[0] or {}, "writer") == update.values["writer"]
        return True
