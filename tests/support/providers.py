"""Vendors that do what a test's script says."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from countersign.clock import Deadline
from countersign.model import Delivery, Verdict
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.ports import Provider
from tests.support.clock import FakeClock


class DiedError(BaseException):
    """The process is gone: nothing in the code under test may catch it."""


ACCEPTED = SendResult(outcome=Delivery.ACCEPTED, detail="accepted", vendor_reference="ref-1")
REFUSED = SendResult(outcome=Delivery.REJECTED, detail="no balance")
BLOCKED = SendResult(outcome=Delivery.REJECTED, detail="number blocked", try_elsewhere=False)
UNKNOWN = SendResult(outcome=Delivery.UNKNOWN, detail="read timeout")
DOWN = SendResult(outcome=Delivery.REJECTED, detail="no connection", is_outage=True)
HANGS = SendResult(outcome=Delivery.UNKNOWN, detail="no answer in time", is_outage=True)


def verdict(value: Verdict) -> CheckResult:
    return CheckResult(verdict=value, detail=f"says {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripted[ResultT]:
    """What one call does: it takes its time, something happens meanwhile, it answers or dies."""

    result: ResultT
    takes_seconds: float = 0.0
    meanwhile: Callable[[], object] = lambda: None
    dies: bool = False


type Order = SendOrder | CheckOrder


@dataclass
class ScriptedProvider:
    """A countersign.ports.Provider. What is not scripted is accepted, and no code is right.

    `says` finds the verdicts that are not scripted. `around` runs every call (its name comes
    first) and may make it fail; `watchers` are told of a call when it has reached the vendor.
    """

    name: str
    clock: FakeClock
    keyed_by_phone: bool = False
    refuses: str | None = None
    sends: deque[Scripted[SendResult]] = field(default_factory=deque)
    checks: deque[Scripted[CheckResult]] = field(default_factory=deque)
    orders: list[SendOrder] = field(default_factory=list)
    check_orders: list[CheckOrder] = field(default_factory=list)
    patience: list[float] = field(default_factory=list)  # seconds left at each call
    sent: list[tuple[str, int]] = field(
        default_factory=list
    )  # what may be on a handset: id and number of the send
    says: Callable[[CheckOrder], Verdict] = lambda _order: Verdict.WRONG
    around: Callable[[str, Callable[[], Any]], Any] = lambda _name, call: call()
    watchers: list[Callable[[ScriptedProvider, Order], object]] = field(default_factory=list)

    def will(
        self,
        *results: SendResult,
        takes_seconds: float = 0.0,
        meanwhile: Callable[[], object] = lambda: None,
        dies: bool = False,
    ) -> None:
        """Script the next sends."""
        self.sends.extend(
            Scripted(result=result, takes_seconds=takes_seconds, meanwhile=meanwhile, dies=dies)
            for result in results
        )

    def will_say(
        self, *verdicts: Verdict, takes_seconds: float = 0.0, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Script the next checks."""
        self.checks.extend(
            Scripted(result=verdict(one), takes_seconds=takes_seconds, meanwhile=meanwhile)
            for one in verdicts
        )

    def refusal(self, order: SendOrder) -> str | None:
        return self.refuses

    def send(self, order: SendOrder, *, deadline: Deadline) -> SendResult:
        result: SendResult = self.around(f"{self.name}.send", lambda: self._send(order, deadline=deadline))
        return result

    def _send(self, order: SendOrder, *, deadline: Deadline) -> SendResult:
        self._tell(order)
        self.orders.append(order)
        self.patience.append(deadline.remaining())
        step = self.sends.popleft() if self.sends else Scripted(result=ACCEPTED)
        if step.result.outcome is not Delivery.REJECTED:
            self.sent.append((order.verification_id, order.send_number))
        return self._play(step)

    def check(self, order: CheckOrder, *, deadline: Deadline) -> CheckResult:
        result: CheckResult = self.around(f"{self.name}.check", lambda: self._check(order, deadline=deadline))
        return result

    def _check(self, order: CheckOrder, *, deadline: Deadline) -> CheckResult:
        self._tell(order)
        self.check_orders.append(order)
        self.patience.append(deadline.remaining())
        return self._play(
            self.checks.popleft() if self.checks else Scripted(result=verdict(self.says(order)))
        )

    def _tell(self, order: Order) -> None:
        for watcher in self.watchers:
            watcher(self, order)

    def _play[ResultT](self, step: Scripted[ResultT]) -> ResultT:
        self.clock.advance(step.takes_seconds)
        step.meanwhile()
        if step.dies:
            raise DiedError
        return step.result


@dataclass
class ScriptedProviders:
    """A countersign.ports.Providers."""

    known: dict[str, ScriptedProvider]
    asked: list[str] = field(default_factory=list)
    fails: Exception | None = None  # the vendors' secret is out of reach

    def get(self, name: str) -> Provider | None:
        self.asked.append(name)
        if self.fails is not None:
            raise self.fails
        return self.known.get(name)
