"""What the HTTP client makes of an answer: its size, its encoding, and bytes that are none."""

from __future__ import annotations

import gzip
import socket
import zlib
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.providers.transport import ANSWER_LIMIT_BYTES, VendorHttp
from countersign.providers.wire import (
    MaybeSentError,
)

from .exchange import call, failure
from .raw_server import RawServer, answer, replies

ZIPPED = gzip.compress(b'{"a":1}', mtime=0)  # the same at every time, for it names a test


def test_an_answer_of_exactly_the_limit_is_read(http: VendorHttp) -> None:
    with RawServer(replies(answer(b" " * ANSWER_LIMIT_BYTES))) as server:
        assert len(call(http, server.url).body) == ANSWER_LIMIT_BYTES


@pytest.mark.parametrize(
    "reply",
    [
        answer(b" " * (ANSWER_LIMIT_BYTES + 1)),
        b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 10_000_000,
        answer(gzip.compress(b" " * 50_000_000), headers="Content-Encoding: gzip\r\n"),
        answer(zlib.compress(b" " * 50_000_000), headers="Content-Encoding: deflate\r\n"),
    ],
    ids=["one byte over", "endless", "gzip bomb", "deflate bomb"],
)
def test_an_answer_over_the_limit_is_not_read_to_its_end(http: VendorHttp, reply: bytes) -> None:
    assert failure(http, replies(reply)) == "answer too large"


def _raw_deflate(body: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(body) + stream.flush()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", ZIPPED),
        ("X-GZIP", ZIPPED),
        ("deflate", zlib.compress(b'{"a":1}')),
        ("deflate", _raw_deflate(b'{"a":1}')),
        ("identity", b'{"a":1}'),
    ],
)
def test_a_compression_that_was_not_asked_for_is_undone(http: VendorHttp, encoding: str, body: bytes) -> None:
    with RawServer(replies(answer(body, headers=f"Content-Encoding: {encoding}\r\n"))) as server:
        assert call(http, server.url).body == b'{"a":1}'


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip"),
        ("gzip", ZIPPED[:-4]),
        ("gzip", ZIPPED + b"more"),
        ("br", b'{"a":1}'),
        ("gzip, gzip", gzip.compress(ZIPPED, mtime=0)),
    ],
)
def test_a_compression_that_cannot_be_undone_is_no_answer(
    http: VendorHttp, encoding: str, body: bytes
) -> None:
    failure(http, replies(answer(body, headers=f"Content-Encoding: {encoding}\r\n")))


_PIECES = [
    *(b"\r\n", b"\n", b"5", b"0", b"{}", b"\x00", b": ", b"\x1f\x8b"),
    *(b"HTTP/1.1 200 OK", b"HTTP/1.1 204", b"HTTP/9.9 99999 \xff"),
    *(b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 99999999999999999999"),
    *(b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", b"Connection: close"),
    *(b"Set-Cookie: \xff=;;", b"Location: //"),
]
_HTTPISH = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=8), max_size=14).map(b"".join)


def test_no_answer_makes_the_client_raise_anything_else(http: VendorHttp) -> None:
    reply = b""

    def script(server: RawServer, connection: socket.socket) -> None:
        if server.read_request(connection):
            connection.sendall(reply)

    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(_HTTPISH)
    def answers_or_fails_cleanly(noise: bytes) -> None:
        nonlocal reply
        reply = noise
        with suppress(MaybeSentError):
            call(http, server.url)

    with RawServer(script) as server:
        answers_or_fails_cleanly()
