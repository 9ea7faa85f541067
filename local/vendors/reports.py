"""Delivery reports: which states a vendor tells of a text, and the calls to the customer that tell them.

A vendor reports where its customer's console (here: the control port) has a URL for it. The calls are
made a moment after the text was taken, as the vendors do, and again where they are not answered with 200.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector

TRIES = 5
LONGEST_DELAY_SECONDS = 60.0
PAUSE_SECONDS = 0.3
CALL_SECONDS = 20.0
PARALLEL = 4
REMEMBERED = 200


class State(StrEnum):
    """What a vendor tells of one text, in the order in which it happens."""

    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"


class ReportMode(StrEnum):
    """What becomes of texts, and how their reports are told."""

    NONE = "none"  # nothing is reported
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    DUPLICATE = "duplicate"  # delivered, every report twice
    REORDERED = "reordered"  # delivered, the last report first


STATES: Mapping[ReportMode, tuple[State, ...]] = {
    ReportMode.NONE: (),
    ReportMode.DELIVERED: (State.SENT, State.DELIVERED),
    ReportMode.UNDELIVERED: (State.SENT, State.UNDELIVERED),
    ReportMode.DUPLICATE: (State.SENT, State.SENT, State.DELIVERED, State.DELIVERED),
    ReportMode.REORDERED: (State.DELIVERED, State.SENT),
}


class ReportOrderError(ValueError):
    """The order cannot be understood; the message says what is allowed."""


@dataclass(frozen=True, slots=True)
class SentText:
    """A text that a vendor has taken; `url` is where its customer wants its report, if it said so."""

    id: str
    to: str
    channel: str = "sms"
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One call to the customer."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOrder:
    """How a vendor reports from now on. Without a URL it calls nobody but whom a text names."""

    mode: ReportMode = ReportMode.NONE
    url: str | None = None
    delay_seconds: float = 0.2

    def changed(self, body: object) -> ReportOrder:
        """By the JSON of POST /local/vendors/{name}/reports, whose missing fields stay as they are.

        Raises ReportOrderError.
        """
        if not isinstance(body, Mapping):
            raise ReportOrderError('the body must be a JSON object such as {"mode": "delivered"}')
        unknown = sorted(str(key) for key in set(body) - {"mode", "url", "delay_seconds"})
        if unknown:
            raise ReportOrderError(f"unknown field {', '.join(unknown)}; allowed: mode, url, delay_seconds")
        mode, url = body.get("mode", self.mode), body.get("url", self.url)
        delay = body.get("delay_seconds", self.delay_seconds)
        if not isinstance(mode, str) or mode not in tuple(ReportMode):
            raise ReportOrderError(f"mode must be one of {', '.join(ReportMode)}")
        if url is not None and not (isinstance(url, str) and is_local(url)):
            raise ReportOrderError("url must be an http URL of this machine")
        is_number = isinstance(delay, int | float) and not isinstance(delay, bool)
        if not is_number or not 0 <= delay <= LONGEST_DELAY_SECONDS:
            raise ReportOrderError(f"delay_seconds must be a number from 0 to {LONGEST_DELAY_SECONDS:.0f}")
        return ReportOrder(mode=ReportMode(mode), url=url, delay_seconds=float(delay))

    def as_dict(self) -> dict[str, object]:
        return {"mode": self.mode.value, "url": self.url, "delay_seconds": self.delay_seconds}


def is_local(url: str) -> bool:
    """Nothing here calls another machine, whatever a text names."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")


type Writer = Callable[[SentText, State, str], Outgoing | None]


class Reporter:
    """Tells one vendor's customer what became of its texts."""

    def __init__(self, *, write: Writer) -> None:
        """`write` makes the call for one state of a text to a URL; None where the vendor tells none."""
        self._write = write
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None
        self.order = ReportOrder()
        self.told: list[dict[str, object]] = []  # the last calls: text, state, status of the answer

    def report(self, texts: Iterable[SentText]) -> None:
        """Begin to report these texts, by the order that is in force now."""
        for text in texts:
            url = text.url if text.url is not None and is_local(text.url) else self.order.url
            if url is None or self.order.mode is ReportMode.NONE:
                continue
            task = asyncio.get_running_loop().create_task(self._tell(text, url, self.order))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Drop what is not told yet."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _tell(self, text: SentText, url: str, order: ReportOrder) -> None:
        for state in STATES[order.mode]:
            call = self._write(text, state, url)
            if call is not None:
                await asyncio.sleep(order.delay_seconds)
                await self._call(call, text, state)

    async def _call(self, call: Outgoing, text: SentText, state: State) -> None:
        for attempt in range(1, TRIES + 1):
            status = await self._status(call)
            self.told.append({"text": text.id, "state": state.value, "try": attempt, "status": status})
            del self.told[:-REMEMBERED]
            if status == 200:
                return
            await asyncio.sleep(PAUSE_SECONDS * attempt)

    async def _status(self, call: Outgoing) -> int:
        """The status of the answer, 0 for none."""
        if self._session is None:
            timeout, connector = ClientTimeout(total=CALL_SECONDS), TCPConnector(limit=PARALLEL)
            self._session = ClientSession(timeout=timeout, connector=connector)
        try:
            async with self._session.request(
                call.method, call.url, headers=call.headers, data=call.body, allow_redirects=False
            ) as answer:
                return answer.status
        except (ClientError, TimeoutError):
            return 0
