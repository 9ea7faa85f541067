"""The whole way, as an application in the account sees it: request in, text, report, events and webhooks out.

Nothing here is put in the middle: the queue starts it, the vendor reports by itself, and what is heard
on the bus and at the receiver is what the deployed functions have made of it.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from countersign.webhooks.schedule import WAITS
from local.stack import Stack
from tests.end_to_end.calling import Caller, forget_outages, fresh_number
from tests.end_to_end.clients import STORY, STORY_AWAY, STORY_AWAY_PORT, STORY_PORT
from tests.end_to_end.dying import CONNECTIONS, FULL, dying_bus
from tests.end_to_end.hooks import lines_of, until
from tests.end_to_end.listening import WAIT_SECONDS, Listener, Told, names
from tests.end_to_end.post import Post, wait_for
from tests.support.webhooks import Got, Receiver, receiving

RETRY_SECONDS = 2 * WAITS[0] + WAIT_SECONDS


@pytest.fixture(scope="module")
def listener(stack: Stack) -> Iterator[Listener]:
    listener = Listener(stack, name="story")
    yield listener
    listener.close()


@pytest.fixture(scope="module", autouse=True)
def nothing_waits(stack: Stack) -> Iterator[None]:
    """Webhooks to a receiver that has closed do not come again in the middle of other tests."""
    yield
    stack.client("sqs").purge_queue(QueueUrl=stack.deployment.webhooks)


@pytest.fixture
def post(stack: Stack) -> Iterator[Post]:
    """With vendors that are well, and report."""
    for vendor in ("message_central", "esms", "engagelab"):
        stack.vendor(vendor, mode="ok")
    forget_outages(stack)
    stack.report("delivered", delay_seconds=0.1)
    post = Post(stack)
    assert wait_for(post.is_empty)
    post.dead_letters()
    yield post
    stack.report("none")


@pytest.fixture
def caller(stack: Stack) -> Caller:
    return Caller(stack, STORY)


def hooks(receiver: Receiver, *, about: str, number: int, seconds: float = WAIT_SECONDS) -> list[Got]:
    """The webhooks about a verification, verified, as soon as they are so many."""
    with receiver.arrived:
        receiver.arrived.wait_for(lambda: len(_about(receiver, about)) >= number, timeout=seconds)
        return _about(receiver, about)


def _about(receiver: Receiver, id_: str) -> list[Got]:
    return [got for got in receiver.got if got.verified()["data"]["id"] == id_]


def webhook_of(told: Told) -> tuple[str, dict[str, Any]]:
    """The id and the body that an event's webhook should have."""
    detail = dict(told["detail"])
    event_id = detail.pop("event_id")
    name = told["detail-type"].removeprefix("Verification").lower()
    return event_id, {"type": f"verification.{name}", "timestamp": detail["occurred_at"], "data": detail}


def shows(text: str, *, to: str, code: str) -> bool:
    """Whether a text holds the number, without its country's prefix or with it, or the code."""
    return to[4:] in text or code in re.findall(r"[0-9]+", text)


@pytest.mark.parametrize("country", ["VN", "AU"])
def test_a_message_on_the_queue_is_told_to_the_end(
    country: str, post: Post, listener: Listener, caller: Caller
) -> None:
    to, reference = fresh_number(country), f"order-{uuid.uuid4()}"
    with receiving(port=STORY_PORT) as receiver:
        message_id = post.send({"client": STORY, "to": to, "reference": reference})
        assert wait_for(lambda: post.texts(to) == 1)
        code = caller.code_for(to)
        id_ = caller.start(to, key=message_id, reference=reference).body["id"]
        assert names(listener.told(id_, until=2)) == ["Sent", "Delivered"]  # by the vendor's own report
        assert caller.check(id_, code).body["status"] == "approved"
        told = listener.told(id_, until=3)
        assert names(told) == ["Sent", "Delivered", "Approved"]  # in the order of `sequence`
        got = hooks(receiver, about=id_, number=3)
    assert post.texts(to) == 1
    assert [one["detail"]["status"] for one in told] == ["pending", "pending", "approved"]
    assert {one["detail"]["reference"] for one in told} == {reference}
    assert caller.read(id_).body["receipt"] == "delivered"
    assert sorted((one.id, one.verified()) for one in got) == sorted(map(webhook_of, told))
    for text in (*map(json.dumps, told), *(f"{one.headers} {one.body.decode()}" for one in got)):
        assert not shows(text, to=to, code=code)


