"""What callers do comes out as events on the bus, through the deployed stream, function and queue."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from local.listening import BusListener
from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number
from tests.end_to_end.listening import WAIT_SECONDS, Listener, names
from tests.support.lifecycle import valid

RUNS_OUT_AT_ONCE = "+12025550125"  # a test number: its code has no time at all


@pytest.fixture(scope="module")
def listener(stack: Stack) -> Iterator[Listener]:
    listener = Listener(stack, name="events-out")
    yield listener
    listener.close()


@pytest.fixture
def caller(stack: Stack) -> Caller:
    return Caller(stack, "told")


def test_a_right_code_is_told_after_its_text(caller: Caller, listener: Listener) -> None:
    to = fresh_number("AU")
    started = caller.start(to, reference="order-17").body
    assert caller.check(started["id"], caller.code_for(to)).status == 200
    told = listener.told(started["id"], until=2)
    assert names(told) == ["Sent", "Approved"]
    for one in told:
        detail = one["detail"]
        assert (detail["client"], detail["reference"], detail["to"]) == ("told", "order-17", started["to"])
        assert (detail["country"], detail["sends"]) == ("AU", 1)
    assert [one["detail"]["attempts"] for one in told] == [0, 1]


def _canceled(caller: Caller, id_: str, _to: str) -> None:
    assert caller.cancel(id_).status == 200


def _guessed(caller: Caller, id_: str, to: str) -> None:
    right = caller.code_for(to)
    wrong = right[:-1] + str((int(right[-1]) + 1) % 10)
    for _ in range(5):
        assert caller.check(id_, wrong).status in (400, 429)


@pytest.mark.parametrize(
    ("act", "end"),
    [(_canceled, ("Canceled", "canceled_by_client")), (_guessed, ("Failed", "attempts_exhausted"))],
)
def test_every_other_end_is_told_with_its_reason(
    act: Callable[[Caller, str, str], None], end: tuple[str, str], caller: Caller, listener: Listener
) -> None:
    to = fresh_number("AU")
    id_ = caller.start(to).body["id"]
    act(caller, id_, to)
    told = listener.told(id_, until=2)
    assert names(told) == ["Sent", end[0]]
    assert told[-1]["detail"]["reason"] == end[1]


def test_a_text_that_no_vendor_took_is_told_as_failed(
    stack: Stack, caller: Caller, listener: Listener
) -> None:
    for vendor in ("engagelab", "esms"):
        stack.vendor(vendor, mode="refuse")
    refused = caller.start(fresh_number("SG"))
    assert refused.status == 502
    told = listener.told(refused.body["id"])
    assert names(told) == ["Failed"]
    assert told[0]["detail"]["reason"] == "undeliverable"


def test_a_code_that_ran_out_is_told_and_stays_expired(stack: Stack, listener: Listener) -> None:
    caller = Caller(stack, "demo-gateway")
    id_ = caller.start(RUNS_OUT_AT_ONCE).body["id"]
    told = listener.told(id_, until=2)
    assert names(told) == ["Sent", "Expired"]
    assert [one["detail"]["provider"] for one in told] == ["test", "test"]
    assert caller.read(id_).body["status"] == "expired"
    key = {"pk": {"S": f"V#demo-gateway#{id_}"}}
    found = stack.client("dynamodb").get_item(TableName=stack.table_name, Key=key, ConsistentRead=True)
    assert found["Item"]["stored_status"] == {"S": "expired"}


def test_the_local_stack_shows_what_the_bus_tells(stack: Stack, caller: Caller) -> None:
    to = fresh_number("AU")
    with BusListener(endpoint=stack.endpoint, bus=stack.deployment.bus, url=stack.url):
        id_ = caller.start(to).body["id"]
        assert caller.cancel(id_).status == 200
        deadline = time.monotonic() + WAIT_SECONDS
        while len(shown := stack.events(id_)) < 2 and time.monotonic() < deadline:
            time.sleep(0.2)
    assert {valid(one)["detail-type"] for one in shown} == {"VerificationSent", "VerificationCanceled"}
