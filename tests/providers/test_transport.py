"""The HTTP client over real sockets: how long it waits, what it reads, what it is sure of."""

from __future__ import annotations

import socket

import pytest

from countersign.clock import Deadline
from countersign.providers.transport import VendorHttp
from countersign.providers.wire import (
    NotSentError,
    VendorRequest,
    get,
    post_json,
)

from .exchange import CHUNKED, OK, call, failure
from .fakes import FakeClock, real_deadline
from .raw_server import RawServer, Script, answer, drips, is_silent, refused_url, replies, resets


def test_an_answer_comes_back_whole_at_any_status(http: VendorHttp) -> None:
    with RawServer(replies(answer(b'{"a":1}', status="418 No"))) as server:
        got = call(http, server.url)
    assert (got.status, got.body) == (418, b'{"a":1}')


def test_the_request_on_the_wire_is_exactly_what_was_built(http: VendorHttp) -> None:
    request = post_json("", body={"text": "mã {OTP}"}, headers={"Authorization": "Basic eA=="})
    with RawServer(replies(OK)) as server:
        http.send(
            VendorRequest(
                method="POST", url=f"{server.url}/v1?a=%20%2B", headers=request.headers, body=request.body
            ),
            deadline=real_deadline(),
        )
    assert server.requests == [
        b"POST /v1?a=%20%2B HTTP/1.1\r\n"
        b"Host: " + server.host.encode() + b"\r\n"
        b"User-Agent: countersign\r\n"
        b"Accept: */*\r\n"
        b"Accept-Encoding: identity\r\n"
        b"Content-Type: application/json\r\n"
        b"Authorization: Basic eA==\r\n"
        b"Content-Length: 24\r\n"
        b"\r\n"
        b'{"text":"m\\u00e3 {OTP}"}'
    ]


@pytest.mark.parametrize(
    "script",
    [
        drips(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"a", times=100, tail=b"\r\nContent-Length: 2\r\n\r\n{}"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X-Slow: a\r\n", times=90, tail=b"Content-Length: 2\r\n\r\n{}"),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b" ", times=98, tail=b"{}"),
        drips(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"1\r\n \r\n",
            times=98,
            tail=b"0\r\n\r\n",
        ),
        drips(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", times=98, tail=OK),
        is_silent,
    ],
    ids=["header", "headers", "body", "chunks", "continues", "silence"],
)
def test_the_deadline_holds_however_the_answer_drips(http: VendorHttp, script: Script) -> None:
    assert failure(http, script, seconds=0.6) == "no answer in time"


def test_the_last_read_waits_no_longer_than_what_is_left(http: VendorHttp) -> None:
    def script(server: RawServer, connection: socket.socket) -> None:
        server.read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
        for byte in (b"{", b"}"):
            if server.closing.wait(0.6):
                return
            connection.sendall(byte)

    assert failure(http, script, seconds=0.9) == "no answer in time"


@pytest.mark.parametrize(
    "script",
    [
        resets,
        replies(b""),
        replies(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"half"'),
        replies(CHUNKED + b"8\r\n{}"),
        replies(CHUNKED + b"nonsense\r\n{}"),
        replies(b"SSH-2.0-OpenSSH_9.2\r\n"),
        replies(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        replies(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n"),
    ],
    ids=["reset", "closed", "half body", "half chunk", "bad chunk", "not http", "many", "long"],
)
def test_a_broken_answer_may_mean_that_the_request_was_acted_on(http: VendorHttp, script: Script) -> None:
    assert failure(http, script) == "connection lost or answer malformed"


def test_headers_that_were_cut_off_leave_an_answer_without_a_body(http: VendorHttp) -> None:
    with RawServer(replies(b"HTTP/1.1 200 OK\r\nContent-Le")) as server:
        assert call(http, server.url).body == b""


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent", "304 Not"])
def test_a_redirect_is_never_followed(http: VendorHttp, status: str) -> None:
    with RawServer(replies(OK)) as elsewhere:
        reply = answer(b"", status=status, headers=f"Location: {elsewhere.url}/stolen\r\n")
        assert failure(http, replies(reply)) == "redirect"
    assert elsewhere.connections == 0


def test_the_body_of_a_redirect_is_not_waited_for(http: VendorHttp) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 9000\r\n\r\n"
    assert failure(http, drips(head, b" ", times=98), seconds=1.5) == "redirect"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_refused_connection_is_provably_not_sent(http: VendorHttp, scheme: str) -> None:
    with pytest.raises(NotSentError, match="no connection"):
        call(http, refused_url().replace("http", scheme))


def test_all_addresses_of_a_host_share_one_connect_time_out(
    http: VendorHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, tried = FakeClock(), []
    addresses = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 1))] * 50

    class Slow(socket.socket):
        def connect(self, address: object) -> None:
            tried.append(address)
            clock.advance(0.2)
            raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: addresses)
    monkeypatch.setattr(socket, "socket", Slow)
    with pytest.raises(NotSentError, match="no connection"):
        http.send(get("http://vendor.test", query={"a": "b"}), deadline=Deadline(8, clock=clock))
    assert len(tried) == 3


def test_a_connect_time_out_is_provably_not_sent(http: VendorHttp) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(address)
        with pytest.raises(NotSentError, match="no connection"):
            call(http, f"http://127.0.0.1:{address[1]}")
        for client in waiting:
            client.close()


def test_an_unknown_host_is_provably_not_sent(http: VendorHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(NotSentError, match="host name not resolved"):
        call(http, "http://vendor.test")


@pytest.mark.parametrize("url", ["", "vendor.test", "ftp://127.0.0.1", "http://", "http://[::1"])
def test_a_request_that_cannot_be_built_is_provably_not_sent(http: VendorHttp, url: str) -> None:
    with pytest.raises(NotSentError):
        http.send(VendorRequest(method="GET", url=url), deadline=real_deadline())


def test_a_header_that_cannot_be_written_is_provably_not_sent(http: VendorHttp) -> None:
    request = VendorRequest(method="GET", url="http://127.0.0.1:1", headers={"authToken": "a\r\nb: c"})
    with pytest.raises(NotSentError, match="request could not be built"):
        http.send(request, deadline=real_deadline())


def test_without_time_left_nobody_is_called(http: VendorHttp) -> None:
    with RawServer(replies(OK)) as server, pytest.raises(NotSentError, match="no time left to connect"):
        call(http, server.url, seconds=0.1)
    assert server.connections == 0


class _SlowToConnect(FakeClock):
    """Time that is used up while the connection is made."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return super().monotonic() + (0.25 * self.looks)


def test_time_used_up_by_connecting_is_provably_not_sent(http: VendorHttp) -> None:
    with RawServer(replies(OK)) as server, pytest.raises(NotSentError):
        http.send(get(server.url, query={"a": "b"}), deadline=Deadline(1.8, clock=_SlowToConnect()))
    assert server.requests == []
