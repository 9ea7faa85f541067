"""One vendor's port: receives, records, applies the fault in force, answers."""

from __future__ import annotations

import logging

from aiohttp import web

from local.vendors.base import Answer, Call, Kind, Simulator
from local.vendors.faults import FaultOrder, FaultPlan, Mode
from local.vendors.recorder import RequestLog
from local.vendors.reports import Reporter
from local.vendors.wire import ELSEWHERE, ConnectionCutError, definite_answer, misbehave

HOST = "127.0.0.1"


class VendorListener:
    """A simulator on its own port, which can be closed and opened again."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.requests = RequestLog()
        self.reporter = Reporter(write=simulator.report)
        self._plan = FaultPlan()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def base_url(self) -> str:
        """What a client of the vendor is configured with."""
        return f"http://{HOST}:{self._port}{self.simulator.base_path}"

    async def open(self) -> None:
        """Listen; on the same port as before, if there was one."""
        if self._runner is not None:
            return
        app = web.Application(client_max_size=1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._handle)
        # No access log: the lines would hold credentials and codes, which travel in query strings.
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, HOST, self._port, reuse_address=True)
        await site.start()
        self._port = int(runner.addresses[0][1])
        self._runner = runner

    async def close(self) -> None:
        """Stop listening and cut every connection, hanging answers included."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def obey(self, order: FaultOrder) -> None:
        """Put a fault in force."""
        self._plan.set(order)
        if order.mode is Mode.DOWN:
            await self.close()
        else:
            await self.open()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        call = Call(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=await request.read(),
        )
        order = self._order(call)
        self.requests.add(
            method=call.method,
            path=call.path,
            query=request.query.items(),
            headers=request.headers.items(),
            body=call.body,
            mode=order.mode.value,
        )
        if call.path == ELSEWHERE:
            return web.Response(status=204)
        try:
            return await self._respond(request, call, order)
        except ConnectionCutError:
            return web.Response(status=500)  # goes nowhere: the transport is closed

    def _order(self, call: Call) -> FaultOrder:
        kind = self.simulator.kind(call)
        struck = kind in (Kind.SEND, Kind.CHECK) or (
            kind is Kind.TOKEN and self._plan.peek() is Mode.UNAUTHORIZED
        )
        return self._plan.take() if struck else FaultOrder()

    async def _respond(self, request: web.Request, call: Call, order: FaultOrder) -> web.StreamResponse:
        simulator, kind = self.simulator, self.simulator.kind(call)
        if order.mode is Mode.OK:
            answer = simulator.answer(call)
            self.reporter.report(simulator.taken())
            return _response(answer)
        # `deliver`: the vendor does its work, and only its answer goes wrong.
        real = simulator.answer(call) if order.deliver else simulator.server_error()
        self.reporter.report(simulator.taken())
        definite = definite_answer(order.mode, simulator, kind)
        if definite is not None:
            return _response(definite)
        return await misbehave(order.mode, request, real=real)


def _response(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.body:
        headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=answer.body or None, headers=headers)


def quiet_aborted_connections() -> None:
    """A connection that we reset ourselves is no error worth a traceback."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
