"""Requests and answers, free of any one protocol."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from countersign.errors import (
    CountersignError,
    InvalidRequestError,
    MethodNotAllowedError,
    PayloadTooLargeError,
)

BODY_LIMIT_BYTES = 8_192
QUERY_LIMIT_CHARACTERS = 8_192
QUERY_LIMIT_FIELDS = 64

_OF_EVERY_DOCUMENT = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """An HTTP request, from payload format 2.0 of API Gateway; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    raw_query: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)  # the path's
    source: str = ""  # the caller's address as API Gateway saw it, whatever the headers claim
    fault: CountersignError | None = None  # why the body could not be read; for the dialect to answer

    def __repr__(self) -> str:
        return f"HttpRequest({self.method})"

    @classmethod
    def from_event(
        cls, event: Mapping[str, object], *, body_limit_bytes: int = BODY_LIMIT_BYTES
    ) -> HttpRequest:
        """Read an event. Raises InvalidRequestError where it is none of HTTP; a bad body is a `fault`."""
        context = event.get("requestContext")
        http = context.get("http") if isinstance(context, dict) else None
        if not isinstance(http, dict):
            raise InvalidRequestError("This is not an HTTP request of API Gateway's format 2.0.")
        headers = event.get("headers")
        body, fault = b"", None
        try:
            body = _body(event, limit_bytes=body_limit_bytes)
        except CountersignError as error:
            fault = error
        return cls(
            method=str(http.get("method", "")).upper(),
            path=str(event.get("rawPath", "/")),
            headers={str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {},
            body=body,
            raw_query=str(event.get("rawQueryString") or ""),
            source=str(http.get("sourceIp", "")),
            fault=fault,
        )

    def query(self) -> dict[str, str]:
        """The query's parameters, empty pairs left out.

        Raises InvalidRequestError: one is given twice, it is not UTF-8, or there are too many.
        """
        if len(self.raw_query) > QUERY_LIMIT_CHARACTERS:
            raise InvalidRequestError("The query is too long.")
        try:
            self.raw_query.encode("utf-8")  # half a character, raw, is no better than one in percent signs
            pairs = parse_qsl(
                self.raw_query, keep_blank_values=True, errors="strict", max_num_fields=QUERY_LIMIT_FIELDS
            )
        except ValueError as error:  # not UTF-8, before or behind the percent signs, or too many fields
            raise InvalidRequestError("The query cannot be read.") from error
        parameters = dict(pairs)
        if len(parameters) < len(pairs):
            raise InvalidRequestError("A parameter of the query is given twice.")
        return parameters


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


def json_response(
    status: int, document: Mapping[str, object], *, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """A JSON answer that nobody keeps; `headers` go before the usual ones."""
    return HttpResponse(
        status=status,
        headers={**_OF_EVERY_DOCUMENT, **(headers or {})},
        body=json.dumps(document, ensure_ascii=False, separators=(",", ":")),
    )


def refusal_headers(error: CountersignError) -> dict[str, str]:
    """What HTTP says of a refusal in any protocol: when to come again, which methods there are."""
    headers = {}
    if error.retry_after_seconds is not None:
        headers["Retry-After"] = str(error.retry_after_seconds)
    if isinstance(error, MethodNotAllowedError):
        headers["Allow"] = ", ".join(error.allowed)
    return headers


def _body(event: Mapping[str, object], *, limit_bytes: int) -> bytes:
    body = event.get("body")
    if not isinstance(body, str):
        return b""
    if event.get("isBase64Encoded") is not True:
        # A lone surrogate cannot be UTF-8; it is passed on so that the parser refuses it.
        data = body.encode("utf-8", "surrogatepass")
    elif len(body) > 2 * limit_bytes:
        raise _too_large(limit_bytes)
    else:
        try:
            data = base64.b64decode(body, validate=True)
        except ValueError as error:  # not base64, or not even ASCII
            raise InvalidRequestError("The body cannot be read.") from error
    if len(data) > limit_bytes:
        raise _too_large(limit_bytes)
    return data


def _too_large(limit_bytes: int) -> PayloadTooLargeError:
    return PayloadTooLargeError(f"The body is larger than {limit_bytes} bytes.")
