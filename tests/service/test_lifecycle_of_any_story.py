"""Whatever happens to verifications, what listeners hear of it is whole, ordered and ends once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.changes import Change
from countersign.errors import CountersignError
from countersign.lifecycle import Event, Happening, events
from countersign.model import Delivery, SendResult, Status, Verdict, Verification
from countersign.service.expiry import Expirer, ExpiryWatch
from countersign.service.publishing import Publisher
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.lifecycle import FakeBus, FakeWakes, Stream, delivered
from tests.support.providers import ACCEPTED, REFUSED, UNKNOWN, DiedError, Scripted, verdict
from tests.support.world import World

CALLER = client("demo", cooldown_seconds=0, attempts=2, sends=3, sends_per_10_minutes=100, sends_per_day=100)
ENDINGS = {Happening.APPROVED, Happening.FAILED, Happening.EXPIRED, Happening.CANCELED}
SHORT = SendResult(outcome=Delivery.ACCEPTED, detail="accepted", expires_in_seconds=45)
RESULTS = [Scripted(result=result) for result in (ACCEPTED, REFUSED, UNKNOWN, SHORT)]
DIES = Scripted(result=ACCEPTED, dies=True)
VERDICTS = [verdict(one) for one in (Verdict.VERIFIED, Verdict.WRONG, Verdict.UNKNOWN)]
STEPS = st.one_of(
    st.tuples(st.just("start"), st.sampled_from([NUMBER, OTHER_NUMBER]), st.sampled_from([*RESULTS, DIES])),
    st.tuples(st.just("resend"), st.integers(0, 2), st.sampled_from([*RESULTS, DIES])),
    st.tuples(st.just("check"), st.integers(0, 2), st.sampled_from(VERDICTS)),
    st.tuples(st.just("cancel"), st.integers(0, 2), st.none()),
    st.tuples(st.just("wait"), st.sampled_from([1, 30, 100, 299, 301]), st.none()),
    st.tuples(st.just("deliver batch"), st.none(), st.none()),
)


class Story:
    """A world of clients and vendors, and beside it what reads the table's stream, a batch at a time."""

    def __init__(self, *, custody: str) -> None:
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
                    self.world.start(by=CALLER, to=to)
                finally:
                    self.ids += set(self.known()) - before
            case "resend", int(place), Scripted():
                self.world.one.sends.append(how)
                self.world.resend(self.id(place), by=CALLER)
            case "check", int(place), result:
                self.check(self.id(place), result)
            case "cancel", int(place), _:
                self.world.cancel(self.id(place), by=CALLER)
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
        self.world.check(id_, right.reveal() if right is not None and is_right else "000000", by=CALLER)

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


@settings(max_examples=150)
@given(steps=st.lists(STEPS, max_size=14), custody=st.sampled_from(["gateway", "vendor"]))
def test_every_verification_ends_once_and_every_text_is_told(
    steps: list[tuple[str, object, object]], custody: str
) -> None:
    story = Story(custody=custody)
    for step in steps:
        story.act(*step)
    story.end()
    told = story.bus.events
    for one in story.verifications():
        its = [event for event in told if event.verification.id == one.id]
        endings = [event for event in its if event.happening in ENDINGS]
        assert len(endings) == 1
        status, reason = one.status(story.world.clock.now())
        assert (endings[0].detail()["status"], endings[0].detail()["reason"]) == (status, reason)
        assert one.stored_status is status or status in (Status.APPROVED, Status.FAILED, Status.CANCELED)
        assert [event.sequence for event in its] == sorted({event.sequence for event in its})
        statuses = [delivered(event)["detail"]["status"] for event in its]
        assert statuses == sorted(statuses, key=lambda status: status != "pending")  # never back
        assert counts(its)[Happening.SENT] <= one.sends
    codes = {order.code.reveal() for vendor in story.world.vendors for order in vendor.orders if order.code}
    text = json.dumps([event.detail() for event in told])
    assert not any(f'"{code}"' in text for code in codes)
    assert NUMBER not in text


def counts(its: Sequence[Event]) -> Counter[Happening]:
    return Counter(event.happening for event in its)


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=14), data=st.data())
def test_any_cut_of_the_stream_tells_the_same(
    steps: list[tuple[str, object, object]], data: st.DataObject
) -> None:
    story = Story(custody="gateway")
    for step in steps:
        story.act(*step)
    story.end()
    changes = story.stream.changes
    cut = data.draw(st.integers(0, len(changes)))
    again = FakeBus()
    for batch in (changes[:cut], changes[cut:], changes[:cut]):  # and one comes twice
        Publisher(bus=again).take(batch)
    assert again.told() == story.bus.told()
    assert {event.id for event in again.events} == {event.id for event in story.bus.events}


@settings(max_examples=60)
@given(steps=st.lists(STEPS, max_size=14))
def test_a_text_that_a_vendor_took_is_told_exactly_once(steps: list[tuple[str, object, object]]) -> None:
    story = Story(custody="gateway")
    for step in steps:
        story.act(*step)
    story.end()
    sent = Counter(event.verification.id for event in story.bus.events if event.happening is Happening.SENT)
    assert sent == Counter(_taken(story.stream.changes))


def _taken(changes: Sequence[Change]) -> list[str]:
    """The verification of every delivery that ended other than refused, from the writes alone."""
    taken = []
    for change in changes:
        if change.old is None or change.new is None or change.old.delivery is not Delivery.SENDING:
            continue
        settles = change.new.delivery is not Delivery.SENDING
        if settles and change.new.delivery is not Delivery.REJECTED and change.new.sends == change.old.sends:
            taken.append(change.new.id)
    return taken


def test_the_events_of_a_usual_verification() -> None:
    story = Story(custody="gateway")
    story.act("start", NUMBER, RESULTS[0])
    story.act("wait", 30, None)
    story.act("check", 0, VERDICTS[0])
    story.end()
    assert story.bus.names() == ["Sent", "Approved"]
    assert [event["detail"]["seconds"] for event in story.bus.told()] == [0, 30]
    assert story.wakes.scheduled == 1
    assert [event for change in story.stream.changes[:1] for event in events(change)] == []
