"""A verification ends once, also where a text or a guess is at a vendor when it does."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from countersign.errors import CountersignError, UndeliverableError, WrongCodeError
from countersign.lifecycle import Happening
from countersign.model import Delivery, Reason, ResendMode, Status, Verdict
from tests.support.builders import client
from tests.support.providers import ACCEPTED, BLOCKED, UNKNOWN, Scripted, verdict
from tests.support.story import Story

ENDINGS = {Happening.APPROVED, Happening.FAILED, Happening.EXPIRED, Happening.CANCELED}


def endings(story: Story, id_: str) -> list[Happening]:
    told = [event for event in story.bus.events if event.verification.id == id_]
    return [event.happening for event in told if event.happening in ENDINGS]


@pytest.mark.parametrize("result", [ACCEPTED, UNKNOWN])
def test_a_text_that_is_taken_when_the_code_has_just_run_out_is_told_after_that(result: object) -> None:
    story = Story(caller=client(cooldown_seconds=0, resend=ResendMode.SAME_CODE))
    id_ = story.world.start(by=story.caller).verification.id
    story.read_the_stream()
    story.wait(295)
    story.world.two.sends.append(Scripted(result=result, meanwhile=lambda: story.wait(15)))  # type: ignore[arg-type]
    story.world.resend(id_, by=story.caller)
    story.end()
    assert story.bus.names() == ["Sent", "Expired", "Sent"]
    assert story.world.read(id_).delivery is not Delivery.SENDING
    assert endings(story, id_) == [Happening.EXPIRED]


def test_a_text_that_is_taken_when_the_client_has_just_canceled_is_told_after_that() -> None:
    story = Story(caller=client(cooldown_seconds=0))
    id_ = story.world.start(by=story.caller).verification.id
    canceled = Scripted(result=ACCEPTED, meanwhile=lambda: story.world.cancel(id_, by=story.caller))
    story.world.two.sends.append(canceled)
    resent = story.world.resend(id_, by=story.caller)
    story.end()
    assert story.bus.names() == ["Sent", "Canceled", "Sent"]
    assert story.bus.events[-1].detail()["status"] == "canceled"
    read = story.world.read(id_)
    assert read == resent
    assert (read.delivery, read.provider, read.vendor_reference) == (Delivery.ACCEPTED, "two", "ref-1")


def test_a_text_of_the_vendors_code_that_is_approved_before_the_vendor_answers_is_told() -> None:
    story = Story(custody="vendor")

    def approved() -> None:
        story.world.one.checks.append(Scripted(result=verdict(Verdict.VERIFIED)))
        [id_] = story.known()
        story.world.check(id_, "000000", by=story.caller)

    story.world.one.sends.append(Scripted(result=ACCEPTED, meanwhile=approved))
    id_ = story.world.start(by=story.caller).verification.id
    story.end()
    assert story.bus.names() == ["Approved", "Sent"]
    assert story.world.read(id_).delivery is Delivery.ACCEPTED


def test_what_ended_while_a_resend_was_refused_does_not_end_again_when_its_time_is_given_back() -> None:
    caller = client(cooldown_seconds=0, resend=ResendMode.NEW_CODE, attempts=1)
    story = Story(caller=caller)
    id_ = story.world.start(by=caller).verification.id
    story.read_the_stream()
    story.wait(295)

    def guess() -> None:
        story.wait(10)
        with pytest.raises(WrongCodeError):
            story.world.check(id_, "000000", by=caller)

    story.world.two.sends.append(Scripted(result=BLOCKED, meanwhile=guess))
    with pytest.raises(UndeliverableError):
        story.world.resend(id_, by=caller)
    story.end()
    assert endings(story, id_) == [Happening.FAILED]
    ended = story.world.read(id_).status(story.world.clock.now())
    assert ended == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


def _slower(story: Story) -> None:
    story.wait(0)


def _behind(story: Story) -> None:
    story.world.clock.advance(-2)


@pytest.mark.parametrize("clock_of_the_check", [_slower, _behind])
def test_what_was_replaced_while_its_last_guess_was_at_the_vendor_stays_canceled(
    clock_of_the_check: Callable[[Story], None],
) -> None:
    caller = client(cooldown_seconds=0, attempts=1)
    story = Story(custody="vendor", caller=caller)
    id_ = story.world.start(by=caller).verification.id
    story.wait(10)

    def replaced() -> None:
        story.world.start(by=caller)
        clock_of_the_check(story)

    for vendor in story.world.vendors:
        vendor.checks.append(Scripted(result=verdict(Verdict.WRONG), meanwhile=replaced))
    with suppress(CountersignError):
        story.world.check(id_, "000000", by=caller)
    story.end()
    assert endings(story, id_) == [Happening.CANCELED]
    assert story.world.read(id_).status(story.world.clock.now()) == (Status.CANCELED, Reason.SUPERSEDED)
