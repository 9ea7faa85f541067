"""Routes: the ordered providers for a country and a channel. Pure.

The configuration (docs/configuration.md has its schema) is one JSON object:

    {"<table>": {"<ISO region or *>": {"<channel or *>": ["<provider>:<custody>", …]}}}
"""

from __future__ import annotations

import json
from typing import final

from countersign.errors import ConfigurationError
from countersign.model import ANY, Channel, Custody, RouteStep, is_region

type _Channels = dict[str, tuple[RouteStep, ...]]


@final
class Routes:
    """Every route table of the deployment."""

    __slots__ = ("_tables",)

    def __init__(self, tables: dict[str, dict[str, _Channels]]) -> None:
        self._tables = tables

    @classmethod
    def parse(cls, text: str) -> Routes:
        """Read the configuration. Raises ConfigurationError that names the place."""
        try:
            document = json.loads(text)
        except ValueError as error:
            raise ConfigurationError("Routes is not JSON") from error
        return cls(
            {
                table: {
                    _region(region, where=f"Routes.{table}"): {
                        channel: _steps(steps, where=f"Routes.{table}.{region}.{channel}")
                        for channel, steps in _object(channels, where=f"Routes.{table}.{region}").items()
                    }
                    for region, channels in _object(regions, where=f"Routes.{table}").items()
                }
                for table, regions in _object(document, where="Routes").items()
            }
        )

    def steps(self, table: str, *, country: str, channel: Channel) -> tuple[RouteStep, ...]:
        """The most exact route: the country before "*", and in it the channel before "*".

        Empty where nothing is configured. Raises ConfigurationError for an unknown table.
        """
        regions = self._tables.get(table)
        if regions is None:
            raise ConfigurationError(f"Routes has no table {table}")
        for region in (country, ANY):
            channels = regions.get(region, {})
            for name in (channel.value, ANY):
                if name in channels:
                    return channels[name]
        return ()


def starting_after(steps: tuple[RouteStep, ...], *, provider: str) -> tuple[RouteStep, ...]:
    """The same route, beginning behind `provider`: where a resend starts."""
    names = [step.provider for step in steps]
    if provider not in names:
        return steps
    first = names.index(provider) + 1
    return steps[first:] + steps[:first]


def _region(name: str, *, where: str) -> str:
    if not is_region(name):
        raise ConfigurationError(f"{where}: a region is two capital letters (VN), 001, or *")
    return name


def _object(value: object, *, where: str) -> dict[str, object]:
    if not isinstance(value, dict) or not value:
        raise ConfigurationError(f"{where} must be a JSON object with at least one member")
    return value


def _steps(value: object, *, where: str) -> tuple[RouteStep, ...]:
    if not where.endswith(f".{ANY}") and where.rsplit(".", 1)[1] not in tuple(Channel):
        raise ConfigurationError(f"{where}: not a channel ({', '.join(Channel)} or *)")
    if not isinstance(value, list) or not value:
        raise ConfigurationError(f'{where} must be a list such as ["esms:vendor"]')
    steps = []
    for entry in value:
        provider, _, custody = entry.partition(":") if isinstance(entry, str) else ("", "", "")
        if not provider or custody not in tuple(Custody):
            raise ConfigurationError(
                f'{where}: each entry must be "<provider>:vendor" or "<provider>:gateway"'
            )
        steps.append(RouteStep(provider, Custody(custody)))
    if len({step.provider for step in steps}) < len(steps):
        raise ConfigurationError(f"{where} names a provider twice; a route tries each once")
    return tuple(steps)
