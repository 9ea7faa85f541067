"""Publishing over an emulated AWS: changes in, events on the bus, and what becomes of failing ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from countersign.aws.bus import EventBridgeBus
from countersign.batches import BatchFailedError
from countersign.changes import Change
from countersign.errors import ServiceUnavailableError
from countersign.service.publishing import Publisher
from tests.support.aws import client_error
from tests.support.clock import NOON
from tests.support.lifecycle import FakeBus
from tests.support.providers import DiedError
from tests.support.publishing import BUS, Outlets, Publishing, approved, names, sent, spoilt, start, texts
from tests.support.stream import Poller, failed, numbers, record


def test_changes_become_events_and_new_verifications_a_look_each(
    publishing: Publishing, outlets: Outlets
) -> None:
    records = [start("v1"), sent("v1"), start("v2", expires_at=NOON + 60), approved("v1")]
    assert failed(publishing({"Records": records})) == []
    assert names(outlets.told()) == [("v1", "Sent"), ("v1", "Approved")]
    assert outlets.waiting() == 2
    assert publishing.messages() == []


def test_more_events_than_one_call_takes_are_all_put_in_order(
    publishing: Publishing, outlets: Outlets
) -> None:
    assert failed(publishing({"Records": texts(23)})) == []
    assert names(outlets.told()) == [(f"v{place}", "Sent") for place in range(23)]


def test_more_looks_than_one_call_takes_are_all_scheduled(publishing: Publishing, outlets: Outlets) -> None:
    publishing.clock.advance(400)  # all of them are due
    assert failed(publishing({"Records": [start(f"v{place}") for place in range(23)]})) == []
    looks = outlets.looks()
    assert sorted(str(look) for look in looks) == sorted(
        str({"client": "demo", "id": f"v{place}"}) for place in range(23)
    )


def test_an_empty_batch_and_one_of_other_items_do_nothing(publishing: Publishing, outlets: Outlets) -> None:
    other = record(None, {"pk": {"S": "C#total"}}, at=NOON)
    assert failed(publishing({"Records": []})) == failed(publishing({"Records": [other]})) == []
    assert outlets.told() == []


@pytest.mark.parametrize("place", [0, 1, 6, 11])
def test_of_a_batch_only_what_cannot_be_read_is_given_up_and_all_others_are_told(
    place: int, publishing: Publishing, outlets: Outlets
) -> None:
    bad = spoilt()
    records = texts(11)
    records.insert(place, bad)
    poller = Poller(publishing)
    poller.hand_on(records)
    assert poller.given_up == [bad]
    assert {id_ for id_, _ in names(outlets.told())} == {f"v{place}" for place in range(11)}
    assert "canary" not in publishing.log.getvalue()
    assert poller.invocations < 20


@pytest.mark.parametrize("place", [0, 1, 6, 10])
def test_of_a_batch_only_what_the_bus_will_never_take_is_given_up_and_all_others_are_told(
    place: int, publishing: Publishing
) -> None:
    bus = FakeBus()
    bus.refuses = lambda event: event.verification.id == f"v{place}"
    publishing.over(Publisher(bus=bus))
    records = texts(11)
    poller = Poller(publishing)
    poller.hand_on(records)
    assert poller.given_up == [records[place]]
    assert len(set(bus.names())) == 1
    assert {event.verification.id for event in bus.events} == {f"v{at}" for at in range(11)} - {f"v{place}"}


def test_from_the_first_event_that_is_not_out_the_batch_comes_again(publishing: Publishing) -> None:
    bus = FakeBus()
    bus.fails_in = 3
    publishing.over(Publisher(bus=bus))
    records = [start("v9"), *texts(5)]
    assert failed(publishing({"Records": records})) == numbers(records[4:5])
    assert publishing.messages() == ["PublishingDeferred"]
    Poller(publishing).hand_on(records[4:])
    assert bus.names() == ["Sent"] * 5


@pytest.mark.parametrize("dies_in", range(6))
def test_killed_in_mid_batch_every_event_still_arrives(dies_in: int, publishing: Publishing) -> None:
    bus = FakeBus()
    bus.dies_in = dies_in
    publishing.over(Publisher(bus=bus))
    records = [sent("v1"), start("v2"), approved("v1"), sent("v2"), sent("v3"), sent("v4"), approved("v2")]
    with pytest.raises(DiedError):
        publishing({"Records": records})
    assert len(bus.events) == dies_in
    Poller(publishing).hand_on(records)  # Lambda hands a batch on until it has an answer
    assert names(bus.told()) == [
        ("v1", "Sent"),
        ("v1", "Approved"),
        ("v2", "Sent"),
        ("v3", "Sent"),
        ("v4", "Sent"),
        ("v2", "Approved"),
    ]
    assert len(bus.events) == 6 + dies_in  # what was out before is told again, as the same events


class _Consumer:
    """Takes what it is given, or fails as it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.taken: list[Change] = []
        self._error = error

    def take(self, changes: Sequence[Change]) -> None:
        if self._error is not None:
            raise self._error
        self.taken += changes


