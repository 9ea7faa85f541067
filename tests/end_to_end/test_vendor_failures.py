"""Vendors fail on the deployed template: the next one delivers, or nobody sends twice."""

from __future__ import annotations

import pytest

from local.stack import Stack
from tests.end_to_end.calling import Caller, forget_outages, fresh_number, sends_at

PROVABLY_NOT_SENT = ["refuse", "no_balance", "too_many_requests", "unauthorized", "down"]
MAYBE_SENT = ["error_500", "timeout", "reset", "html", "malformed", "drip", "huge", "redirect"]
ROUTES = {"VN": ("esms", "engagelab"), "IN": ("message_central", "esms"), "SG": ("engagelab", "esms")}


@pytest.fixture
def restored(stack: Stack) -> Stack:
    """The stack, with every vendor well again and every fault forgotten."""
    for vendor in ("message_central", "esms", "engagelab"):
        stack.vendor(vendor, mode="ok")
    forget_outages(stack)
    return stack


@pytest.mark.parametrize("country", list(ROUTES))
@pytest.mark.parametrize("mode", PROVABLY_NOT_SENT)
def test_what_one_vendor_provably_did_not_send_the_next_one_delivers(
    restored: Stack, country: str, mode: str
) -> None:
    first, second = ROUTES[country]
    caller, to = Caller(restored, "demo"), fresh_number(country)
    restored.vendor(first, mode=mode, times=2)
    try:
        started = caller.start(to)
    finally:
        restored.vendor(first, mode="ok")
    assert (started.status, started.body["provider"], started.body["delivery"]) == (201, second, "accepted")
    [message] = restored.messages(to)
    assert message["vendor"] == second
    assert caller.check(started.body["id"], message["code"]).status == 200


@pytest.mark.parametrize("mode", MAYBE_SENT)
def test_what_may_have_been_sent_is_neither_repeated_nor_failed_over(restored: Stack, mode: str) -> None:
    caller, to = Caller(restored, "quick-gateway"), fresh_number("VN")
    before = sends_at(restored, "esms"), sends_at(restored, "engagelab")
    restored.vendor("esms", mode=mode)
    started = caller.start(to)
    restored.vendor("esms", mode="ok")
    assert (started.status, started.body["status"], started.body["delivery"]) == (201, "pending", "unknown")
    assert started.body["provider"] == "esms"
    assert (sends_at(restored, "esms") - before[0], sends_at(restored, "engagelab") - before[1]) == (1, 0)

    resent = caller.resend(started.body["id"])
    assert (resent.status, resent.body["provider"], resent.body["delivery"]) == (200, "engagelab", "accepted")
    assert sends_at(restored, "esms") - before[0] == 1
    assert caller.check(started.body["id"], caller.code_for(to)).status == 200


@pytest.mark.parametrize("country", list(ROUTES))
def test_a_vendor_that_holds_the_code_and_hangs_is_asked_once(restored: Stack, country: str) -> None:
    first, second = ROUTES[country]
    caller, to = Caller(restored, "quick"), fresh_number(country)
    before = sends_at(restored, first)
    restored.vendor(first, mode="error_500")
    started = caller.start(to)
    assert (started.body["status"], started.body["delivery"]) == ("pending", "unknown")
    assert sends_at(restored, first) - before == 1
    resent = caller.resend(started.body["id"])
    assert (resent.body["provider"], resent.body["delivery"]) == (second, "accepted")
    assert caller.check(started.body["id"], caller.code_for(to)).status == 200


def test_a_late_text_of_an_unknown_delivery_is_still_right(restored: Stack) -> None:
    caller, to = Caller(restored, "demo-gateway"), fresh_number("VN")
    restored.vendor("esms", mode="error_500", deliver=True)
    started = caller.start(to)
    assert started.body["delivery"] == "unknown"
    assert caller.check(started.body["id"], caller.code_for(to)).status == 200


def test_when_every_vendor_refuses_nothing_was_sent_and_the_number_is_free(restored: Stack) -> None:
    caller, to = Caller(restored, "demo"), fresh_number("VN")
    for vendor in ROUTES["VN"]:
        restored.vendor(vendor, mode="refuse")
    refused = caller.start(to)
    assert (refused.status, refused.body["code"]) == (502, "undeliverable")
    assert restored.messages(to) == []
    assert caller.start(to).status == 201


@pytest.mark.parametrize("country", list(ROUTES))
@pytest.mark.parametrize("mode", ["error_500", "reset", "html", "malformed"])
def test_a_vendor_in_trouble_at_the_check_costs_no_attempt(restored: Stack, country: str, mode: str) -> None:
    vendor, _ = ROUTES[country]
    caller, to = Caller(restored, "demo"), fresh_number(country)
    verification_id = caller.start(to).body["id"]
    code = caller.code_for(to)
    restored.vendor(vendor, mode=mode)
    trouble = caller.check(verification_id, code)
    assert (trouble.status, trouble.body["code"]) == (503, "vendor_unavailable")
    assert caller.read(verification_id).body["attempts_left"] == 5
    assert caller.check(verification_id, code).status == 200
