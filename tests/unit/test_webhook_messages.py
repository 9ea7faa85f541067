"""The wire of a webhook: checked with the specification's own package, and against a computation by hand."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from countersign import __version__
from countersign.webhooks.message import TYPES, UnreadableEventError, headers, read_message
from tests.support.clock import NOON
from tests.support.webhooks import KEY, OLD_KEY, event, secret_of


def test_the_body_is_the_event_without_its_id_as_compact_ascii() -> None:
    message = read_message(event("VerificationApproved", event_id="evt_1", to="+84•••••8484"))
    detail = json.loads(event("VerificationApproved", to="+84•••••8484"))["detail"]
    del detail["event_id"]
    assert message.id == "evt_1"
    assert message.body.isascii()
    assert b" " not in message.body
    assert json.loads(message.body) == {
        "type": "verification.approved",
        "timestamp": detail["occurred_at"],
        "data": detail,
    }


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_the_bus_has_a_name_of_the_specifications_shape(kind: str) -> None:
    assert json.loads(read_message(event(kind)).body)["type"] == f"verification.{kind[12:].lower()}"


def test_the_headers_are_those_of_the_specification_to_the_byte() -> None:
    message = read_message(event(event_id="evt_1"))
    content = f"evt_1.{NOON}.".encode() + message.body
    digest = base64.b64encode(hmac.new(KEY, content, hashlib.sha256).digest()).decode()
    assert headers(message, keys=(KEY,), now=NOON) == {
        "content-type": "application/json",
        "user-agent": f"countersign/{__version__}",
        "webhook-id": "evt_1",
        "webhook-timestamp": str(NOON),
        "webhook-signature": f"v1,{digest}",
    }


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
def test_in_a_rotation_the_holder_of_either_secret_can_verify(key: bytes) -> None:
    message = read_message(event())
    sent = dict(headers(message, keys=(KEY, OLD_KEY), now=int(time.time())))
    assert Webhook(secret_of(key)).verify(message.body, sent) == json.loads(message.body)
    assert len(sent["webhook-signature"].split(" ")) == 2


def test_another_secret_body_id_or_time_does_not_verify() -> None:
    message = read_message(event())
    sent = dict(headers(message, keys=(KEY,), now=int(time.time())))
    hook = Webhook(secret_of(KEY))
    hook.verify(message.body, sent)
    forged: list[tuple[Webhook, bytes, dict[str, str]]] = [
        (Webhook(secret_of(OLD_KEY)), message.body, sent),
        (hook, message.body.replace(b"approved", b"canceled"), sent),
        (hook, message.body, sent | {"webhook-id": "evt_other"}),
        (hook, message.body, sent | {"webhook-timestamp": str(int(sent["webhook-timestamp"]) - 1)}),
    ]
    for verifier, body, told in forged:
        with pytest.raises(WebhookVerificationError):
            verifier.verify(body, told)


def without(name: str) -> str:
    told: dict[str, Any] = json.loads(event())
    del told["detail"][name]
    return json.dumps(told)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        '{"detail":null}',
        json.dumps({"detail-type": "VerificationSent", "detail": "x"}),
        event("VerificationRequested"),
        event("verification.approved"),
        json.dumps(json.loads(event()) | {"detail-type": ["VerificationSent"]}),
        event(event_id=""),
        event(event_id="evt_a.b"),
        event(event_id="evt_a\r\nX-Injected: 1"),
        event(event_id="evt_a\n"),
        event(event_id=7),
        event(client=None),
        event(occurred_at=7),
        without("event_id"),
        without("client"),
        without("occurred_at"),
    ],
)
def test_what_is_no_lifecycle_event_is_refused_in_words_of_ours(text: str) -> None:
    with pytest.raises(UnreadableEventError) as refused:
        read_message(text)
    assert str(refused.value) in {
        "not an event",
        "not a type of event that is told",
        "not an event id",
        "no client, or no time",
    }


def test_what_is_shown_of_a_message_does_not_hold_its_body() -> None:
    assert "8484" not in repr(read_message(event()))
