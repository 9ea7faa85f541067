"""The door of the local stack: one address for the API, the handset and the vendors' switches.

Everything goes to the deployed HTTP API untouched, but `/handset` and `/local/…`,
which belong to the simulators.

The API is called by the emulator's own path for it, not by its host name: under
the host name the emulator keeps paths such as /health and /_ministack/… for itself.

`python -m local.front --port 3000 --api URL --control URL` serves until SIGTERM or
until standard input closes, and prints `{"url": URL}` when ready.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from multidict import CIMultiDict
from yarl import URL

from local.serving import serve_until_told

HOST = "127.0.0.1"
PARALLEL = 64
BODY_LIMIT_BYTES = 10 * 1024 * 1024  # API Gateway's own limit of a payload

# RFC 9110, section 7.6.1: meant for one connection, never passed on. `Expect` is answered here.
_HOP_BY_HOP = frozenset(
    {
        "connection",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_EXACTLY = web.ResponseKey("headers of the proxied answer", frozenset[str])
_PAGE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Front:
    """The proxy. One client session for its life."""

    def __init__(self, *, api_url: str, control_url: str) -> None:
        self._api_url = api_url
        self._control_url = control_url
        self._session: ClientSession | None = None

    def app(self) -> web.Application:
        app = web.Application(client_max_size=BODY_LIMIT_BYTES)
        app.cleanup_ctx.append(self._connected)
        app.on_response_prepare.append(only_what_was_answered)
        app.router.add_route("*", "/{path:.*}", self.handle)
        return app

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Pass one request on."""
        if request.path.rstrip("/") == "/handset":
            return _page(request)
        ours = request.path.startswith(("/local/", "/handset/")) or request.path == "/local"
        upstream = self._control_url if ours else self._api_url
        try:
            return await self._forward(request, upstream)
        except (ClientError, TimeoutError) as fault:
            body = {"error": f"the local stack gave no answer ({type(fault).__name__}); its log says why"}
            return web.json_response(body, status=502)

    async def _forward(self, request: web.Request, upstream: str) -> web.StreamResponse:
        assert self._session is not None
        url = URL(upstream + _target(request), encoded=True)
        headers = passed_on(request.raw_headers)
        headers["Host"] = url.authority
        body = await request.read() if request.body_exists else None
        async with self._session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            headers = passed_on(answer.raw_headers)
            response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=headers)
            response[_EXACTLY] = frozenset(name.lower() for name in headers)
            try:
                await response.prepare(request)
                async for chunk in answer.content.iter_any():
                    await response.write(chunk)
                await response.write_eof()
            except ConnectionError:
                pass  # the caller left; there is nobody to tell
            return response

    async def _connected(self, _app: web.Application) -> AsyncIterator[None]:
        async with ClientSession(
            auto_decompress=False,
            connector=TCPConnector(limit=PARALLEL),
            skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
            timeout=ClientTimeout(total=None, connect=5, sock_read=90),
        ) as self._session:
            yield


def passed_on(raw_headers: Iterable[tuple[bytes, bytes]]) -> CIMultiDict[str]:
    """The headers without those of one connection, in their order and spelling."""
    headers = CIMultiDict(
        (name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape"))
        for name, value in raw_headers
    )
    named = {name.strip().lower() for value in headers.getall("Connection", []) for name in value.split(",")}
    dropped = _HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


async def only_what_was_answered(_request: web.Request, response: web.StreamResponse) -> None:
    """Take back the headers that this server would add to a proxied answer."""
    exactly = response.get(_EXACTLY)
    if exactly is not None:
        for name in ("Content-Type", "Server", "Date"):
            if name.lower() not in exactly:
                response.headers.pop(name, None)


def _target(request: web.Request) -> str:
    """Path and query exactly as they came."""
    target = request.raw_path
    return target if target.startswith("/") else f"/{request.rel_url.raw_path_qs.lstrip('/')}"


def _page(request: web.Request) -> web.Response:
    if request.method not in ("GET", "HEAD"):
        return web.json_response({"error": "GET /handset"}, status=405, headers={"Allow": "GET, HEAD"})
    page = Path(__file__).with_name("handset.html").read_text(encoding="utf-8")
    return web.Response(text=page, content_type="text/html", charset="utf-8", headers=_PAGE_HEADERS)


async def start_front(*, port: int, api_url: str, control_url: str) -> tuple[web.AppRunner, str]:
    """Listen on `port` of the loopback (0: a free one). The runner to clean up, and the address."""
    app = Front(api_url=api_url, control_url=control_url).app()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, HOST, port).start()
    return runner, f"http://{HOST}:{runner.addresses[0][1]}"


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.front")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api", required=True, help="the deployed API, without a slash at the end")
    parser.add_argument("--control", required=True, help="the simulators' control address")
    asked = parser.parse_args()
    runner, url = await start_front(port=asked.port, api_url=asked.api, control_url=asked.control)
    try:
        await serve_until_told({"url": url})
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
