"""The part of the HTTP client that touches sockets: connections that know the deadline.

urllib3's time-outs bound one `recv` each, so a peer that drips a byte a second is never
late. Here every single read gets what is left of the whole. And what fails before the
first byte of a request can have left is raised as `NotSentError` at that very place, where it
is certain, not guessed from the library's exception afterwards.
"""

from __future__ import annotations

import http.client
import io
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from countersign.clock import Deadline
from countersign.providers.wire import NotSentError, NotTriedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LEAST_SECONDS = 0.2  # with less than this left a request is not begun

_ONE_MILLISECOND = 0.001


# Where a host and port lead to, in the form of `socket.getaddrinfo`. It may raise NotSentError.
type Addresses = Sequence[tuple[int, int, int, str, tuple[Any, ...]]]
type Lookup = Callable[[str, int | None], Addresses]


def look_up(host: str, port: int | None) -> Addresses:
    """What the system's resolver says. Raises OSError or UnicodeError."""
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


@dataclass(frozen=True, slots=True)
class _Limits:
    deadline: Deadline
    connect_timeout_seconds: float
    lookup: Lookup


_LIMITS: ContextVar[_Limits] = ContextVar("vendor_call_limits")


@contextmanager
def limits(deadline: Deadline, *, connect_timeout_seconds: float, lookup: Lookup = look_up) -> Iterator[None]:
    """Everything that the adapter does inside this block ends by the deadline.

    Connections are made to the very addresses that `lookup` gives, and no name is looked up elsewhere.
    """
    token = _LIMITS.set(_Limits(deadline, connect_timeout_seconds, lookup))
    try:
        yield
    finally:
        _LIMITS.reset(token)


class _DeadlineReader(io.RawIOBase):
    """The socket's raw file; each read waits no longer than what is left."""

    def __init__(self, raw: io.RawIOBase, *, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        left = _LIMITS.get().deadline.remaining()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return cast("int | None", self._raw.readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_DeadlineReader(raw, sock=sock))


def _open_socket(host: str, port: int | None) -> socket.socket:
    """Connect to the first address that answers; all of them share one connect time-out."""
    limit = _LIMITS.get()
    connecting = limit.deadline.within(limit.connect_timeout_seconds)
    try:
        addresses = limit.lookup(host, port)
    except (OSError, UnicodeError):
        raise NotSentError("host name not resolved") from None
    for family, kind, protocol, _, address in addresses:
        left = connecting.remaining()
        if left <= 0:
            break
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(left)
            sock.connect(address)
        except OSError:
            sock.close()
            continue
        sock.settimeout(max(connecting.remaining(), _ONE_MILLISECOND))  # for the TLS handshake
        return sock
    raise NotSentError("no connection")


def _prepare_to_write(sock: socket.socket | None) -> None:
    left = _LIMITS.get().deadline.remaining()
    if left < LEAST_SECONDS:
        raise NotTriedError("no time left to send")
    if sock is not None:
        sock.settimeout(left)


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        return _open_socket(self.host, self.port)

    def connect(self) -> None:
        super().connect()
        _prepare_to_write(self.sock)


class _TlsConnection(HTTPSConnection):
    response_class = _DeadlineResponse

    def _new_conn(self) -> socket.socket:
        return _open_socket(self.host, self.port)

    def connect(self) -> None:
        try:
            super().connect()
        except NotSentError:
            raise
        except Exception:  # whatever it is, the request is written after `connect`
            raise NotSentError("TLS handshake failed") from None
        _prepare_to_write(self.sock)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter over these connections. Use it inside `limits`."""

    def init_poolmanager(
        self,
        connections: int,
        maxsize: int,
        block: bool = False,  # noqa: FBT002  # as in requests
        **pool_kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, **pool_kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
