"""Every endpoint of the native API, by HTTP and by direct invocation, with its documented answers."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.gateway import VERIFICATIONS, Gateway, problem
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ENGAGELAB_MESSAGES,
    ENGAGELAB_REFUSED,
    ENGAGELAB_VERIFY,
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    ESMS_WRONG,
    MC_SEND,
    MC_TOKEN,
    MC_VALIDATE,
    Vendors,
)
from tests.support.world import another

INDIA = "+919876543210"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_a_start_answers_with_the_verification(gateway: Gateway) -> None:
    answer = gateway.start(purpose="login", reference="order-17")
    assert answer.status == 201
    assert answer.headers["Location"] == f"{VERIFICATIONS}/{answer.id}"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Idempotent-Replayed" not in answer.headers
    assert answer.body == {
        "id": answer.id,
        "status": "pending",
        "to": "+84•••••8484",
        "channel": "sms",
        "purpose": "login",
        "provider": "esms",
        "delivery": "accepted",
        "created_at": "2025-06-15T15:06:40Z",
        "expires_at": "2025-06-15T15:11:40Z",
        "attempts_left": 5,
        "sends_left": 4,
        "resend_at": "2025-06-15T15:07:40Z",
        "reference": "order-17",
    }
    assert re.fullmatch(r"[a-z2-7]{26}", answer.id)


def test_a_code_of_esms_is_sent_and_checked(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start()
    gateway.clock.advance(5)
    approved = gateway.check(started.id, "123456")
    assert approved.status == 200
    assert (approved.body["status"], approved.body["reason"]) == ("approved", "correct_code")
    assert approved.body["approved_at"] == "2025-06-15T15:06:45Z"
    assert (approved.body["attempts_left"], approved.body["sends_left"]) == (0, 0)
    assert "resend_at" not in approved.body
    assert vendors.urls == [ESMS_GENCODE, ESMS_CHECK]


def test_a_code_of_message_central_is_sent_and_checked(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(INDIA)
    assert (started.status, started.body["provider"]) == (201, "message_central")
    assert started.body["expires_at"] == "2025-06-15T15:07:40Z"
    assert gateway.check(started.id, "1234").body["status"] == "approved"
    assert vendors.urls == [MC_TOKEN, MC_SEND, MC_VALIDATE]


def test_a_code_of_engagelab_is_sent_and_checked(gateway: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_NO_BALANCE)
    started = gateway.start()
    assert (started.status, started.body["provider"]) == (201, "engagelab")
    assert gateway.check(started.id, "123456").body["status"] == "approved"
    assert vendors.urls == [ESMS_GENCODE, ENGAGELAB_MESSAGES, ENGAGELAB_VERIFY]


@pytest.mark.parametrize("by", ["esms", "engagelab"])
def test_a_code_of_ours_is_carried_and_checked(gateway: Gateway, vendors: Vendors, by: str) -> None:
    if by == "engagelab":
        vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    started = gateway.start(client="demo-gateway")
    assert (started.status, started.body["provider"]) == (201, by)
    assert vendors.urls[-1] == (ESMS_RAW if by == "esms" else ENGAGELAB_CODES)
    code = vendors.code_sent()
    wrong = gateway.check(started.id, another(code), client="demo-gateway")
    problem(wrong, 400, "wrong_code")
    assert (wrong.id, wrong.body["verification_status"], wrong.body["attempts_left"]) == (
        started.id,
        "pending",
        4,
    )
    assert gateway.check(started.id, code, client="demo-gateway").body["status"] == "approved"
    problem(gateway.check(started.id, code, client="demo-gateway"), 409, "already_approved")


def test_a_wrong_code_at_the_vendor_is_refused(gateway: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    started = gateway.start()
    for left in (4, 3, 2, 1, 0):
        wrong = gateway.check(started.id, "123456")
        problem(wrong, 400, "wrong_code")
        assert wrong.body["attempts_left"] == left
    exhausted = gateway.check(started.id, "123456")
    problem(exhausted, 429, "attempts_exhausted")
    assert (exhausted.body["verification_status"], exhausted.body["attempts_left"]) == ("failed", 0)
    assert gateway.read(started.id).body["reason"] == "attempts_exhausted"


def test_vendor_trouble_is_said_and_costs_nothing(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start()
    vendors.now_answers("GET", ESMS_CHECK, {"error": "down"}, status=500)
    trouble = gateway.check(started.id, "123456")
    problem(trouble, 503, "vendor_unavailable")
    assert (trouble.headers["Retry-After"], trouble.body["attempts_left"]) == ("2", 5)


def test_an_expired_code_is_gone(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    gateway.clock.advance(300)
    expired = gateway.check(started.id, vendors.code_sent(), client="demo-gateway")
    problem(expired, 410, "expired")
    assert expired.body["verification_status"] == "expired"
    read = gateway.read(started.id, client="demo-gateway").body
    assert (read["status"], read["reason"]) == ("expired", "timed_out")


def test_a_read_shows_the_verification(gateway: Gateway) -> None:
    started = gateway.start()
    assert gateway.read(started.id).body == started.body
    assert gateway.read(started.id).headers["Cache-Control"] == "no-store"


def test_a_canceled_verification_stays_canceled(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    for _ in range(2):
        canceled = gateway.cancel(started.id, client="demo-gateway")
        assert (canceled.status, canceled.body["status"]) == (200, "canceled")
        assert canceled.body["reason"] == "canceled_by_client"
    problem(gateway.check(started.id, vendors.code_sent(), client="demo-gateway"), 409, "canceled")
    problem(gateway.resend(started.id, client="demo-gateway"), 409, "canceled")


def test_a_cooldown_names_the_live_verification(gateway: Gateway) -> None:
    started = gateway.start()
    gateway.clock.advance(18)
    cooldown = gateway.start()
    problem(cooldown, 429, "cooldown")
    assert (cooldown.id, cooldown.body["resend_at"]) == (started.id, started.body["resend_at"])
    assert cooldown.headers["Retry-After"] == "42"


def test_a_newer_start_supersedes(gateway: Gateway, vendors: Vendors) -> None:
    older = gateway.start(client="demo-gateway")
    code = vendors.code_sent()
    gateway.clock.advance(60)
    assert gateway.start(client="demo-gateway").status == 201
    refused = gateway.check(older.id, code, client="demo-gateway")
    problem(refused, 409, "canceled")
    assert gateway.read(older.id, client="demo-gateway").body["reason"] == "superseded"


def test_what_no_vendor_takes_is_undeliverable(gateway: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_MESSAGES, ENGAGELAB_REFUSED, status=400)
    failed = gateway.start()
    problem(failed, 502, "undeliverable")
    assert failed.body["verification_status"] == "failed"
    problem(gateway.check(failed.id, "123456"), 502, "undeliverable")
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "100", "SMSID": "abc"})
    assert gateway.start().status == 201


def test_a_delivery_of_unknown_fate_is_pending(gateway: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, {"error": "down"}, status=500)
    started = gateway.start()
    assert (started.status, started.body["status"], started.body["delivery"]) == (201, "pending", "unknown")
    assert vendors.urls == [ESMS_GENCODE]
    gateway.clock.advance(60)
    resent = gateway.resend(started.id)
    assert (resent.status, resent.body["provider"]) == (200, "engagelab")


def test_a_resend_goes_to_the_next_vendor_with_the_same_code(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    code = vendors.code_sent()
    gateway.clock.advance(60)
    resent = gateway.resend(started.id, client="demo-gateway")
    assert (resent.status, resent.body["provider"], resent.body["sends_left"]) == (200, "engagelab", 3)
    assert resent.body["expires_at"] == started.body["expires_at"]
    assert vendors.code_sent() == code
    problem(gateway.resend(started.id, client="demo-gateway"), 429, "cooldown")


def test_a_resend_may_take_another_channel(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start(client="demo-gateway")
    gateway.clock.advance(60)
    resent = gateway.resend(started.id, client="demo-gateway", body={"channel": "voice"})
    assert (resent.status, resent.body["channel"]) == (200, "voice")
    assert json.loads(vendors.last(ENGAGELAB_CODES).body or "")["template"]["id"] == "t2"


def test_sends_are_limited(gateway: Gateway) -> None:
    started = gateway.start(client="eager")
    assert gateway.resend(started.id, client="eager").status == 200
    problem(gateway.resend(started.id, client="eager"), 429, "sends_exhausted")


def test_a_key_is_good_for_one_verification(gateway: Gateway, vendors: Vendors) -> None:
    first = gateway.start(key="order-17")
    again = gateway.start(key="order-17")
    assert (again.status, again.body) == (201, first.body)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(vendors.urls) == 1
    problem(gateway.start("+6591234567", key="order-17"), 422, "idempotency_conflict")


def test_a_key_is_good_for_one_resend(gateway: Gateway, vendors: Vendors) -> None:
    started = gateway.start()
    gateway.clock.advance(60)
    first = gateway.resend(started.id, key="click-1")
    assert gateway.resend(started.id, key="click-1").body == first.body
    assert len(vendors.urls) == 2


def test_a_channel_that_no_vendor_carries_names_the_field(gateway: Gateway, vendors: Vendors) -> None:
    refused = gateway.start(channel="rcs")
    problem(refused, 400, "not_carried")
    assert refused.body["field"] == "channel"
    assert vendors.urls == []


def test_the_function_that_checks_says_that_it_runs(gateway: Gateway) -> None:
    answer = gateway.request("GET", "/health", client="nobody")
    assert (answer.status, answer.body["status"]) == (200, "ok")
    assert gateway.counted() == {}
