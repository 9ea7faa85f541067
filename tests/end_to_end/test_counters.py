"""What callers do reaches the usage counters, through the deployed stream and function."""

from __future__ import annotations

import time
from collections.abc import Mapping

from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number

WAIT_SECONDS = 30.0
SPANS = ("t", "h")

type Sums = tuple[int, int]  # sent, approved


def sums(stack: Stack, pk: str, span: str) -> Sums:
    """All buckets of one length together."""
    found = stack.client("dynamodb").get_item(
        TableName=stack.table_name, Key={"pk": {"S": pk}}, ConsistentRead=True
    )
    item = found.get("Item", {})
    sent, approved = (
        sum(int(value["N"]) for name, value in item.items() if name.startswith(f"{kind}{span}"))
        for kind in ("s", "v")
    )
    return sent, approved


def reached(stack: Stack, pk: str, *, wanted: Sums) -> Mapping[str, Sums]:
    """The sums, as soon as they are what is wanted, or after the longest wait."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        found = {span: sums(stack, pk, span) for span in SPANS}
        if all(sum_ == wanted for sum_ in found.values()) or time.monotonic() > deadline:
            return found
        time.sleep(0.2)


def approved(caller: Caller) -> None:
    """A start and its right code."""
    to = fresh_number("AU")
    verification_id = caller.start(to).body["id"]
    assert caller.check(verification_id, caller.code_for(to)).status == 200


def test_a_start_and_a_right_code_are_counted_once_each(stack: Stack) -> None:
    approved(Caller(stack, "counted"))
    assert reached(stack, "C#country#AU", wanted=(1, 1)) == dict.fromkeys(SPANS, (1, 1))
    assert reached(stack, "C#client#counted", wanted=(1, 0)) == dict.fromkeys(SPANS, (1, 0))
    assert all(sums(stack, "C#total", span)[0] >= 1 for span in SPANS)


def test_a_text_that_no_vendor_took_is_given_back(stack: Stack) -> None:
    caller = Caller(stack, "given-back")
    for vendor in ("engagelab", "esms"):
        stack.vendor(vendor, mode="refuse")
    assert caller.start(fresh_number("SG")).status == 502
    approved(caller)  # counted after it: until then the sum cannot be right by chance
    assert reached(stack, "C#client#given-back", wanted=(1, 0)) == dict.fromkeys(SPANS, (1, 0))
