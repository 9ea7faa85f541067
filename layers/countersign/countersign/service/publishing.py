"""Tells the bus what happened to verifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from countersign.changes import Change
from countersign.consumers import Bus, TakenInPartError
from countersign.lifecycle import events


@final
class Publisher:
    """A Consumer: every change's events, in order."""

    def __init__(self, *, bus: Bus) -> None:
        self._bus = bus

    def take(self, changes: Sequence[Change]) -> None:
        """Publish what the changes tell. Raises TakenInPartError or ServiceUnavailableError."""
        told = [(place, event) for place, change in enumerate(changes) for event in events(change)]
        if not told:
            return
        try:
            self._bus.put([event for _, event in told])
        except TakenInPartError as error:
            raise TakenInPartError(told[error.taken][0], lasting=error.lasting) from error
