"""Hostile input: each a 4xx problem that names the field, nothing stored, no vendor called."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.gateway import VERIFICATIONS, Gateway, basic
from tests.support.vendors import Vendors

from .conftest import Aws

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
    "no body": Hostile(None),
    "an empty body": Hostile(""),
    "a form": Hostile("to=%2B84901888484"),
    "a cut-off body": Hostile('{"to":"+849'),
    "an array": Hostile("[{" + NUMBER + "}]"),
    "a string": Hostile('"+84901888484"'),
    "null": Hostile("null"),
    "NaN": Hostile("{" + NUMBER + ',"ttl_seconds":NaN}'),
    "a BOM": Hostile("\ufeff{" + NUMBER + "}"),
    "a lone surrogate, raw": Hostile('{"to":"\ud800"}'),
    "over 8 KiB": Hostile("{" + NUMBER + "}" + " " * 8_192, status=413, code="payload_too_large"),
    "a long reference": start('"reference":"' + "r" * 7_000 + '"', "reference"),
    "a form by its type": Hostile(
        "{" + NUMBER + "}",
        status=415,
        code="unsupported_media_type",
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
    "deep arrays": Hostile('{"to":' + "[" * 3_900 + "]" * 3_900 + "}", names="to"),
    # members
    "an empty object": Hostile("{}", names="to"),
    "the number twice": Hostile("{" + NUMBER + "," + NUMBER + "}", names="to"),
    "a member twice inside another": start('"x":{"y":1,"y":2}', "y"),
    "an unknown member": start('"colour":"red"', "colour"),
    "a code of their choosing": start('"code":"000000"', "code"),
    "a provider of their choosing": start('"provider":"esms"', "provider"),
    "a client of their choosing": start('"client_id":"demo-gateway"', "client_id"),
    "an operation over HTTP": start('"operation":"resend"', "operation"),
    "a number in an array": Hostile('{"to":["+84901888484"]}', names="to"),
    "a number in an object": Hostile('{"to":{"$ne":null}}', names="to"),
    "a number that is one": Hostile('{"to":84901888484}', names="to"),
    "a null number": Hostile('{"to":null}', names="to"),
    "an endless number": Hostile(json.dumps({"to": "+" + "8" * 99}), names="to"),
    "a NUL in the number": Hostile(json.dumps({"to": "+84901888484\0"}), names="to"),
    "no plus": number("84901888484"),
    "letters": number("+1800FLOWERS"),
    "an extension": number("+84901888484;ext=1"),
    "other digits": number("+٨٤٩٠١٨٨٨٤٨٤"),
    "a number of nobody": number("+999123456789"),
    "a short number": number("+8490188"),
    "two numbers": number("+84901888484,+84901888485"),
    "SQL": number("+84' OR '1'='1"),
    "an unknown channel": start('"channel":"fax"', "channel"),
    "a null channel": start('"channel":null', "channel"),
    "a channel that nobody carries": start('"channel":"silent"', "channel", code="not_carried"),
    "a purpose of strange letters": start('"purpose":"Đăng nhập"', "purpose"),
    "a purpose like a path": start('"purpose":"../admin"', "purpose"),
    "a long purpose": start('"purpose":"' + "p" * 65 + '"', "purpose"),
    "a locale that is none": start('"locale":"vi;q=1"', "locale"),
    "a reference with an escape sequence": start('"reference":"\\u001b[2J"', "reference"),
    "a reference of null": start('"reference":null', "reference"),
    "a length as a string": start('"code_length":"6"', "code_length"),
    "a length of 3": start('"code_length":3', "code_length"),
    "a length of 11": start('"code_length":11', "code_length"),
    "a length of true": start('"code_length":true', "code_length"),
    "a length of 6.0": start('"code_length":6.0', "code_length"),
    "a life of 59": start('"ttl_seconds":59', "ttl_seconds"),
    "a life of 301": start('"ttl_seconds":301', "ttl_seconds"),
    "a life of 1e999": start('"ttl_seconds":1e999', "ttl_seconds"),
    "a huge life": start('"ttl_seconds":' + "9" * 4_000, "ttl_seconds"),
    # the key
    "an empty key": key(""),
    "a key with a space": key("a b"),
    "a key with a newline": key("a\n"),
    "a key of strange letters": key("chìa khóa"),
    "a long key": key("k" * 256),
    # checks
    "a check without a body": check("", None),
    "a check without a code": check("{}"),
    "a code as a number": check('{"code":123456}'),
    "codes in an array": check('{"code":["000000","000001"]}'),
    "two codes": check('{"code":"000000","code":"000001"}'),
    "a code of other digits": check('{"code":"١٢٣٤٥٦"}'),
    "a short code": check('{"code":"123"}'),
    "a long code": check('{"code":"12345678901"}'),
    "a wildcard": check('{"code":"******"}'),
    "a code with a space": check('{"code":"123456 "}'),
    "a null code": check('{"code":null}'),
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
    "a path in the id": Hostile(None, 404, "not_found", method="DELETE", path=f"{VERIFICATIONS}/..%2F{ID}"),
    "an unknown id": Hostile(None, 404, "not_found", method="GET", path=f"{VERIFICATIONS}/{ID}"),
    "a check of an unknown id": Hostile(
        '{"code":"123456"}', 404, "not_found", path=f"{VERIFICATIONS}/{ID}/check"
    ),
    "a resend of an unknown id": Hostile(None, 404, "not_found", path=f"{VERIFICATIONS}/{ID}/resend"),
    "an unknown path": Hostile(None, 404, "not_found", method="GET", path="/.env"),
    "a slash too many": Hostile("{" + NUMBER + "}", 404, "not_found", path=VERIFICATIONS + "/"),
    "another method": Hostile(None, 405, "method_not_allowed", method="PUT", path=f"{VERIFICATIONS}/{ID}"),
    "a list of them all": Hostile(None, 405, "method_not_allowed", method="GET"),
    # credentials
    "no credentials": nobody(None),
    "a Bearer token": nobody("Bearer eyJhbGciOiJub25lIn0.e30."),
    "a scheme alone": nobody("Basic"),
    "credentials that are not base64": nobody("Basic demo:demo-secret"),
    "credentials that are not UTF-8": nobody(encoded(b"\xff\xfe:demo-secret")),
    "credentials without a colon": nobody(encoded(b"demo")),
    "an empty secret": nobody(encoded(b"demo:")),
    "an empty client": nobody(encoded(b":demo-secret")),
    "a wrong secret": nobody(basic(secret="demo-secreT")),
    "a longer secret": nobody(basic(secret="demo-secret ")),
    "an unknown client": nobody(basic("stranger")),
    "a disabled client": nobody(basic("off"), "client_disabled"),
    "the pepper as a client": nobody(basic("pepper")),
    "a client of strange letters": nobody(encoded("демо:demo-secret".encode())),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused_and_does_nothing(
    gateway: Gateway, vendors: Vendors, aws: Aws, name: str
) -> None:
    hostile = REQUESTS[name]
    answer = gateway.request(hostile.method, hostile.path, raw=hostile.body, headers=hostile.headers)
    assert (answer.status, answer.code) == (hostile.status, hostile.code)
    assert answer.body.get("field") == hostile.names
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body["detail"].isprintable()
    assert aws.items() == []
    assert vendors.urls == []
    assert ("WWW-Authenticate" in answer.headers) is (hostile.status == 401)
    assert ("Allow" in answer.headers) is (hostile.status == 405)
    assert gateway.lines("unexpected failure") == []


def test_there_are_enough_of_them() -> None:
    assert len(REQUESTS) >= 60


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


def test_a_verification_of_another_client_is_not_there(gateway: Gateway) -> None:
    started = gateway.start()
    for answer in (
        gateway.read(started.id, client="demo-gateway"),
        gateway.check(started.id, "123456", client="demo-gateway"),
        gateway.cancel(started.id, client="demo-gateway"),
        gateway.resend(started.id, client="demo-gateway"),
    ):
        assert (answer.status, answer.code) == (404, "not_found")
    assert gateway.read(started.id).body == started.body


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
