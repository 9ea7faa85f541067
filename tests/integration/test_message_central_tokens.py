"""Fetching a token by Message Central's protocol: who gets one, and how the others are told."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.clock import NOON
from tests.support.gateway import Gateway, basic
from tests.support.message_central import (
    HEADERS,
    TOKEN,
    App,
    Completed,
    Sent,
    clients,
    key_of,
    no_token,
    section,
    unauthorized,
)
from tests.support.vendors import Vendors

from .conftest import Aws

NOBODY = "verificationId=4242424242424242&code=1234"
DAY = 86_400
INVALID_CUSTOMER = "customerId is invalid"
WRONG_PASSWORD = "password is wrong"


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway, vendors: Vendors) -> App:
    return App(gateway, vendors)


def decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_token_is_answered_as_documented(app: App) -> None:
    answer = app.get_token()
    assert answer.text == f'{{"status":200,"token":"{answer.json["token"]}"}}'
    assert (answer.status, answer.headers) == (200, HEADERS)
    assert type(answer.json["status"]) is int


def test_a_token_is_a_jwt_of_hs512_with_three_claims(app: App) -> None:
    header, payload, signature = str(app.get_token().json["token"]).split(".")
    assert decoded(header) == {"alg": "HS512"}
    assert decoded(payload) == {"sub": "shop", "iat": NOON, "exp": NOON + 7 * DAY}
    assert len(base64.urlsafe_b64decode(signature + "==")) == hashlib.sha512().digest_size


def test_a_token_is_good_until_its_end(app: App) -> None:
    Sent.read(app.send())
    app.gateway.clock.advance(7 * DAY - 1)
    Completed.read(app.validate(app.sent(), app.code_sent()))
    app.gateway.clock.advance(1)
    unauthorized(app.send())
    unauthorized(app.get(NOBODY))


@pytest.mark.parametrize("days", [1, 30, 1825])
def test_the_operator_says_how_long_a_token_lives(app: App, aws: Aws, days: int) -> None:
    aws.put_clients(clients(shop=section(token_days=days)))
    assert decoded(app.token.split(".")[1])["exp"] == NOON + days * DAY


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"token_days": 0}, "token_days must be a whole number from 1 to 1825"),
        ({"token_days": 1826}, "token_days must be a whole number from 1 to 1825"),
        ({"token_days": "7"}, "token_days must be a whole number from 1 to 1825"),
        ({"token_days": True}, "token_days must be a whole number from 1 to 1825"),
        ({"token_days": 7.0}, "token_days must be a whole number from 1 to 1825"),
        ({"token_days": None}, "token_days must be a whole number from 1 to 1825"),
        ({"tokendays": 7}, "tokendays is not a setting"),
    ],
)
def test_settings_that_cannot_be_read_are_the_operators_to_see(
    app: App, aws: Aws, settings: dict[str, Any], fault: str
) -> None:
    aws.put_clients(clients(shop=section(**settings)))
    answer = app.get_token()
    assert answer.text == '{"status":500,"error":"The service is not set up correctly."}'
    assert (answer.status, answer.headers) == (503, HEADERS | {"Retry-After": "60"})
    [line] = app.gateway.lines("configuration fault")
    assert line["fault"] == f"client shop: dialects.message_central.{fault}"


@pytest.mark.parametrize("secret", ["demo-secret", "pa$$word>>??", "mật khẩu", "ÿÿÿþ~~~?>", "a", "ab", "abc"])
def test_a_key_is_read_in_every_spelling_of_base64(app: App, aws: Aws, secret: str) -> None:
    aws.put_clients(clients(shop=section() | {"secrets": [secret]}))
    key = key_of(secret)
    url_safe = key.replace("+", "-").replace("/", "_")
    for one in (key, key.rstrip("="), url_safe, url_safe.rstrip("=")):
        for query in (quote(one, safe=""), one):  # raw: a "+" has become a space when it arrives
            answer = app.gateway.http("GET", TOKEN, query=f"customerId=shop&key={query}")
            assert answer.json["status"] == 200


def test_the_keys_above_hold_what_becomes_a_space() -> None:
    assert "+" in key_of("ÿÿÿþ~~~?>")
    assert "/" in key_of("pa$$word>>??") + key_of("ÿÿÿþ~~~?>")


def test_other_parameters_of_a_token_are_ignored(app: App) -> None:
    for changes in (
        {"scope": None, "country": None, "email": None},
        {"country": "IN"},
        {"scope": "OLD", "x": ""},
    ):
        assert app.get_token(**changes).json["status"] == 200


@pytest.mark.parametrize("customer_id", [None, "", "x" * 65, "shop\x00", "shop\r\nx", "\u202eshop"])
def test_a_customer_that_cannot_be_is_invalid(app: App, customer_id: str | None) -> None:
    no_token(app.get_token(customerId=customer_id), INVALID_CUSTOMER)


@pytest.mark.parametrize("client", ["off", "elsewhere"])
def test_a_customer_that_may_not_is_invalid_to_who_knows_the_password(
    gateway: Gateway, vendors: Vendors, client: str
) -> None:
    app = App(gateway, vendors, client=client)
    no_token(app.get_token(), INVALID_CUSTOMER)
    no_token(app.get_token(key=key_of("demo-secreT")), WRONG_PASSWORD)


@pytest.mark.parametrize(
    "changes",
    [
        {"customerId": "nobody"},  # as a wrong password is, so that nobody learns which ids there are
        {"customerId": "SHOP"},
        {"customerId": "pepper"},
        {"key": None},
        {"key": ""},
        {"key": "demo-secret"},
        {"key": key_of("demo-secreT")},
        {"key": key_of("demo-secret ")},
        {"key": key_of("")},
        {"key": "%%%"},
        {"key": "ZGVtby1zZWNyZX"},
        {"key": "ZGVt=by1zZWNyZXQ="},
        {"key": "/////w=="},
        {"key": "ＺＧＶtby1zZWNyZXQ="},
        {"key": key_of(key_of("demo-secret"))},
        {"key": "A" * 6_000},
    ],
)
def test_everything_else_is_a_wrong_password(app: App, changes: dict[str, str | None]) -> None:
    no_token(app.get_token(**changes), WRONG_PASSWORD)


@pytest.mark.parametrize(
    "query",
    [
        "customerId=shop&customerId=other&key=ZGVtby1zZWNyZXQ=",
        "customerId=%ff&key=ZGVtby1zZWNyZXQ=",
        "customerId=shop&key=" + "A" * 9_000,
        "&".join(f"p{number}=" for number in range(70)),
    ],
)
def test_a_query_that_cannot_be_read_names_no_customer(app: App, query: str) -> None:
    no_token(app.gateway.http("GET", TOKEN, query=query), INVALID_CUSTOMER)


def test_a_token_is_not_for_other_credentials(app: App) -> None:
    answer = app.gateway.http("GET", TOKEN, headers={"authorization": basic("shop")})
    no_token(answer, INVALID_CUSTOMER)


def test_a_body_beyond_all_measure_is_413(app: App) -> None:
    answer = app.gateway.http("GET", TOKEN, query="customerId=shop&key=x", body="x" * 8_193)
    assert (answer.status, answer.text) == (413, '{"status":413,"error":"Content Too Large"}')
    assert answer.headers == HEADERS


def test_a_token_without_a_secret_store_is_503(app: App, aws: Aws) -> None:
    aws.put_clients("not JSON")
    answer = app.get_token()
    assert (answer.status, answer.json) == (
        503,
        {"status": 500, "error": "The service is not set up correctly."},
    )


def test_a_token_is_500_when_nobody_knows_why(app: App) -> None:
    def explode(**_: object) -> None:
        raise RuntimeError("canary")

    app.gateway.container.secrets_manager.meta.events.register("before-call.secrets-manager", explode)
    answer = app.get_token()
    assert answer.text == '{"status":500,"error":"The service failed; nothing was verified."}'
    assert (answer.status, answer.headers) == (500, HEADERS)
