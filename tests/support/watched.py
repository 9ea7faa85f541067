"""A store that can be watched, and that a process can die beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from countersign.circuits import Circuit
from countersign.claims import NO_ALIASES, Aliases, Claimed, ClaimRefused, NumberClaim, Release, Slot
from countersign.model import RouteStep, Verdict, Verification
from countersign.ports import Store
from countersign.usage import Charge, Usage, UsageQuery
from countersign.writes import Counted, Created, ResendIntent, Settlement


@dataclass
class WatchedStore:
    """A countersign.ports.Store in front of another: keeps the calls' names, and may raise around one.

    `before["create"]` is raised once instead of the next create, `after["create"]` once
    behind it (the write has happened, its caller never hears of it).
    """

    inner: Store
    calls: list[str] = field(default_factory=list)
    before: dict[str, BaseException] = field(default_factory=dict)
    after: dict[str, BaseException] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)  # once, before the call

    def _run[ResultT](self, name: str, call: Callable[[], ResultT]) -> ResultT:
        self.calls.append(name)
        if name in self.meanwhile:
            self.meanwhile.pop(name)()
        if name in self.before:
            raise self.before.pop(name)
        result = call()
        if name in self.after:
            raise self.after.pop(name)
        return result

    def claim_number(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        return self._run("claim_number", lambda: self.inner.claim_number(claim))

    def record_failure(self, number_key: str, *, now: int) -> None:
        self._run("record_failure", lambda: self.inner.record_failure(number_key, now=now))

    def slot(self, number_key: str, *, slot: str) -> Slot | None:
        return self._run("slot", lambda: self.inner.slot(number_key, slot=slot))

    def release_number(self, release: Release) -> bool:
        return self._run("release_number", lambda: self.inner.release_number(release))

    def supersede(
        self, verification: Verification, *, older: tuple[str, ...], aliases: Aliases = NO_ALIASES
    ) -> None:
        self._run("supersede", lambda: self.inner.supersede(verification, older=older, aliases=aliases))

    def usage(self, query: UsageQuery) -> Usage:
        return self._run("usage", lambda: self.inner.usage(query))

    def charge(self, charge: Charge) -> int | None:
        return self._run("charge", lambda: self.inner.charge(charge))

    def create(
        self,
        verification: Verification,
        *,
        supersedes: tuple[str, ...],
        charge: Charge | None = None,
        aliases: Aliases = NO_ALIASES,
    ) -> Created:
        return self._run(
            "create",
            lambda: self.inner.create(verification, supersedes=supersedes, charge=charge, aliases=aliases),
        )

    def settle_delivery(
        self, verification: Verification, *, settlement: Settlement, release: Release | None
    ) -> Counted:
        return self._run(
            "settle_delivery",
            lambda: self.inner.settle_delivery(verification, settlement=settlement, release=release),
        )

    def redirect(self, verification: Verification, *, step: RouteStep, code: str, claim: NumberClaim) -> bool:
        return self._run(
            "redirect", lambda: self.inner.redirect(verification, step=step, code=code, claim=claim)
        )

    def get(self, client_id: str, verification_id: str) -> Verification | None:
        return self._run("get", lambda: self.inner.get(client_id, verification_id))

    def begin_resend(self, verification: Verification, *, intent: ResendIntent) -> Counted:
        return self._run("begin_resend", lambda: self.inner.begin_resend(verification, intent=intent))

    def guess(
        self, client_id: str, verification_id: str, *, guess: str, now: int, pepper: str | None = None
    ) -> Counted:
        return self._run(
            "guess",
            lambda: self.inner.guess(client_id, verification_id, guess=guess, now=now, pepper=pepper),
        )

    def settle_check(self, verification: Verification, *, verdict: Verdict, now: int) -> Counted:
        return self._run(
            "settle_check", lambda: self.inner.settle_check(verification, verdict=verdict, now=now)
        )

    def cancel(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        return self._run("cancel", lambda: self.inner.cancel(client_id, verification_id, now=now))

    def expire(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        return self._run("expire", lambda: self.inner.expire(client_id, verification_id, now=now))

    def record_outage(self, vendor: str, *, country: str, now: int, held_until: int | None) -> bool:
        return self._run(
            "record_outage",
            lambda: self.inner.record_outage(vendor, country=country, now=now, held_until=held_until),
        )

    def begin_probe(self, circuit: Circuit, *, now: int) -> Circuit | None:
        return self._run("begin_probe", lambda: self.inner.begin_probe(circuit, now=now))

    def clear_circuit(self, circuit: Circuit) -> bool:
        return self._run("clear_circuit", lambda: self.inner.clear_circuit(circuit))
