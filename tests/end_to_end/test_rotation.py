"""The pepper is replaced under load: warm containers go on with the old one, new ones have both."""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack import Stack
from tests.end_to_end.calling import Caller, at_once, fresh_number, other_code

WARM = 6
PARALLEL = 16
NEXT_PEPPER = "the next pepper of the end-to-end tests, 45 .."


def _write(stack: Stack, document: dict[str, Any]) -> None:
    stack.client("secretsmanager").put_secret_value(
        SecretId=stack.deployment.clients_secret, SecretString=json.dumps(document)
    )


@pytest.fixture(scope="module")
def old(stack: Stack) -> Iterator[list[tuple[str, str]]]:
    """Numbers and verifications of the old pepper; from here on the secret has both."""
    caller = Caller(stack, "demo-gateway")
    numbers = [fresh_number("VN") for _ in range(2)]
    made = [(to, str(caller.start(to).body["id"])) for to in numbers]
    at_once(WARM, lambda: caller.start(fresh_number("VN")))
    held = stack.client("secretsmanager").get_secret_value(SecretId=stack.deployment.clients_secret)
    document: dict[str, Any] = json.loads(held["SecretString"])
    _write(stack, document | {"pepper": NEXT_PEPPER, "previous_pepper": document["pepper"]})
    yield made
    _write(stack, document)
    stack.recycle()


def test_of_thirty_parallel_wrong_codes_of_the_old_pepper_five_are_counted(
    stack: Stack, old: list[tuple[str, str]]
) -> None:
    caller, (to, verification_id) = Caller(stack, "demo-gateway"), old[0]
    code = caller.code_for(to)
    answers = at_once(30, lambda: caller.check(verification_id, other_code(code)))
    assert Counter(answer.body["code"] for answer in answers) == {"wrong_code": 5, "attempts_exhausted": 25}


def test_thirty_parallel_right_codes_of_the_old_pepper_are_approved_exactly_once(
    stack: Stack, old: list[tuple[str, str]]
) -> None:
    caller, (to, verification_id) = Caller(stack, "demo-gateway"), old[1]
    code = caller.code_for(to)
    statuses = Counter(answer.status for answer in at_once(30, lambda: caller.check(verification_id, code)))
    assert statuses == {200: 1, 409: 29}


@pytest.mark.usefixtures("old")
def test_one_idempotency_key_is_one_text_whatever_the_containers_know(stack: Stack) -> None:
    caller = Caller(stack, "quick-gateway")
    for _ in range(6):
        to = fresh_number("VN")
        answers = at_once(PARALLEL, functools.partial(caller.start, to, key=f"key-{to}"))
        assert len(stack.messages(to)) == 1
        assert len({answer.body["id"] for answer in answers if answer.status == 201}) == 1
        assert {answer.status for answer in answers} <= {201, 409, 503}
        again = caller.start(to, key=f"key-{to}")
        assert again.status == 201
        assert len(stack.messages(to)) == 1
        assert caller.check(again.body["id"], caller.code_for(to)).status == 200


@pytest.mark.usefixtures("old")
def test_parallel_starts_leave_one_live_code_whatever_the_containers_know(stack: Stack) -> None:
    caller = Caller(stack, "quick-gateway")
    for _ in range(6):
        to = fresh_number("SG")
        answers = at_once(8, functools.partial(caller.start, to))
        ids = [answer.body["id"] for answer in answers if answer.status == 201]
        assert {answer.body["code"] for answer in answers if answer.status != 201} <= {"canceled"}
        statuses = Counter(caller.read(verification_id).body["status"] for verification_id in ids)
        assert statuses == Counter({"pending": 1, "canceled": len(ids) - 1})
