"""A text that did not arrive is sent again over the next vendor, where the policy says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from dataclasses import replace as replaced

import pytest

from countersign.changes import Change
from countersign.client import Client
from countersign.errors import CooldownError, UndeliverableError
from countersign.model import OnUndelivered, Receipt, Verification
from countersign.reports import Entry, Owner, Redelivery
from countersign.service.redelivery import Redeliverer, RedeliveryWatch
from tests.support.builders import client
from tests.support.clock import NOON
from tests.support.lifecycle import Stream
from tests.support.providers import REFUSED
from tests.support.report_book import MemoryReportBook
from tests.support.world import GATEWAY, SECONDS, VENDOR, World, code_of

WANTS = client(on_undelivered=OnUndelivered.NEXT_PROVIDER)


@dataclass
class Asked:
    """A countersign.reports.Redeliveries that remembers."""

    redeliveries: list[Redelivery] = field(default_factory=list)

    def ask(self, redelivery: Redelivery) -> None:
        self.redeliveries.append(redelivery)


class Scene:
    """A started verification, reports about its texts, and what the stream's consumer makes of them."""

    def __init__(self, *, route: tuple[str, ...] = GATEWAY, by: Client = WANTS) -> None:
        self.world = World(route=route)
        self.by = by
        self.asked = Asked()
        self.watch = RedeliveryWatch(redeliveries=self.asked, clock=self.world.clock)
        self.book = MemoryReportBook(self.world.memory)
        self.redeliverer = Redeliverer(
            store=self.world.store,
            resender=self.world.resender,
            routes=lambda: self.world.routes,
            clock=self.world.clock,
        )
        self.id = self.world.start(by=by).verification.id

    def stored(self) -> Verification:
        found = self.world.memory.get(self.by.id, self.id)
        assert found is not None
        return found

    def report(self, receipt: Receipt) -> None:
        """A report about the last text, shown, and the change that the stream tells of."""
        old = self.stored()
        entry = Entry(
            vendor=old.provider,
            reference=old.vendor_reference or "",
            is_news=True,
            receipt=receipt,
            receipt_at=self.world.clock.now(),
            owner=Owner(self.by.id, self.id, old.country),
        )
        assert self.book.show(entry)
        self.watch.take([Change(old, self.stored(), self.world.clock.now())])

    def redeliver(self, *, by: Client | None = None, sends: int | None = None) -> Verification | None:
        """What the message about a text makes; without `sends`, the last one that was asked for."""
        asked = self.asked.redeliveries
        about = sends or (asked[-1].sends if asked else 1)
        return self.redeliverer.redeliver(
            by or self.by, verification_id=self.id, sends=about, deadline=self.world.deadline(SECONDS)
        )


def test_an_undelivered_text_is_asked_for_after_the_cooldown_and_sent_over_the_next_vendor() -> None:
    scene = Scene()
    scene.world.clock.advance(20)
    scene.report(Receipt.UNDELIVERED)
    [asked] = scene.asked.redeliveries
    assert asked == Redelivery(client_id="demo", verification_id=scene.id, sends=1, in_seconds=40)
    scene.world.clock.advance(asked.in_seconds)
    again = scene.redeliver()
    assert again is not None
    assert (again.provider, again.sends, again.receipt) == ("two", 2, None)
    assert code_of(scene.world.two) == code_of(scene.world.one)
    assert scene.world.check(scene.id, code_of(scene.world.one)).solved


def test_it_goes_on_to_the_third_vendor_and_round() -> None:
    scene = Scene()
    providers = []
    for _ in range(3):
        scene.report(Receipt.UNDELIVERED)
        scene.world.clock.advance(60)
        again = scene.redeliver()
        assert again is not None
        providers.append(again.provider)
    assert providers == ["two", "three", "one"]
    assert [one.sends for one in scene.asked.redeliveries] == [1, 2, 3]


def test_a_message_that_comes_twice_sends_once() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    assert scene.redeliver() is not None
    assert scene.redeliver() is None
    assert scene.world.sends == 2


def test_two_at_once_send_once() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    beside: list[Verification | None] = []
    scene.world.store.meanwhile["usage"] = lambda: beside.append(scene.redeliver())
    with pytest.raises(CooldownError):
        scene.redeliver()
    assert beside[0] is not None
    assert scene.world.sends == 2
    assert scene.redeliver() is None


def test_before_the_cooldown_is_over_it_is_told_to_come_again() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    with pytest.raises(CooldownError) as refused:
        scene.redeliver()
    assert refused.value.retry_after_seconds == 60
    assert scene.world.sends == 1


