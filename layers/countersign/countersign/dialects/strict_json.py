"""JSON as strict as a contract: one object, known members, right types, each named once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import final

from countersign.errors import InvalidRequestError, UnsupportedMediaTypeError
from countersign.policy import Bound


def parse_object(body: bytes, *, content_type: str | None, optional: bool = False) -> JsonObject:
    """Read a body whose members are all known.

    Raises InvalidRequestError (naming the member where there is one) or UnsupportedMediaTypeError.
    """
    if optional and not body:
        return JsonObject({})
    return JsonObject(parse_members(body, content_type=content_type))


def parse_members(body: bytes, *, content_type: str | None) -> dict[str, object]:
    """Read a body as plain values, at every depth with each member named once; raises the same."""
    if content_type is not None and content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaTypeError
    if not body:
        raise InvalidRequestError("The body is empty; it must be a JSON object.")
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise InvalidRequestError("The body is not UTF-8.") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError("The body is not JSON.") from error
    if not isinstance(document, dict):
        raise InvalidRequestError("The body must be a JSON object.")
    return document


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise InvalidRequestError(f"`{_shown(name)}` is given twice.", field=_shown(name))
        members[name] = value
    return members


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _shown(name: str) -> str:
    """A member's name as an error may repeat it: ASCII letters, short."""
    return "".join(c for c in name if c.isascii() and (c.isalnum() or c in "_-"))[:40] or "?"


@final
class JsonObject:
    """An object whose members are taken one by one; what is left over is an error."""

    __slots__ = ("_members", "_taken")

    def __init__(self, members: Mapping[str, object]) -> None:
        self._members = members
        self._taken: set[str] = set()

    def has(self, name: str) -> bool:
        return name in self._members

    def text(self, name: str, *, most: int, least: int = 1) -> str:
        """A required string of `least` to `most` characters without control characters."""
        value = self.optional_text(name, most=most, least=least)
        if value is None:
            raise InvalidRequestError(f"`{name}` is missing.", field=name)
        return value

    def optional_text(self, name: str, *, most: int, least: int = 1) -> str | None:
        """The same, or None where the member is absent."""
        self._taken.add(name)
        if name not in self._members:
            return None
        value = self._members[name]
        if not isinstance(value, str):
            raise InvalidRequestError(f"`{name}` must be a string.", field=name)
        if not least <= len(value) <= most:
            raise InvalidRequestError(f"`{name}` must have {least} to {most} characters.", field=name)
        if not value.isprintable():
            raise InvalidRequestError(f"`{name}` holds characters that cannot be printed.", field=name)
        return value

    def optional_number(self, name: str, *, bound: Bound) -> int | None:
        """A whole number within inclusive bounds, or None where the member is absent."""
        self._taken.add(name)
        if name not in self._members:
            return None
        value = self._members[name]
        if type(value) is not int:
            raise InvalidRequestError(f"`{name}` must be a whole number.", field=name)
        if not bound.holds(value):
            raise InvalidRequestError(f"`{name}` must be from {bound.low} to {bound.high}.", field=name)
        return value

    def nothing_else(self) -> None:
        """Raises InvalidRequestError for a member that nobody has taken."""
        for name in self._members:
            if name not in self._taken:
                raise InvalidRequestError(
                    f"`{_shown(name)}` is not a member of this request.", field=_shown(name)
                )
