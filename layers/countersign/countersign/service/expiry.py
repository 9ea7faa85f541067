"""Sees to it that a verification whose time has passed says so.

Nothing happens to an item when its code runs out. So a verification is looked at then, and
its end is written if nothing else has ended it: a write that makes the status which everybody
derives already a stored one. What it changes in the table is told like everything else (ADR 17).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from countersign.changes import Change
from countersign.clock import Clock
from countersign.consumers import TakenInPartError, Wake, Wakes
from countersign.lifecycle import ending
from countersign.model import Verification
from countersign.ports import Store

MARGIN_SECONDS = 1  # a look a moment too early costs a second one


@final
class ExpiryWatch:
    """A Consumer: has every new verification looked at when its code runs out.

    One look for most. It asks for another one where a vendor's code lives shorter than ours; where a
    resend gives a code more time, the first look finds that out and asks for the next.
    """

    def __init__(self, *, wakes: Wakes, clock: Clock) -> None:
        self._wakes = wakes
        self._clock = clock

    def take(self, changes: Sequence[Change]) -> None:
        """Schedule looks. Raises TakenInPartError or ServiceUnavailableError."""
        now = self._clock.now()
        wanted = [
            (place, wake_for(change.new, now=now))
            for place, change in enumerate(changes)
            if change.new is not None and _runs_out_earlier(change.old, change.new)
        ]
        if not wanted:
            return
        try:
            self._wakes.schedule([wake for _, wake in wanted])
        except TakenInPartError as error:
            raise TakenInPartError(wanted[error.taken][0], lasting=error.lasting) from error


@final
class Expirer:
    """What is done when a verification is to be looked at."""

    def __init__(self, *, store: Store, wakes: Wakes, clock: Clock) -> None:
        self._store = store
        self._wakes = wakes
        self._clock = clock

    def look(self, client_id: str, verification_id: str) -> None:
        """Write that it has expired, if it has; look again later, if it lives longer.

        As often as it is asked to: the write is conditional. Raises ServiceUnavailableError or
        TakenInPartError; it is then to be asked again.
        """
        now = self._clock.now()
        verification = self._store.get(client_id, verification_id)
        if verification is not None and ending(verification) is None and now >= verification.expires_at:
            verification = self._store.expire(client_id, verification_id, now=now).verification
        # It lives longer, or does so since it was read.
        if verification is not None and ending(verification) is None and now < verification.expires_at:
            self._wakes.schedule([wake_for(verification, now=now)])


def wake_for(verification: Verification, *, now: int) -> Wake:
    """A look at a verification when its code runs out; now, if that was before."""
    return Wake(
        client_id=verification.client_id,
        verification_id=verification.id,
        in_seconds=max(0, verification.expires_at - now + MARGIN_SECONDS),
    )


def _runs_out_earlier(old: Verification | None, new: Verification) -> bool:
    """Does a verification run out before anybody would look?"""
    return ending(new) is None and (old is None or new.expires_at < old.expires_at)