def test_a_text_of_the_users_own_resend_takes_its_place() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    scene.world.resend(scene.id, by=WANTS)
    assert scene.redeliver() is None
    assert scene.world.sends == 2


def test_a_text_that_arrives_after_all_is_not_sent_again() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.report(Receipt.DELIVERED)
    scene.world.clock.advance(60)
    assert scene.redeliver() is None
    assert len(scene.asked.redeliveries) == 1


def test_a_cooldown_that_outlasts_the_code_asks_for_nothing() -> None:
    scene = Scene(by=client(on_undelivered=OnUndelivered.NEXT_PROVIDER, cooldown_seconds=300))
    scene.report(Receipt.UNDELIVERED)
    assert scene.asked.redeliveries == []


def test_a_message_about_an_older_text_sends_nothing() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    assert scene.redeliver() is not None
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    assert scene.redeliver(sends=1) is None
    assert scene.redeliver(sends=2) is not None


@pytest.mark.parametrize("receipt", [Receipt.SENT, Receipt.DELIVERED])
def test_a_text_on_its_way_or_arrived_asks_for_nothing(receipt: Receipt) -> None:
    scene = Scene()
    scene.report(receipt)
    assert scene.asked.redeliveries == []


def test_nothing_is_the_default() -> None:
    scene = Scene(by=client())
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    assert scene.asked.redeliveries == []
    assert scene.stored().on_undelivered is None
    assert scene.redeliver(by=WANTS) is None


def test_a_policy_that_says_so_no_more_is_heeded() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    assert scene.redeliver(by=client()) is None
    assert scene.world.sends == 1


@pytest.mark.parametrize(
    "route", [VENDOR, ("one:gateway", "two:vendor"), ("one:gateway",), ("one:gateway", "three:vendor")]
)
def test_a_vendors_code_and_a_lone_vendor_are_left_as_they_are(route: tuple[str, ...]) -> None:
    scene = Scene(route=route)
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    assert scene.redeliver() is None
    assert scene.world.sends == 1
    assert bool(scene.asked.redeliveries) == (route is not VENDOR)


def test_what_has_ended_is_left_as_it_is() -> None:
    scene = Scene()
    scene.world.check(scene.id, code_of(scene.world.one), by=WANTS)
    scene.report(Receipt.UNDELIVERED)
    assert scene.asked.redeliveries == []
    assert scene.redeliver() is None
    expired = Scene()
    expired.report(Receipt.UNDELIVERED)
    expired.world.clock.advance(300)
    assert expired.redeliver() is None
    assert (scene.world.sends, expired.world.sends) == (1, 1)


def test_without_a_send_left_nothing_is_asked_for() -> None:
    scene = Scene(by=client(on_undelivered=OnUndelivered.NEXT_PROVIDER, sends=1))
    scene.report(Receipt.UNDELIVERED)
    assert scene.asked.redeliveries == []


def test_a_redelivery_that_nobody_takes_counts_no_send() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    scene.world.two.will(REFUSED)
    scene.world.three.will(REFUSED)
    scene.world.one.will(REFUSED)
    with pytest.raises(UndeliverableError):
        scene.redeliver()
    assert (scene.stored().sends, scene.stored().receipt) == (1, Receipt.UNDELIVERED)


def test_a_redelivery_that_nobody_took_may_be_tried_again_and_is_not_asked_for_anew() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    scene.world.clock.advance(60)
    for vendor in scene.world.vendors:
        vendor.will(REFUSED)
    stream = Stream(scene.world.memory, clock=scene.world.clock)
    stream.look()
    told = len(stream.changes)
    scene.world.store.inner = stream.behind(scene.world.store.inner)
    with pytest.raises(UndeliverableError):
        scene.redeliver()
    assert len(stream.changes) > told
    scene.watch.take(stream.changes[told:])
    assert len(scene.asked.redeliveries) == 1
    scene.world.clock.advance(60)
    again = scene.redeliver()
    assert again is not None
    assert (again.sends, scene.world.sends) == (2, 5)


def test_what_is_no_verification_any_more_is_passed_over() -> None:
    scene = Scene()
    scene.world.memory.forget()
    assert scene.redeliver() is None


def test_the_stream_asks_once_for_each_text_however_often_it_tells() -> None:
    scene = Scene()
    scene.report(Receipt.UNDELIVERED)
    failed = scene.stored()
    guessed = replaced(failed, attempts=1)
    scene.watch.take([Change(failed, guessed, NOON), Change(failed, None, NOON), Change(None, None, NOON)])
    assert len(scene.asked.redeliveries) == 1
