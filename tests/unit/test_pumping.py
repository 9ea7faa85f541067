"""The guard against pumping: what is never verified, against a budget from what is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.pumping import Suspicion, suspicions
from countersign.usage import DAY, HOUR, TEN_MINUTES, AddressUse, Gauge, Scope, Usage
from tests.support.clock import NOON

SCOPES = [Scope.COUNTRY, Scope.PREFIX]
TOO_LONG_AGO_FOR_THE_HOUR = 3 * HOUR


def gauge(*, sent: int = 0, verified: int = 0, ago: int = 0, best_day: int = 0, best_hour: int = 0) -> Gauge:
    at = NOON - ago
    return Gauge(
        sent={TEN_MINUTES: {at // TEN_MINUTES: sent}, HOUR: {at // HOUR: sent}},
        verified={
            TEN_MINUTES: {at // TEN_MINUTES: verified},
            HOUR: {at // HOUR: verified, NOON // HOUR - 24: best_hour},
            DAY: {NOON // DAY - 14: best_day},
        },
    )


def usage(scope: Scope, of: Gauge) -> Usage:
    return Usage(gauges={one: of if one is scope else Gauge() for one in Scope})


def found(scope: Scope, of: Gauge) -> list[tuple[Scope, int, int, int]]:
    return [
        (one.scope, one.seconds, one.unverified, one.budget)
        for one in suspicions(usage(scope, of), country="VN", now=NOON, address_counts=False)
    ]


@pytest.mark.parametrize("scope", SCOPES)
def test_three_an_hour_go_without_an_approval_and_the_fourth_is_suspected(scope: Scope) -> None:
    assert found(scope, gauge(sent=2)) == []
    assert found(scope, gauge(sent=3)) == [(scope, HOUR, 3, 3)]


@pytest.mark.parametrize("scope", SCOPES)
def test_twenty_a_day_go_without_an_approval(scope: Scope) -> None:
    assert found(scope, gauge(sent=19, ago=TOO_LONG_AGO_FOR_THE_HOUR)) == []
    assert found(scope, gauge(sent=20, ago=TOO_LONG_AGO_FOR_THE_HOUR)) == [(scope, DAY, 20, 20)]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_day_may_have_three_tenths_of_what_was_verified_in_24_hours(scope: Scope) -> None:
    of = {"verified": 1_000, "ago": TOO_LONG_AGO_FOR_THE_HOUR}
    assert found(scope, gauge(sent=1_299, **of)) == []
    assert found(scope, gauge(sent=1_300, **of)) == [(scope, DAY, 300, 300)]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_day_may_have_three_tenths_of_the_best_of_the_last_fourteen(scope: Scope) -> None:
    of = {"best_day": 200, "ago": TOO_LONG_AGO_FOR_THE_HOUR}
    assert found(scope, gauge(sent=59, **of)) == []
    assert found(scope, gauge(sent=60, **of)) == [(scope, DAY, 60, 60)]


@pytest.mark.parametrize("scope", SCOPES)
def test_an_hour_may_have_three_tenths_of_its_own_and_of_the_best_of_the_last_day(scope: Scope) -> None:
    assert found(scope, gauge(sent=51, verified=40)) == []
    assert found(scope, gauge(sent=52, verified=40)) == [(scope, HOUR, 12, 12)]
    assert found(scope, gauge(sent=14, best_hour=50)) == []
    assert found(scope, gauge(sent=15, best_hour=50)) == [(scope, HOUR, 15, 15)]


@pytest.mark.parametrize("scope", SCOPES)
def test_texts_that_are_checked_elsewhere_are_no_unverified_ones(scope: Scope) -> None:
    of = gauge(sent=8)
    untold = {TEN_MINUTES: {NOON // TEN_MINUTES: 6}, HOUR: {NOON // HOUR: 6}}
    assert found(scope, replace(of, untold=untold)) == []
    assert found(scope, replace(gauge(sent=9), untold=untold)) == [(scope, HOUR, 3, 3)]


def test_an_address_goes_to_three_countries_without_success_and_to_no_fourth() -> None:
    def seen(*countries: str, approved: tuple[str, ...] = ()) -> tuple[Suspicion, ...]:
        address = AddressUse(
            last_text=dict.fromkeys(countries, NOON - 60),
            last_approval=dict.fromkeys(approved, NOON - 30),
        )
        empty = Usage(gauges=usage(Scope.COUNTRY, Gauge()).gauges, address=address)
        assert suspicions(empty, country="VN", now=NOON, address_counts=False) == ()
        return suspicions(empty, country="VN", now=NOON, address_counts=True)

    assert seen("SG", "IN") == ()
    assert seen("SG", "IN", "VN") == ()
    assert seen("SG", "IN", "DE", approved=("DE",)) == ()
    assert seen("SG", "IN", "DE") == (Suspicion(scope=Scope.ADDRESS, seconds=DAY, unverified=4, budget=3),)
