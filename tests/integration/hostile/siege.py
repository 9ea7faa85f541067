"""One gateway for many hostile requests, which is unmoved by all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.integration.hostile.refusals import allowed, dialect_at, faults_of_shape, word_of
from tests.integration.hostile.wire import Door, Role, Wire
from tests.support.gateway import Context, Gateway, HttpAnswer
from tests.support.vendors import Vendors

NUMBER = "912345"  # how every number here begins, in its country
NEVER_SAID = ("demo-secret", NUMBER, "evil.example", "398210")


@dataclass
class Siege:
    """The gateway, its vendors, and what lies in its table."""

    gateway: Gateway
    vendors: Vendors
    items: Callable[[], list[dict[str, Any]]]

    def __post_init__(self) -> None:
        self._stored = self._items()
        self._called = 0

    def look(self) -> None:
        """What is done up to here is not the doing of what comes."""
        self.gateway.log.seek(0)
        self.gateway.log.truncate()
        if self._has_called_the_table():
            self._stored = self._items()
        self._called = len(self.vendors.urls)

    def moved(self) -> Iterator[str]:
        """What was done since `look`: something sent, something stored, something that surprised us."""
        yield from (f"called {url}" for url in self.vendors.urls[self._called :])
        if self._has_called_the_table() and self._items() != self._stored:
            yield "the table has changed"
        yield from (f"logged {line}" for line in self.gateway.lines() if line["level"] == "ERROR")
        self.gateway.log.getvalue().encode()

    @contextmanager
    def nothing_done(self) -> Iterator[None]:
        self.look()
        yield
        assert list(self.moved()) == []

    def _has_called_the_table(self) -> bool:
        """Reading the table is dear, and without a call it is as it was."""
        return any(call.startswith("dynamodb.") for call in self.gateway.counted())

    def _items(self) -> list[dict[str, Any]]:
        return sorted(self.items(), key=lambda item: str(item["pk"]))

    def answer(self, wire: Wire) -> HttpAnswer:
        """What the function that API Gateway would call answers, which can leave it as JSON in UTF-8."""
        edge = self.gateway.edge_of(wire.method, wire.path)
        result: Any = edge(wire.as_event(), Context())
        json.dumps(result, ensure_ascii=False).encode()
        return HttpAnswer(result["statusCode"], result["headers"], result["body"])

    def faults(self, door: Door, wire: Wire, *, role: Role) -> Iterator[str]:
        """Why the answer is not the refusal that it should be; nothing if it is."""
        logged = len(self.gateway.log.getvalue())
        answer = self.answer(wire)
        dialect = dialect_at(wire.path) if role in {Role.PLACE, Role.ID} else door.dialect
        word = word_of(answer, dialect=dialect)
        if word not in allowed(role, dialect=dialect):
            yield f"{word}: {answer.text[:200]}"
        elif role is not Role.PLACE and answer.status not in {404, 405}:
            yield from faults_of_shape(answer, operation=door.name)
        said = answer.text + str(dict(answer.headers))
        if dialect == "esms":  # whose answer to a check repeats the number as it was spelt
            said = said.replace(NUMBER, "")
        told = said + self.gateway.log.getvalue()[logged:]
        yield from (f"says {secret}" for secret in NEVER_SAID if secret in told)
        if any(not value.isprintable() for value in answer.headers.values()):
            yield "a header that breaks the line"
