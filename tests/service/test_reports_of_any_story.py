"""Whatever becomes of texts, in whatever order vendors tell it: each is told once, and the last one shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.changes import Change
from countersign.lifecycle import Happening
from countersign.model import Delivery, Receipt
from countersign.orders import SendResult
from countersign.reports import Owner, Report
from countersign.service.receiving import Receiver
from tests.contract.test_reports import Counted
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.providers import REFUSED, UNKNOWN, Scripted
from tests.support.report_book import STATES, MemoryReportBook
from tests.support.story import Story

QUICK: dict[str, Any] = {
    "cooldown_seconds": 0,
    "sends_per_10_minutes": 100,
    "sends_per_day": 100,
    "sends": 5,
}
TOLD = {Happening.DELIVERED, Happening.UNDELIVERED}
BATCH = ("deliver batch", None, None)
STARTED = [("start", NUMBER, "taken"), BATCH]
OUTCOMES = st.sampled_from(["taken", "refused", "unknown"])
REPORTS = st.tuples(st.just("report"), st.integers(0, 1), st.sampled_from(Receipt))
STEPS = st.one_of(
    REPORTS,
    REPORTS,
    st.just(BATCH),
    st.tuples(st.just("resend"), st.just(0), OUTCOMES),
    st.tuples(st.sampled_from(["cancel", "resend"]), st.just(0), st.just("taken")),
    st.tuples(st.just("start"), st.sampled_from([NUMBER, OTHER_NUMBER]), OUTCOMES),
)


class Reported:
    """A story whose vendors tell of their texts, and what reads the stream links them."""

    def __init__(self) -> None:
        self.story = Story(caller=client(**QUICK))
        book = MemoryReportBook(self.story.world.memory)
        self.counted = Counted()
        self._receiver = Receiver(book=book, telemetry=self.counted, clock=self.story.world.clock)
        self.story.consumers = (*self.story.consumers, self)  # type: ignore[assignment]  # one more
        self._serial = count(1)
        self.furthest: dict[str, Receipt | None] = {}  # by reference

    def take(self, changes: Sequence[Change]) -> None:
        """What the consumer of the stream does for vendors that report; all of these do."""
        for change in changes:
            new, old = change.new, change.old
            if new is None or new.vendor_reference is None:
                continue
            if old is None or old.vendor_reference != new.vendor_reference:
                owner = Owner(new.client_id, new.id, new.country)
                self._receiver.linked(new.provider, new.vendor_reference, owner=owner)

    def act(self, what: str, which: Any, how: Any) -> None:
        if what == "report":
            self._report(list(self.furthest)[-1 - which : len(self.furthest) - which], how)
        elif what in ("start", "resend"):
            answer = Scripted(result=self._result(how))
            for vendor in self.story.world.vendors:  # whichever is asked
                vendor.sends.clear()
                vendor.sends.append(answer)
            self.story.act(what, which, answer)
        else:
            self.story.act(what, which, how)

    def _result(self, how: str) -> SendResult:
        if how != "taken":
            return REFUSED if how == "refused" else UNKNOWN
        reference = f"text-{next(self._serial)}"
        self.furthest[reference] = None
        return SendResult(outcome=Delivery.ACCEPTED, detail="accepted", vendor_reference=reference)

    def _report(self, references: list[str], receipt: Receipt) -> None:
        for reference in references:
            for vendor in self.story.world.vendors:  # whichever has sent it
                self._receiver.reported(Report(vendor.name, reference, receipt))
            known = self.furthest[reference]
            if known is None or STATES.index(receipt) > STATES.index(known):
                self.furthest[reference] = receipt
        self.story.stream.look()

    def end(self) -> None:
        self.story.end()
        for _ in range(3):  # what links show is a change as well
            self.story.stream.look()
            self.story.read_the_stream()


@settings(max_examples=400, deadline=None)
@given(steps=st.lists(STEPS, max_size=16))
def test_each_report_is_told_once_and_the_last_texts_is_shown(steps: list[tuple[str, Any, Any]]) -> None:
    reported = Reported()
    for step in (*STARTED, *steps):
        reported.act(*step)
    reported.end()
    told = Counter(
        (one.verification.id, one.verification.vendor_reference, one.happening)
        for one in reported.story.bus.events
        if one.happening in TOLD
    )
    assert set(told.values()) <= {1}
    for one in reported.story.verifications():
        if one.vendor_reference is not None:
            assert one.receipt is reported.furthest[one.vendor_reference]


def test_a_story_with_reports_tells_them() -> None:
    reported = Reported()
    undelivered, delivered = (("report", 0, receipt) for receipt in STATES[1:])
    for step in [*STARTED, undelivered, ("resend", 0, "refused"), BATCH, delivered]:
        reported.act(*step)
    reported.end()
    assert reported.story.bus.names() == ["Sent", "Undelivered", "Delivered", "Expired"]
    assert [name for name, *_ in reported.counted.texts] == ["TextsUndelivered", "TextsDelivered"]
