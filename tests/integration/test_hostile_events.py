"""Hostile direct invocations and broken events: refused, and nothing done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.hostile.siege import Siege
from tests.support.gateway import CLIENTS, VERIFICATIONS, basic, http_event

ID = "abcdefghijklmnopqrstuvwxyz"


NUMBER = '"to":"+84901888484"'


DIRECT: dict[str, tuple[str, object, int, str | None]] = {
    "nothing": ("send", {}, 400, "client_id"),
    "no client": ("send", {"to": "+84901888484"}, 400, "client_id"),
    "a client that is none": ("send", {"client_id": 7}, 400, "client_id"),
    "an unknown client": ("send", {"client_id": "stranger", "to": "+84901888484"}, 401, None),
    "a disabled client": ("send", {"client_id": "off", "to": "+84901888484"}, 401, None),
    "no number": ("send", {"client_id": "demo"}, 400, "to"),
    "an unknown member": ("send", {"client_id": "demo", "to": "+84901888484", "secret": "x"}, 400, "secret"),
    "an operation of the other function": (
        "send",
        {"client_id": "demo", "operation": "check", "id": ID, "code": "123456"},
        400,
        "operation",
    ),
    "an operation that is none": ("verify", {"client_id": "demo", "operation": ["read"]}, 400, "operation"),
    "a key that is none": (
        "send",
        {"client_id": "demo", "to": "+84901888484", "idempotency_key": "a b"},
        400,
        "idempotency_key",
    ),
    "a null key": (
        "send",
        {"client_id": "demo", "to": "+84901888484", "idempotency_key": None},
        400,
        "idempotency_key",
    ),
    "a resend without an id": ("send", {"client_id": "demo", "operation": "resend"}, 400, "id"),
    "a check without an id": ("verify", {"client_id": "demo", "code": "123456"}, 400, "id"),
    "a check without a code": ("verify", {"client_id": "demo", "id": ID}, 400, "code"),
    "a check of an unknown id": ("verify", {"client_id": "demo", "id": ID, "code": "123456"}, 404, None),
    "a read with a code": (
        "verify",
        {"client_id": "demo", "operation": "read", "id": ID, "code": "123456"},
        400,
        "code",
    ),
    "an id that is none": ("verify", {"client_id": "demo", "operation": "cancel", "id": "1"}, 404, None),
    "an array": ("send", [{"client_id": "demo"}], 400, None),
    "a string": ("verify", "client_id", 400, None),
    "null": ("verify", None, 400, None),
    "a number": ("send", 7, 400, None),
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(CLIENTS)


@pytest.mark.parametrize("name", DIRECT)
def test_a_hostile_invocation_is_refused_and_does_nothing(siege: Siege, name: str) -> None:
    half, event, status, names = DIRECT[name]
    edge = siege.gateway.send if half == "send" else siege.gateway.verify
    with siege.nothing_done():
        answer = siege.gateway.event(edge, event)  # type: ignore[arg-type]  # some are no objects, on purpose
    assert (answer.status, answer.body.get("field")) == (status, names)


BROKEN: list[Callable[[dict[str, Any]], object]] = [
    lambda event: event.update(requestContext=None),
    lambda event: event.update(requestContext={}),
    lambda event: event.update(requestContext={"http": "POST"}),
    lambda event: event.update(isBase64Encoded=True, body="%"),
    lambda event: event.update(isBase64Encoded=True, body="ü"),
    lambda event: event.update(headers=None),
    lambda event: event.pop("rawPath"),
]


@pytest.mark.parametrize("breaks", BROKEN)
def test_a_broken_event_is_refused(siege: Siege, breaks: Callable[[dict[str, Any]], object]) -> None:
    event = http_event("POST", VERIFICATIONS, body="{" + NUMBER + "}", headers={"authorization": basic()})
    breaks(event)
    with siege.nothing_done():
        answer = siege.gateway.event(siege.gateway.send, event)
    assert 400 <= answer.status < 500
