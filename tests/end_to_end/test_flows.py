"""A person gets a code and types it in, through each vendor and custody, on the deployed template."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number, other_code, sends_at

WAYS = [
    ("demo", "VN", "esms"),
    ("demo", "IN", "message_central"),
    ("demo", "SG", "engagelab"),
    ("demo-gateway", "VN", "esms"),
    ("demo-gateway", "IN", "engagelab"),
    ("demo-gateway", "SG", "engagelab"),
]


@pytest.mark.parametrize(("client_id", "country", "vendor"), WAYS)
def test_a_code_is_sent_refused_when_wrong_approved_when_right_and_never_again(
    stack: Stack, client_id: str, country: str, vendor: str
) -> None:
    caller, to = Caller(stack, client_id), fresh_number(country)

    started = caller.start(to)
    assert (started.status, started.body["status"], started.body["delivery"]) == (201, "pending", "accepted")
    assert started.body["provider"] == vendor
    assert to not in json.dumps(started.body)
    [message] = stack.messages(to)
    assert message["vendor"] == vendor

    verification_id, code = started.body["id"], message["code"]
    wrong = caller.check(verification_id, other_code(code))
    assert (wrong.status, wrong.body["code"], wrong.body["attempts_left"]) == (400, "wrong_code", 4)
    right = caller.check(verification_id, code)
    assert (right.status, right.body["status"], right.body["id"]) == (200, "approved", verification_id)
    again = caller.check(verification_id, code)
    assert (again.status, again.body["code"]) == (409, "already_approved")
    assert caller.read(verification_id).body["status"] == "approved"


def test_another_client_finds_nothing_under_the_id(stack: Stack) -> None:
    to = fresh_number("VN")
    verification_id = Caller(stack, "demo-gateway").start(to).body["id"]
    stranger = Caller(stack, "demo")
    code = stranger.code_for(to)
    for answer in (
        stranger.check(verification_id, code),
        stranger.read(verification_id),
        stranger.cancel(verification_id),
    ):
        assert (answer.status, answer.body["code"]) == (404, "not_found")


def test_a_canceled_verification_refuses_the_right_code(stack: Stack) -> None:
    caller, to = Caller(stack, "demo-gateway"), fresh_number("SG")
    verification_id = caller.start(to).body["id"]
    assert caller.cancel(verification_id).body["status"] == "canceled"
    refused = caller.check(verification_id, caller.code_for(to))
    assert (refused.status, refused.body["code"]) == (409, "canceled")


def test_a_second_start_within_the_cooldown_names_the_live_verification(stack: Stack) -> None:
    caller, to = Caller(stack, "demo"), fresh_number("SG")
    first = caller.start(to)
    second = caller.start(to)
    assert (second.status, second.body["code"], second.body["id"]) == (429, "cooldown", first.body["id"])
    assert 0 < int(second.headers["Retry-After"]) <= 60
    assert second.body["resend_at"] == first.body["resend_at"]


def test_a_newer_start_ends_the_older_verification(stack: Stack) -> None:
    caller, to = Caller(stack, "quick-gateway"), fresh_number("VN")
    older = caller.start(to).body["id"]
    older_code = caller.code_for(to)
    newer = caller.start(to).body["id"]
    refused = caller.check(older, older_code)
    assert (refused.status, refused.body["code"]) == (409, "canceled")
    assert caller.read(older).body["reason"] == "superseded"
    assert caller.check(newer, caller.code_for(to)).status == 200


def test_a_resend_carries_the_same_code_through_the_next_vendor(stack: Stack) -> None:
    caller, to = Caller(stack, "quick-gateway"), fresh_number("VN")
    started = caller.start(to)
    resent = caller.resend(started.body["id"])
    assert (resent.status, started.body["provider"], resent.body["provider"]) == (200, "esms", "engagelab")
    newest, first = stack.messages(to)
    assert newest["code"] == first["code"]
    assert caller.check(started.body["id"], first["code"]).status == 200


def test_channels_travel_to_the_vendor_that_carries_them(stack: Stack) -> None:
    started = Caller(stack, "demo").start(fresh_number("IN"), channel="whatsapp")
    assert (started.status, started.body["channel"], started.body["provider"]) == (
        201,
        "whatsapp",
        "message_central",
    )


def test_paths_and_methods_that_are_not_ours_are_told_as_problems(stack: Stack) -> None:
    caller = Caller(stack, "demo")
    lost = caller.call("GET", "/otp/v2/anything")
    assert (lost.status, lost.body["code"], lost.headers["Content-Type"]) == (
        404,
        "not_found",
        "application/problem+json",
    )
    wrong_method = caller.call("GET", "/otp/v1/verifications")
    assert (wrong_method.status, wrong_method.headers["Allow"]) == (405, "POST")


def test_wrong_credentials_are_refused(stack: Stack) -> None:
    refused = Caller(stack, "demo", "not-the-secret").start(fresh_number("SG"))
    assert (refused.status, refused.body["code"]) == (401, "unauthenticated")


def test_a_direct_invocation_starts_and_checks(stack: Stack) -> None:
    to = fresh_number("SG")

    def invoke(function: str, event: dict[str, object]) -> Any:
        answer = stack.client("lambda").invoke(
            FunctionName=stack.function_names[function], Payload=json.dumps(event)
        )
        return json.loads(answer["Payload"].read())

    started = invoke("send", {"client_id": "demo-gateway", "to": to})
    assert started["status_code"] == 201
    code = stack.messages(to)[0]["code"]
    checked = invoke("verify", {"client_id": "demo-gateway", "id": started["body"]["id"], "code": code})
    assert (checked["status_code"], checked["body"]["status"]) == (200, "approved")


def test_a_test_number_is_approved_by_its_fixed_code_and_no_text_is_sent(stack: Stack) -> None:
    caller = Caller(stack, "demo")
    before = [sends_at(stack, vendor) for vendor in ("message_central", "esms", "engagelab")]
    started = caller.start("+1 (202) 555-0123")
    assert (started.status, started.body["provider"], started.body["delivery"]) == (201, "test", "accepted")
    wrong = caller.check(started.body["id"], "123457")
    assert (wrong.status, wrong.body["code"]) == (400, "wrong_code")
    assert caller.check(started.body["id"], "123456").body["status"] == "approved"
    assert stack.messages("+12025550123") == []
    assert [sends_at(stack, vendor) for vendor in ("message_central", "esms", "engagelab")] == before
