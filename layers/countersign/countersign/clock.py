"""Time, injected. Nothing else in the package asks the machine what time it is."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Wall time for what is stored, monotonic time for how long something took."""

    def now(self) -> int:
        """Whole seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> int:
        return int(time.time())

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Deadline:
    """A moment after which nobody waits for the answer any more."""

    __slots__ = ("_at", "_clock")

    def __init__(self, seconds: float, *, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.monotonic() + seconds

    def remaining(self) -> float:
        """Seconds left; never negative."""
        return max(0.0, self._at - self._clock.monotonic())

    def within(self, seconds: float) -> Deadline:
        """A deadline of `seconds` from now, or this one where it comes first."""
        return Deadline(min(seconds, self.remaining()), clock=self._clock)
