"""Limits beyond the number's own, and the guard against pumping: asked before anything is claimed.

All of it is looked up in one call. The counters lag behind by some seconds; the limit of a
source address is exact, for its account is charged with the write of the intent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from countersign.client import Client
from countersign.codes import Keys
from countersign.errors import RateLimitError
from countersign.limits import Budget, Reached, address_reached, reached, warnings
from countersign.model import Phone, PumpingMode
from countersign.policy import Policy
from countersign.ports import Store, Telemetry
from countersign.pumping import Suspicion, suspicions
from countersign.sources import account_of, is_within
from countersign.usage import DAY, GRAINS, Charge, Scope, Usage, UsageQuery, prefix_of

_BUDGETS = frozenset({Scope.CLIENT, Scope.TOTAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a text to a number is counted under."""

    client_id: str
    policy: Policy
    phone: Phone
    prefix_key: str
    address_key: str | None  # None: no address to limit (a trusted network, a direct invocation)

    @classmethod
    def of(cls, client: Client, *, phone: Phone, source: str | None, keys: Keys) -> Account:
        """`source`: the address that API Gateway saw; None for a caller that IAM vouches for."""
        trusted = source is None or is_within(source, networks=client.policy.trusted_networks)
        return cls(
            client_id=client.id,
            policy=client.policy,
            phone=phone,
            prefix_key=keys.prefix_key(prefix_of(phone.e164)),
            address_key=None if source is None or trusted else keys.address_key(account_of(source)),
        )

    def charge(self, now: int) -> Charge | None:
        """What the address's account is charged with, if it has one."""
        if self.address_key is None:
            return None
        return Charge(address_key=self.address_key, limit=self.policy.address_limit, now=now)


@final
class Guard:
    """Lets a send through, or refuses it."""

    def __init__(self, *, store: Store, telemetry: Telemetry, budget: Callable[[], Budget]) -> None:
        """`budget`: the texts in a day that all clients together may have sent."""
        self._store = store
        self._telemetry = telemetry
        self._budget = budget

    def admit(self, account: Account, *, now: int) -> None:
        """Nothing, where every limit leaves room. Raises RateLimitError or ServiceUnavailableError."""
        usage = self._store.usage(
            UsageQuery(
                client_id=account.client_id,
                country=account.phone.country,
                prefix_key=account.prefix_key,
                address_key=account.address_key,
            )
        )
        policy, budget = account.policy, self._budget()
        if account.address_key is not None:
            full = address_reached(usage.address.sent_at, limit=policy.address_limit, now=now)
            if full is not None:
                raise self._refused(full, account=account, now=now)
        full = reached(usage, policy=policy, total=budget, now=now)
        if full is not None:
            raise self._refused(full, account=account, now=now)
        for warned in warnings(usage, policy=policy, total=budget, now=now):
            self._tell("BudgetWarning", warned, account=account)
        self._look_for_pumping(usage, account=account, now=now)

    def charge(self, account: Account, *, now: int) -> None:
        """Count a text of the address whose intent cannot carry the charge. Raises RateLimitError."""
        charge = account.charge(now)
        again_at = self._store.charge(charge) if charge is not None else None
        if again_at is not None:
            raise self.address_is_full(account, again_at=again_at, now=now)

    def address_is_full(self, account: Account, *, again_at: int, now: int) -> RateLimitError:
        """The refusal of a text that the address has no room for, with its line in the log."""
        limit = account.policy.address_limit
        full = Reached(scope=Scope.ADDRESS, texts=limit.count, limit=limit, again_at=again_at)
        return self._refused(full, account=account, now=now)

    def _refused(self, full: Reached, *, account: Account, now: int) -> RateLimitError:
        is_a_budget = full.scope in _BUDGETS and full.limit.seconds == DAY
        self._tell("BudgetExhausted" if is_a_budget else "LimitReached", full, account=account)
        return _refusal(account, seconds=full.again_at - now)

    def _tell(self, event: str, found: Reached, *, account: Account) -> None:
        self._telemetry.outcome(
            event,
            scope=found.scope.value,
            texts=found.texts,
            limit=found.limit.count,
            seconds=found.limit.seconds,
            client=account.client_id,
            country=account.phone.country,
        )

    def _look_for_pumping(self, usage: Usage, *, account: Account, now: int) -> None:
        found = suspicions(
            usage,
            country=account.phone.country,
            now=now,
            address_counts=account.address_key is not None,
        )
        if not found:
            return
        if account.policy.trusts(account.phone.e164):
            decision = "trusted"
        else:
            decision = "denied" if account.policy.pumping is PumpingMode.DENY else "recorded"
        for suspicion in found:
            self._record(suspicion, decision=decision, account=account)
        if decision == "denied":
            raise _refusal(account, seconds=GRAINS[found[0].seconds])

    def _record(self, suspicion: Suspicion, *, decision: str, account: Account) -> None:
        self._telemetry.outcome(
            "PumpingSuspected",
            decision=decision,
            scope=suspicion.scope.value,
            seconds=suspicion.seconds,
            unverified=suspicion.unverified,
            budget=suspicion.budget,
            client=account.client_id,
            country=account.phone.country,
        )


def _refusal(account: Account, *, seconds: int) -> RateLimitError:
    refused = RateLimitError(retry_after_seconds=max(1, seconds))
    refused.country = account.phone.country
    return refused
