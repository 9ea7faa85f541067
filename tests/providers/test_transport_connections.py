"""The HTTP client's connections: TLS, keeping and dropping them, and what they do not carry along."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from countersign.clock import SystemClock
from countersign.providers.transport import VendorHttp
from countersign.providers.wire import (
    MaybeSentError,
    NotSentError,
    TransportError,
)

from .certificates import self_signed
from .exchange import MARK, OK, call
from .fakes import FakeClock
from .raw_server import RawServer, Script, answer, drips, is_silent, replies, resets


def test_tls_to_a_plain_port_is_provably_not_sent(http: VendorHttp) -> None:
    def plain(_: RawServer, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with RawServer(plain) as server, pytest.raises(NotSentError, match="TLS handshake failed"):
        call(http, f"https://{server.host}")


def test_a_tls_handshake_that_stalls_is_provably_not_sent(http: VendorHttp) -> None:
    def stalls(server: RawServer, _: socket.socket) -> None:
        server.closing.wait()

    with RawServer(stalls) as server, pytest.raises(NotSentError, match="TLS handshake failed"):
        call(http, f"https://{server.host}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusting(certificate: Path) -> Iterator[VendorHttp]:
    client = VendorHttp(clock=SystemClock(), ca_bundle=str(certificate))
    yield client
    client.close()


def test_an_untrusted_certificate_is_provably_not_sent(http: VendorHttp, tls: ssl.SSLContext) -> None:
    with (
        RawServer(replies(OK), tls=tls) as server,
        pytest.raises(NotSentError, match="TLS handshake failed"),
    ):
        call(http, server.url)
    assert server.requests == []


def test_calls_over_tls_share_a_connection(trusting: VendorHttp, tls: ssl.SSLContext) -> None:
    with RawServer(replies(OK, OK), tls=tls) as server:
        assert [call(trusting, server.url).status for _ in range(2)] == [200, 200]
    assert server.connections == 1


def test_the_deadline_holds_over_tls(trusting: VendorHttp, tls: ssl.SSLContext) -> None:
    script = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b" ", times=98, tail=b"{}")
    with RawServer(script, tls=tls) as server, pytest.raises(MaybeSentError, match="no answer in time"):
        call(trusting, server.url, seconds=0.8)


@pytest.mark.parametrize(("idle_seconds", "connections"), [(20, 1), (21, 2), (-1, 2)])
def test_a_connection_is_used_again_unless_it_idled_too_long(idle_seconds: int, connections: int) -> None:
    clock = FakeClock()
    http = VendorHttp(clock=clock)
    with RawServer(replies(OK, OK)) as server:
        call(http, server.url)
        clock.advance(idle_seconds)
        call(http, server.url)
        http.close()
    assert server.connections == connections


def test_idling_is_counted_per_vendor() -> None:
    clock = FakeClock()
    http = VendorHttp(clock=clock)
    with RawServer(replies(OK, OK)) as first, RawServer(replies(OK, OK)) as second:
        call(http, first.url)
        clock.advance(15)
        call(http, second.url)
        clock.advance(15)
        call(http, first.url)
        http.close()
    assert first.connections == 2


def test_a_connection_that_the_vendor_closed_is_not_used_again(http: VendorHttp) -> None:
    closed = threading.Event()

    def closes(connection: socket.socket) -> None:
        connection.close()
        closed.set()

    with RawServer(replies(OK, then=closes)) as server:
        call(http, server.url)
        assert closed.wait(5)
        call(http, server.url)
    assert server.connections == 2


def test_nothing_of_an_answer_is_carried_into_the_next_request(http: VendorHttp) -> None:
    with RawServer(replies(answer(headers="Set-Cookie: a=b; Path=/\r\n"), OK)) as server:
        call(http, server.url)
        call(http, server.url)
    assert server.requests[1] == server.requests[0]


def test_the_environment_has_no_say(
    http: VendorHttp, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with RawServer(replies(OK)) as proxy, RawServer(replies(OK)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        call(http, server.url)
    assert (proxy.connections, server.connections) == (0, 1)
    assert b"Authorization" not in server.requests[0]


@pytest.mark.parametrize("script", [resets, replies(b"HTTP/1.1 200 CANARY\r\nCANARY\x00\r\n\r\n"), is_silent])
def test_no_url_and_no_vendor_text_leaves_in_errors_or_logs(
    http: VendorHttp, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with RawServer(script) as server:
        try:
            text = repr(call(http, server.url, seconds=0.5))
        except TransportError:
            text = traceback.format_exc()
    assert MARK not in text + caplog.text
