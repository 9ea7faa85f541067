"""Real concurrency on the deployed template: exactly one, exactly five, exactly one text."""

from __future__ import annotations

import functools
from collections import Counter

import pytest

from local.stack import Stack
from tests.end_to_end.calling import Answer, Caller, at_once, fresh_number, other_code

PARALLEL = 30


def _tally(answers: list[Answer]) -> Counter[str]:
    return Counter("approved" if answer.status == 200 else answer.body["code"] for answer in answers)


@pytest.mark.parametrize(("client_id", "country"), [("demo-gateway", "VN"), ("demo-gateway", "SG")])
def test_thirty_parallel_right_codes_are_approved_exactly_once(
    stack: Stack, client_id: str, country: str
) -> None:
    caller, to = Caller(stack, client_id), fresh_number(country)
    verification_id = caller.start(to).body["id"]
    code = caller.code_for(to)
    tally = _tally(at_once(PARALLEL, lambda: caller.check(verification_id, code)))
    assert tally == {"approved": 1, "already_approved": PARALLEL - 1}


@pytest.mark.parametrize("country", ["VN", "IN", "SG"])
def test_thirty_parallel_right_codes_held_by_a_vendor_are_approved_exactly_once(
    stack: Stack, country: str
) -> None:
    caller, to = Caller(stack, "demo"), fresh_number(country)
    verification_id = caller.start(to).body["id"]
    code = caller.code_for(to)
    tally = _tally(at_once(PARALLEL, lambda: caller.check(verification_id, code)))
    assert tally["approved"] == 1
    assert tally.total() == PARALLEL
    assert caller.read(verification_id).body["status"] == "approved"


@pytest.mark.parametrize(("client_id", "country"), [("demo-gateway", "VN"), ("demo", "VN"), ("demo", "SG")])
def test_of_thirty_parallel_wrong_codes_five_are_counted(stack: Stack, client_id: str, country: str) -> None:
    caller, to = Caller(stack, client_id), fresh_number(country)
    verification_id = caller.start(to).body["id"]
    code = caller.code_for(to)
    tally = _tally(at_once(PARALLEL, lambda: caller.check(verification_id, other_code(code))))
    assert tally == {"wrong_code": 5, "attempts_exhausted": PARALLEL - 5}
    late = caller.check(verification_id, code)
    assert (late.status, late.body["code"]) == (429, "attempts_exhausted")
    read = caller.read(verification_id).body
    assert (read["status"], read["reason"]) == ("failed", "attempts_exhausted")


@pytest.mark.parametrize("client_id", ["demo", "demo-gateway"])
def test_ten_parallel_starts_with_one_idempotency_key_send_one_text(stack: Stack, client_id: str) -> None:
    caller, to = Caller(stack, client_id), fresh_number("VN")
    answers = at_once(10, lambda: caller.start(to, key=f"key-{to}"))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len(stack.messages(to)) == 1
    code = caller.code_for(to)
    assert caller.check(answers[0].body["id"], code).status == 200


def test_parallel_starts_without_a_cooldown_leave_one_live_code(stack: Stack) -> None:
    caller = Caller(stack, "quick-gateway")
    for _ in range(12):  # starts overtake each other between claim and intent: rarely, so often enough
        to = fresh_number("SG")
        answers = at_once(8, functools.partial(caller.start, to))
        ids = [answer.body["id"] for answer in answers if answer.status == 201]
        refusals = {answer.body["code"] for answer in answers if answer.status != 201}
        assert refusals <= {"canceled"}
        statuses = Counter(caller.read(verification_id).body["status"] for verification_id in ids)
        assert statuses == Counter({"pending": 1, "canceled": len(ids) - 1})
