"""Finding the operation that a request asks for."""

from __future__ import annotations

import re
from typing import final

from countersign.dialects.dialect import Dialect, Endpoint, Function
from countersign.dialects.http import HttpRequest
from countersign.errors import MethodNotAllowedError, NotFoundError


@final
class Router:
    """Finds the endpoint of a request among those of one dialect."""

    def __init__(self, dialect: Dialect, *, function: Function) -> None:
        self._canonical = dialect.canonical
        self._function = function
        self._endpoints = tuple(
            (endpoint, _pattern(dialect.canonical(endpoint.path))) for endpoint in dialect.endpoints()
        )

    def find(self, request: HttpRequest) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and the path's parameters.

        Raises NotFoundError, or MethodNotAllowedError where the path is there, here or in the
        other function.
        """
        path = self._canonical(request.path)
        allowed = []
        for endpoint, pattern in self._endpoints:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            if endpoint.method == request.method and self._function in endpoint.functions:
                return endpoint, match.groupdict()
            allowed.append(endpoint.method)
        if allowed:
            raise MethodNotAllowedError(tuple(sorted(allowed)))
        raise NotFoundError("There is no such path.")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
