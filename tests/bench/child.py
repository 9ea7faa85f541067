"""Running a child and reading what it cost from the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass

from tests.bench.layout import CannotMeasureError, Layout, environment

_LONGEST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a child printed, and its CPU time (user and system)."""

    output: str
    cpu_seconds: float


def run(code: str, *, layout: Layout, function: str | None = None) -> Ran:
    """Run `code` in an isolated interpreter of this version.

    `-I -S`: it sees what `layout` gives it and nothing else. `-B`: it leaves no bytecode behind.
    Raises CannotMeasureError with the end of the traceback where the code fails.
    """
    program = f"import sys; sys.path[:0] = {layout.path(function)!r}\n{code}"
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", "-c", program],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        watchdog = threading.Timer(_LONGEST_SECONDS, child.kill)
        watchdog.start()
        try:
            _, status, usage = os.wait4(child.pid, 0)
        finally:
            watchdog.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            words = errors.read().decode(errors="replace").strip().splitlines()[-3:]
            raise CannotMeasureError(
                f"a child ended with {child.returncode}: {' | '.join(words) or 'no message'}"
            )
        return Ran(output.read().decode(), usage.ru_utime + usage.ru_stime)
