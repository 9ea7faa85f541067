"""The circuit of a vendor in a country: may it be asked to send now?

Five outages in a row, none older than ten minutes, open it: for 30 seconds after the last one
nobody asks the vendor to send there. Then one request at a time asks, as a probe: a further outage
opens it for another 30 seconds, any other answer closes it. A vendor that says for how long it wants
no requests (429 with Retry-After) is left alone for that long, 300 seconds at the most.

docs/adr/0014-circuits.md says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

OUTAGES_THAT_OPEN = 5
REMEMBERED_SECONDS = 600  # an outage counts for so long, unless the vendor answers before
OPEN_SECONDS = 30
PROBE_SECONDS = 30  # longer than any request may take: then a probe that nobody heard of again is over
LONGEST_HOLD_SECONDS = 300


class CircuitState(StrEnum):
    """Whether a vendor may be asked."""

    CLOSED = "closed"  # by everybody
    OPEN = "open"  # by nobody
    HALF_OPEN = "half_open"  # by whoever gets to make the probe


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """One vendor's in one country, as it is stored. A new one is closed."""

    vendor: str
    country: str
    failures: tuple[int, ...] = ()  # when the last outages were, at most five, the newest first
    probe_until: int = 0  # when the last probe is given up
    held_until: int = 0  # the vendor itself wants no requests before
    mark: str = ""  # of the last write; what has another one has changed since

    def state(self, now: int) -> CircuitState:
        """May the vendor be asked at `now`?"""
        if self.open_until > now:
            return CircuitState.OPEN
        return CircuitState.HALF_OPEN if self._counts_until > now else CircuitState.CLOSED

    @property
    def open_until(self) -> int:
        """The first second at which it is not open (any more), as far as is known now."""
        rests_until = max(self.failures[0] + OPEN_SECONDS, self.probe_until) if self.failures else 0
        return max(self.held_until, min(self._counts_until, rests_until))

    @property
    def _counts_until(self) -> int:
        """When the outages that open it are too old to."""
        is_full = len(self.failures) >= OUTAGES_THAT_OPEN
        return self.failures[OUTAGES_THAT_OPEN - 1] + REMEMBERED_SECONDS if is_full else 0

    @property
    def has_opened(self) -> bool:
        """Has it been open since the vendor last answered?"""
        return self.held_until > 0 or len(self.failures) >= OUTAGES_THAT_OPEN

    def has_failed_lately(self, now: int) -> bool:
        """Is there an outage that counts, and that an answer of the vendor would clear?"""
        return bool(self.failures) and self.failures[0] + REMEMBERED_SECONDS > now

    def after_outage(self, now: int, *, held_until: int | None) -> Circuit:
        """The circuit with one more outage; `held_until` where the vendor says so."""
        return replace(
            self,
            failures=(now, *self.failures)[:OUTAGES_THAT_OPEN],
            held_until=self.held_until if held_until is None else held_until,
        )
