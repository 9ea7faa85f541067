"""What the functions logged, read from the emulator's CloudWatch Logs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.deploying import session

FOLLOW_SECONDS = 2.0
MOST_EVENTS = 10_000  # that one answer holds; the emulator gives no token for more
GROUPS = "/aws/lambda/"

type Seen = set[tuple[str, str]]


class FunctionLogs:
    """All log lines of all functions, in the order of their time."""

    def __init__(self, *, endpoint: str, groups: str = GROUPS, events_at_once: int = MOST_EVENTS) -> None:
        """`groups`: how the names of the log groups begin."""
        self._groups = groups
        self._client = session().client("logs", endpoint_url=endpoint)
        self._events_at_once = events_at_once

    def text(self) -> str:
        """Everything since the stack started."""
        return "\n".join(line for _, line in self.lines(since=0, seen=set()))

    def lines(self, *, since: int, seen: Seen) -> list[tuple[int, str]]:
        """(milliseconds, line) from `since` on of the invocations not in `seen`, which learns them.

        The emulator gives its events no ids, but writes each invocation at once, in a stream of its own.
        """
        found: list[tuple[int, str]] = []
        read: Seen = set()
        groups = self._client.describe_log_groups(logGroupNamePrefix=self._groups)["logGroups"]
        for name in (group["logGroupName"] for group in groups):
            for event in self._events(name, since=since):
                invocation = (name, event["logStreamName"])
                if invocation not in seen:
                    read.add(invocation)
                    found.append((event["timestamp"], event["message"]))
        seen |= read
        return sorted(found, key=lambda line: line[0])

    def _events(self, group: str, *, since: int) -> Iterator[Mapping[str, Any]]:
        """All events of a group, read on from the last one's time where one answer does not hold them."""
        known: set[tuple[str, str]] = set()
        while True:
            events = self._client.filter_log_events(
                logGroupName=group, startTime=since, limit=self._events_at_once
            )["events"]
            fresh = [one for one in events if (one["logStreamName"], one["message"]) not in known]
            yield from fresh
            if len(events) < self._events_at_once or not fresh:
                return
            since = events[-1]["timestamp"]
            known = {(one["logStreamName"], one["message"]) for one in events if one["timestamp"] == since}


class FollowedLogs:
    """Appends new lines to a file until it is stopped."""

    def __init__(self, logs: FunctionLogs, *, path: Path) -> None:
        self._logs = logs
        self._path = path
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="function logs", daemon=True)

    def start(self) -> None:
        self._path.write_text("")
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _follow(self) -> None:
        since = 0
        seen: Seen = set()
        ending = False
        while not ending:
            ending = self._stop.wait(FOLLOW_SECONDS)
            try:
                lines = self._logs.lines(since=since, seen=seen)
            except (BotoCoreError, ClientError):
                return  # the emulator has gone
            if lines:
                since = lines[-1][0]
                with self._path.open("a", encoding="utf-8") as log:
                    log.writelines(f"{line}\n" for _, line in lines)
