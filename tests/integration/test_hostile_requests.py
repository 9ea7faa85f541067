"""What the native API alone refuses, and how: each a 4xx problem that names the field, and nothing is done.

What is refused in every dialect is in `hostile/`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.hostile.siege import Siege
from tests.support.gateway import CLIENTS, VERIFICATIONS, Gateway, basic

ID = "abcdefghijklmnopqrstuvwxyz"
NUMBER = '"to":"+84901888484"'


@dataclass(frozen=True)
class Hostile:
    """A request, and how it must be refused."""

    body: str | None
    status: int = 400
    code: str = "invalid_request"
    names: str | None = None  # the field that the refusal names
    method: str = "POST"
    path: str = VERIFICATIONS
    headers: Mapping[str, str] = field(default_factory=dict)


def start(members: str, names: str, **more: Any) -> Hostile:
    """A start with one more member, which is at fault."""
    return Hostile("{" + NUMBER + "," + members + "}", names=names, **more)


def number(text: str) -> Hostile:
    return Hostile(json.dumps({"to": text}), code="invalid_number", names="to")


def check(body: str, names: str | None = "code") -> Hostile:
    return Hostile(body, names=names, path=f"{VERIFICATIONS}/{ID}/check")


def resend(body: str, names: str | None) -> Hostile:
    return Hostile(body, names=names, path=f"{VERIFICATIONS}/{ID}/resend")


def key(text: str) -> Hostile:
    return Hostile("{" + NUMBER + "}", names="Idempotency-Key", headers={"idempotency-key": text})


def nobody(authorization: str | None, code: str = "unauthenticated") -> Hostile:
    headers = {"authorization": authorization} if authorization is not None else {"authorization": ""}
    return Hostile("{" + NUMBER + "}", status=401, code=code, headers=headers)


def encoded(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


REQUESTS: dict[str, Hostile] = {
    # bodies that are no object
    "an empty body": Hostile(""),
    "a long reference": start('"reference":"' + "r" * 7_000 + '"', "reference"),
    # members
    "an empty object": Hostile("{}", names="to"),
    "a member twice inside another": start('"x":{"y":1,"y":2}', "y"),
    "an unknown member": start('"colour":"red"', "colour"),
    "a code of their choosing": start('"code":"000000"', "code"),
    "a provider of their choosing": start('"provider":"esms"', "provider"),
    "a client of their choosing": start('"client_id":"demo-gateway"', "client_id"),
    "an operation over HTTP": start('"operation":"resend"', "operation"),
    "an endless number": Hostile(json.dumps({"to": "+" + "8" * 99}), names="to"),
    "no plus": number("84901888484"),
    "a number of nobody": number("+999123456789"),
    "a short number": number("+8490188"),
    "an unknown channel": start('"channel":"fax"', "channel"),
    "a channel that nobody carries": start('"channel":"silent"', "channel", code="not_carried"),
    "a purpose of strange letters": start('"purpose":"Đăng nhập"', "purpose"),
    "a purpose like a path": start('"purpose":"../admin"', "purpose"),
    "a long purpose": start('"purpose":"' + "p" * 65 + '"', "purpose"),
    "a locale that is none": start('"locale":"vi;q=1"', "locale"),
    "a reference with an escape sequence": start('"reference":"\\u001b[2J"', "reference"),
    "a length as a string": start('"code_length":"6"', "code_length"),
    "a length of 3": start('"code_length":3', "code_length"),
    "a length of 11": start('"code_length":11', "code_length"),
    "a life of 59": start('"ttl_seconds":59', "ttl_seconds"),
    "a life of 301": start('"ttl_seconds":301', "ttl_seconds"),
    "a huge life": start('"ttl_seconds":' + "9" * 4_000, "ttl_seconds"),
    # the key
    "a long key": key("k" * 256),
    # checks
    "a check without a body": check("", None),
    "a check without a code": check("{}"),
    "a code as a number": check('{"code":123456}'),
    "a short code": check('{"code":"123"}'),
    "a long code": check('{"code":"12345678901"}'),
    "a wildcard": check('{"code":"******"}'),
    "a code and a wish": check('{"code":"123456","approved":true}', "approved"),
    # resends
    "a resend to another number": resend('{"to":"+6591234567"}', "to"),
    "a resend by an unknown channel": resend('{"channel":"pigeon"}', "channel"),
    "a resend of an array": resend("[]", None),
    # paths and methods
    "an id that is none": Hostile(None, 404, "not_found", method="GET", path=f"{VERIFICATIONS}/1"),
    "an id in upper case": Hostile(
        None, 404, "not_found", method="GET", path=f"{VERIFICATIONS}/{ID.upper()}"
    ),
    "an unknown id": Hostile(None, 404, "not_found", method="GET", path=f"{VERIFICATIONS}/{ID}"),
    "a check of an unknown id": Hostile(
        '{"code":"123456"}', 404, "not_found", path=f"{VERIFICATIONS}/{ID}/check"
    ),
    "a resend of an unknown id": Hostile(None, 404, "not_found", path=f"{VERIFICATIONS}/{ID}/resend"),
    "an unknown path": Hostile(None, 404, "not_found", method="GET", path="/.env"),
    "another method": Hostile(None, 405, "method_not_allowed", method="PUT", path=f"{VERIFICATIONS}/{ID}"),
    "a list of them all": Hostile(None, 405, "method_not_allowed", method="GET"),
    # credentials
    "no credentials": nobody(None),
    "a Bearer token": nobody("Bearer eyJhbGciOiJub25lIn0.e30."),
    "a disabled client": nobody(basic("off"), "client_disabled"),
    "a client of strange letters": nobody(encoded("демо:demo-secret".encode())),
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(CLIENTS)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused_and_does_nothing(siege: Siege, name: str) -> None:
    hostile = REQUESTS[name]
    with siege.nothing_done():
        answer = siege.gateway.request(
            hostile.method, hostile.path, raw=hostile.body, headers=hostile.headers
        )
    assert (answer.status, answer.code) == (hostile.status, hostile.code)
    assert answer.body.get("field") == hostile.names
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body["detail"].isprintable()
    assert ("WWW-Authenticate" in answer.headers) is (hostile.status == 401)
    assert ("Allow" in answer.headers) is (hostile.status == 405)


def test_refused_credentials_are_told_what_is_wanted(gateway: Gateway) -> None:
    answer = gateway.start(client="stranger")
    challenge = 'Basic realm="countersign", charset="UTF-8", Bearer realm="countersign"'
    assert answer.headers["WWW-Authenticate"] == challenge


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", VERIFICATIONS, "POST"),
        ("GET", f"{VERIFICATIONS}/{ID}/check", "POST"),
        ("POST", f"{VERIFICATIONS}/{ID}", "DELETE, GET"),
        ("OPTIONS", f"{VERIFICATIONS}/{ID}/resend", "POST"),
    ],
)
def test_a_method_that_is_not_allowed_is_told_which_are(
    gateway: Gateway, method: str, path: str, allowed: str
) -> None:
    assert gateway.request(method, path).headers["Allow"] == allowed


def test_a_malformed_code_costs_no_attempt(gateway: Gateway) -> None:
    started = gateway.start()
    assert gateway.check(started.id, "12 456").code == "invalid_request"
    assert gateway.read(started.id).body["attempts_left"] == 5


def test_a_refusal_does_not_repeat_what_was_sent(gateway: Gateway) -> None:
    answer = gateway.request(
        "POST", VERIFICATIONS, {"to": "+84901888484", "<script>alert(1)</script>": "CANARY", "locale": "vi"}
    )
    text = json.dumps(answer.body)
    assert "<script>" not in text
    assert "CANARY" not in text
    assert "84901888484" not in text
