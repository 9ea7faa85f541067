"""A world of clients and vendors, and beside it what reads the stream and makes the looks that are due."""

from __future__ import annotations

from contextlib import suppress

from countersign.client import Client
from countersign.errors import CountersignError
from countersign.model import Verdict, Verification
from countersign.service.expiry import Expirer, ExpiryWatch
from countersign.service.publishing import Publisher
from tests.support.builders import client
from tests.support.lifecycle import FakeBus, FakeWakes, Stream
from tests.support.providers import DiedError, Scripted
from tests.support.world import World


class Story:
    """One world, one caller, one reader. A batch is what has changed since the last one."""

    def __init__(self, *, custody: str = "gateway", caller: Client | None = None) -> None:
        self.caller = caller or client()
        self.world = World(route=(f"one:{custody}", f"two:{custody}"))
        self.stream = Stream(self.world.memory, clock=self.world.clock)
        self.world.store.inner = self.stream.behind(self.world.store.inner)
        self.bus, self.wakes = FakeBus(), FakeWakes(self.world.clock)
        self.consumers = Publisher(bus=self.bus), ExpiryWatch(wakes=self.wakes, clock=self.world.clock)
        self.expirer = Expirer(store=self.world.store, wakes=self.wakes, clock=self.world.clock)
        self.ids: list[str] = []
        self._read = 0

    def act(self, what: str, which: object, how: object) -> None:
        with suppress(CountersignError, DiedError):
            self._act(what, which, how)

    def _act(self, what: str, which: object, how: object) -> None:
        match what, which, how:
            case "start", str(to), Scripted():
                self.world.one.sends.append(how)
                before = set(self.known())
                try:
                    self.world.start(by=self.caller, to=to)
                finally:
                    self.ids += set(self.known()) - before
            case "resend", int(place), Scripted():
                self.world.one.sends.append(how)
                self.world.resend(self.id(place), by=self.caller)
            case "check", int(place), result:
                self.check(self.id(place), result)
            case "cancel", int(place), _:
                self.world.cancel(self.id(place), by=self.caller)
            case "wait", int(seconds), _:
                self.wait(seconds)
            case _:
                self.read_the_stream()

    def check(self, id_: str, result: object) -> None:
        """A code of the newest text, right or wrong as a vendor would find it."""
        for vendor in (self.world.one, self.world.two):
            vendor.checks.append(Scripted(result=result))  # type: ignore[arg-type]
        orders = [order for vendor in self.world.vendors for order in vendor.orders if order.code is not None]
        right = next((order.code for order in orders if order.verification_id == id_), None)
        is_right = getattr(result, "verdict", None) is Verdict.VERIFIED
        self.world.check(id_, right.reveal() if right is not None and is_right else "000000", by=self.caller)

    def id(self, place: int) -> str:
        return self.ids[-1 - place] if place < len(self.ids) else "nobody"

    def known(self) -> list[str]:
        return [id_ for _, id_ in self.world.memory._rows]

    def wait(self, seconds: int) -> None:
        """Time passes, and what is due meanwhile is done when it is due."""
        for _ in range(seconds):
            self.world.clock.advance(1)
            for wake in self.wakes.due():
                self.expirer.look(wake.client_id, wake.verification_id)

    def read_the_stream(self) -> None:
        batch, self._read = self.stream.changes[self._read :], len(self.stream.changes)
        for consumer in self.consumers:
            consumer.take(batch)

    def end(self) -> None:
        """Until nothing can happen any more."""
        self.read_the_stream()
        self.wait(1300)
        self.read_the_stream()

    def verifications(self) -> list[Verification]:
        found = [self.world.memory.get("demo", id_) for id_ in self.known()]
        return [one for one in found if one is not None]
