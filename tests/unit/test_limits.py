"""Which limit a send would pass: exactly at its count, the narrowest scope first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.limits import Budget, address_reached, reached, warnings
from countersign.policy import Limit, Policy
from countersign.usage import DAY, HOUR, TEN_MINUTES, Gauge, Scope, Usage
from tests.support.clock import NOON

BUDGET = Budget(warning=80, limit=100)
POLICY = Policy(
    prefix_sends_per_hour=3,
    prefix_sends_per_day=6,
    country_sends_per_hour=10,
    country_sends_per_day=20,
    client_sends_per_hour=30,
    client_sends_per_day=60,
    client_sends_per_day_warning=50,
)
COUNTED = [scope for scope in Scope if scope is not Scope.ADDRESS]
LIMITS = [
    (Scope.PREFIX, HOUR, 3),
    (Scope.PREFIX, DAY, 6),
    (Scope.COUNTRY, HOUR, 10),
    (Scope.COUNTRY, DAY, 20),
    (Scope.CLIENT, HOUR, 30),
    (Scope.CLIENT, DAY, 60),
    (Scope.TOTAL, DAY, 100),
]


def sent(count: int, *, ago: int = 0) -> Gauge:
    at = NOON - ago
    return Gauge(sent={TEN_MINUTES: {at // TEN_MINUTES: count}, HOUR: {at // HOUR: count}})


def usage(**gauges: Gauge) -> Usage:
    return Usage(gauges={scope: gauges.get(scope.value, Gauge()) for scope in COUNTED})


@pytest.mark.parametrize(("scope", "seconds", "most"), LIMITS)
def test_a_limit_is_reached_at_its_count_and_not_before(scope: Scope, seconds: int, most: int) -> None:
    ago = 0 if seconds == HOUR else 2 * HOUR
    one_less = usage(**{scope.value: sent(most - 1, ago=ago)})
    assert reached(one_less, policy=POLICY, total=BUDGET, now=NOON) is None
    full = reached(usage(**{scope.value: sent(most, ago=ago)}), policy=POLICY, total=BUDGET, now=NOON)
    assert full is not None
    assert (full.scope, full.limit, full.texts) == (scope, Limit(most, seconds), most)
    assert NOON < full.again_at <= NOON + seconds + HOUR


def test_the_narrowest_scope_is_named() -> None:
    everything = usage(prefix=sent(3), country=sent(10), client=sent(30), total=sent(100))
    order = []
    while (full := reached(everything, policy=POLICY, total=BUDGET, now=NOON)) is not None:
        order.append(full.scope)
        everything = Usage(gauges={**everything.gauges, full.scope: Gauge()})
    assert order == [Scope.PREFIX, Scope.COUNTRY, Scope.CLIENT, Scope.TOTAL]


def test_a_budget_warns_from_its_level_on() -> None:
    assert warnings(usage(client=sent(49), total=sent(79)), policy=POLICY, total=BUDGET, now=NOON) == ()
    warned = warnings(usage(client=sent(50), total=sent(80)), policy=POLICY, total=BUDGET, now=NOON)
    assert [(one.scope, one.texts, one.limit.count) for one in warned] == [
        (Scope.CLIENT, 50, 50),
        (Scope.TOTAL, 80, 80),
    ]


def test_an_address_has_room_until_its_count_is_in_the_window() -> None:
    limit = replace(POLICY, address_sends_per_minute=2).address_limit
    assert address_reached((), limit=limit, now=NOON) is None
    assert address_reached((NOON, NOON - 60), limit=limit, now=NOON) is None
    full = address_reached((NOON, NOON - 59, NOON - 59), limit=limit, now=NOON)
    assert full is not None
    assert (full.scope, full.texts, full.again_at) == (Scope.ADDRESS, 3, NOON + 1)
