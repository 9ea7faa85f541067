"""A request as it lies on the wire, and the operations of every dialect that it may ask for."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from tests.support.gateway import http_event

JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"


class Role(StrEnum):
    """What a field means, and so how a bad one is refused."""

    NUMBER = "number"
    CODE = "code"
    ID = "id"
    WORD = "word"  # one of a list, or a name
    TEXT = "text"  # free
    WHOLE = "whole"  # a whole number
    DOCUMENT = "document"  # the body or the query as such
    MISSING = "missing"  # a field that is not there, or by a name that nobody reads
    CALLER = "caller"
    PLACE = "place"  # path and method


class Carrier(StrEnum):
    """Where the fields travel."""

    JSON = "json"
    QUERY = "query"
    FORM = "form"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Raw:
    """A text that stands in a JSON document as it is."""

    text: str


@dataclass(frozen=True)
class Wire:
    """A request; `event` replaces members of the event that API Gateway would make of it."""

    method: str
    path: str
    query: str = ""
    body: str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    event: Mapping[str, Any] = field(default_factory=dict)

    def typed(self, content_type: str) -> Wire:
        return self.headed({"content-type": content_type})

    def headed(self, headers: Mapping[str, str]) -> Wire:
        return replace(self, headers={**self.headers, **headers})

    def as_event(self) -> dict[str, Any]:
        """Bytes go in base64, as API Gateway hands over what is no text."""
        is_text = not isinstance(self.body, bytes)
        body = self.body if not isinstance(self.body, bytes) else base64.b64encode(self.body).decode()
        made = http_event(self.method, self.path, body=body, headers=self.headers, query=self.query)
        return made | {"isBase64Encoded": not is_text} | dict(self.event)


@dataclass(frozen=True)
class Door:
    """An operation, and a request that it would take: `name` is its operationId in openapi.json.

    `fields` are the names in `members` by what they mean, with dots for what is nested; the
    id in a path is `{id}`. `credentials` are the names of the client's id and secret there.
    """

    name: str
    dialect: str
    method: str
    path: str
    carrier: Carrier
    members: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[Role, tuple[str, ...]] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    credentials: tuple[str, str] = ("", "")
    id: str = ""

    @property
    def document(self) -> str:
        """The body of what would be taken."""
        return str(self.wire().body)

    def value(self, name: str) -> object:
        """What a field holds in the request that would be taken."""
        if name == "{id}":
            return self.id
        found: Any = self.members
        for step in name.split("."):
            found = found[step]
        return found

    def wire(self, name: str = "", value: object = None) -> Wire:
        """The request that would be taken, with one field changed."""
        path, members = self.path.replace("{id}", self.id), dict(copy.deepcopy(self.members))
        if name == "{id}":
            path = self.path.replace("{id}", str(value))
        elif name:
            _set(members, name, value)
        return self._rendered(path, members)

    def without(self, name: str) -> Wire:
        """The same without one field."""
        members: Any = dict(copy.deepcopy(self.members))
        *steps, last = name.split(".")
        section = members
        for step in steps:
            section = section[step]
        del section[last]
        return self._rendered(self.path.replace("{id}", self.id), members)

    def _rendered(self, path: str, members: dict[str, object]) -> Wire:
        bare = Wire(self.method, path, headers=self.headers)
        match self.carrier:
            case Carrier.QUERY:
                return replace(bare, query=form_of(members))
            case Carrier.FORM:
                return replace(bare, body=form_of(members)).typed(FORM_TYPE)
            case Carrier.JSON:
                return replace(bare, body=json_of(members)).typed(JSON_TYPE)
        return bare


def _set(members: dict[str, object], name: str, value: object) -> None:
    *steps, last = name.split(".")
    section: Any = members
    for step in steps:
        section = section[step]
    section[last] = value


def form_of(members: Mapping[str, object]) -> str:
    """Names and values as a form; half a character stays one."""
    return urlencode({name: str(value) for name, value in members.items()}, errors="surrogatepass")


def json_of(document: object) -> str:
    """JSON in ASCII, with every Raw as it is."""
    raw: list[str] = []

    def kept(value: object) -> str:
        assert isinstance(value, Raw)
        raw.append(value.text)
        return f"\x00{len(raw) - 1}"

    text = json.dumps(document, default=kept, separators=(",", ":"))
    for place, one in enumerate(raw):
        text = text.replace(f'"\\u0000{place}"', one)
    return text
