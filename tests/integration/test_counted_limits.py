"""Both sides of the counters: what is sent reaches them through the stream, and then refuses what follows.

Starts go through the functions' own edges; what they change in the table goes to the counting
function as records of the stream, when a test says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from botocore.client import BaseClient

from countersign.bootstrap.changes import stream_edge
from tests.support.gateway import Answer, Context, Gateway, policy, problem
from tests.support.stream import Recorder, failed, record
from tests.support.vendors import ENGAGELAB_CODES, ENGAGELAB_REFUSED, ESMS_NO_BALANCE, ESMS_RAW, Vendors

from .conftest import Aws

HOUR = 3_600
# Spaces of numbers: two blocks of one country, and another country.
HERE, NEARBY, ABROAD = "+8490188{:04}", "+8490177{:04}", "+659123{:04}"
_numbers = count(1_000)


def client(**settings: object) -> dict[str, Any]:
    return {"secrets": ["demo-secret"], "policy": policy(routes="gateway", **settings)}


CLIENTS = {
    "demo": client(),
    "other": client(),
    "prefix": client(prefix_sends_per_hour=3),
    "country": client(country_sends_per_hour=3),
    "client": client(client_sends_per_hour=3),
    "warned": client(client_sends_per_day_warning=3),
    "strict": client(pumping="deny"),
}


@dataclass
class Joined:
    """The gateway, and the counting function behind its table's stream."""

    gateway: Gateway
    recorder: Recorder
    vendors: Vendors

    def start(self, space: str = HERE, *, by: str = "demo", source: str | None = None) -> Answer:
        """A start to a number that was never used; `source` is the caller's address, unless it is trusted."""
        where = {} if source is None else {"source": source}
        return self.gateway.start(space.format(next(_numbers)), client=by, **where)

    def starts(self, *spaces: str, by: str = "demo", source: str | None = None) -> list[Answer]:
        made = [self.start(space, by=by, source=source) for space in spaces]
        assert {one.status for one in made} == {201}
        return made

    def approve(self, started: Answer, *, code: str, by: str = "demo") -> None:
        assert self.gateway.check(started.id, code, client=by).status == 200

    def approved(self, space: str = HERE, *, by: str = "demo") -> None:
        """A start, and its right code."""
        [started] = self.starts(space, by=by)
        self.approve(started, code=self.vendors.code_sent(), by=by)

    def count(self) -> None:
        """Let the stream arrive."""
        assert self.recorder.records
        counting = stream_edge(self.gateway.container)
        assert failed(counting({"Records": self.recorder.records}, Context())) == []
        self.recorder.records = []


@pytest.fixture
def join(make_gateway: Callable[..., Gateway], aws: Aws, vendors: Vendors) -> Callable[..., Joined]:
    def joined(**environment: str) -> Joined:
        aws.put_clients({"pepper": "p" * 40, "clients": CLIENTS})
        gateway = make_gateway(**environment)
        recorder = Recorder(aws.dynamodb, now=gateway.clock.now)
        client: Any = gateway.container.dynamodb
        assert isinstance(client, BaseClient)
        recorder.follow(client, prefix="V#")  # as the event source filters them
        return Joined(gateway, recorder, vendors)

    return joined


@pytest.fixture
def joined(join: Callable[..., Joined]) -> Joined:
    return join()


def refused(answer: Answer) -> int:
    """How many seconds the answer says to wait."""
    problem(answer, 429, "rate_limit")
    return int(answer.headers["Retry-After"])


FULL = [
    # whose limit, three texts that fill it, what is refused then, and by whom something else is let through
    ("prefix", (HERE, HERE, HERE), HERE, ("prefix", NEARBY)),
    ("country", (HERE, NEARBY, HERE), NEARBY, ("country", ABROAD)),
    ("client", (HERE, NEARBY, ABROAD), ABROAD, ("other", ABROAD)),
]


@pytest.mark.parametrize(("scope", "sent", "then", "besides"), FULL)
def test_a_limit_refuses_what_follows_once_the_stream_has_told_and_until_it_says(
    scope: str, sent: tuple[str, ...], then: str, besides: tuple[str, str], joined: Joined
) -> None:
    joined.starts(*sent[:2], by=scope)
    joined.count()
    joined.starts(sent[2], by=scope)  # two were there, and one more there may be
    joined.count()
    calls = len(joined.vendors.urls)
    waits = refused(joined.start(then, by=scope))
    assert len(joined.vendors.urls) == calls
    [line] = joined.gateway.lines("LimitReached")
    assert (line["scope"], line["texts"], line["limit"], line["seconds"]) == (scope, 3, 3, HOUR)
    by, space = besides
    joined.starts(space, by=by)
    joined.gateway.clock.advance(waits - 1)
    assert refused(joined.start(then, by=scope)) == 1
    joined.gateway.clock.advance(1)
    joined.starts(then, by=scope)


def test_a_prefix_and_a_country_count_what_all_clients_send(joined: Joined) -> None:
    joined.starts(HERE, by="demo")
    joined.starts(HERE, HERE, by="other")
    joined.count()
    joined.starts(HERE, by="demo")
    refused(joined.start(HERE, by="prefix"))
    refused(joined.start(HERE, by="country"))


