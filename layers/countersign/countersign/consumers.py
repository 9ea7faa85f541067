"""What takes in the table's changes, and what it needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from countersign.changes import Change
from countersign.lifecycle import Event


class TakenInPartError(Exception):
    """Only what came before the place `taken` is done.

    `lasting`: what stands at that place will be refused again, however often it comes.
    """

    def __init__(self, taken: int, *, lasting: bool) -> None:
        super().__init__("taken in part")
        self.taken = taken
        self.lasting = lasting


class Consumer(Protocol):
    """One reader of the stream's changes. What it has taken comes again now and then."""

    def take(self, changes: Sequence[Change]) -> None:
        """Take changes in their order.

        Raises TakenInPartError, or ServiceUnavailableError where none may have been taken.
        """
        ...


class Bus(Protocol):
    """Where events go."""

    def put(self, events: Sequence[Event]) -> None:
        """Publish in order. Raises TakenInPartError, or ServiceUnavailableError where none may be out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """A verification that is to be looked at, and in how many seconds."""

    client_id: str
    verification_id: str
    in_seconds: int


class Wakes(Protocol):
    """What remembers to look at verifications later."""

    def schedule(self, wakes: Sequence[Wake]) -> None:
        """Raises TakenInPartError, or ServiceUnavailableError where none may have been scheduled."""
        ...
