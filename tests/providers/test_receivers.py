"""One POST to a receiver of somebody else's: where it may go, what counts of the answer, when it ends."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from countersign.clock import SystemClock
from countersign.providers.connections import Addresses
from countersign.providers.public_addresses import PublicAddresses
from countersign.providers.receivers import ReceiverHttp
from countersign.webhooks.ports import Answer, NoAnswerError

from .certificates import self_signed
from .raw_server import RawServer, Script, answer, drips, is_silent, refused_url, replies, resets

BODY = b'{"type":"verification.approved"}'
PUBLIC, PRIVATE = "93.184.215.14", "10.0.0.1"
NOT_PUBLIC = "the host leads to an address that is not public"
HOST = "receiver.example"
SHORT_SECONDS = 0.8


def found(*addresses: str, port: int | None = 443) -> Addresses:
    """What `getaddrinfo` gives for these."""
    return [
        (
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (address, port, 0, 0) if ":" in address else (address, port),
        )
        for address in addresses
    ]


class Dns:
    """A resolver that answers in turn, and remembers what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int | None) -> Addresses:
        self.asked.append(host)
        return found(*self._answers[min(len(self.asked), len(self._answers)) - 1], port=port)


class Internet:
    """Stands in for the wires: what is let through as public arrives at a server on this machine."""

    def __init__(self, dns: Dns, *, server: RawServer) -> None:
        self._public = PublicAddresses(loopback=False, lookup=dns)
        self._port = int(server.host.partition(":")[2])
        self.connected: list[object] = []

    def __call__(self, host: str, port: int | None) -> Addresses:
        self.connected += [address[0] for *_, address in self._public(host, port)]
        return found("127.0.0.1", port=self._port)


def loopback(*, seconds: float = 5.0) -> ReceiverHttp:
    return ReceiverHttp(clock=SystemClock(), lookup=PublicAddresses(loopback=True), total_seconds=seconds)


def posted(http: ReceiverHttp, url: str) -> Answer:
    return http(url, headers={"webhook-id": "evt_1", "content-type": "application/json"}, body=BODY)


def no_answer(http: ReceiverHttp, url: str) -> str:
    with pytest.raises(NoAnswerError) as failed:
        posted(http, url)
    assert failed.value.__cause__ is None
    return failed.value.reason


def test_the_body_arrives_as_it_is_with_the_headers_and_nothing_is_kept_open() -> None:
    with RawServer(replies(answer())) as server:
        assert posted(loopback(), f"{server.url}/hook?a=b") == Answer(200)
    [request] = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /hook?a=b HTTP/1.1"
    assert {b"webhook-id: evt_1", b"content-type: application/json"} <= set(lines)
    assert {b"Connection: close", f"Host: {server.host}".encode()} <= set(lines)
    assert body == BODY


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 308, 400, 410, 429, 500, 503])
def test_every_status_is_an_answer_and_no_redirect_is_followed(status: int) -> None:
    with RawServer(replies(answer())) as other:
        head = f"Location: {other.url}/\r\nRetry-After: 7\r\n"
        with RawServer(replies(answer(status=f"{status} X", headers=head))) as server:
            assert posted(loopback(), server.url) == Answer(status, "7")
        assert other.connections == 0
    assert len(server.requests) == 1


