"""Which limit a send would pass. Pure: the policy, what was counted, the time.

The limits per number are not among them: the claim on the number holds those (`claims`).
"""

from __future__ import annotations

from dataclasses import dataclass

from countersign.policy import Limit, Policy
from countersign.usage import DAY, Scope, Usage


@dataclass(frozen=True, slots=True)
class Budget:
    """Texts in a day: from `warning` on an operator hears of it, from `limit` on none is sent."""

    warning: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A limit that leaves no room for one more text."""

    scope: Scope
    texts: int
    limit: Limit
    again_at: int


def address_reached(sent_at: tuple[int, ...], *, limit: Limit, now: int) -> Reached | None:
    """The limit of a source address, whose last texts were sent at these times (newest first)."""
    texts = sum(at > now - limit.seconds for at in sent_at)
    if texts < limit.count:
        return None
    again_at = sent_at[limit.count - 1] + limit.seconds
    return Reached(scope=Scope.ADDRESS, texts=texts, limit=limit, again_at=again_at)


def reached(usage: Usage, *, policy: Policy, total: Budget, now: int) -> Reached | None:
    """The first of the limits that are counted from the stream, the narrowest scope first."""
    for scope, limits in (
        (Scope.PREFIX, policy.prefix_limits),
        (Scope.COUNTRY, policy.country_limits),
        (Scope.CLIENT, policy.client_limits),
        (Scope.TOTAL, (Limit(total.limit, DAY),)),
    ):
        for limit in limits:
            found = _passed(usage, scope=scope, limit=limit, now=now)
            if found is not None:
                return found
    return None


def warnings(usage: Usage, *, policy: Policy, total: Budget, now: int) -> tuple[Reached, ...]:
    """The daily budgets whose warning level is reached."""
    levels = (
        (Scope.CLIENT, Limit(policy.client_sends_per_day_warning, DAY)),
        (Scope.TOTAL, Limit(total.warning, DAY)),
    )
    found = (_passed(usage, scope=scope, limit=limit, now=now) for scope, limit in levels)
    return tuple(one for one in found if one is not None)


def _passed(usage: Usage, *, scope: Scope, limit: Limit, now: int) -> Reached | None:
    gauge = usage.gauges[scope]
    texts = gauge.texts(within=limit.seconds, now=now)
    if texts < limit.count:
        return None
    return Reached(scope=scope, texts=texts, limit=limit, again_at=gauge.again_at(limit, now=now))
