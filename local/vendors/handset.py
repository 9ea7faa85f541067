"""The phone in the developer's hand: every text that a simulated vendor delivers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

type WallClock = Callable[[], float]

KEPT_MESSAGES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One delivered text. `to` is E.164 with "+", `received_at` is ISO 8601 in UTC."""

    vendor: str
    to: str
    text: str
    code: str
    received_at: str

    def as_dict(self) -> dict[str, str]:
        """The JSON form of /local/messages."""
        return {
            "vendor": self.vendor,
            "to": self.to,
            "text": self.text,
            "code": self.code,
            "received_at": self.received_at,
        }


class Handset:
    """Texts of all vendors, newest first, and the pages that watch them arrive."""

    def __init__(self, *, clock: WallClock) -> None:
        self._clock = clock
        self._messages: deque[Message] = deque(maxlen=KEPT_MESSAGES)
        self._watchers: set[asyncio.Queue[Message]] = set()

    def deliver(self, *, vendor: str, to: str, text: str, code: str) -> None:
        """Put a text on the handset and tell every watcher."""
        moment = datetime.fromtimestamp(self._clock(), tz=UTC)
        received_at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        message = Message(vendor=vendor, to=to, text=text, code=code, received_at=received_at)
        self._messages.appendleft(message)
        for watcher in self._watchers:
            watcher.put_nowait(message)

    def messages(self, *, to: str | None = None) -> list[Message]:
        """What has arrived (for one number), newest first."""
        return [message for message in self._messages if to is None or message.to == to]

    @contextmanager
    def watch(self) -> Iterator[asyncio.Queue[Message]]:
        """A queue that receives every text delivered from now on."""
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)
