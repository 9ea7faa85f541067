"""What the bus has told, for whoever looks or watches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

type Told = Mapping[str, object]  # an event as EventBridge delivers it

KEPT_EVENTS = 1000


class Feed:
    """The last events, newest first, and the pages that watch them come."""

    def __init__(self) -> None:
        self._events: deque[Told] = deque(maxlen=KEPT_EVENTS)
        self._watchers: set[asyncio.Queue[Told]] = set()

    def add(self, told: Told) -> None:
        """Keep an event and tell every watcher."""
        self._events.appendleft(told)
        for watcher in self._watchers:
            watcher.put_nowait(told)

    def events(self, *, about: str | None = None) -> list[Told]:
        """What has been told (of one verification), newest first."""
        return [told for told in self._events if about is None or _id(told) == about]

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[Told]]:
        """A queue that receives every event told from now on."""
        queue: asyncio.Queue[Told] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)


def _id(told: Told) -> object:
    detail = told.get("detail")
    return detail.get("id") if isinstance(detail, Mapping) else None
