"""The front passes everything to the API untouched, but what belongs to the local stack."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests

from local.front import start_front
from tests.local import engagelab_customer as engagelab
from tests.local.conftest import Vendors
from tests.support.loop import LoopThread

ANSWER = (
    b"HTTP/1.1 418 Short And Stout\r\n"
    b"content-type: application/problem+json\r\n"
    b"X-Odd-Case: a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
    b"Connection: close, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nContent-Length: 4\r\n\r\n\x00\xff{}"
)


class Upstream:
    """An API that keeps the bytes it was sent and answers with bytes it was given."""

    def __init__(self) -> None:
        self.answer = ANSWER
        self.received: list[bytes] = []
        self._together = asyncio.Event()
        self.wait_for = 1

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        self.received.append(head + await reader.readexactly(length))
        if len(self.received) >= self.wait_for:
            self._together.set()
        await self._together.wait()
        writer.write(self.answer)
        await writer.drain()
        writer.close()


@dataclass
class Door:
    url: str
    upstream: Upstream
    vendors: Vendors

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def raw(self, request: bytes) -> bytes:
        """What comes back for the bytes of a request that closes its connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.fixture
def door(loop: LoopThread, vendors: Vendors) -> Iterator[Door]:
    upstream = Upstream()
    server = loop.run(asyncio.start_server(upstream.serve, "127.0.0.1", 0))
    api_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/$default"
    runner, url = loop.run(start_front(port=0, api_url=api_url, control_url=vendors.servers.control_url))
    yield Door(url, upstream, vendors)
    loop.run(runner.cleanup())
    loop.do(server.close)


def test_an_answer_comes_back_with_its_status_headers_and_bytes_and_nothing_else(door: Door) -> None:
    head, _, body = door.raw(b"GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").partition(
        b"\r\n\r\n"
    )
    assert head.split(b"\r\n") == [
        b"HTTP/1.1 418 Short And Stout",
        b"content-type: application/problem+json",
        b"X-Odd-Case: a",
        b"Set-Cookie: a=1",
        b"Set-Cookie: b=2",
        b"Content-Length: 4",
        b"Connection: close",
    ]
    assert body == b"\x00\xff{}"


def test_a_request_goes_on_with_its_path_query_headers_and_bytes(door: Door) -> None:
    body = b'{"to":"\xc3\xa9"}'
    door.raw(
        b"POST /a%2Fb//c%25/?&x=%2B1&x=&y=a+b HTTP/1.1\r\nHost: example.test\r\nConnection: close, X-Drop\r\n"
        b"X-Drop: 1\r\nauthToken: T\r\nIDEMPOTENCY-key: k\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )
    head, _, received = door.upstream.received[0].partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    assert first == b"POST /api/$default/a%2Fb//c%25/?&x=%2B1&x=&y=a+b HTTP/1.1"
    assert {header for header in headers if not header.startswith(b"Host: ")} == {
        b"authToken: T",
        b"IDEMPOTENCY-key: k",
        b"Content-Type: application/json",
        b"Content-Length: " + str(len(body)).encode(),
    }
    assert received == body


def test_a_request_without_a_body_gets_none(door: Door) -> None:
    door.raw(b"DELETE /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert b"content-type" not in door.upstream.received[0].lower()
    assert door.upstream.received[0].endswith(b"\r\n\r\n")


def test_a_chunked_request_arrives_whole(door: Door) -> None:
    chunks = b"5\r\n12345\r\n3\r\n678\r\n0\r\n\r\n"
    head = b"POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    door.raw(head + chunks)
    assert door.upstream.received[0].endswith(b"\r\n\r\n12345678")


def test_thirty_requests_are_on_their_way_at_once(door: Door) -> None:
    door.upstream.wait_for = 30  # nobody is answered before all have come
    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(lambda number: requests.get(f"{door.url}/{number}", timeout=20), range(30)))
    assert {answer.status_code for answer in answers} == {418}
    assert len({request.split(b" ")[1] for request in door.upstream.received}) == 30


def test_an_api_that_is_gone_is_a_502_in_json(loop: LoopThread, vendors: Vendors) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        api_url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        control = vendors.servers.control_url
        runner, url = loop.run(start_front(port=0, api_url=api_url, control_url=control))
        answer = requests.get(f"{url}/x", timeout=10)
        loop.run(runner.cleanup())
    assert (answer.status_code, "no answer" in answer.json()["error"]) == (502, True)


def test_the_handset_is_a_page_of_its_own_that_no_script_of_others_runs_in(door: Door) -> None:
    answer = requests.get(f"{door.url}/handset", timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy
    assert "<h1>Messages</h1>" in answer.text
    for unsafe in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "http://", "https://"):
        assert unsafe not in answer.text
    assert requests.post(f"{door.url}/handset", timeout=10).status_code == 405
    assert door.upstream.received == []


def test_what_is_local_goes_to_the_simulators_and_not_to_the_api(door: Door) -> None:
    engagelab.send(door.vendors)
    [message] = requests.get(f"{door.url}/local/messages", params={"to": engagelab.TO}, timeout=10).json()
    assert message["to"] == engagelab.TO
    [request] = requests.get(f"{door.url}/local/vendors/engagelab/requests", timeout=10).json()
    assert request["path"] == "/v1/messages"
    order = {"mode": "refuse", "times": 1}
    answer = requests.post(f"{door.url}/local/vendors/esms", json=order, timeout=10)
    assert answer.json() == {"vendor": "esms", "mode": "refuse", "times": 1, "deliver": False}
    assert requests.get(f"{door.url}/local/nothing", timeout=10).status_code == 404
    assert door.upstream.received == []


def test_the_events_begin_with_everything_so_far_and_go_on_with_each_text(door: Door) -> None:
    engagelab.send(door.vendors)
    with requests.get(f"{door.url}/handset/events", stream=True, timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next(lines) == b"event: snapshot"
        assert [message["to"] for message in json.loads(next(lines)[5:])] == [engagelab.TO]
        next(lines)
        engagelab.send(door.vendors, to="+6591234568")
        assert next(lines) == b"event: message"
        assert json.loads(next(lines)[5:])["to"] == "+6591234568"