BODIES: dict[str, Script] = {
    "huge": replies(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n" + b"x" * 100_000),
    "slow": drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"x", times=200),
    "no chunks": replies(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense"),
    "no gzip": replies(answer(b"not gzip", headers="Content-Encoding: gzip\r\n")),
    "cut": replies(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ncut"),
}


@pytest.mark.parametrize("body", BODIES)
def test_an_answers_body_does_not_count_however_long_slow_or_broken(body: str) -> None:
    with RawServer(BODIES[body]) as server:
        assert posted(loopback(seconds=3.0), server.url).status == 200


@pytest.mark.parametrize(
    "script",
    [
        is_silent,
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", times=500),
        drips(b"", b"HTTP/1.1 100 Continue\r\n\r\n", times=500),
    ],
)
def test_no_answer_in_time_is_said_however_the_time_is_spent(script: Script) -> None:
    with RawServer(script) as server:
        assert no_answer(loopback(seconds=SHORT_SECONDS), f"{server.url}/canary") == "no answer in time"


@pytest.mark.parametrize(
    "script",
    [
        resets,
        replies(b"nonsense\r\n\r\n"),
        replies(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n"),
        replies(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000),
    ],
)
def test_a_broken_answer_is_said_in_words_of_ours(script: Script) -> None:
    with RawServer(script) as server:
        reason = no_answer(loopback(), f"{server.url}/canary")
    assert reason == "connection lost or answer malformed"


def test_a_receiver_that_is_down_is_no_connection() -> None:
    assert no_answer(loopback(), refused_url()) == "no connection"


def test_a_name_that_does_not_resolve_is_said() -> None:
    http = ReceiverHttp(clock=SystemClock(), lookup=PublicAddresses(loopback=False))
    assert no_answer(http, "https://receiver.invalid/") == "host name not resolved"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:10.0.0.1"],
        [PUBLIC, PRIVATE],
        [PRIVATE, PUBLIC],
        [PUBLIC, "fd00:ec2::254"],
        ["8.8.8.8", "1.1.1.1", "0.0.0.0"],
    ],
)
def test_one_address_that_is_not_public_is_enough_to_refuse_a_name(addresses: list[str]) -> None:
    dns = Dns(addresses)
    with RawServer(replies(answer())) as server:
        http = ReceiverHttp(clock=SystemClock(), lookup=Internet(dns, server=server))
        assert no_answer(http, f"https://{HOST}/hook") == NOT_PUBLIC
    assert server.connections == 0
    assert dns.asked == [HOST]


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "0", "[::1]", "[::]"],
)
def test_no_spelling_of_this_machine_is_connected_to(host: str) -> None:
    with RawServer(replies(answer())) as server:
        port = server.host.partition(":")[2]
        http = ReceiverHttp(clock=SystemClock(), lookup=PublicAddresses(loopback=False))
        assert no_answer(http, f"http://{host}:{port}/") in {NOT_PUBLIC, "host name not resolved"}
    assert server.connections == 0


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "127.0.0.2"])
def test_where_loopback_is_let_through_it_is_by_that_one_name(host: str) -> None:
    with RawServer(replies(answer())) as server:
        port = server.host.partition(":")[2]
        assert no_answer(loopback(), f"http://{host}:{port}/") == NOT_PUBLIC
    assert server.connections == 0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"), name=HOST)


class Names:
    """A server's TLS, and the names that clients have asked it for (SNI)."""

    def __init__(self, certificate: Path) -> None:
        self.asked: list[str | None] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.sni_callback = lambda _socket, name, _context: self.asked.append(name)


def test_what_was_looked_at_is_connected_to_under_the_name_and_nothing_is_looked_up_again(
    certificate: Path,
) -> None:
    names, dns = Names(certificate), Dns([PUBLIC], ["127.0.0.1"], ["127.0.0.1"])  # the second answer rebinds
    with RawServer(replies(answer()), tls=names.context) as server:
        internet = Internet(dns, server=server)
        http = ReceiverHttp(clock=SystemClock(), lookup=internet, ca_bundle=str(certificate))
        assert posted(http, f"https://{HOST}/hook").status == 200
        assert (dns.asked, internet.connected, names.asked) == ([HOST], [PUBLIC], [HOST])
        assert b"\r\nHost: receiver.example\r\n" in server.requests[0]
        assert no_answer(http, f"https://{HOST}/hook") == NOT_PUBLIC  # the next attempt looks again
    assert server.connections == 1


def test_a_certificate_for_another_name_is_refused_before_anything_is_sent(certificate: Path) -> None:
    names = Names(certificate)
    with RawServer(replies(answer()), tls=names.context) as server:
        lookup = Internet(Dns([PUBLIC]), server=server)
        http = ReceiverHttp(clock=SystemClock(), lookup=lookup, ca_bundle=str(certificate))
        assert no_answer(http, "https://other.example/hook") == "TLS handshake failed"
    assert (names.asked, server.requests) == (["other.example"], [])


def test_a_certificate_that_nobody_has_signed_is_refused(certificate: Path) -> None:
    with RawServer(replies(answer()), tls=Names(certificate).context) as server:
        lookup = Internet(Dns([PUBLIC]), server=server)
        http = ReceiverHttp(clock=SystemClock(), lookup=lookup)
        assert no_answer(http, f"https://{HOST}/hook") == "TLS handshake failed"
    assert server.requests == []


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer(replies(answer())) as proxy, RawServer(replies(answer())) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert posted(loopback(), server.url).status == 200
    assert proxy.connections == 0


def test_several_threads_post_at_once() -> None:
    http = loopback()
    with RawServer(replies(answer())) as server, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: posted(http, server.url).status, range(16)))
    assert answers == [200] * 16
