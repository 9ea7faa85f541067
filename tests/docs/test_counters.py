"""docs/data-model.md and the README say what the counters hold and what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import batched, count

import pytest

from countersign.aws.usage import charge_update
from countersign.counting import Change, Tally
from countersign.model import Delivery, Verification
from countersign.policy import Limit
from countersign.usage import Charge
from tests.docs.markdown import DOCS, README, names, table
from tests.docs.metering import KILOBYTE, MeteredTable, item_bytes
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON, FakeClock

PAGE = DOCS / "data-model.md"
TEN_MINUTES = 600
BATCH = 99  # of at most 100 changes: as many starts as deliveries as approvals
_serial = count()


def _texts(number: int, *, at: int, address: bool = False) -> Iterator[Verification]:
    """Starts by one client to one country, each to a number of another prefix, from another address."""
    for _ in range(number):
        serial = next(_serial)
        keys = {"prefix_key": f"{serial:016}", "address_key": f"{serial:016}" if address else None}
        yield verification(f"v{serial}", created_at=at, **keys)


def _changes(texts: list[Verification]) -> list[Change]:
    """Their starts, then their deliveries, then their right codes."""
    taken = [replace(one, delivery=Delivery.ACCEPTED) for one in texts]
    solved = [replace(one, guess=CODE_HASH, attempts=1, checked_at=one.created_at + 30) for one in taken]
    return [
        *(Change(None, one, one.created_at) for one in texts),
        *(Change(old, new, new.created_at) for old, new in zip(texts, taken, strict=True)),
        *(Change(old, new, new.created_at + 30) for old, new in zip(taken, solved, strict=True)),
    ]


def _counted(metered: MeteredTable, batches: list[list[Change]], *, clock: FakeClock) -> None:
    counters = metered.counters(clock)
    for changes in batches:
        tally = Tally()
        for change in changes:
            tally.add(change)
        counters.add(tally, batch=str(next(_serial)))


@pytest.fixture(scope="module")
def busy() -> tuple[MeteredTable, FakeClock]:
    """Counters after sixteen days in which no ten minutes were without a text and an approval."""
    metered, clock = MeteredTable(), FakeClock(NOON)
    for _ in range(16 * 24 * 6):
        texts = [replace(one, prefix_key="p") for one in _texts(1, at=clock.now())]
        _counted(metered, [_changes(texts)], clock=clock)
        clock.advance(TEN_MINUTES)
    return metered, clock


def _alone(texts: list[Verification]) -> list[list[Change]]:
    """A batch for every change, as where seconds pass between two of a shard."""
    return [[change] for change in _changes(texts)]


def _together(texts: list[Verification]) -> list[list[Change]]:
    """Full batches at a steady rate: starts, deliveries and approvals, of different verifications."""
    groups = list(batched(_changes(texts), BATCH // 3, strict=True))
    many = len(groups) // 3
    starts, deliveries, approvals = groups[:many], groups[many : 2 * many], groups[2 * many :]
    return [[*starts[place], *deliveries[place - 1], *approvals[place - 2]] for place in range(many)]


def _units(
    busy: tuple[MeteredTable, FakeClock],
    *,
    cut: Callable[[list[Verification]], list[list[Change]]],
    address: bool = False,
) -> float:
    """Write units for a verification."""
    metered, clock = busy
    texts = list(_texts(10 * BATCH, at=clock.now(), address=address))
    fresh = MeteredTable(items=dict(metered.items))
    _counted(fresh, cut(texts), clock=clock)
    return fresh.write_units / len(texts)


def test_a_busy_counter_is_two_write_units_and_a_quiet_one_is_one(
    busy: tuple[MeteredTable, FakeClock],
) -> None:
    metered, clock = busy
    for scope in ("total", "client#demo", "country#VN"):
        assert KILOBYTE < item_bytes(metered.items[f"C#{scope}"]) < 2 * KILOBYTE
    quiet = MeteredTable()
    _counted(quiet, [_changes(list(_texts(1, at=clock.now())))], clock=clock)
    assert quiet.write_units == 4


def test_what_a_verification_costs_the_counters_is_on_the_page(
    busy: tuple[MeteredTable, FakeClock],
) -> None:
    alone, together = _units(busy, cut=_alone), _units(busy, cut=_together)
    address = _units(busy, cut=_alone, address=True) - alone
    assert address == pytest.approx(_units(busy, cut=_together, address=True) - together)
    rows = table(PAGE, "when", under="What the counters cost")
    assert [row["WRU for a verification"] for row in rows] == [
        f"{alone:.0f}",
        f"{together:.1f}",
        f"+{address:.0f}",
    ]


def test_the_counters_of_the_cost_sum_write_what_they_write_on_the_page() -> None:
    pages = [row["WRU for a verification"] for row in table(PAGE, "when", under="What the counters cost")]
    [row] = [row for row in table(README, "counting", under="Cost") if "writes" in row["counting"]]
    assert [row["a million a month"].split()[0], row["100 a second"].split()[0]] == pages[:2]


def test_every_row_of_the_counters_sum_is_what_its_factors_make() -> None:
    *terms, total = table(README, "counting", under="Cost")
    for quantity, column in (("a million a month", "USD"), ("100 a second", "then USD")):
        costs = []
        for row in terms:
            price = re.search(r"([0-9.]+) per (.*)$", row["counting"])
            assert price is not None
            amount, unit = row[quantity].split(maxsplit=1)
            assert unit == price[2], row["counting"]
            assert f"{float(amount) * float(price[1]):.2f}" == row[column], row["counting"]
            costs.append(float(row[column]))
        assert total[column] == f"**{sum(costs):.2f}**"


@pytest.mark.parametrize(("heading", "kind"), [("Counter", "C#"), ("Source address", "A#")])
def test_the_page_names_every_attribute_of_a_counter_and_of_an_address(heading: str, kind: str) -> None:
    metered = MeteredTable()
    _counted(metered, [_changes(list(_texts(1, at=NOON, address=True)))], clock=FakeClock())
    written = {_general(name) for pk, item in metered.items.items() if pk.startswith(kind) for name in item}
    if kind == "A#":  # its row of times is the send function's
        charged = charge_update(Charge(address_key="a", limit=Limit(10, 60), now=NOON))
        written |= {_general(name) for name in re.findall(r"#(\w+) =", charged.expression)}
    rows = table(PAGE, "attribute", under=heading)
    assert {name for row in rows for name in names(row["attribute"])} == written
    types = {names(row["attribute"])[0]: row["type"] for row in rows}
    assert types == dict.fromkeys(written, "N") | {"pk": "S"} | ({"batch": "S"} if kind == "C#" else {})


def _general(attribute: str) -> str:
    """A bucket or a country as the document writes it."""
    attribute = re.sub(r"^t\d+$", "t<place>", attribute)
    return re.sub(r"^([kv])_[A-Z]{2}$", r"\1_<country>", re.sub(r"^([sv]_[thd])\d+$", r"\1<n>", attribute))
