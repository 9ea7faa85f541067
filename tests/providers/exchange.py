"""One exchange of the HTTP client with a server that misbehaves."""

from __future__ import annotations

import pytest

from countersign.providers.transport import VendorHttp
from countersign.providers.wire import (
    MaybeSentError,
    VendorAnswer,
    get,
)

from .fakes import real_deadline
from .raw_server import RawServer, Script, answer

MARK = "canary".upper()  # so that no line of source in a traceback holds it
OK = answer(b'{"ok":1}')
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def call(http: VendorHttp, url: str, *, seconds: float = 5.0) -> VendorAnswer:
    return http.send(get(f"{url}/path", query={"key": MARK}), deadline=real_deadline(seconds))


def failure(http: VendorHttp, script: Script, *, seconds: float = 5.0) -> str:
    """Why the request of `script`'s server may have been sent."""
    with RawServer(script) as server, pytest.raises(MaybeSentError) as caught:
        call(http, server.url, seconds=seconds)
    assert len(server.requests) == 1
    return caught.value.reason


def wire_bytes(server: RawServer, line: str, *, headers: str = "", body: str | None = None) -> bytes:
    """The whole request that a provider is to write: request line, every header, body."""
    length = "" if body is None else f"Content-Length: {len(body.encode())}\r\n"
    return (
        f"{line} HTTP/1.1\r\n"
        f"Host: {server.host}\r\n"
        "User-Agent: countersign\r\n"
        "Accept: */*\r\n"
        "Accept-Encoding: identity\r\n"
        f"{headers}{length}\r\n{body or ''}"
    ).encode()
