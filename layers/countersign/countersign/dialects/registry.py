"""The dialects by name: where their paths begin, and how one is found.

A dialect's module is imported when a request first comes for it, so that a cold start
pays for the protocol that it speaks, and for the native one, which direct invocations speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import final

from countersign.dialects.dialect import Dialect, Function, UseCases
from countersign.dialects.router import Router


@dataclass(frozen=True, slots=True)
class Entry:
    """The class of a dialect, in the module of its name, and how its paths begin."""

    class_name: str
    prefixes: tuple[str, ...]


# The first whose prefix fits answers; the native API has all that is left.
DIALECTS: Mapping[str, Entry] = {
    "message_central": Entry("MessageCentral", ("/auth/", "/verification/")),
    "esms": Entry("Esms", ("/MainService.svc/",)),
    "engagelab": Entry("Engagelab", ("/v1/",)),
    "camara": Entry("Camara", ("/one-time-password-sms/",)),
    "oauth2": Entry("OAuth2", ("/oauth2/",)),
    "native": Entry("Native", ("/",)),
}
NATIVE = "native"  # the last one, whose prefix fits every path

# What a client may be limited to: tokens are for every dialect that takes them.
CLIENT_DIALECTS = frozenset(DIALECTS) - {"oauth2"}


@final
class Front:
    """The dialects as one of the functions speaks them."""

    def __init__(self, use_cases: UseCases, *, function: Function) -> None:
        self._use_cases = use_cases
        self._function = function
        self._spoken: dict[str, tuple[Dialect, Router]] = {}

    def at(self, path: str) -> tuple[str, Dialect, Router]:
        """The dialect that answers for a path: its name, itself, its routes."""
        for name, entry in DIALECTS.items():
            if path.startswith(entry.prefixes):
                return name, *self.dialect(name)
        return NATIVE, *self.dialect(NATIVE)

    def dialect(self, name: str) -> tuple[Dialect, Router]:
        if name not in self._spoken:
            module = import_module(f"countersign.dialects.{name}")
            spoken: Dialect = getattr(module, DIALECTS[name].class_name)(self._use_cases)
            self._spoken[name] = spoken, Router(spoken, function=self._function)
        return self._spoken[name]
