"""What is stored, whoever stores it: the table's side of the invariants."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from countersign.aws.items import Item, number, read_verification, text
from countersign.aws.numbers import read_slot
from countersign.claims import Slot
from countersign.model import Verification
from tests.support.rows import Lock
from tests.support.store import MemoryStore

type Times = tuple[int, ...]

_SEND = re.compile(r"t\d+")
_FAILURE = re.compile(r"f\d+")
_SLOT = re.compile(r"s_(.+)_id")
_LOCK = re.compile(r"l_(.+)_until")


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The state at one moment. A number and an address are known by their keys."""

    verifications: Mapping[str, Verification]
    debits: Mapping[str, Times]  # by number: when each counted send was claimed (a table keeps the last 21)
    failures: Mapping[str, Times]  # by number: when wrong codes were tried (the last 25)
    charges: Mapping[str, Times]  # by address: when texts were asked for (a table keeps the last 20)
    slots: Mapping[tuple[str, str], Slot]  # by number and slot
    locks: Mapping[tuple[str, str], Lock]  # by number and vendor
    dump: str  # everything as text, to be searched for what may not be there


def memory_books(store: MemoryStore) -> Books:
    """The books of the store in memory."""
    rows = [row.read() for row in store._rows.values()]
    found = {row.id: row for row in rows if row is not None}
    return Books(
        verifications=found,
        debits={key: tuple(times) for key, times in store._sent.items()},
        failures={key: tuple(times) for key, times in store._failed.items()},
        charges={key: tuple(times) for key, times in store._charged.items()},
        slots=dict(store._slots),
        locks=dict(store._locks),
        dump=repr([store._rows, store._slots, store._locks, store._charged]),
    )


def table_books(items: Iterable[Mapping[str, Any]]) -> Books:
    """The books of a table, from all its items."""
    stored = {str(item["pk"]["S"]): item for item in items}
    numbers = {pk[2:]: item for pk, item in stored.items() if pk.startswith("N#")}
    addresses = {pk[2:]: item for pk, item in stored.items() if pk.startswith("A#")}
    rows = [read_verification(item) for pk, item in stored.items() if pk.startswith("V#")]
    return Books(
        verifications={row.id: row for row in rows if row is not None},
        debits={key: _times(item, _SEND) for key, item in numbers.items()},
        failures={key: _times(item, _FAILURE) for key, item in numbers.items()},
        charges={key: _times(item, _SEND) for key, item in addresses.items()},
        slots={(key, slot): held for key, item in numbers.items() for slot, held in _slots(item).items()},
        locks={(key, vendor): lock for key, item in numbers.items() for vendor, lock in _locks(item).items()},
        dump=repr(stored),
    )


def _times(item: Item, row: re.Pattern[str]) -> Times:
    times = [number(item, name) for name in item if row.fullmatch(name)]
    return tuple(sorted(at for at in times if at))


def _slots(item: Item) -> dict[str, Slot]:
    names = [match[1] for match in map(_SLOT.fullmatch, item) if match is not None]
    held = {name: read_slot(item, slot=name) for name in names}
    return {name: slot for name, slot in held.items() if slot is not None}


def _locks(item: Item) -> dict[str, Lock]:
    vendors = [match[1] for match in map(_LOCK.fullmatch, item) if match is not None]
    return {
        vendor: Lock(text(item, f"l_{vendor}_slot") or "", number(item, f"l_{vendor}_until"))
        for vendor in vendors
    }
