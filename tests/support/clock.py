"""Time that moves only when a test says so."""

from __future__ import annotations

from collections.abc import Callable

NOON = 1_750_000_000  # 2025-06-15T15:06:40Z


class FakeClock:
    """A countersign.clock.Clock; wall time and monotonic time move together."""

    def __init__(self, now: int = NOON) -> None:
        self._started_at = now
        self._passed = 0.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], object] = lambda: None

    def now(self) -> int:
        return self._started_at + int(self._passed)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        self.on_sleep()

    def advance(self, seconds: float) -> None:
        self._passed += seconds
