"""What the commands have in common: options, and what a command is given."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tools.console import Console
from tools.deployment import Deployment
from tools.result import Result

# argparse has no public name for what add_subparsers returns.
type Commands = argparse._SubParsersAction[argparse.ArgumentParser]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a command runs with."""

    options: argparse.Namespace
    console: Console
    deployment: Deployment
    now: datetime  # in UTC


def common_options() -> argparse.ArgumentParser:
    """Options that may stand before and after the command."""
    suppressed = argparse.SUPPRESS  # or a command's default would overwrite what stood before it
    common = argparse.ArgumentParser(add_help=False)
    group = common.add_argument_group("which stack, and how to answer")
    group.add_argument("--stack", default=suppressed, help="name of the stack (default: samconfig.toml's)")
    group.add_argument("--region", default=suppressed, help="AWS region (default: the shell's)")
    group.add_argument("--profile", default=suppressed, help="AWS profile (default: the shell's)")
    group.add_argument("--endpoint-url", metavar="URL", default=suppressed, help="of an emulator of AWS")
    group.add_argument(
        "--local", action="store_true", default=suppressed, help="the stack that `make run` has started"
    )
    group.add_argument("--json", action="store_true", default=suppressed, help="answer in JSON")
    return common


def command(
    commands: Commands,
    name: str,
    common: argparse.ArgumentParser,
    *,
    run: Callable[[Context], Result],
    summary: str,
    more: str = "",
) -> argparse.ArgumentParser:
    """One command. `summary` stands in the list, `more` below it in the command's own help."""
    made = commands.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}. {more}".strip(),
        parents=[common],
        allow_abbrev=False,
    )
    made.set_defaults(run=run)
    return made


def group(commands: Commands, name: str, *, summary: str) -> Commands:
    """A command that has commands of its own."""
    made = commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    return made.add_subparsers(title="commands", metavar="COMMAND", required=True)