def test_a_poisoned_message_is_a_dead_letter_and_its_neighbours_are_told(
    post: Post, listener: Listener, caller: Caller
) -> None:
    neighbours = [fresh_number("VN") for _ in range(4)]
    poison = json.dumps({"client": STORY, "to": fresh_number("VN"), "ttl_seconds": "for ever"})
    ids = [post.send({"client": STORY, "to": to}) for to in neighbours[:2]]
    poison_id = post.send(poison)
    ids += [post.send({"client": STORY, "to": to}) for to in neighbours[2:]]
    assert wait_for(post.is_empty)
    assert post.dead_letters() == {poison_id: poison}
    assert [post.texts(to) for to in neighbours] == [1, 1, 1, 1]
    for to, message_id in zip(neighbours, ids, strict=True):
        id_ = caller.start(to, key=message_id).body["id"]
        assert names(listener.told(id_, until=2)) == ["Sent", "Delivered"]
        assert caller.check(id_, caller.code_for(to)).body["status"] == "approved"


def test_a_receiver_that_was_away_is_told_when_it_is_back(
    stack: Stack, post: Post, listener: Listener
) -> None:
    stack.report("none")
    caller, to = Caller(stack, STORY_AWAY), fresh_number("AU")
    id_ = caller.start(to).body["id"]
    assert caller.check(id_, caller.code_for(to)).status == 200
    told = listener.told(id_, until=2)
    failed = [
        until(lambda: lines_of(stack, one["detail"]["event_id"], "WebhookFailed"))  # noqa: B023  # at once
        for one in told
    ]
    assert all(failed)
    with receiving(port=STORY_AWAY_PORT) as receiver:
        got = hooks(receiver, about=id_, number=2, seconds=RETRY_SECONDS)
        for one in told:
            assert until(lambda: lines_of(stack, one["detail"]["event_id"], "WebhookDelivered"))  # noqa: B023
    assert sorted((one.id, one.verified()) for one in got) == sorted(map(webhook_of, told))


def _by_queue(post: Post, to: str) -> None:
    body = {"client": STORY, "to": to, "idempotency_key": str(uuid.uuid4())}
    _served_thrice(post, body)


def _by_bus(post: Post, to: str) -> None:
    """As the bus's rule writes it, if it hands on one event three times."""
    event = {
        "id": str(uuid.uuid4()),
        "detail-type": "VerificationRequested",
        "time": "2100-01-01T00:00:00Z",
        "detail": {"client": STORY, "to": to},
    }
    _served_thrice(post, event)


def _served_thrice(post: Post, body: object) -> None:
    ids = [post.send(body) for _ in range(3)]
    assert wait_for(lambda: all(lines_of(post.stack, one, "MessageServed") for one in ids))
    made = {lines_of(post.stack, one, "MessageServed")[0]["verification_id"] for one in ids}
    assert len(made) == 1


def _by_invocation(post: Post, to: str) -> None:
    functions, name = post.stack.client("lambda"), post.stack.function_names["send"]
    event = {"client_id": STORY, "to": to, "idempotency_key": str(uuid.uuid4())}
    answers = [
        json.loads(functions.invoke(FunctionName=name, Payload=json.dumps(event).encode())["Payload"].read())
        for _ in range(3)
    ]
    assert [one["status_code"] for one in answers] == [201] * 3
    assert len({one["body"]["id"] for one in answers}) == 1


@pytest.mark.parametrize("deliver", [_by_queue, _by_bus, _by_invocation])
def test_one_event_that_is_delivered_three_times_is_one_text(
    deliver: Callable[[Post, str], None], post: Post
) -> None:
    to = fresh_number("SG")
    deliver(post, to)
    assert wait_for(post.is_empty)
    assert post.texts(to) == 1


@pytest.mark.skipif(not CONNECTIONS.exists(), reason="finds a function's process in /proc, which Linux has")
def test_the_stream_function_is_killed_in_mid_batch_and_every_event_arrives(
    stack: Stack, post: Post, listener: Listener, caller: Caller
) -> None:
    stack.report("none")
    with dying_bus(stack) as bus:
        first = caller.start(fresh_number("AU")).body["id"]
        assert bus.called.wait(WAIT_SECONDS)  # the function is at it, and what follows is one batch
        ids = [caller.start(fresh_number("AU")).body["id"] for _ in range(FULL + 2)]
        bus.open.set()
        told = {id_: listener.told(id_) for id_ in (first, *ids)}
        [_] = bus.killed
        tries = Counter(one for call in bus.put for one in call)
    assert all(names(one) == ["Sent"] for one in told.values())
    events = {id_: one["detail"]["event_id"] for id_, [one] in told.items()}
    assert set(events.values()) <= set(tries)
    assert [events[id_] for id_ in ids if tries[events[id_]] > 1]  # told before it died, and again after
