"""Limits beyond the number's own: what they refuse, before anything is claimed, written or sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from countersign.errors import RateLimitError
from countersign.limits import Budget
from countersign.model import PumpingMode
from countersign.policy import Policy
from countersign.usage import DAY, HOUR, TEN_MINUTES, Gauge, Scope, prefix_of
from tests.support.builders import NUMBER, client, phone
from tests.support.clock import NOON
from tests.support.world import World, resendable

ADDRESS = "198.51.100.7"
BUDGET = Budget(warning=80, limit=100)


def sent(count: int, *, verified: int | None = None, ago: int = 0) -> Gauge:
    """So many texts, and (unless told) as many approvals, so that nothing looks like pumping."""
    at = NOON - ago
    approved = count if verified is None else verified
    return Gauge(
        sent={TEN_MINUTES: {at // TEN_MINUTES: count}, HOUR: {at // HOUR: count}},
        verified={TEN_MINUTES: {at // TEN_MINUTES: approved}, HOUR: {at // HOUR: approved}},
    )


def world_that_counted(scope: Scope, gauge: Gauge) -> World:
    world = World()
    world.budget = BUDGET
    key = {
        Scope.TOTAL: "",
        Scope.CLIENT: "demo",
        Scope.COUNTRY: "VN",
        Scope.PREFIX: world.peppers.ring().current.prefix_key(prefix_of(phone(NUMBER).e164)),
    }[scope]
    world.memory.gauges[scope, key] = gauge
    return world


def refused(start: Callable[[], object]) -> RateLimitError:
    with pytest.raises(RateLimitError) as error:
        start()
    return error.value


FULL = [
    (Scope.PREFIX, 3, {"prefix_sends_per_hour": 3}),
    (Scope.PREFIX, 3, {"prefix_sends_per_day": 3}),
    (Scope.COUNTRY, 3, {"country_sends_per_hour": 3}),
    (Scope.COUNTRY, 3, {"country_sends_per_day": 3}),
    (Scope.CLIENT, 3, {"client_sends_per_hour": 3}),
    (Scope.CLIENT, 3, {"client_sends_per_day": 3}),
    (Scope.TOTAL, BUDGET.limit, {}),
]


@pytest.mark.parametrize(("scope", "count", "policy"), FULL)
def test_a_full_scope_refuses_a_start_before_anything_is_claimed(
    scope: Scope, count: int, policy: dict[str, Any]
) -> None:
    world = world_that_counted(scope, sent(count))
    error = refused(lambda: world.start(by=client(**policy)))
    assert world.store.calls == ["usage"]
    assert world.sends == 0
    assert error.retry_after_seconds is not None
    assert 0 < error.retry_after_seconds <= DAY + HOUR
    is_a_budget = scope is Scope.TOTAL or "client_sends_per_day" in policy
    event = "BudgetExhausted" if is_a_budget else "LimitReached"
    assert world.telemetry.events == [event]
    told = world.telemetry.fields(event)
    assert (told["scope"], told["texts"], told["limit"]) == (scope, count, count)
    assert (told["client"], told["country"], error.country) == ("demo", "VN", "VN")


@pytest.mark.parametrize(("scope", "count", "policy"), FULL)
def test_one_less_lets_it_through(scope: Scope, count: int, policy: dict[str, Any]) -> None:
    world = world_that_counted(scope, sent(count - 1))
    assert world.start(by=client(**policy)).verification.sends == 1


@pytest.mark.parametrize(("scope", "count", "policy"), FULL)
def test_a_full_scope_refuses_a_resend_and_leaves_it_as_it_was(
    scope: Scope, count: int, policy: dict[str, Any]
) -> None:
    world = World()
    made = resendable(world)
    before = world.read(made)
    world.memory.gauges = world_that_counted(scope, sent(count)).memory.gauges
    world.budget = BUDGET
    refused(lambda: world.resend(made, by=client(**policy)))
    assert world.read(made) == before
    assert world.sends == 1


def test_a_request_that_was_served_before_is_served_again_by_a_full_client() -> None:
    world = World()
    by = client(client_sends_per_hour=3)
    first = world.start(by=by, key="once")
    world.memory.gauges[Scope.CLIENT, "demo"] = sent(3)
    again = world.start(by=by, key="once")
    assert again.replayed
    assert again.verification.id == first.verification.id
    assert world.sends == 1
    refused(lambda: world.start(by=by, key="another"))


@pytest.mark.parametrize(
    ("scope", "gauge", "level"), [(Scope.CLIENT, sent(2), 2), (Scope.TOTAL, sent(80), BUDGET.warning)]
)
def test_a_budget_warns_and_lets_through(scope: Scope, gauge: Gauge, level: int) -> None:
    world = world_that_counted(scope, gauge)
    world.start(by=client(client_sends_per_day_warning=2 if scope is Scope.CLIENT else 1_000))
    told = world.telemetry.fields("BudgetWarning")
    assert (told["scope"], told["texts"], told["limit"], told["seconds"]) == (scope, level, level, DAY)
    assert world.sends == 1


# Source addresses ------------------------------------------------------------------------


def numbers(count: int) -> list[str]:
    return [f"+8490188{1000 + number}" for number in range(count)]


def test_an_address_has_ten_texts_a_minute_whatever_the_number_and_the_client() -> None:
    world = World()
    for index, number in enumerate(numbers(10)):
        world.start(by=client(f"client-{index % 3}"), to=number, source=ADDRESS)
    world.store.calls.clear()
    error = refused(lambda: world.start(to="+84901999999", source=ADDRESS))
    assert error.retry_after_seconds == 60
    assert world.store.calls == ["usage"]
    assert world.telemetry.fields("LimitReached")["scope"] == "address"
    assert world.sends == 10
    world.start(to="+84901999999", source="198.51.100.8")
    world.clock.advance(60)
    world.start(to="+84901999998", source=ADDRESS)
    assert world.sends == 12


def test_the_address_is_charged_with_the_intent_so_a_burst_passes_no_limit() -> None:
    world = World()
    by = client(address_sends_per_minute=1)

    def another_one_first() -> None:
        world.start(by=by, to="+84901999999", source=ADDRESS)

    world.store.meanwhile["create"] = another_one_first
    error = refused(lambda: world.start(by=by, source=ADDRESS))
    assert error.retry_after_seconds == 60
    assert world.sends == 1
    world.clock.advance(60)  # the claim of the refused one was undone: no cooldown of its own is left
    world.start(by=by, source=ADDRESS)
    assert world.store.calls.count("release_number") == 1


def test_an_address_that_is_trusted_or_that_nobody_saw_is_not_limited() -> None:
    world = World()
    policy = Policy.parse({"trusted_networks": ["198.51.100.0/24"]}, client_id="demo")
    trusted = client(trusted_networks=policy.trusted_networks)
    for number in numbers(12):
        made = world.start(by=trusted, to=number, source=ADDRESS).verification
        assert made.address_key is None
    for number in numbers(24)[12:]:
        assert world.start(to=number, source=None).verification.address_key is None
    assert world.sends == 24


def test_all_addresses_that_cannot_be_read_are_limited_together() -> None:
    world = World()
    by = client(address_sends_per_minute=2)
    first, second, third = numbers(3)
    world.start(by=by, to=first, source="")
    world.start(by=by, to=second, source="not an address")
    refused(lambda: world.start(by=by, to=third, source="7"))


def test_an_ipv6_address_is_limited_with_its_whole_64() -> None:
    world = World()
    by = client(address_sends_per_minute=1)
    first, second = numbers(2)
    world.start(by=by, to=first, source="2001:db8:1:2::1")
    refused(lambda: world.start(by=by, to=second, source="2001:db8:1:2:abcd::9"))
    world.start(by=by, to=second, source="2001:db8:1:3::1")


def test_a_resend_is_charged_and_refused_like_a_start() -> None:
    world = World()
    by = client(address_sends_per_minute=1)
    made = resendable(world)
    world.resend(made, by=by, source=ADDRESS)
    assert world.sends == 2
    refused(lambda: world.start(by=by, to="+84901999999", source=ADDRESS))
    world.clock.advance(59)
    before = world.read(made)
    other = world.start(by=client("other"), to="+84901999998", source=None).verification
    world.clock.advance(1)
    world.start(by=by, to="+84901999999", source=ADDRESS)
    refused(lambda: world.resend(made, by=by, source=ADDRESS))
    assert world.read(made) == before
    assert other.address_key is None


def test_a_resend_whose_address_fills_up_meanwhile_is_refused_and_sends_nothing() -> None:
    world = World()
    by = client(address_sends_per_minute=1)
    made = resendable(world)

    def another_one_first() -> None:
        world.start(by=by, to="+84901999999", source=ADDRESS)

    world.store.meanwhile["claim_number"] = another_one_first
    assert refused(lambda: world.resend(made, by=by, source=ADDRESS)).retry_after_seconds == 60
    assert world.sends == 2
    assert world.read(made).delivery.value == "accepted"


# Pumping ---------------------------------------------------------------------------------


def suspicious() -> World:
    return world_that_counted(Scope.COUNTRY, sent(30, verified=10))


def test_what_looks_like_pumping_is_recorded_with_its_numbers_and_sent() -> None:
    world = suspicious()
    world.start()
    told = world.telemetry.fields("PumpingSuspected")
    assert told["decision"] == "recorded"
    assert (told["scope"], told["seconds"], told["unverified"], told["budget"]) == ("country", HOUR, 20, 3)
    assert [
        fields["seconds"] for event, fields in world.telemetry.outcomes if event == "PumpingSuspected"
    ] == [
        DAY,
        HOUR,
    ]
    assert world.sends == 1


def test_a_client_that_denies_it_sends_nothing() -> None:
    world = suspicious()
    error = refused(lambda: world.start(by=client(pumping=PumpingMode.DENY)))
    assert error.retry_after_seconds == HOUR
    assert world.telemetry.fields("PumpingSuspected")["decision"] == "denied"
    assert (world.sends, world.store.calls) == (0, ["usage"])


@pytest.mark.parametrize("trusted", [(NUMBER,), (NUMBER[:6] + "*",)])
def test_trusted_numbers_go_through_on_record(trusted: tuple[str, ...]) -> None:
    world = suspicious()
    world.start(by=client(pumping=PumpingMode.DENY, trusted_numbers=trusted))
    assert world.telemetry.fields("PumpingSuspected")["decision"] == "trusted"
    assert world.sends == 1


@pytest.mark.parametrize("trusted", [(), (NUMBER + "0",), (NUMBER[:-1],), ("+849019*",)])
def test_other_numbers_than_the_trusted_ones_are_denied(trusted: tuple[str, ...]) -> None:
    world = suspicious()
    refused(lambda: world.start(by=client(pumping=PumpingMode.DENY, trusted_numbers=trusted)))


def test_an_address_that_goes_from_country_to_country_is_denied_at_the_fourth() -> None:
    world = World()
    by = client(pumping=PumpingMode.DENY)
    key = world.peppers.ring().current.address_key(ADDRESS)
    world.memory.last_text[key] = {"SG": NOON - 5, "IN": NOON - 6, "DE": NOON - 7}
    refused(lambda: world.start(by=by, source=ADDRESS))
    world.memory.last_approval[key] = {"SG": NOON - 1}
    world.start(by=by, source=ADDRESS)
    assert world.sends == 1
