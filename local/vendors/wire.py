"""Faults on the wire: what a misbehaving vendor does to the connection itself."""

from __future__ import annotations

import asyncio
import socket
import struct

from aiohttp import web

from local.vendors.base import Answer, Kind, Simulator
from local.vendors.faults import Mode

HANG_SECONDS = 60.0
DRIP_SECONDS = 0.5
DRIP_BYTES = 240
HUGE_CHUNK = b"x" * 65_536
HUGE_CHUNKS = 960  # 60 MiB
ELSEWHERE = "/elsewhere"


class ConnectionCutError(Exception):
    """The connection was cut on purpose; there is nobody left to answer."""


def definite_answer(mode: Mode, simulator: Simulator, kind: Kind) -> Answer | None:
    """The answer of a mode that is one whole HTTP answer, or None."""
    match mode:
        case Mode.REFUSE:
            return simulator.refusal(kind)
        case Mode.NO_BALANCE:
            return simulator.no_balance()
        case Mode.UNAUTHORIZED:
            return simulator.token_refused() if kind is Kind.TOKEN else simulator.unauthorized()
        case Mode.ERROR_500:
            return simulator.server_error()
        case Mode.TOO_MANY_REQUESTS:
            answer = Answer.json({"message": "Too Many Requests"}, status=429)
            return Answer(status=429, body=answer.body, headers={"Retry-After": "30"})
        case Mode.HTML:
            page = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
            return Answer(status=200, body=page, content_type="text/html")
        case Mode.MALFORMED:
            return Answer(status=200, body=b'{"responseCode":200,"CodeResult":"100","message_id":"17254')
        case _:
            return None


async def misbehave(mode: Mode, request: web.Request, *, real: Answer) -> web.StreamResponse:
    """Do what `mode` does to the connection; `real` is what a slow answer consists of."""
    match mode:
        case Mode.TIMEOUT:
            await asyncio.sleep(HANG_SECONDS)
            return _reset(request)
        case Mode.RESET:
            return _reset(request)
        case Mode.DRIP:
            return await _drip(request, real)
        case Mode.HUGE:
            return await _huge(request)
        case Mode.REDIRECT:
            # Another host name: a client that follows would hand its credentials to a stranger.
            port = request.url.port
            location = f"http://localhost:{port}{ELSEWHERE}?{request.query_string}"
            status = 302 if request.method == "GET" else 307
            return web.Response(status=status, headers={"Location": location})
        case _:
            raise AssertionError(f"{mode} is no fault of the wire")


def _reset(request: web.Request) -> web.StreamResponse:
    """Send RST: closing a socket that lingers for 0 seconds skips the FIN."""
    transport = request.transport
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    raise ConnectionCutError


async def _drip(request: web.Request, real: Answer) -> web.StreamResponse:
    body = real.body.ljust(DRIP_BYTES)  # white space after JSON is JSON
    response = web.StreamResponse(status=real.status, headers={"Content-Type": real.content_type})
    response.content_length = len(body)
    await response.prepare(request)
    for position in range(len(body)):
        await response.write(body[position : position + 1])
        await asyncio.sleep(DRIP_SECONDS)
    return response


async def _huge(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"padding":"')
    for _ in range(HUGE_CHUNKS):
        await response.write(HUGE_CHUNK)
    await response.write(b'"}')
    return response
