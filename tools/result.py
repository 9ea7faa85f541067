"""What a command leaves behind: a document, the same in words, and an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar


class ExitCode(IntEnum):
    """README.md and `--help` list them; a test holds the three together."""

    DONE = 0
    REFUSED = 1  # the command looked and said no; what was not done is told
    USAGE = 2  # argparse's own
    AWS = 3  # no credentials, no such stack, no permission, no answer
    CHANGED_MEANWHILE = 4  # somebody else edited the same secret; nothing was written
    INTERRUPTED = 130  # as a shell has it for Ctrl-C


class ToolError(Exception):
    """A command ends here. Its text is shown, and holds no secret and no whole number."""

    code: ClassVar[str] = "refused"
    exit_code: ClassVar[ExitCode] = ExitCode.REFUSED


class UsageError(ToolError):
    """The arguments do not go together."""

    code = "usage"
    exit_code = ExitCode.USAGE


class AwsError(ToolError):
    """AWS refused, or gave no answer. The text names the call and the error's code, never AWS's message."""

    code = "aws"
    exit_code = ExitCode.AWS


class ChangedMeanwhileError(ToolError):
    """The secret was edited between our look and our write."""

    code = "changed_meanwhile"
    exit_code = ExitCode.CHANGED_MEANWHILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`document` is what `--json` prints, `lines` what it is in words."""

    document: Mapping[str, object]
    lines: tuple[str, ...]
    exit_code: ExitCode = ExitCode.DONE
