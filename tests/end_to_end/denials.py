"""Log lines in which a function was refused by IAM, whichever service said so."""

from __future__ import annotations

import re
import time

from local.logs import FunctionLogs
from local.stack import Stack

_WORDS = re.compile(r"AccessDenied|not authorized|UnauthorizedOperation|AuthorizationError", re.IGNORECASE)


def is_denial(line: str) -> bool:
    return _WORDS.search(line) is not None


class LogWatch:
    """What functions have logged since this was made."""

    def __init__(self, stack: Stack, log_groups: list[str]) -> None:
        """`log_groups`: how the names of the functions' log groups begin."""
        self._logs = [FunctionLogs(endpoint=stack.endpoint, groups=group) for group in log_groups]
        self._since = int(time.time() * 1000)

    def lines(self) -> list[str]:
        return [
            line
            for logs in self._logs
            for _, told in logs.lines(since=self._since, seen=set())
            for line in told.splitlines()
        ]

    def denials(self) -> list[str]:
        """The lines that tell of a refusal."""
        return [line for line in self.lines() if is_denial(line)]
