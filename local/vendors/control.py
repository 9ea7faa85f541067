"""The simulators' control port: modes, requests, the handset, the bus. The front passes /local/… on to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

from aiohttp import web

from local.vendors.faults import FaultOrder, OrderError
from local.vendors.feed import Feed, Told
from local.vendors.handset import Handset, Message
from local.vendors.listener import VendorListener
from local.vendors.reports import ReportOrderError

HEARTBEAT_SECONDS = 15.0


def error(status: int, message: str, *, allowed: list[str] | None = None) -> web.Response:
    """A JSON error that says what is allowed."""
    body: dict[str, object] = {"error": message}
    if allowed is not None:
        body["allowed"] = allowed
    return web.json_response(body, status=status)


class Control:
    """HTTP handlers of the control port."""

    def __init__(self, *, handset: Handset, listeners: Mapping[str, VendorListener]) -> None:
        self._handset = handset
        self._listeners = listeners
        self._feed = Feed()

    def app(self) -> web.Application:
        app = web.Application(client_max_size=64 * 1024)
        app.router.add_get("/local/messages", self.messages, allow_head=False)
        app.router.add_get("/local/vendors", self.vendors, allow_head=False)
        app.router.add_post("/local/vendors/{name}", self.order)
        app.router.add_get("/local/vendors/{name}/requests", self.requests, allow_head=False)
        app.router.add_get("/local/events", self.told, allow_head=False)
        app.router.add_post("/local/events", self.tell)
        app.router.add_get("/local/vendors/{name}/reports", self.reports, allow_head=False)
        app.router.add_post("/local/vendors/{name}/reports", self.report)
        app.router.add_get("/handset/events", self.events, allow_head=False)
        app.router.add_get("/handset/told", self.watch_the_bus, allow_head=False)
        app.router.add_route("*", "/{path:.*}", self.unknown_path)
        return app

    async def messages(self, request: web.Request) -> web.Response:
        """All texts, newest first, or one number's."""
        to = request.query.get("to")
        if to is not None:
            to = "+" + to.lstrip("+ ")  # an unencoded "+" arrives as a space
        return web.json_response([message.as_dict() for message in self._handset.messages(to=to)])

    async def told(self, request: web.Request) -> web.Response:
        """What the bus has told, newest first, or of one verification."""
        return web.json_response(self._feed.events(about=request.query.get("id")))

    async def tell(self, request: web.Request) -> web.Response:
        """An event from the bus, as local/listening.py hands it on."""
        try:
            body: object = json.loads(await request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return error(400, "the body must be an event, a JSON object")
        self._feed.add(body)
        return web.json_response({}, status=202)

    async def watch_the_bus(self, request: web.Request) -> web.StreamResponse:
        """Server-Sent Events: everything so far as `snapshot`, then each event as `message`."""
        with self._feed.watch() as queue:
            return await _stream(request, snapshot=self._feed.events(), queue=queue)

    async def vendors(self, _request: web.Request) -> web.Response:
        """The names and base URLs of the simulated vendors."""
        return web.json_response({name: listener.base_url for name, listener in self._listeners.items()})

    async def order(self, request: web.Request) -> web.Response:
        """Make a vendor misbehave, or behave."""
        listener = self._listeners.get(request.match_info["name"])
        if listener is None:
            return self._unknown_vendor(request)
        try:
            body: object = json.loads(await request.read())
        except ValueError:
            return error(400, 'the body must be JSON such as {"mode": "refuse", "times": 1}')
        try:
            order = FaultOrder.parse(body)
        except OrderError as refused:
            return error(400, str(refused))
        await listener.obey(order)
        return web.json_response({"vendor": listener.simulator.name, **order.as_dict()})

    async def requests(self, request: web.Request) -> web.Response:
        """What a vendor received, oldest first, credentials and codes masked."""
        listener = self._listeners.get(request.match_info["name"])
        if listener is None:
            return self._unknown_vendor(request)
        return web.json_response(listener.requests.entries())

    async def report(self, request: web.Request) -> web.Response:
        """Say where and how a vendor reports what became of its texts."""
        listener = self._listeners.get(request.match_info["name"])
        if listener is None:
            return self._unknown_vendor(request)
        try:
            listener.reporter.order = listener.reporter.order.changed(json.loads(await request.read()))
        except ReportOrderError as refused:
            return error(400, str(refused))
        except ValueError:
            return error(400, 'the body must be JSON such as {"mode": "delivered"}')
        return web.json_response({"vendor": listener.simulator.name, **listener.reporter.order.as_dict()})

    async def reports(self, request: web.Request) -> web.Response:
        """How a vendor reports, and the last calls that it made."""
        listener = self._listeners.get(request.match_info["name"])
        if listener is None:
            return self._unknown_vendor(request)
        return web.json_response({**listener.reporter.order.as_dict(), "told": listener.reporter.told})

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-Sent Events: everything so far as `snapshot`, then each text as `message`."""
        with self._handset.watch() as queue:
            so_far = [message.as_dict() for message in self._handset.messages()]
            return await _stream(request, snapshot=so_far, queue=queue)

    async def unknown_path(self, request: web.Request) -> web.Response:
        return error(
            404,
            f"there is no {request.method} {request.path}",
            allowed=[
                "GET /handset",
                "GET /local/messages[?to=]",
                "GET /local/events[?id=]",
                "GET /local/vendors",
                "POST /local/vendors/{name}",
                "GET /local/vendors/{name}/requests",
                "GET, POST /local/vendors/{name}/reports",
            ],
        )

    def _unknown_vendor(self, request: web.Request) -> web.Response:
        return error(404, f"unknown vendor {request.match_info['name']}", allowed=list(self._listeners))


async def _stream(
    request: web.Request, *, snapshot: object, queue: asyncio.Queue[Message] | asyncio.Queue[Told]
) -> web.StreamResponse:
    headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    await response.write(_event("snapshot", snapshot))
    while True:
        try:
            one = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
        except TimeoutError:
            await response.write(b": still here\n\n")
            continue
        await response.write(_event("message", one.as_dict() if isinstance(one, Message) else one))


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
