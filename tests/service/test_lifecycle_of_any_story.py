"""Whatever happens to verifications, what listeners hear of it is whole, ordered and ends once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.changes import Change
from countersign.client import Client
from countersign.lifecycle import Event, Happening, events
from countersign.model import Delivery, ResendMode, Status, Verdict
from countersign.orders import SendResult
from countersign.service.publishing import Publisher
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.lifecycle import FakeBus, delivered
from tests.support.providers import ACCEPTED, REFUSED, UNKNOWN, Scripted, verdict
from tests.support.story import Story

QUICK: dict[str, Any] = {
    "cooldown_seconds": 0,
    "sends_per_10_minutes": 100,
    "sends_per_day": 100,
    "attempts": 2,
    "sends": 3,
}
CALLERS = st.sampled_from([client(**QUICK, resend=mode) for mode in ResendMode])
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


@settings(max_examples=150)
@given(steps=st.lists(STEPS, max_size=14), custody=st.sampled_from(["gateway", "vendor"]), caller=CALLERS)
def test_every_verification_ends_once_and_every_text_is_told(
    steps: list[tuple[str, object, object]], custody: str, caller: Client
) -> None:
    story = Story(custody=custody, caller=caller)
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
@given(steps=st.lists(STEPS, max_size=14), caller=CALLERS, data=st.data())
def test_any_cut_of_the_stream_tells_the_same(
    steps: list[tuple[str, object, object]], caller: Client, data: st.DataObject
) -> None:
    story = Story(caller=caller)
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
@given(steps=st.lists(STEPS, max_size=14), caller=CALLERS)
def test_a_text_that_a_vendor_took_is_told_exactly_once(
    steps: list[tuple[str, object, object]], caller: Client
) -> None:
    story = Story(caller=caller)
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
    story = Story()
    story.act("start", NUMBER, RESULTS[0])
    story.act("wait", 30, None)
    story.act("check", 0, VERDICTS[0])
    story.end()
    assert story.bus.names() == ["Sent", "Approved"]
    assert [event["detail"]["seconds"] for event in story.bus.told()] == [0, 30]
    assert story.wakes.scheduled == 1
    assert [event for change in story.stream.changes[:1] for event in events(change)] == []
