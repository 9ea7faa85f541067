"""The parameters of an eSMS request: of a query or of a JSON body, in any letter case."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import final

from countersign.dialects.http import HttpRequest
from countersign.dialects.strict_json import parse_members
from countersign.errors import InvalidRequestError, UnauthenticatedError
from countersign.policy import Bound

_NUMBER = re.compile(r"[0-9]{1,3}")


@final
class Parameters:
    """Values by name. Null and the empty string count as not given; what nobody asks for is ignored.

    Values are strings; where `whole` is in a method's name, a whole number of JSON will do as well.
    """

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Raises InvalidRequestError where a name is given twice, in whatever letter case."""
        self._values: dict[str, object] = {}
        for name, value in pairs:
            if not name.isascii():
                continue  # none of ours, whatever its lower case looks like
            if name.lower() in self._values:
                raise InvalidRequestError("A parameter is given twice.")
            self._values[name.lower()] = value

    @classmethod
    def of(cls, request: HttpRequest) -> Parameters:
        """Those of the query, and of a POST those of its body too: one JSON object of whatever type.

        Raises InvalidRequestError.
        """
        pairs: list[tuple[str, object]] = [*request.query().items()]
        if request.method == "POST" and request.body:
            pairs += parse_members(request.body, content_type=None).items()
        return cls(pairs)

    def text(self, name: str) -> str:
        """A string, or "" where it is not given. Raises InvalidRequestError."""
        value = self._values.get(name.lower())
        if value is None:
            return ""
        if not isinstance(value, str):
            raise InvalidRequestError(f"`{name}` must be a string.", field=name)
        return value

    def whole(self, name: str) -> str:
        """A string or a whole number, as a string. Raises InvalidRequestError."""
        value = self._values.get(name.lower())
        return str(value) if type(value) is int else self.text(name)

    def bounded_whole(self, name: str, *, bound: Bound) -> int | None:
        """A whole number within inclusive bounds, None where it is not given. Raises InvalidRequestError."""
        text = self.whole(name)
        if not text:
            return None
        if not _NUMBER.fullmatch(text) or not bound.holds(int(text)):
            is_a_choice = bound.low <= bound.high
            rule = f"must be from {bound.low} to {bound.high}" if is_a_choice else "cannot be chosen"
            raise InvalidRequestError(f"`{name}` {rule}.", field=name)
        return int(text)

    def credential(self, name: str) -> str:
        """ApiKey or SecretKey. Raises UnauthenticatedError."""
        value = self._values.get(name.lower())
        if not isinstance(value, str):
            raise UnauthenticatedError
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:  # half a character of JSON: nobody's credential
            raise UnauthenticatedError from error
        return value
