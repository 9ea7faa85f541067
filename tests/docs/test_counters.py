"""docs/data-model.md and the README say what the counters hold and what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import batched, count

import pytest

from countersign.aws.usage import charge_update
from countersign.changes import Change
from countersign.counting import Tally
from countersign.model import CHECKED_ELSEWHERE, Delivery, Verification
from countersign.policy import Limit
from countersign.usage import DAY, HOUR, Charge, named_bucket
from tests.docs.markdown import DOCS, README, Row, names, read, table
from tests.docs.metering import KILOBYTE, MeteredTable
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
        counters.add(tally, batch=f"{next(_serial):016}")


@pytest.fixture(scope="module")
def quiet() -> tuple[MeteredTable, FakeClock]:
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


type Cut = Callable[[list[Verification]], list[list[Change]]]


@dataclass(frozen=True)
class Rate:
    """How much is verified, and for how long it is watched."""

    in_ten_minutes: int
    watched: int  # verifications of each ten minutes
    steps: int
    cut: Cut


# An hour and more, in which old buckets gather and are removed.
A_MILLION_A_MONTH = Rate(1_000_000 // (30 * 144), 1_000_000 // (30 * 144), steps=18, cut=_alone)
A_HUNDRED_A_SECOND = Rate(100 * TEN_MINUTES, 10 * BATCH // 3, steps=9, cut=_together)


def _steady(
    quiet: tuple[MeteredTable, FakeClock], rate: Rate, *, address: bool = False
) -> tuple[MeteredTable, int]:
    """The counters after some time at a rate that has lasted for sixteen days; and how much was verified."""
    metered, before = quiet
    steady, clock = metered.times(rate.in_ten_minutes), FakeClock(before.now())
    for _ in range(rate.steps):
        _counted(steady, rate.cut(list(_texts(rate.watched, at=clock.now(), address=address))), clock=clock)
        clock.advance(TEN_MINUTES)
    return steady, rate.watched * rate.steps


def _units(quiet: tuple[MeteredTable, FakeClock], rate: Rate, *, address: bool = False) -> float:
    """Write units for a verification."""
    steady, verified = _steady(quiet, rate, address=address)
    return steady.write_units / verified


def _costs() -> list[Row]:
    return table(PAGE, "when", under="What the counters cost")


def _units_of_one_prefix(*, every: int) -> float:
    """Write units of a prefix's own counter for each verification, where it has one now and then."""
    metered, clock, verified = MeteredTable(), FakeClock(NOON), 30 * DAY // every
    for _ in range(verified):
        for change in _changes([replace(one, prefix_key="p") for one in _texts(1, at=clock.now())]):
            tally = Tally()
            tally.add(change)
            for scope in tally.buckets.keys() - {"prefix#p"}:
                del tally.buckets[scope]
            metered.counters(clock).add(tally, batch=f"{next(_serial):016}")
        clock.advance(every)
    return metered.write_units / verified


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
def test_every_counter_is_one_write_unit_at_a_million_a_month(
    quiet: tuple[MeteredTable, FakeClock],
) -> None:
    steady, _ = _steady(quiet, A_MILLION_A_MONTH)
    assert {"C#total", "C#client#demo", "C#country#VN"} < steady.largest.keys()
    assert max(steady.largest.values()) <= KILOBYTE


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
def test_what_a_verification_costs_the_counters_is_on_the_page(
    quiet: tuple[MeteredTable, FakeClock],
) -> None:
    alone, together = _units(quiet, A_MILLION_A_MONTH), _units(quiet, A_HUNDRED_A_SECOND)
    again = _units_of_one_prefix(every=8 * HOUR) - 2
    address = _units(quiet, A_MILLION_A_MONTH, address=True) - alone
    assert address == pytest.approx(_units(quiet, A_HUNDRED_A_SECOND, address=True) - together)
    assert [row["WRU for a verification"] for row in _costs()] == [
        f"{alone:.0f}",
        f"{together:.1f}",
        f"+{again:.1f}",
        f"+{address:.0f}",
    ]


def test_the_counters_of_the_cost_sum_write_what_they_write_on_the_page() -> None:
    alone, together, again, _ = (float(row["WRU for a verification"]) for row in _costs())
    [row] = [row for row in table(README, "counting", under="Cost") if "writes" in row["counting"]]
    assert row["a million a month"] == f"{alone + again:.1f} M"
    assert row["100 a second"] == f"{together + again:.1f} M"


def test_the_decision_to_count_from_the_stream_names_its_price() -> None:
    decided = read(DOCS / "adr" / "0013-counted-from-the-stream.md")
    alone, together, *_ = (float(row["WRU for a verification"]) for row in _costs())
    assert f"({alone:.0f} units for a verification against 4)" in decided
    assert f"at much traffic {together:.0f} of them are left" in decided


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


def test_what_requests_counting_and_events_cost_together_is_said() -> None:
    requests = float(table(README, "term", under="Cost")[-1]["USD"].strip("*"))
    counting, events = (table(README, name, under="Cost")[-1] for name in ("counting", "events"))
    said = re.findall(r"\*\*([0-9.]+)\*\* for (a million|each million)", read(README))
    columns = ("USD", "then USD")
    totals = [requests + float(counting[column].strip("*")) for column in columns]
    totals += [totals[place] + float(events[column].strip("*")) for place, column in enumerate(columns)]
    assert [float(total) for total, _ in said] == [round(total, 2) for total in totals]
    assert min(totals) > 10  # as is said


def test_what_a_limited_address_costs_is_said() -> None:
    start, limited = table(PAGE, "operation", under="Cost")[:2]
    assert limited["operation"] == "start from an address that is limited"
    counting = float(_costs()[-1]["WRU for a verification"])
    writes = int(limited["WRU"]) - int(start["WRU"]) + counting
    reads = float(limited["RRU"]) - float(start["RRU"])
    assert f"half a unit to read add {writes * 0.625 + reads * 0.125:.2f}." in read(README)


@pytest.mark.parametrize(("heading", "kind"), [("Counter", "C#"), ("Source address", "A#")])
def test_the_page_names_every_attribute_of_a_counter_and_of_an_address(heading: str, kind: str) -> None:
    metered = MeteredTable()
    texts = list(_texts(1, at=NOON, address=True))
    texts += [replace(one, purpose=CHECKED_ELSEWHERE) for one in _texts(1, at=NOON)]
    _counted(metered, [_changes(texts)], clock=FakeClock())
    written = {_general(name) for pk, item in metered.items.items() if pk.startswith(kind) for name in item}
    if kind == "A#":  # its row of times is the send function's
        charged = charge_update(Charge(address_key="a", limit=Limit(10, 60), now=NOON))
        written |= {_general(name) for name in re.findall(r"#(\w+) =", charged.expression)}
    rows = table(PAGE, "attribute", under=heading)
    assert len(rows) == len(written)
    assert {name for row in rows for name in names(row["attribute"])} == written
    types = {names(row["attribute"])[0]: row["type"] for row in rows}
    assert types == dict.fromkeys(written, "N") | {"pk": "S"} | ({"batch": "S"} if kind == "C#" else {})


def _general(attribute: str) -> str:
    """A bucket or a country as the document writes it."""
    bucket = named_bucket(attribute)
    if bucket is not None:
        return f"{bucket[0]}{bucket[1]}<n>"
    return re.sub(r"^([kv])_[A-Z]{2}$", r"\1_<country>", re.sub(r"^t\d+$", "t<place>", attribute))
