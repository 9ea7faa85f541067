"""What the deployed webhook function does, as its log tells."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from local.stack import Stack

WAIT_SECONDS = 30.0


def until[T](found: Callable[[], T], *, seconds: float = WAIT_SECONDS) -> T:
    """What is found as soon as it is something, or at the end of the wait."""
    deadline = time.monotonic() + seconds
    while not (result := found()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return result


def lines_of(stack: Stack, event_id: str, message: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in stack.function_logs().splitlines() if event_id in line]
    return [line for line in lines if line.get("message") == message]
