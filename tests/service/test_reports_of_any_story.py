"""Whatever becomes of texts and resends, each report is told once, and asks for one further text at most."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import count

from hypothesis import example, given, settings
from hypothesis import strategies as st

from countersign.errors import CountersignError
from countersign.lifecycle import Happening
from countersign.model import Delivery, OnUndelivered, Receipt, SendResult, Verification
from countersign.reports import Redelivery, Report, furthest
from countersign.routing import Routes
from countersign.service.publishing import Publisher
from countersign.service.receiving import Linker, Receiver
from countersign.service.redelivery import Redeliverer, RedeliveryWatch
from tests.contract.test_reports import Counted
from tests.support.builders import client
from tests.support.lifecycle import FakeBus, Stream
from tests.support.providers import ACCEPTED, REFUSED, DiedError
from tests.support.report_book import MemoryReportBook
from tests.support.world import SECONDS, World

CALLER = client(
    on_undelivered=OnUndelivered.NEXT_PROVIDER,
    cooldown_seconds=0,
    sends=10,
    sends_per_10_minutes=100,
    sends_per_day=100,
    ttl_seconds=600,
)
REPORTS = st.tuples(
    st.integers(0, 2), st.sampled_from([Receipt.UNDELIVERED, Receipt.DELIVERED, Receipt.SENT])
)
ACTS = st.one_of(
    st.tuples(st.just("report"), REPORTS),
    st.tuples(st.sampled_from(["taken", "refused", "died"]), st.one_of(st.none(), REPORTS)),
    st.tuples(st.sampled_from(["read", "redeliver", "refused redelivery", "wait"]), st.none()),
)
type Told = tuple[int, Receipt]  # of the last text, the one before it …, and how far that got


class Scene:
    """One verification over two vendors that report, and everything that reads the stream."""

    def __init__(self) -> None:
        self.world = World()
        vendors = {"esms": self.world.one, "engagelab": self.world.two}
        self.world.providers.known = dict(vendors)
        route = {"default": {"*": {"*": [f"{name}:gateway" for name in vendors]}}}
        self.world.routes = Routes.parse(json.dumps(route))
        self.stream = Stream(self.world.memory, clock=self.world.clock)
        self.world.store.inner = self.stream.behind(self.world.store.inner)
        self.book = MemoryReportBook(self.world.memory)
        self.receiver = Receiver(book=self.book, telemetry=Counted(), clock=self.world.clock)
        self.bus, self.asked = FakeBus(), list[Redelivery]()
        watch = RedeliveryWatch(redeliveries=self, clock=self.world.clock)
        self.consumers = Publisher(bus=self.bus), Linker(self.receiver), watch
        self.redeliverer = Redeliverer(
            store=self.world.store,
            resender=self.world.resender,
            routes=lambda: self.world.routes,
            clock=self.world.clock,
        )
        self.serial = count(1)
        self.texts: list[tuple[str, str]] = []  # vendor and reference
        self.told: dict[tuple[str, str], Receipt] = {}
        self._read = 0
        self._takes()
        self.id = self.world.start(by=CALLER).verification.id

    def ask(self, redelivery: Redelivery) -> None:
        self.asked.append(redelivery)

    def act(self, what: str, told: Told | None) -> None:
        def meanwhile() -> None:
            if told is not None:
                self.report(told)

        with suppress(CountersignError, DiedError):
            match what:
                case "report":
                    meanwhile()
                case "read":
                    self.read()
                case "wait":
                    self.world.clock.advance(40)
                case "redeliver":
                    self._takes()
                    self._redeliver()
                case "refused redelivery":
                    self._refuses(meanwhile)
                    self._redeliver()
                case "refused":
                    self._refuses(meanwhile)
                    self.world.resend(self.id, by=CALLER)
                case _:
                    self._takes(meanwhile, dies=what == "died")
                    self.world.resend(self.id, by=CALLER)
        for vendor in (self.world.one, self.world.two):
            vendor.sends.clear()
        self.stream.look()

    def report(self, told: Told) -> None:
        place, receipt = told
        if place < len(self.texts):
            text = self.texts[-1 - place]
            self.told[text] = furthest(self.told.get(text), receipt)
            self.receiver.reported(Report(*text, receipt))
            self.stream.look()

    def read(self) -> None:
        """All that has changed, and what changes by that."""
        while batch := self.stream.changes[self._read :]:
            self._read = len(self.stream.changes)
            for consumer in self.consumers:
                consumer.take(batch)
                self.stream.look()

    def stored(self) -> Verification:
        found = self.world.memory.get(CALLER.id, self.id)
        assert found is not None
        return found

    def _redeliver(self) -> None:
        if self.asked:
            self.redeliverer.redeliver(
                CALLER,
                verification_id=self.id,
                sends=self.asked[-1].sends,
                deadline=self.world.deadline(SECONDS),
            )

    def _takes(self, meanwhile: Callable[[], object] = lambda: None, *, dies: bool = False) -> None:
        for name, vendor in self.world.providers.known.items():
            reference = f"ref-{next(self.serial)}"
            result = replace(ACCEPTED, vendor_reference=reference)

            def sent(text: tuple[str, str] = (name, reference)) -> None:
                meanwhile()
                self.texts.append(text)

            vendor.will(result, meanwhile=sent, dies=dies)

    def _refuses(self, meanwhile: Callable[[], object]) -> None:
        refused: SendResult = REFUSED
        for vendor in self.world.providers.known.values():
            vendor.will(refused, meanwhile=meanwhile)


@settings(max_examples=150)
@given(acts=st.lists(ACTS, max_size=14))
@example(
    acts=[
        ("report", (0, Receipt.UNDELIVERED)),
        ("read", None),
        ("refused redelivery", None),
        ("read", None),
        ("refused", (0, Receipt.DELIVERED)),
        ("read", None),
    ]
)
def test_each_report_of_a_text_is_told_once_and_asks_for_one_text_at_most(
    acts: list[tuple[str, Told | None]],
) -> None:
    scene = Scene()
    for what, told in acts:
        scene.act(what, told)
    scene.read()
    reports = Counter(
        (event.verification.vendor_reference, event.happening)
        for event in scene.bus.events
        if event.happening in (Happening.DELIVERED, Happening.UNDELIVERED)
    )
    assert set(reports.values()) <= {1}
    assert len({one.sends for one in scene.asked}) == len(scene.asked)
    last = scene.stored()
    if last.delivery is not Delivery.SENDING and last.vendor_reference is not None:
        assert last.receipt is scene.told.get((last.provider, last.vendor_reference))