@pytest.mark.parametrize("error", [ServiceUnavailableError(), RuntimeError("canary")])
def test_a_consumer_that_fails_keeps_no_other_from_its_own(error: Exception, publishing: Publishing) -> None:
    before, after = _Consumer(), _Consumer()
    publishing.over(before, _Consumer(error), after)
    records = texts(3)
    try:
        assert failed(publishing({"Records": records})) == numbers(records[:1])
    except BatchFailedError:
        assert isinstance(error, RuntimeError)
    assert len(before.taken) == len(after.taken) == 3
    assert "canary" not in publishing.log.getvalue()


# The bus's own answers.


class _Answering:
    """An EventBridge client that answers as it is told to."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self._answers = list(answers)
        self.put: list[list[dict[str, Any]]] = []

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803  # botocore's
        self.put.append(Entries)
        answer = self._answers.pop(0) if self._answers else [""] * len(Entries)
        if isinstance(answer, Exception):
            raise answer
        entries = [{"ErrorCode": code} if code else {"EventId": "e"} for code in answer]
        return {"FailedEntryCount": sum(map(bool, answer)), "Entries": entries}


THROTTLED, MALFORMED = "ThrottlingException", "MalformedDetail"
REFUSED = client_error("InternalException", operation="PutEvents")


@pytest.mark.parametrize(
    ("answers", "place"),
    [
        ([["", "", THROTTLED, ""]], 2),
        ([["", "", MALFORMED, THROTTLED]], 2),
        ([[THROTTLED, "", "", ""]], 0),
        ([REFUSED], 0),
    ],
)
def test_what_the_bus_refuses_comes_again_with_all_that_follows(
    answers: list[list[str] | Exception], place: int, publishing: Publishing
) -> None:
    client: Any = _Answering(*answers)
    publishing.over(Publisher(bus=EventBridgeBus(BUS, client=lambda: client)))
    records = texts(4)
    assert failed(publishing({"Records": records})) == numbers(records[place : place + 1])
    assert failed(publishing({"Records": records[place:]})) == []
    assert len(client.put[-1]) == 4 - place


def test_a_call_that_fails_after_others_went_through_repeats_none_of_those(publishing: Publishing) -> None:
    client: Any = _Answering([""] * 10, REFUSED)
    publishing.over(Publisher(bus=EventBridgeBus(BUS, client=lambda: client)))
    records = texts(15)
    assert failed(publishing({"Records": records})) == numbers(records[10:11])


def test_an_entry_that_is_refused_in_a_later_call_is_named_by_its_place_among_all(
    publishing: Publishing,
) -> None:
    client: Any = _Answering([""] * 10, ["", THROTTLED])
    publishing.over(Publisher(bus=EventBridgeBus(BUS, client=lambda: client)))
    records = texts(12)
    assert failed(publishing({"Records": records})) == numbers(records[11:12])


def test_a_first_event_that_is_refused_for_good_is_for_lambda_to_halve(publishing: Publishing) -> None:
    client: Any = _Answering([MALFORMED, ""])
    publishing.over(Publisher(bus=EventBridgeBus(BUS, client=lambda: client)))
    with pytest.raises(BatchFailedError):
        publishing({"Records": texts(2)})
