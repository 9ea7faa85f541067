"""A TCP server on loopback whose answers are bytes, so that it can break every rule of HTTP."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Self

type Script = Callable[[RawServer, socket.socket], None]


class RawServer:
    """Runs `script` on each connection in a thread, until it is closed. Use with `with`."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self.requests: list[bytes] = []
        self.connections = 0
        self.closing = threading.Event()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)
        for connection in self._open:
            connection.close()

    def read_request(self, connection: socket.socket) -> bytes:
        """One whole request, recorded; empty where the client has closed."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        while len(body) < length:
            body += connection.recv(65536)
        request = head + b"\r\n\r\n" + body
        self.requests.append(request)
        return request

    def _start(self, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self.closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]  # bound now

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self._script(self, connection)
        connection.close()


def answer(body: bytes = b"{}", *, status: str = "200 OK", headers: str = "") -> bytes:
    """A well-formed HTTP answer."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


def replies(*answers: bytes, then: Callable[[socket.socket], None] | None = None) -> Script:
    """Answer the requests of a connection one after the other, then close or do `then`."""

    def script(server: RawServer, connection: socket.socket) -> None:
        for reply in answers:
            if not server.read_request(connection):
                return
            connection.sendall(reply)
        if then is not None:
            then(connection)

    return script


def resets(server: RawServer, connection: socket.socket) -> None:
    """Take the request, then reset the connection."""
    server.read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def is_silent(server: RawServer, connection: socket.socket) -> None:
    """Take the request and never answer."""
    server.read_request(connection)
    server.closing.wait()


def drips(head: bytes, drop: bytes, *, times: int, tail: bytes = b"", seconds: float = 0.03) -> Script:
    """`head` at once, then `drop` every so often, then `tail`: in the end the answer is whole."""

    def script(server: RawServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(head)
        for _ in range(times):
            connection.sendall(drop)
            if server.closing.wait(seconds):
                return
        connection.sendall(tail)

    return script


def refused_url() -> str:
    """A URL on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
