"""The simulators on real ports, in a thread of the test run, with a clock that a test moves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from local.vendors.server import VendorServers
from tests.support.loop import LoopThread

CLIENT_SECONDS = 20.0


@dataclass
class MovingClock:
    """Wall time that stands still until it is moved."""

    seconds: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Vendors:
    """The running simulators, as a client and as the tester."""

    servers: VendorServers
    clock: MovingClock
    session: requests.Session = field(default_factory=requests.Session)

    def call(
        self, vendor: str, method: str, path: str, *, timeout: float = CLIENT_SECONDS, **options: Any
    ) -> requests.Response:
        """One request on a connection of its own, redirects not followed."""
        url = self.servers.listeners[vendor].base_url + path
        headers = {"Connection": "close", **options.pop("headers", {})}
        return self.session.request(
            method, url, headers=headers, timeout=timeout, allow_redirects=False, **options
        )

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        url = self.servers.control_url + path
        return self.session.request(
            method, url, json=body, timeout=CLIENT_SECONDS, headers={"Connection": "close"}
        )

    def order(self, vendor: str, **order: object) -> None:
        assert self.control("POST", f"/local/vendors/{vendor}", order).status_code == 200

    def messages(self, to: str = "") -> list[dict[str, str]]:
        query = f"?to={to.replace('+', '%2B')}" if to else ""
        found: list[dict[str, str]] = self.control("GET", f"/local/messages{query}").json()
        return found

    def code(self, to: str) -> str:
        return self.messages(to)[0]["code"]

    def requests(self, vendor: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.control("GET", f"/local/vendors/{vendor}/requests").json()
        return found


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    thread = LoopThread()
    yield thread
    thread.close()


@pytest.fixture
def vendors(loop: LoopThread) -> Iterator[Vendors]:
    clock = MovingClock()
    servers = VendorServers(clock=clock)
    loop.run(servers.start())
    running = Vendors(servers, clock)
    yield running
    running.session.close()
    loop.run(servers.stop())
