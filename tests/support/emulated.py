"""AWS for tests in this process: MiniStack in a process of its own, as the local stack runs it.

Its DynamoDB takes one request at a time, so a conditional write has one winner here, as in AWS.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local.emulator import Emulator, aws_environment

RESET_SECONDS = 10.0


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Its endpoint. It takes less than a second to start, so a run starts it once."""
    emulator = Emulator(state=folder, log=folder / "ministack.log", cwd=folder)
    try:
        emulator.wait()
        yield emulator.endpoint
    finally:
        emulator.child.stop()


@contextmanager
def empty_aws(endpoint: str) -> Iterator[None]:
    """Clients of AWS that are made inside go to the emulator, in which there is nothing yet."""
    reset = urllib.request.Request(f"{endpoint}/_ministack/reset", method="POST")
    with urllib.request.urlopen(reset, timeout=RESET_SECONDS):
        pass
    with pytest.MonkeyPatch.context() as environment:
        for name, value in aws_environment(endpoint).items():
            environment.setenv(name, value)
        yield
