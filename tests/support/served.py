"""A gateway over real HTTP on loopback, for clients that bring their own HTTP.

    with served(gateway) as base_url:
        client = OTPClient(…)
        client.BASE_URL = f"{base_url}/v1"

Clients that use `requests` must be let past the vendors' stubs first:
`vendors.wire.add_passthru(base_url)`.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from tests.support.gateway import SERVER, Context, Gateway

# What API Gateway hands over as text; every other body, one without a type too, comes in base64.
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript")


@contextmanager
def served(gateway: Gateway) -> Iterator[str]:
    """Serve both functions behind one base URL (no trailing slash) until the block ends.

    Each request becomes an event of payload format 2.0 for the function that API Gateway
    would call; the answer goes out as the function gave it.
    """
    turn = threading.Lock()  # the stubs of the vendors are not made for threads

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            event = event_of(self.command, self.path, headers=self.headers.items(), body=body)
            with turn:
                result: Any = gateway.edge_of(self.command, event["rawPath"])(event, Context())
                gateway.answers.append(json.dumps(result, ensure_ascii=False))
            assert result["isBase64Encoded"] is False
            payload = result["body"].encode()
            self.send_response(result["statusCode"])
            for name, value in result["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(payload)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: a path holds codes in some dialects."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False  # so that closing waits for the answers that are under way
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def event_of(method: str, target: str, *, headers: Any, body: bytes) -> dict[str, Any]:
    """The event that API Gateway makes of a request: the path decoded, the query as it was sent."""
    path, _, query = target.partition("?")
    merged: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        merged[key] = f"{merged[key]},{value}" if key in merged else value
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": merged,
        "requestContext": {"http": {"method": method, "path": unquote(path), "sourceIp": SERVER}},
        "isBase64Encoded": False,
    }
    if body:
        is_text = merged.get("content-type", "").lower().startswith(TEXT_TYPES)
        event["isBase64Encoded"] = not is_text
        event["body"] = body.decode("utf-8", "replace") if is_text else base64.b64encode(body).decode()
    return event
