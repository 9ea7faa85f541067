"""Every endpoint of every dialect, as the code has them, and the routes of the template that name one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn, cast

from countersign.dialects.dialect import Dialect, Endpoint, UseCases
from countersign.dialects.registry import DIALECTS
from tests.support.api import Routes, routes


class _Unused:
    """Use cases that nobody may touch: to list its endpoints a dialect needs none."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"the list of endpoints took {name}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """An endpoint and the dialect that it belongs to."""

    dialect_name: str
    dialect: Dialect
    endpoint: Endpoint

    @property
    def operation(self) -> str:
        """As a route of API Gateway and a path of OpenAPI name it."""
        return f"{self.endpoint.method} {self.endpoint.path}"


def spoken() -> Iterator[Spoken]:
    for name, entry in DIALECTS.items():
        module = import_module(f"countersign.dialects.{name}")
        dialect: Dialect = getattr(module, entry.class_name)(cast("UseCases", _Unused()))
        for endpoint in dialect.endpoints():
            yield Spoken(name, dialect, endpoint)


def explicit_routes(among: Routes | None = None) -> Routes:
    """The routes but for the greedy ones and `$default`; vendors' callbacks speak no dialect."""
    return tuple(route for route in (routes() if among is None else among) if "+}" not in route[1])
