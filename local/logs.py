"""What the functions logged, read from the emulator's CloudWatch Logs."""

from __future__ import annotations

import threading
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local.deploying import session

FOLLOW_SECONDS = 2.0
_GROUPS = "/aws/lambda/"

type Seen = set[tuple[str, str]]


class FunctionLogs:
    """All log lines of all functions, in the order of their time."""

    def __init__(self, *, endpoint: str) -> None:
        self._client = session().client("logs", endpoint_url=endpoint)

    def text(self) -> str:
        """Everything since the stack started."""
        return "\n".join(line for _, line in self.lines(since=0, seen=set()))

    def lines(self, *, since: int, seen: Seen) -> list[tuple[int, str]]:
        """(milliseconds, line) from `since` on of the invocations not in `seen`, which learns them.

        The emulator gives its events no ids, but writes each invocation at once, in a stream of its own.
        """
        found: list[tuple[int, str]] = []
        read: Seen = set()
        groups = self._client.describe_log_groups(logGroupNamePrefix=_GROUPS)["logGroups"]
        for name in (group["logGroupName"] for group in groups):
            pages = self._client.get_paginator("filter_log_events")
            for page in pages.paginate(logGroupName=name, startTime=since):
                for event in page["events"]:
                    invocation = (name, event["logStreamName"])
                    if invocation not in seen:
                        read.add(invocation)
                        found.append((event["timestamp"], event["message"]))
        seen |= read
        return sorted(found, key=lambda line: line[0])


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
