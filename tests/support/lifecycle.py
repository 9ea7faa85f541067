"""What listens to lifecycle events and looks, and the changes of a store in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any, cast

import jsonschema

from countersign.changes import Change
from countersign.consumers import TakenInPartError, Wake
from countersign.errors import ServiceUnavailableError
from countersign.lifecycle import SOURCE, Event
from countersign.model import Verification
from countersign.ports import Store
from tests.support.clock import FakeClock
from tests.support.providers import DiedError
from tests.support.store import MemoryStore

_SCHEMA = Path(__file__).parents[2] / "docs" / "schemas" / "lifecycle-event.json"
SCHEMA: dict[str, Any] = json.loads(_SCHEMA.read_text(encoding="utf-8"))
_VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
_serial = count(1)


def next_number() -> str:
    """The number of a stream's record; they grow, and so does the number of their digits."""
    return str(10**21 - 40 + next(_serial))


def valid(told: dict[str, Any]) -> dict[str, Any]:
    """An event as EventBridge delivers it, checked against docs/schemas; every member is described there."""
    _VALIDATOR.validate(told)
    assert told["detail"].keys() == SCHEMA["$defs"]["detail"]["properties"].keys()
    return told


def delivered(event: Event) -> dict[str, Any]:
    """What an event is on the bus."""
    told = {"source": SOURCE, "detail-type": event.happening.value, "detail": event.detail()}
    return valid(cast("dict[str, Any]", json.loads(json.dumps(told))))


class FakeBus:
    """A consumers.Bus that keeps what it is told, and may fail at the n-th event from now."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.dies_in: int | None = None  # the process ends after so many events
        self.fails_in: int | None = None  # so many get through, then nothing for this call
        self.refuses: Callable[[Event], bool] = lambda _event: False

    def put(self, events: Sequence[Event]) -> None:
        for place, event in enumerate(events):
            if self.dies_in == place:
                self.dies_in = None
                raise DiedError
            if self.fails_in == place:
                self.fails_in = None
                if place == 0:
                    raise ServiceUnavailableError
                raise TakenInPartError(place, lasting=False)
            if self.refuses(event):
                raise TakenInPartError(place, lasting=True)
            self.events.append(event)

    def told(self) -> list[dict[str, Any]]:
        """Every event once, in the order of their sequences."""
        once = {event.id: delivered(event) for event in self.events}
        return sorted(once.values(), key=lambda event: str(event["detail"]["sequence"]))

    def names(self, verification_id: str | None = None) -> list[str]:
        """What happened, in order, without `Verification`."""
        return [
            event["detail-type"].removeprefix("Verification")
            for event in self.told()
            if verification_id in (None, event["detail"]["id"])
        ]


class FakeWakes:
    """A consumers.Wakes that waits for its clock."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.waiting: list[tuple[int, Wake]] = []
        self.scheduled = 0

    def schedule(self, wakes: Sequence[Wake]) -> None:
        self.waiting += [(self._clock.now() + min(900, wake.in_seconds), wake) for wake in wakes]
        self.scheduled += len(wakes)

    def due(self) -> list[Wake]:
        """What is to be looked at now; it is handed out once."""
        now = self._clock.now()
        due = [wake for at, wake in self.waiting if at <= now]
        self.waiting = [(at, wake) for at, wake in self.waiting if at > now]
        return due


class Stream:
    """The changes of a store in memory, as the table's stream tells of them: one for each write."""

    def __init__(self, memory: MemoryStore, *, clock: FakeClock) -> None:
        self._memory = memory
        self._clock = clock
        self._seen: dict[tuple[str, str], Verification | None] = {}
        self.changes: list[Change] = []

    def behind(self, inner: Store) -> Store:
        """The store, with everything that it does written down."""
        return cast("Store", _WatchedCalls(inner, self))

    def look(self) -> None:
        for key, row in list(self._memory._rows.items()):
            old, new = self._seen.get(key), row.read()
            if old != new:
                self.changes.append(Change(old, new, self._clock.now(), next_number()))
                self._seen[key] = new


class _WatchedCalls:
    def __init__(self, inner: Store, stream: Stream) -> None:
        self._inner = inner
        self._stream = stream

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            try:
                return getattr(self._inner, name)(*arguments, **named)
            finally:
                self._stream.look()

        return call
