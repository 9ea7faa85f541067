"""The guard against SMS pumping: texts that nobody ever verifies, against what is verified. Pure.

Whoever pumps texts earns on their delivery and never types a code. A country or a block of
numbers may therefore have as many texts without an approval as is usual for what is approved
there, and a source address may not go from country to country without one. Texts whose codes
are checked elsewhere are in no such account: that nobody verifies them here says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from countersign.usage import DAY, HOUR, Gauge, Scope, Usage

LEAST_PER_DAY = 20
LEAST_PER_HOUR = 3
SHARE = 0.3  # of what is verified
DAYS = 14
HOURS = 24
COUNTRIES_OF_AN_ADDRESS = 3

SCOPES = (Scope.COUNTRY, Scope.PREFIX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A budget that is used up: `unverified` texts (of an address: countries) within `seconds`."""

    scope: Scope
    seconds: int
    unverified: int
    budget: int


def suspicions(usage: Usage, *, country: str, now: int, address_counts: bool) -> tuple[Suspicion, ...]:
    """Every budget that leaves no room for one more text to `country`."""
    found: list[Suspicion] = []
    for scope in SCOPES:
        gauge = usage.gauges[scope]
        for seconds, budget in (
            (DAY, _budget(gauge, least=LEAST_PER_DAY, seconds=DAY, last=DAYS, now=now)),
            (HOUR, _budget(gauge, least=LEAST_PER_HOUR, seconds=HOUR, last=HOURS, now=now)),
        ):
            unverified = gauge.unverified(within=seconds, now=now)
            if unverified >= budget:
                found.append(Suspicion(scope=scope, seconds=seconds, unverified=unverified, budget=budget))
    if address_counts:
        countries = usage.address.countries_without_success(now=now, but=country)
        if len(countries) > COUNTRIES_OF_AN_ADDRESS:
            found.append(
                Suspicion(
                    scope=Scope.ADDRESS,
                    seconds=DAY,
                    unverified=len(countries),
                    budget=COUNTRIES_OF_AN_ADDRESS,
                )
            )
    return tuple(found)


def _budget(gauge: Gauge, *, least: int, seconds: int, last: int, now: int) -> int:
    best = gauge.best(bucket=seconds, last=last, now=now)
    lately = gauge.approvals(within=seconds, now=now)
    return max(least, int(SHARE * best), int(SHARE * lately))
