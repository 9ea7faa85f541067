"""The circuits' items: one per vendor and country.

The times of the last outages stand in a row that every outage moves up, as those of a number's
sends do. Each write leaves a fresh `writer`: a probe and a clearing are made on the circuit as it
was read or not at all, and a write that the client library repeats knows its own first try.
"""

from __future__ import annotations

from countersign.aws.items import Item, number, text
from countersign.aws.table import Update
from countersign.aws.times import moved_up
from countersign.circuits import OUTAGES_THAT_OPEN, PROBE_SECONDS, REMEMBERED_SECONDS, Circuit
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
