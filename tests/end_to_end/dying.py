"""A bus that ends its caller: between the publish function and the emulator's EventBridge, over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from local.stack import Stack

CALL_SECONDS = 30.0
FULL = 10  # events of a call after which another one must follow
CONNECTIONS = Path("/proc/net/tcp")


@dataclass
class DyingBus:
    """Calls wait until `open` is set; the one that follows a full one never reaches the bus."""

    open: threading.Event = field(default_factory=threading.Event)
    called: threading.Event = field(default_factory=threading.Event)
    put: list[list[str]] = field(default_factory=list)  # ids of the events, by call, of what got through
    killed: list[int] = field(default_factory=list)  # processes

    def ends_its_caller(self) -> bool:
        return not self.killed and any(len(ids) == FULL for ids in self.put)


@contextmanager
def dying_bus(stack: Stack) -> Iterator[DyingBus]:
    """Inside, the publish function puts its events through such a bus."""
    bus = DyingBus()
    server = _Server(("127.0.0.1", 0), _handler(bus, stack=stack))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    functions, name = stack.client("lambda"), stack.function_names["publish"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    through = variables | {"AWS_ENDPOINT_URL_EVENTBRIDGE": f"http://127.0.0.1:{server.server_port}"}
    try:
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": through})
        yield bus
    finally:
        bus.open.set()
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: that a caller dies is what this is for."""


def _handler(bus: DyingBus, *, stack: Stack) -> type[BaseHTTPRequestHandler]:
    emulator = urlsplit(stack.endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bus.called.set()
            bus.open.wait(CALL_SECONDS)
            if bus.ends_its_caller():
                bus.killed.append(_kill_publisher(self.client_address[1], stack=stack))
                self.close_connection = True
                return
            bus.put.append([json.loads(one["Detail"])["event_id"] for one in json.loads(body)["Entries"]])
            connection = HTTPConnection(cast("str", emulator.hostname), emulator.port, timeout=CALL_SECONDS)
            connection.request("POST", self.path, body=body, headers=dict(self.headers.items()))
            answer = connection.getresponse()
            told = answer.read()
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.headers["Content-Type"])
            self.send_header("Content-Length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)
            connection.close()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the base class writes to stderr."""

    return Handler


def _kill_publisher(port: int, *, stack: Stack) -> int:
    """SIGKILL the function's process that has called from this port. Its id."""
    process = _owner_of(port)
    environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    assert f"AWS_LAMBDA_FUNCTION_NAME={stack.function_names['publish']}".encode() in environment
    os.kill(process, signal.SIGKILL)
    return process


def _owner_of(port: int) -> int:
    """Whose end of a connection on the loopback has this port."""
    ends = [line.split() for line in CONNECTIONS.read_text().splitlines()[1:]]
    [socket] = [f"socket:[{end[9]}]" for end in ends if end[1] == f"0100007F:{port:04X}"]
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it is closed by now, or another user's
            if str(descriptor.readlink()) == socket:
                return int(descriptor.parts[2])
    raise LookupError("nobody holds this connection")
