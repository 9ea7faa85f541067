"""Requests, answers and routes, free of any one protocol."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import final

from countersign.clock import Deadline
from countersign.errors import InvalidRequestError, MethodNotAllowedError, NotFoundError, PayloadTooLargeError

BODY_LIMIT_BYTES = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """An HTTP request, from payload format 2.0 of API Gateway; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    parameters: Mapping[str, str] = field(default_factory=dict)  # the path's

    def __repr__(self) -> str:
        return f"HttpRequest({self.method})"

    @classmethod
    def from_event(cls, event: Mapping[str, object]) -> HttpRequest:
        """Read an event. Raises InvalidRequestError or PayloadTooLargeError for an unusable body."""
        context = event.get("requestContext")
        http = context.get("http") if isinstance(context, dict) else None
        if not isinstance(http, dict):
            raise InvalidRequestError("This is not an HTTP request of API Gateway's format 2.0.")
        headers = event.get("headers")
        return cls(
            method=str(http.get("method", "")).upper(),
            path=str(event.get("rawPath", "/")),
            headers={str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {},
            body=_body(event),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """An answer; `body` is text, empty for none."""

    status: int
    headers: Mapping[str, str]
    body: str = ""

    def as_result(self) -> dict[str, object]:
        """The result of a function behind API Gateway (payload format 2.0)."""
        return {
            "statusCode": self.status,
            "headers": dict(self.headers),
            "body": self.body,
            "isBase64Encoded": False,
        }

    def document(self) -> object:
        """The body as JSON; None where it is empty."""
        return json.loads(self.body) if self.body else None


type RouteHandler = Callable[[HttpRequest, Deadline], HttpResponse]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method and a path such as `/otp/v1/verifications/{id}`."""

    method: str
    path: str
    handler: RouteHandler


@final
class Router:
    """Finds the endpoint of a request."""

    def __init__(
        self, endpoints: tuple[Endpoint, ...], *, elsewhere: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """`elsewhere`: methods and paths of the other function, so that a wrong method is told as such."""
        self._endpoints = tuple((endpoint, _pattern(endpoint.path)) for endpoint in endpoints)
        self._elsewhere = tuple((method, _pattern(path)) for method, path in elsewhere)

    def find(self, request: HttpRequest) -> tuple[Endpoint, dict[str, str]]:
        """The endpoint and the path's parameters. Raises NotFoundError or MethodNotAllowedError."""
        allowed = [method for method, pattern in self._elsewhere if pattern.fullmatch(request.path)]
        for endpoint, pattern in self._endpoints:
            match = pattern.fullmatch(request.path)
            if match is None:
                continue
            if endpoint.method == request.method:
                return endpoint, match.groupdict()
            allowed.append(endpoint.method)
        if allowed:
            raise MethodNotAllowedError(tuple(sorted(allowed)))
        raise NotFoundError("There is no such path.")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


def _body(event: Mapping[str, object]) -> bytes:
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if event.get("isBase64Encoded") is not True:
        # A lone surrogate cannot be UTF-8; it is passed on so that the parser refuses it.
        data = body.encode("utf-8", "surrogatepass")
    elif len(body) > 2 * BODY_LIMIT_BYTES:
        raise PayloadTooLargeError
    else:
        try:
            data = base64.b64decode(body, validate=True)
        except ValueError as error:  # not base64, or not even ASCII
            raise InvalidRequestError("The body cannot be read.") from error
    if len(data) > BODY_LIMIT_BYTES:
        raise PayloadTooLargeError
    return data
