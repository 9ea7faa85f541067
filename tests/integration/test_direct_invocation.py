"""Both functions invoked directly, by whoever IAM lets."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from tests.docs.schemas import read
from tests.support.gateway import Gateway, problem
from tests.support.vendors import (
    Vendors,
)
from tests.support.world import another

ANSWER = jsonschema.Draft202012Validator(
    read("direct_answer"), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def test_everything_can_be_invoked_directly(gateway: Gateway, vendors: Vendors) -> None:
    send, verify = gateway.send, gateway.verify
    started = gateway.direct(
        send, client_id="demo-gateway", to="+84901888484", idempotency_key="k", purpose="p"
    )
    assert (started.status, started.body["status"]) == (201, "pending")
    again = gateway.direct(
        send, client_id="demo-gateway", to="+84901888484", idempotency_key="k", purpose="p"
    )
    assert again.id == started.id
    gateway.clock.advance(60)
    about = {"client_id": "demo-gateway", "id": started.id}
    resent = gateway.direct(send, operation="resend", **about)
    assert (resent.status, resent.body["sends_left"]) == (200, 3)
    assert gateway.direct(verify, operation="read", **about).body == resent.body
    code = vendors.code_sent()
    problem(gateway.direct(verify, code=another(code), **about), 400, "wrong_code")
    approved = gateway.direct(verify, operation="check", code=code, **about)
    assert (approved.status, approved.body["status"]) == (200, "approved")
    problem(gateway.direct(verify, operation="cancel", **about), 409, "already_approved")
    assert len(gateway.answers) == 7
    for answer in gateway.answers:
        ANSWER.validate(json.loads(answer))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"status_code": 200},
        {"status_code": 200, "body": {}},
        {"status_code": 400, "body": {"id": "a" * 26, "status": "approved"}},
        {"status_code": 302, "body": {}},
    ],
)
def test_what_is_no_answer_is_none_by_the_schema(answer: object) -> None:
    assert not ANSWER.is_valid(answer)


def test_a_direct_invocation_can_cancel(gateway: Gateway) -> None:
    started = gateway.direct(gateway.send, client_id="demo", to="+84901888484")
    canceled = gateway.direct(gateway.verify, client_id="demo", operation="cancel", id=started.id)
    assert (canceled.status, canceled.body["status"]) == (200, "canceled")


def test_http_and_direct_invocation_see_the_same_verification(gateway: Gateway) -> None:
    started = gateway.start()
    read = gateway.direct(gateway.verify, client_id="demo", operation="read", id=started.id)
    assert read.body == started.body


@pytest.mark.parametrize("name", ["created_at", "expires_at", "resend_at"])
def test_times_are_written_as_rfc_3339(gateway: Gateway, name: str) -> None:
    assert TIME.fullmatch(gateway.start().body[name])
