"""The steps of an operation, whatever they are: each call to the store and to a vendor, in order.

One of them can be made to fail. Nothing here knows what the steps are called.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from countersign.errors import ServiceUnavailableError
from countersign.model import Delivery, Verdict
from countersign.orders import CheckResult, SendResult
from countersign.ports import Store
from tests.support.providers import DiedError
from tests.support.world import World


class Fault(StrEnum):
    """What goes wrong at a step."""

    DIES_BEFORE = "dies before"
    DIES_AFTER = "dies after"
    UNAVAILABLE = "store down before"  # nothing is written
    ANSWER_LOST = "answer lost"  # it is done, and nobody hears of it
    REPEATED = "repeated"  # the store's answer is lost, and the client library asks again
    TWIN_BEFORE = "twin before"  # the same request once more, while this one has not come so far
    TWIN_AFTER = "twin after"


AT_A_STORE = tuple(Fault)
AT_A_VENDOR = tuple(fault for fault in Fault if fault not in {Fault.UNAVAILABLE, Fault.REPEATED})


def is_a_vendors(step: str) -> bool:
    """Vendors' steps have the vendor's name before a point."""
    return "." in step


@dataclass
class Steps:
    """What has been called since `learn`; a fault that is armed happens once, at its place."""

    seen: list[str] = field(default_factory=list)
    happened: bool = False
    _at: int = -1
    _fault: Fault | None = None
    _repeat: Callable[[], object] = lambda: None
    _twin: Callable[[], object] = lambda: None

    def learn(self) -> None:
        """Forget what was called; nothing goes wrong."""
        self.seen.clear()
        self._fault = None

    def arm(self, fault: Fault, *, at: int, twin: Callable[[], object] = lambda: None) -> None:
        """Let the step with this number (from 0) fail; what comes before and after it does not."""
        self.learn()
        self._twin = twin
        self._fault, self._at, self.happened = fault, at, False

    def stand_in(self, world: World) -> None:
        """Come between the service and its store and vendors."""
        memory = world.memory
        world.store.inner = cast("Store", _SteppedStore(world.store.inner, self))
        self._repeat = lambda: setattr(memory, "lose_answers", 1)
        for vendor in world.vendors:
            vendor.around = self.around

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Make one step, or let it fail."""
        self.seen.append(name)
        if self._fault is None or len(self.seen) != self._at + 1:
            return call()
        fault, self._fault, self.happened = self._fault, None, True
        if is_a_vendors(name) and fault is Fault.UNAVAILABLE:
            fault = Fault.ANSWER_LOST  # a vendor that is down says so; one that says nothing may have sent
        if fault is Fault.DIES_BEFORE:
            raise DiedError
        if fault is Fault.UNAVAILABLE:
            raise ServiceUnavailableError(retry_after_seconds=1)
        if fault is Fault.REPEATED:
            self._repeat()
        if fault is Fault.TWIN_BEFORE:
            self._twin()
        result = call()
        if fault is Fault.TWIN_AFTER:
            self._twin()
        if fault is Fault.DIES_AFTER:
            raise DiedError
        if fault is Fault.ANSWER_LOST:
            return _lost(result)
        return result


def _lost(result: object) -> object:
    if isinstance(result, SendResult):
        return SendResult(outcome=Delivery.UNKNOWN, detail="read timeout")
    if isinstance(result, CheckResult):
        return CheckResult(verdict=Verdict.UNKNOWN, detail="read timeout")
    raise ServiceUnavailableError(retry_after_seconds=1)


class _SteppedStore:
    """A countersign.ports.Store of which every method is a step."""

    def __init__(self, inner: Store, steps: Steps) -> None:
        self._inner = inner
        self._steps = steps

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._inner, name)
        return lambda *arguments, **named: self._steps.around(name, lambda: method(*arguments, **named))
