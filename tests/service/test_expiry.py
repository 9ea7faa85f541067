"""A verification says that its time has passed, at that time, with as few looks as that takes."""

from __future__ import annotations

import pytest

from countersign.changes import Change
from countersign.consumers import TakenInPartError, Wake
from countersign.errors import ServiceUnavailableError
from countersign.lifecycle import Happening
from countersign.model import Delivery, ResendMode, Status
from countersign.orders import SendResult
from countersign.service.expiry import Expirer, ExpiryWatch
from tests.support.builders import CODE_HASH, client, verification
from tests.support.clock import NOON, FakeClock
from tests.support.providers import ACCEPTED, DiedError, Scripted
from tests.support.story import Story

SHORT = SendResult(outcome=Delivery.ACCEPTED, detail="accepted", expires_in_seconds=45)
NEW_CODES = client("demo", cooldown_seconds=0, resend=ResendMode.NEW_CODE)


def expired_after(story: Story) -> list[int]:
    """Seconds from the first change to the one that says that a verification has expired."""
    changes = story.stream.changes
    return [
        change.at - changes[0].at
        for change in changes
        if change.new is not None and change.new.stored_status is Status.EXPIRED
    ]


def told(story: Story) -> list[Happening]:
    return [event.happening for event in story.bus.events]


@pytest.fixture
def story() -> Story:
    return Story()


def lived(story: Story, seconds: int) -> None:
    """Time passes, and the stream is read in time."""
    for _ in range(seconds):
        story.read_the_stream()
        story.wait(1)
    story.read_the_stream()


def test_it_is_looked_at_once_when_its_code_has_run_out(story: Story) -> None:
    story.world.start()
    lived(story, 400)
    assert expired_after(story) == [301]
    assert story.wakes.scheduled == 1
    assert told(story) == [Happening.SENT, Happening.EXPIRED]
    assert story.bus.events[-1].occurred_at == NOON + 300


def test_a_vendors_shorter_code_is_told_when_that_has_run_out(story: Story) -> None:
    story.world.one.sends.append(Scripted(result=SHORT))
    story.world.start()
    lived(story, 400)
    assert expired_after(story) == [46]
    assert story.wakes.scheduled == 2


def test_a_resend_that_gives_more_time_is_found_out_by_the_first_look(story: Story) -> None:
    started = story.world.start(by=NEW_CODES).verification
    lived(story, 100)
    story.world.resend(started.id, by=NEW_CODES)
    lived(story, 100)
    assert story.wakes.scheduled == 1
    lived(story, 300)
    assert expired_after(story) == [401]
    assert story.wakes.scheduled == 2


def test_one_whose_function_died_while_it_sent_expires_like_the_others(story: Story) -> None:
    story.world.one.sends.append(Scripted(result=ACCEPTED, dies=True))
    with pytest.raises(DiedError):
        story.world.start()
    lived(story, 400)
    assert told(story) == [Happening.EXPIRED]
    assert expired_after(story) == [301]


def test_what_lives_longer_since_it_was_read_is_looked_at_again(story: Story) -> None:
    """The clock of who looks is ahead, and a resend comes between its read and its write."""
    id_ = story.world.start(by=NEW_CODES).verification.id
    lived(story, 298)
    story.world.store.meanwhile["expire"] = lambda: story.world.resend(id_, by=NEW_CODES)
    ahead = FakeClock()
    ahead.advance(300)
    Expirer(store=story.world.store, wakes=story.wakes, clock=ahead).look("demo", id_)
    story.wakes.waiting.pop(0)  # another look, as of the start, would find out too
    lived(story, 400)
    assert told(story) == [Happening.SENT, Happening.SENT, Happening.EXPIRED]


def test_one_that_has_ended_is_looked_at_and_left_alone(story: Story) -> None:
    started = story.world.start().verification
    story.world.cancel(started.id)
    lived(story, 400)
    assert expired_after(story) == []
    assert told(story) == [Happening.SENT, Happening.CANCELED]


def test_an_older_one_that_was_replaced_does_not_expire(story: Story) -> None:
    for _ in range(2):
        story.world.start(by=NEW_CODES)
        lived(story, 10)
    lived(story, 400)
    assert sorted(told(story)) == sorted(
        [Happening.SENT, Happening.SENT, Happening.CANCELED, Happening.EXPIRED]
    )


class _Wakes:
    """Takes so many, and refuses the next."""

    def __init__(self, takes: int) -> None:
        self._takes = takes

    def schedule(self, wakes: object) -> None:
        del wakes
        raise TakenInPartError(self._takes, lasting=False) if self._takes else ServiceUnavailableError


def started_at(place: int) -> Change:
    return Change(None, verification(f"v{place}"), NOON, str(place))


def test_what_was_not_scheduled_is_named_by_its_change() -> None:
    solved = verification("v9", delivery=Delivery.ACCEPTED, guess=CODE_HASH)
    changes = [started_at(0), Change(solved, solved, NOON, "9"), started_at(1), started_at(2)]
    with pytest.raises(TakenInPartError) as raised:
        ExpiryWatch(wakes=_Wakes(2), clock=FakeClock()).take(changes)
    assert raised.value.taken == 3
    with pytest.raises(ServiceUnavailableError):
        ExpiryWatch(wakes=_Wakes(0), clock=FakeClock()).take(changes)


def test_a_look_that_is_overdue_is_made_at_once(story: Story) -> None:
    story.world.start()
    story.world.clock.advance(5000)
    story.read_the_stream()
    assert story.wakes.due() == [Wake(client_id="demo", verification_id=story.known()[0], in_seconds=0)]
