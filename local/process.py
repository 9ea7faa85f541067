"""Child processes: each in a group of its own, ended by that group and nothing else."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

TAIL_LINES = 25
GROUP_SECONDS = 1.0


class StackError(Exception):
    """A step failed. The message is complete: what failed, and the last lines it printed."""


def tail(log: Path, *, lines: int = TAIL_LINES) -> str:
    """The last lines of a log, or a note that there are none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:]) or "(it printed nothing)"


class Child:
    """A running child process, its output in `log`.

    With `tethered`, its standard input is a pipe that closes when this process dies;
    with `speaks`, the first line of its standard output can be awaited.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path,
        tethered: bool = False,
        speaks: bool = False,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE if tethered else subprocess.DEVNULL,
                stdout=subprocess.PIPE if speaks else output,
                stderr=output,
                start_new_session=True,  # Ctrl-C reaches the stack alone, which ends its children in order
            )

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def ready_line(self, *, seconds: float) -> dict[str, object]:
        """The JSON object that a speaking child prints when it serves.

        Raises StackError if it dies or stays silent.
        """
        output = self._process.stdout
        assert output is not None
        line = _line_within(output, seconds)
        if not line:
            self.stop()
            raise StackError(f"{self.name} did not start\n{tail(self.log)}")
        ready = json.loads(line)
        assert isinstance(ready, dict)
        return ready

    def wait(self, *, seconds: float) -> int:
        """Its exit status.

        Raises subprocess.TimeoutExpired.
        """
        return self._process.wait(seconds)

    def stop(self, *, grace_seconds: float = 4.0) -> None:
        """End the child and what it started: SIGTERM, then SIGKILL, to its own process group."""
        self._signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(grace_seconds)
        self._signal(signal.SIGKILL)  # the group outlives its leader as long as a member runs
        self._process.wait()
        deadline = time.monotonic() + GROUP_SECONDS
        while self._signal(0) and time.monotonic() < deadline:
            time.sleep(0.01)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()

    def _signal(self, number: int) -> bool:
        """Whether the group still had a member to signal; 0 only asks."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            return False
        return True


def _line_within(output: IO[bytes], seconds: float) -> bytes:
    """One line, or nothing at the end of the output or of the time."""
    deadline, line = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while not line.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                return b""
            piece = os.read(output.fileno(), 4096)
            if not piece:
                return b""
            line += piece
    return line


def run_step(
    name: str, command: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path, seconds: float
) -> None:
    """Run a command to its end.

    Raises StackError with the last lines of its output.
    """
    child = Child(name, command, log=log, env=env, cwd=cwd)
    try:
        code = child.wait(seconds=seconds)
    except subprocess.TimeoutExpired:
        raise StackError(f"{name} did not finish in {seconds:.0f} s\n{tail(log)}") from None
    finally:
        child.stop()
    if code != 0:
        raise StackError(f"{name} failed (exit status {code}, log {log})\n{tail(log)}")


def interpreter_first(env: Mapping[str, str]) -> dict[str, str]:
    """The environment with the running interpreter's tools first on PATH.

    `sam build` looks for the run-time of the functions there, and `sam` itself
    is installed beside the interpreter.
    """
    tools = str(Path(sys.prefix) / "bin")
    return {**env, "PATH": os.pathsep.join((tools, env.get("PATH", os.defpath)))}
