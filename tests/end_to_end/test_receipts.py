"""Vendors call back about their texts, and callers see what became of them, on the deployed stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import requests

from local.accounts import esms_callback_url
from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number

WAIT_SECONDS = 30.0
VENDORS = {"VN": "esms", "SG": "engagelab"}


@pytest.fixture
def reporting(stack: Stack) -> Iterator[Callable[[str], None]]:
    """Vendors report so from now on, and not at all after the test."""
    yield lambda mode: stack.report(mode, delay_seconds=0.1)
    stack.report("none")


def receipt_of(caller: Caller, id_: str, *, wanted: str) -> object:
    """The receipt, as soon as it is what is wanted, or after the longest wait."""
    ends = time.monotonic() + WAIT_SECONDS
    while True:
        found = caller.read(id_).body.get("receipt")
        if found == wanted or time.monotonic() > ends:
            return found
        time.sleep(0.2)


@pytest.mark.parametrize("country", VENDORS)
@pytest.mark.parametrize(
    ("mode", "receipt"),
    [
        ("delivered", "delivered"),
        ("undelivered", "undelivered"),
        ("duplicate", "delivered"),
        ("reordered", "delivered"),
    ],
)
def test_what_became_of_a_text_is_shown(
    stack: Stack, reporting: Callable[[str], None], *, mode: str, receipt: str, country: str
) -> None:
    reporting(mode)
    caller = Caller(stack, "quick-gateway")
    started = caller.start(fresh_number(country)).body
    assert started["provider"] == VENDORS[country]
    assert receipt_of(caller, started["id"], wanted=receipt) == receipt
    assert {one["status"] for one in stack.reports(VENDORS[country])} == {200}


def test_a_text_that_did_not_arrive_is_sent_again_once_over_the_next_vendor_where_the_policy_says_so(
    stack: Stack, reporting: Callable[[str], None]
) -> None:
    reporting("undelivered")
    stack.report("delivered", by="engagelab", delay_seconds=0.1)
    nothing, again = Caller(stack, "quick-gateway"), Caller(stack, "sent-again")
    left, to = fresh_number("VN"), fresh_number("VN")
    left_id = nothing.start(left).body["id"]
    assert receipt_of(nothing, left_id, wanted="undelivered") == "undelivered"
    started = again.start(to).body
    assert started["provider"] == "esms"
    assert receipt_of(again, started["id"], wanted="delivered") == "delivered"
    resent = again.read(started["id"]).body
    assert (resent["provider"], resent["status"]) == ("engagelab", "pending")
    texts = stack.messages(to)
    assert [text["code"] for text in texts] == [texts[0]["code"]] * 2
    # By default nothing was sent, and the change that might have asked for it was read before these.
    assert (len(stack.messages(left)), nothing.read(left_id).body["receipt"]) == (1, "undelivered")
    assert again.check(started["id"], texts[0]["code"]).body["status"] == "approved"


def test_whoever_only_guesses_at_a_callback_finds_nothing(stack: Stack) -> None:
    url = esms_callback_url("")
    query = {"SMSID": "d533459ee42b2b9525ba9eabf6a8156", "SendStatus": "5", "SendSuccess": "1"}
    assert requests.get(f"{stack.url}{url[:-1]}x", params=query, timeout=30).status_code == 404
    body = {"total": 1, "rows": [{"message_id": "1", "status": {"message_status": "delivered"}}]}
    for sent, status in ((body, 403), ({}, 200)):
        answer = requests.post(f"{stack.url}/receipts/engagelab", json=sent, timeout=30)
        assert answer.status_code == status
