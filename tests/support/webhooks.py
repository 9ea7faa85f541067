"""Events as the bus hands them on, and a receiver of webhooks on 127.0.0.1."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

KEY, OLD_KEY = bytes(range(32)), bytes(range(32, 64))

DETAIL: dict[str, Any] = {
    "event_id": "evt_k7f3m2q5x4tzn6wbyahd7rjcue",
    "sequence": "0000000000000000000000000111100000000042-0",
    "occurred_at": "2026-11-22T01:01:14Z",
    "id": "fnaqgbxql5njfeubez5lrxdfbv",
    "client": "shop",
    "reference": "order-17",
    "to": "+84•••••8484",
    "country": "VN",
    "channel": "sms",
    "purpose": "login",
    "provider": "esms",
    "status": "approved",
    "reason": "correct_code",
    "attempts": 1,
    "sends": 1,
    "created_at": "2026-11-22T01:00:54Z",
    "seconds": 20,
}


def event(kind: str = "VerificationApproved", **changes: Any) -> str:
    """The body of the queue's message for an event, with changes of its detail."""
    return json.dumps(
        {
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": kind,
            "source": "countersign",
            "account": "123456789012",
            "time": "2026-11-22T01:01:15Z",
            "region": "eu-west-1",
            "resources": [],
            "detail": DETAIL | changes,
        }
    )


def secret_of(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def section(url: str, *keys: bytes, **more: Any) -> dict[str, Any]:
    """A client's `webhook`."""
    return {"url": url, "secrets": [secret_of(key) for key in keys or (KEY,)], **more}


@dataclass(frozen=True)
class Got:
    """One request that a receiver has got."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    def verified(self, key: bytes = KEY) -> Any:
        """The body, once the specification's own package has found the signature right."""
        return Webhook(secret_of(key)).verify(self.body, self.headers)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """Answers with what it is told to: `answers` in their order, then `status` for good."""

    url: str = ""
    status: int = 204
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[Got] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def next_answer(self, request: Got) -> tuple[int, dict[str, str]]:
        with self.arrived:
            self.got.append(request)
            self.arrived.notify_all()
            return self.answers.pop(0) if self.answers else (self.status, {})

    def wait_for(self, number: int, *, seconds: float) -> list[Got]:
        """What has come in, once it is so many or the time is over."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.got) >= number, timeout=seconds)
            return list(self.got)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: a sender that hangs up is no fault of the receiver."""


@contextmanager
def receiving(*, port: int = 0) -> Iterator[Receiver]:
    """A receiver that is up for as long as the block; its URL has a path and a query that no log may hold."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            told = {name.lower(): value for name, value in self.headers.items()}
            status, headers = receiver.next_answer(Got(self.path, told, body))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the base class writes to stderr."""

    server = _Server(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/canary-path?token=canary-token"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
