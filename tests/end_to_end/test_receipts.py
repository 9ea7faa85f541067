"""Vendors call back about their texts, and callers see what became of them, on the deployed stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import requests

from countersign.aws.report_book import DynamoReportBook
from countersign.aws.table import Table
from countersign.clock import SystemClock
from countersign.reports import Owner
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


def link(stack: Stack, id_: str, *, client: str) -> None:
    """What the stream's consumer does; where one is deployed, this repeats it."""
    database = stack.client("dynamodb")
    pk = f"V#{client}#{id_}"
    item = database.get_item(TableName=stack.table_name, Key={"pk": {"S": pk}}, ConsistentRead=True)["Item"]
    table = Table(stack.table_name, client=lambda: database, clock=SystemClock())
    book = DynamoReportBook(table)
    owner = Owner(client, id_, item["country"]["S"])
    entry = book.note_owner(
        item["provider"]["S"], item["vendor_reference"]["S"], owner=owner, now=SystemClock().now()
    )
    book.show(entry)


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
    link(stack, started["id"], client="quick-gateway")
    assert receipt_of(caller, started["id"], wanted=receipt) == receipt
    assert {one["status"] for one in stack.reports(VENDORS[country])} == {200}


def test_whoever_only_guesses_at_a_callback_finds_nothing(stack: Stack) -> None:
    url = esms_callback_url("")
    query = {"SMSID": "d533459ee42b2b9525ba9eabf6a8156", "SendStatus": "5", "SendSuccess": "1"}
    assert requests.get(f"{stack.url}{url[:-1]}x", params=query, timeout=30).status_code == 404
    body = {"total": 1, "rows": [{"message_id": "1", "status": {"message_status": "delivered"}}]}
    for sent, status in ((body, 403), ({}, 200)):
        answer = requests.post(f"{stack.url}/receipts/engagelab", json=sent, timeout=30)
        assert answer.status_code == status
