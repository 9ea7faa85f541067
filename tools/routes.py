"""`countersign routes`: which vendors are asked, in which order, for which country and channel."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from countersign.routing import Routes
from tools.arguments import Commands, Context, command
from tools.result import ExitCode, Result
from tools.vendors import read_vendors, why_left_out


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`routes`."""
    command(
        commands,
        "routes",
        common,
        run=list_routes,
        summary="list the routes, with the vendors that are left out of them",
        more="Exits with 1 where a route has no vendor left.",
    )


def list_routes(context: Context) -> Result:
    """As the stack was deployed with, and as the vendors' accounts are now."""
    text = context.deployment.parameter("Routes")
    Routes.parse(text)  # raises ConfigurationError that names the place
    accounts = read_vendors(context).content
    found: list[dict[str, Any]] = []
    for table, regions in json.loads(text).items():
        for country, channels in regions.items():
            for channel, steps in channels.items():
                vendors = [_vendor(step, accounts=accounts) for step in steps]
                dead = all(vendor["left_out"] is not None for vendor in vendors)
                found.append(
                    {"table": table, "country": country, "channel": channel, "vendors": vendors, "dead": dead}
                )
    lines = [
        f"{one['table']}  {one['country']:>3}  {one['channel']:<8}  {', '.join(map(_words, one['vendors']))}"
        for one in found
    ]
    exit_code = ExitCode.REFUSED if any(one["dead"] for one in found) else ExitCode.DONE
    return Result(document={"routes": found}, lines=tuple(lines), exit_code=exit_code)


def _vendor(step: str, *, accounts: Mapping[str, Any]) -> dict[str, Any]:
    vendor, _, custody = step.partition(":")
    return {"vendor": vendor, "custody": custody, "left_out": why_left_out(accounts, vendor)}


def _words(vendor: dict[str, Any]) -> str:
    name = f"{vendor['vendor']}:{vendor['custody']}"
    return name if vendor["left_out"] is None else f"{name} [LEFT OUT: {vendor['left_out']}]"
