"""Looks as delayed messages: what is sent, what is refused, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from countersign.aws.expiries import SqsWakes, UnreadableWakeError, read_wake
from countersign.consumers import TakenInPartError, Wake
from countersign.errors import ServiceUnavailableError
from tests.support.aws import client_error

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/expiries"
DOWN = client_error("ServiceUnavailable", operation="SendMessageBatch")

type Refusals = dict[str, bool]  # by the entry's id: is it the message's fault?


class _Queue:
    """An SQS client that answers as it is told to."""

    def __init__(self, *answers: Refusals | Exception) -> None:
        self._answers = list(answers)
        self.sent: list[list[dict[str, Any]]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> object:  # noqa: N803
        assert QueueUrl == URL
        self.sent.append(Entries)
        answer = self._answers.pop(0) if self._answers else {}
        if isinstance(answer, Exception):
            raise answer
        return {"Failed": [{"Id": id_, "SenderFault": fault} for id_, fault in answer.items()]}


def wakes(*delays: int) -> list[Wake]:
    return [
        Wake(client_id="demo", verification_id=f"v{place}", in_seconds=delay)
        for place, delay in enumerate(delays)
    ]


def scheduled(queue: Any, *delays: int) -> None:
    SqsWakes(URL, client=lambda: queue).schedule(wakes(*delays))


def test_a_message_names_the_verification_and_waits_no_longer_than_the_queue_lets_it() -> None:
    queue = _Queue()
    scheduled(queue, 0, 301, 900, 5000)
    [entries] = queue.sent
    assert [entry["DelaySeconds"] for entry in entries] == [0, 301, 900, 900]
    assert len({entry["Id"] for entry in entries}) == 4
    assert [read_wake({"body": entry["MessageBody"]}) for entry in entries] == [
        ("demo", f"v{place}") for place in range(4)
    ]
    assert json.loads(entries[0]["MessageBody"]).keys() == {"client", "id"}


@pytest.mark.parametrize(
    ("answers", "taken", "lasting"),
    [
        ([{"3": False, "7": True}], 3, False),
        ([{"7": False, "3": True}], 3, True),
        ([{}, {"1": True}], 11, True),
        ([{}, DOWN], 10, False),
    ],
)
def test_the_first_that_was_not_scheduled_is_named(
    answers: list[Refusals | Exception], taken: int, lasting: bool
) -> None:
    with pytest.raises(TakenInPartError) as raised:
        scheduled(_Queue(*answers), *range(12))
    assert (raised.value.taken, raised.value.lasting) == (taken, lasting)


def test_a_queue_that_is_out_of_reach_has_taken_nothing() -> None:
    with pytest.raises(ServiceUnavailableError):
        scheduled(_Queue(DOWN), 1, 2)


@pytest.mark.parametrize(
    "record", [{}, {"body": None}, {"body": "canary"}, {"body": '{"client":"demo","id":7}'}]
)
def test_a_message_of_somebody_else_is_not_repeated(record: dict[str, object]) -> None:
    with pytest.raises(UnreadableWakeError) as raised:
        read_wake(record)
    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__ or raised.value.__context__ is None
