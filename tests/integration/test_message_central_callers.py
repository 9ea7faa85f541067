"""Whom a token lets in by Message Central's protocol: what it is good for, and which ones are not ours."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from countersign.client import TokenUse
from countersign.codes import Keys
from tests.support.clock import NOON
from tests.support.gateway import PEPPER, Gateway, HttpAnswer, basic
from tests.support.message_central import (
    App,
    Completed,
    clients,
    section,
    unauthorized,
)
from tests.support.vendors import ESMS_RAW, Vendors

from .conftest import Aws

NOBODY = "verificationId=4242424242424242&code=1234"
DAY = 86_400


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway, vendors: Vendors) -> App:
    return App(gateway, vendors)


def encoded(part: object) -> str:
    data = part if isinstance(part, bytes) else json.dumps(part, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def signed(
    header: object, claims: object, *, client: str = "shop", secret: str = "demo-secret", use: str = ""
) -> str:
    """A token as the service would sign it, whatever it says."""
    key = Keys(PEPPER).token_key(use or TokenUse.MESSAGE_CENTRAL, client_id=client, secret=secret)
    text = f"{encoded(header)}.{encoded(claims)}"
    return f"{text}.{encoded(hmac.digest(key, text.encode(), 'sha512'))}"


def claims(**changes: object) -> dict[str, object]:
    return {"sub": "shop", "iat": NOON, "exp": NOON + DAY} | changes


def is_let_in(app: App, token: str) -> bool:
    """Is it, by both operations alike? What it may not do is answered 401 with an empty body."""
    answers = [app.post("", token=token), app.get(NOBODY, token=token)]
    if [answer.status for answer in answers] == [400, 400]:
        return True
    for answer in answers:
        unauthorized(answer)
    return False


def test_a_token_lets_in(app: App) -> None:
    assert is_let_in(app, app.token)
    assert is_let_in(app, signed({"alg": "HS512"}, claims()))
    assert is_let_in(app, signed({"alg": "HS512", "typ": "JWT"}, claims()))


@pytest.mark.parametrize(
    "headers", [{}, {"authToken": ""}, {"authorization": "TOKEN"}, {"authorization": basic("shop")}]
)
def test_without_the_header_nobody_is_let_in(app: App, aws: Aws, headers: dict[str, str]) -> None:
    sent = {name: value.replace("TOKEN", f"Bearer {app.token}") for name, value in headers.items()}
    for answer in (
        app.gateway.http("POST", "/verification/v3/send", query=f"authToken={app.token}", headers=sent),
        app.gateway.http("GET", "/verification/v3/validateOtp", query=NOBODY, headers=sent),
    ):
        unauthorized(answer)
    assert aws.items() == []


def test_whoever_is_not_let_in_learns_nothing_else(app: App) -> None:
    for query in ("", "countryCode=0", "a=1&a=2", "%ff", "x" * 9_000):
        unauthorized(app.post(query, token="x"))
        unauthorized(app.get(query, token="x"))


def tampered(token: str, part: int, change: str) -> str:
    parts = token.split(".")
    parts[part] = change
    return ".".join(parts)


FORGED: dict[str, str] = {
    "another algorithm": signed({"alg": "HS256"}, claims()),
    "no algorithm": signed({"alg": "none"}, claims()),
    "none, unsigned": f"{encoded({'alg': 'none'})}.{encoded(claims())}.",
    "HS512, unsigned": f"{encoded({'alg': 'HS512'})}.{encoded(claims())}.",
    "two parts": f"{encoded({'alg': 'HS512'})}.{encoded(claims())}",
    "longer life": tampered(signed({"alg": "HS512"}, claims()), 1, encoded(claims(exp=NOON + 9 * DAY))),
    "another subject": tampered(signed({"alg": "HS512"}, claims()), 1, encoded(claims(sub="other"))),
    "another's signature": signed({"alg": "HS512"}, claims(), client="other"),
    "wrong secret": signed({"alg": "HS512"}, claims(), secret="demo-secreT"),
    "the secret itself": f"{encoded({'alg': 'HS512'})}.{encoded(claims())}.{encoded(b'demo-secret')}",
    "of another use": signed({"alg": "HS512"}, claims(), use=TokenUse.OAUTH2),
    "expired": signed({"alg": "HS512"}, claims(exp=NOON)),
    "expiry as a text": signed({"alg": "HS512"}, claims(exp=str(NOON + DAY))),
    "expiry as a fraction": signed({"alg": "HS512"}, claims(exp=NOON + 0.5)),
    "no expiry": signed({"alg": "HS512"}, {"sub": "shop", "iat": NOON}),
    "no subject": signed({"alg": "HS512"}, claims(sub=None)),
    "unknown subject": signed({"alg": "HS512"}, claims(sub="nobody"), client="nobody"),
    "claims of a list": signed({"alg": "HS512"}, ["shop"]),
    "not base64": "!.!.!",
    "not ASCII": "ä.ö.ü",
    "a space": " ",
    "deep": f"{encoded({'alg': 'HS512'})}.{encoded(b'[' * 1_500)}.AAAA",
    "very long": "a" * 5_000 + ".b.c",
    "two tokens": f"{signed({'alg': 'HS512'}, claims())},{signed({'alg': 'HS512'}, claims())}",
}


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_token_that_is_not_ours_lets_nobody_in(app: App, aws: Aws, token: str) -> None:
    assert not is_let_in(app, token)
    assert (aws.items(), app.told()) == ([], [])


def test_a_token_of_oauth2_lets_nobody_in(app: App, aws: Aws, gateway: Gateway) -> None:
    aws.put_clients(clients(shop=section() | {"dialects": {"message_central": {}, "camara": {}}}))
    granted: HttpAnswer = gateway.http(
        "POST",
        "/oauth2/token",
        body="grant_type=client_credentials",
        headers={"authorization": basic("shop"), "content-type": "application/x-www-form-urlencoded"},
    )
    assert granted.status == 200, granted.text
    assert not is_let_in(app, granted.json["access_token"])


def test_a_token_is_no_bearer_token_of_the_native_api(app: App, aws: Aws) -> None:
    aws.put_clients(clients(shop=section() | {"dialects": {"message_central": {}, "native": {}}}))
    headers = {"authorization": f"Bearer {app.token}", "content-type": "application/json"}
    answer = app.gateway.http("POST", "/otp/v1/verifications", body='{"to":"+918838087085"}', headers=headers)
    assert (answer.status, answer.json["code"]) == (401, "unauthenticated")


def test_a_token_dies_with_the_secret_it_was_issued_for(app: App, aws: Aws) -> None:
    assert is_let_in(app, app.token)
    aws.put_clients(clients(shop=section() | {"secrets": ["new-secret", "demo-secret"]}))
    app.gateway.clock.advance(301)
    assert is_let_in(app, app.token)
    aws.put_clients(clients(shop=section() | {"secrets": ["new-secret"]}))
    app.gateway.clock.advance(301)
    assert not is_let_in(app, app.token)


def test_a_token_dies_with_its_client(app: App, aws: Aws) -> None:
    assert is_let_in(app, app.token)
    changes: list[dict[str, Any]] = [{"disabled": True}, {"dialects": {"native": {}}}]
    for change in changes:
        aws.put_clients(clients(shop=section() | change))
        app.gateway.clock.advance(301)
        assert not is_let_in(app, app.token)


@pytest.mark.parametrize("client", ["off", "elsewhere"])
def test_a_token_of_a_client_that_may_not_lets_nobody_in(app: App, client: str) -> None:
    assert not is_let_in(app, signed({"alg": "HS512"}, claims(sub=client), client=client))


def test_a_client_without_a_list_of_dialects_may_speak_this_one(gateway: Gateway, vendors: Vendors) -> None:
    app = App(gateway, vendors, client="demo-gateway")
    Completed.read(app.validate(app.sent(), app.code_sent()))
    assert vendors.urls == [ESMS_RAW]
