"""The command line: `countersign COMMAND …`, its options, and what becomes of each failure."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from countersign import __version__
from countersign.errors import ConfigurationError, CountersignError
from tools import clients, doctor, erasing, pepper, routes, sending, showing, vendors
from tools.arguments import Context, common_options
from tools.console import Console
from tools.deployment import Deployment, Target, default_stack
from tools.result import AwsError, ExitCode, Result, ToolError

EXIT_CODES: Final = """\
exit codes:
  0    done
  1    refused or failed: the command says why, and what was not done
  2    usage
  3    AWS refused or gave no answer: credentials, permissions, the stack's name
  4    somebody else changed the same secret meanwhile; nothing was written
  130  interrupted
"""

_SAFE = (
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)  # their texts hold no value


def parser() -> argparse.ArgumentParser:
    """Every command with its help."""
    common = common_options()
    root = argparse.ArgumentParser(
        prog="countersign",
        description="Operate a deployed Countersign stack.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
        allow_abbrev=False,
    )
    root.add_argument("--version", action="version", version=f"countersign {__version__}")
    commands = root.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (clients, vendors, pepper, routes, showing, erasing, sending, doctor):
        module.register(commands, common)
    return root


def main(
    arguments: Sequence[str],
    *,
    console: Console | None = None,
    connect: Callable[[Target], Deployment] = Deployment.of,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> int:
    """Run one command. The exit code is one of ExitCode."""
    console = console or Console()
    try:
        options = parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said what it had to say
        return int(end.code or 0)
    as_json = getattr(options, "json", False)
    target = Target(
        stack=getattr(options, "stack", None) or default_stack(),
        region=getattr(options, "region", None),
        profile=getattr(options, "profile", None),
        endpoint_url=getattr(options, "endpoint_url", None),
        local=getattr(options, "local", False),
    )
    try:
        context = Context(options=options, console=console, deployment=connect(target), now=clock())
        result: Result = options.run(context)
    except KeyboardInterrupt:
        console.say("\ncountersign: interrupted")
        return ExitCode.INTERRUPTED
    except (ToolError, ConfigurationError, CountersignError, ClientError, BotoCoreError) as error:
        told = _told(error)
        console.show_error(told, as_json=as_json)
        return told.exit_code
    console.show(result, as_json=as_json)
    return result.exit_code


def _told(error: Exception) -> ToolError:
    """The same failure in words that hold no value of anything."""
    if isinstance(error, ToolError):
        return error
    if isinstance(error, ClientError):
        code = error.response.get("Error", {}).get("Code", "an error")
        return AwsError(f"AWS refused {error.operation_name}: {code}")
    if isinstance(error, _SAFE):
        return AwsError(str(error))
    if isinstance(error, BotoCoreError):
        return AwsError(f"AWS gave no answer ({type(error).__name__})")
    return ToolError(str(error))