def test_the_budget_of_all_refuses_every_client_and_country(join: Callable[..., Joined]) -> None:
    joined = join(DAILY_SENDS_WARNING="2", DAILY_SENDS_LIMIT="3")
    joined.starts(HERE, by="demo")
    joined.starts(ABROAD, by="other")
    joined.count()
    joined.starts(HERE, by="client")
    joined.count()
    [warning] = joined.gateway.lines("BudgetWarning")
    assert (warning["scope"], warning["texts"]) == ("total", 2)
    for by, space in (("demo", ABROAD), ("warned", NEARBY)):
        waits = refused(joined.start(space, by=by))
    assert {line["scope"] for line in joined.gateway.lines("BudgetExhausted")} == {"total"}
    joined.gateway.clock.advance(waits)
    joined.starts(HERE, ABROAD, NEARBY, by="demo")


def test_a_clients_daily_budget_warns_from_its_level_on(joined: Joined) -> None:
    joined.starts(HERE, ABROAD, by="warned")
    joined.count()
    joined.starts(HERE, by="warned")
    assert joined.gateway.lines("BudgetWarning") == []
    joined.count()
    joined.starts(HERE, by="warned")
    [warning] = joined.gateway.lines("BudgetWarning")
    assert (warning["scope"], warning["texts"], warning["limit"]) == ("client", 3, 3)


def test_what_no_vendor_took_fills_no_limit(joined: Joined) -> None:
    joined.starts(HERE, HERE, by="prefix")
    joined.vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    joined.vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    problem(joined.start(HERE, by="prefix"), 502, "undeliverable")
    joined.vendors.now_answers("POST", ESMS_RAW, {"CodeResult": "100", "SMSID": "1"})
    joined.count()
    joined.starts(HERE, by="prefix")
    joined.count()
    refused(joined.start(HERE, by="prefix"))


def test_a_resend_fills_a_limit_as_a_start_does(joined: Joined) -> None:
    [started] = joined.starts(HERE, by="prefix")
    joined.gateway.clock.advance(60)
    assert joined.gateway.resend(started.id, client="prefix").status == 200
    joined.starts(HERE, by="prefix")
    joined.count()
    refused(joined.start(HERE, by="prefix"))
    joined.gateway.clock.advance(60)
    refused(joined.gateway.resend(started.id, client="prefix"))


# Pumping: per country and hour, three texts that nobody verifies.


def test_three_unverified_texts_to_a_country_deny_the_fourth_until_one_is_approved(joined: Joined) -> None:
    [started] = joined.starts(HERE, by="strict")
    code = joined.vendors.code_sent()
    joined.starts(NEARBY, by="other")
    joined.count()
    joined.starts(NEARBY, by="strict")
    joined.count()
    refused(joined.start(HERE, by="strict"))
    [line] = joined.gateway.lines("PumpingSuspected")
    told = [line[name] for name in ("decision", "scope", "country", "seconds", "unverified", "budget")]
    assert told == ["denied", "country", "VN", HOUR, 3, 3]
    joined.starts(ABROAD, by="strict")
    joined.approve(started, code=code, by="strict")
    refused(joined.start(HERE, by="strict"))  # the stream has not told yet
    joined.count()
    joined.starts(HERE, by="strict")
    joined.count()
    refused(joined.start(HERE, by="strict"))


def test_what_is_verified_never_looks_like_pumping(joined: Joined) -> None:
    for _ in range(5):
        joined.approved(by="strict")
        joined.count()
    assert joined.gateway.lines("PumpingSuspected") == []


def test_a_client_that_only_records_sends_all_the_same(joined: Joined) -> None:
    joined.starts(HERE, NEARBY, HERE)
    joined.count()
    joined.starts(NEARBY)
    [line] = joined.gateway.lines("PumpingSuspected")
    assert (line["decision"], line["scope"]) == ("recorded", "country")


def test_the_hours_texts_are_forgotten_with_it_and_a_days_twenty_are_not(joined: Joined) -> None:
    for _ in range(7):
        joined.starts(HERE, NEARBY, NEARBY, by="strict")
        joined.count()
        joined.gateway.clock.advance(HOUR + 600)
    assert joined.gateway.lines("PumpingSuspected") == []
    waits = refused(joined.start(HERE, by="strict"))
    [line] = joined.gateway.lines("PumpingSuspected")
    assert (line["seconds"], line["unverified"], line["budget"]) == (24 * HOUR, 21, 20)
    assert waits == HOUR


def test_an_address_goes_to_three_countries_without_an_approval(joined: Joined) -> None:
    address = "198.51.100.7"
    spaces = (HERE, ABROAD, "+91987654{:04}", "+6141234{:04}")
    started = joined.starts(*spaces[:3], by="strict", source=address)
    code = joined.vendors.code_sent()
    joined.count()
    refused(joined.start(spaces[3], by="strict", source=address))
    [line] = joined.gateway.lines("PumpingSuspected")
    assert (line["scope"], line["unverified"], line["budget"]) == ("address", 4, 3)
    joined.starts(spaces[3], by="strict", source="198.51.100.8")
    joined.approve(started[-1], code=code, by="strict")
    joined.count()
    joined.starts(spaces[3], by="strict", source=address)


def test_a_batch_that_comes_again_leaves_the_limits_where_they_were(joined: Joined) -> None:
    joined.starts(HERE, HERE, by="prefix")
    again = list(joined.recorder.records)
    joined.count()
    joined.recorder.records = again
    joined.count()
    joined.starts(HERE, by="prefix")


def test_a_mark_and_another_kind_of_item_count_nothing(joined: Joined) -> None:
    mark = {"pk": {"S": "V#demo#older"}, "superseded_by": {"S": "v2"}, "superseded_at": {"N": "1"}}
    joined.recorder.records = [record(None, mark, at=1)]
    joined.count()
    joined.starts(HERE, HERE, HERE, by="prefix")
