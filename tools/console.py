"""The terminal: results on stdout, everything else on stderr, secrets typed without an echo."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TextIO

from tools.result import Result, ToolError

_ENDED = "the input ended before the question was answered; nothing was changed"


class Console:
    """Where an operator reads and types. Where stdin is no terminal, each question takes one line of it."""

    def __init__(
        self, *, stdin: TextIO | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None
    ) -> None:
        """The process's own streams, unless others are given."""
        self._in = stdin or sys.stdin
        self._out = stdout or sys.stdout
        self._err = stderr or sys.stderr

    @property
    def shows_to_a_person(self) -> bool:
        """What is printed goes to a terminal, not into a file or a log."""
        return self._out.isatty()

    def show(self, result: Result, *, as_json: bool) -> None:
        if as_json:
            print(json.dumps(result.document, indent=2, ensure_ascii=False), file=self._out)
            return
        for line in result.lines:
            print(line, file=self._out)

    def show_error(self, error: ToolError, *, as_json: bool) -> None:
        if as_json:
            document = {"error": {"code": error.code, "message": str(error)}}
            print(json.dumps(document, indent=2, ensure_ascii=False), file=self._out)
            return
        self.say(f"countersign: {error}")

    def say(self, line: str) -> None:
        """Something on the way: progress, a warning, an interruption."""
        print(line, file=self._err, flush=True)

    def ask(self, question: str) -> str:
        """One line, typed visibly. Raises ToolError where there is nobody to type."""
        if self._in.isatty():
            print(question, end="", file=self._err, flush=True)
        return self._line()

    def ask_secret(self, question: str) -> str:
        """One line that the terminal does not show."""
        if not self._in.isatty():
            return self._line()
        try:
            return getpass.getpass(question, stream=self._err)
        except EOFError:
            raise ToolError(_ENDED) from None

    def confirm(self, question: str) -> bool:
        return self.ask(f"{question} [y/N] ").strip().lower() in {"y", "yes"}

    def rest(self) -> str:
        """All that is still to come on stdin."""
        return self._in.read()

    def _line(self) -> str:
        line = self._in.readline()
        if not line:
            raise ToolError(_ENDED)
        return line.rstrip("\r\n")
