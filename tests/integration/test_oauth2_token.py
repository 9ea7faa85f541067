"""The token endpoint: what it gives to whom, and where the tokens are good."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest

from tests.support.camara import (
    CAMARA_SCOPE,
    FORM,
    NATIVE_SCOPE,
    TO,
    TOKEN,
    App,
    ask_token,
    clients,
    section,
    token_for,
)
from tests.support.clock import NOON
from tests.support.gateway import PEPPER, VERIFICATIONS, Answer, Gateway, HttpAnswer, basic, problem
from tests.support.vendors import Vendors

from .conftest import Aws

GRANT = "grant_type=client_credentials"
BOTH = f"{CAMARA_SCOPE} {NATIVE_SCOPE}"
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
}


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


def post(gateway: Gateway, body: str, **headers: str) -> HttpAnswer:
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    return gateway.http("POST", TOKEN, body=body, headers={"content-type": FORM} | sent)


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


# Tokens -----------------------------------------------------------------------------------------


def test_a_token_is_given_for_client_credentials(gateway: Gateway) -> None:
    answer = ask_token(gateway)
    token = answer.json["access_token"]
    document = {"access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope": BOTH}
    assert (answer.status, answer.json) == (200, document)
    assert answer.text == json.dumps(document, separators=(",", ":"))
    assert dict(answer.headers) == HEADERS
    assert claims(token) == {"sub": "shop", "iat": NOON, "exp": NOON + 3_600, "scope": BOTH}


def test_a_client_may_authenticate_in_the_form(gateway: Gateway) -> None:
    answer = post(gateway, f"{GRANT}&client_id=shop&client_secret=demo-secret")
    assert (answer.status, answer.json["scope"]) == (200, BOTH)


@pytest.mark.parametrize(
    ("client", "scope"),
    [
        ("demo", BOTH),
        ("shop", BOTH),
        ("vendor-held", CAMARA_SCOPE),
        ("native-only", NATIVE_SCOPE),
    ],
)
def test_without_a_scope_a_token_has_all_that_the_client_may_have(
    gateway: Gateway, client: str, scope: str
) -> None:
    assert ask_token(gateway, client).json["scope"] == scope
    assert ask_token(gateway, client, scope="").json["scope"] == scope


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (CAMARA_SCOPE, CAMARA_SCOPE),
        (NATIVE_SCOPE, NATIVE_SCOPE),
        (BOTH, BOTH),
        (f"{NATIVE_SCOPE} {CAMARA_SCOPE}", BOTH),
        (f"{NATIVE_SCOPE} {NATIVE_SCOPE}", NATIVE_SCOPE),
    ],
)
def test_a_token_has_the_scopes_that_are_asked_for(gateway: Gateway, asked: str, given: str) -> None:
    answer = ask_token(gateway, scope=asked)
    assert answer.json["scope"] == given
    assert claims(answer.json["access_token"])["scope"] == given


def test_parameters_that_are_unknown_or_empty_are_ignored(gateway: Gateway) -> None:
    body = f"{GRANT}&audience=x&client_secret=&scope=&client_id=shop&"
    assert post(gateway, body, authorization=basic("shop")).status == 200


@pytest.mark.parametrize("content_type", [f"{FORM}; charset=utf-8", FORM.upper()])
def test_a_form_by_any_spelling_of_its_type_is_taken(gateway: Gateway, content_type: str) -> None:
    headers = {"content-type": content_type, "authorization": basic("shop")}
    assert gateway.http("POST", TOKEN, body=GRANT, headers=headers).status == 200


AWKWARD = ("a shop/ä", "p%41ss+w%ord &=é")


@pytest.mark.parametrize("encoded", [True, False])
def test_id_and_secret_may_be_encoded_inside_basic(gateway: Gateway, aws: Aws, encoded: bool) -> None:
    name, secret = AWKWARD
    aws.put_clients(clients(**{name: section() | {"secrets": [secret]}}))
    pair = (quote_plus(name), quote_plus(secret)) if encoded else (name, secret)
    answer = post(gateway, GRANT, authorization=basic(*pair))
    assert answer.status == 200
    assert claims(answer.json["access_token"])["sub"] == name
    headers = {"authorization": f"Bearer {answer.json['access_token']}"}
    assert App(gateway).post("/one-time-password-sms/v1/send-code", raw="{", headers=headers).status == 400


def test_a_secret_that_looks_encoded_is_itself_first(gateway: Gateway, aws: Aws) -> None:
    aws.put_clients(clients(odd=section() | {"secrets": ["100%25+1"]}))
    assert ask_token(gateway, "odd", secret="100%25+1").status == 200
    assert ask_token(gateway, "odd", secret="100% 1").status == 401


def test_either_secret_of_a_client_gives_tokens_that_live_as_long_as_it(gateway: Gateway, aws: Aws) -> None:
    both = section() | {"secrets": ["old-secret", "new-secret"]}
    aws.put_clients(clients(shop=both))
    old = ask_token(gateway, secret="old-secret").json["access_token"]
    new = ask_token(gateway, secret="new-secret").json["access_token"]
    gateway.clock.advance(301)
    aws.put_clients(clients(shop=both | {"secrets": ["new-secret"]}))
    send = App(gateway).post
    path = "/one-time-password-sms/v1/send-code"
    assert send(path, raw="{", headers={"authorization": f"Bearer {old}"}).status == 401
    assert send(path, raw="{", headers={"authorization": f"Bearer {new}"}).status == 400


# In the native API ------------------------------------------------------------------------------


def native(gateway: Gateway, method: str, path: str, body: object = None, *, token: str) -> Answer:
    return gateway.request(method, path, body, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("scope", [CAMARA_SCOPE, NATIVE_SCOPE])
def test_the_native_api_takes_a_token_of_either_scope(gateway: Gateway, vendors: Vendors, scope: str) -> None:
    token = token_for(gateway, scope=scope)
    started = native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token)
    assert (started.status, started.body["status"]) == (201, "pending")
    path = f"{VERIFICATIONS}/{started.id}"
    assert native(gateway, "GET", path, token=token).body == started.body
    checked = native(gateway, "POST", f"{path}/check", {"code": vendors.code_sent()}, token=token)
    assert (checked.status, checked.body["status"]) == (200, "approved")
    assert gateway.read(started.id, client="shop").body == checked.body  # it is the same client by HTTP Basic


def test_a_token_may_resend_and_cancel(gateway: Gateway) -> None:
    token = token_for(gateway)
    started = native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token)
    gateway.clock.advance(60)
    path = f"{VERIFICATIONS}/{started.id}"
    assert native(gateway, "POST", f"{path}/resend", token=token).status == 200
    assert native(gateway, "DELETE", path, token=token).body["status"] == "canceled"


def test_another_clients_token_finds_nothing(gateway: Gateway) -> None:
    started = native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token_for(gateway))
    other = token_for(gateway, "native-only")
    problem(native(gateway, "GET", f"{VERIFICATIONS}/{started.id}", token=other), 404, "not_found")


def tampered(token: str) -> str:
    """The same token in the name of another client."""
    head, _, signature = token.split(".")
    forged = json.dumps(claims(token) | {"sub": "demo"}).encode()
    return f"{head}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}.{signature}"


def unsigned(token: str) -> str:
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    return f"{head}.{token.split('.')[1]}."


@pytest.mark.parametrize("change", [tampered, unsigned, lambda token: token[:-1], lambda token: token + "."])
def test_a_token_that_was_altered_is_none(gateway: Gateway, aws: Aws, change: Any) -> None:
    token = token_for(gateway, "native-only")
    assert native(gateway, "GET", f"{VERIFICATIONS}/{'a' * 26}", token=token).status == 404
    problem(native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=change(token)), 401, "unauthenticated")
    assert aws.items() == []


def test_a_token_is_good_for_an_hour(gateway: Gateway) -> None:
    token = token_for(gateway)
    gateway.clock.advance(3_599)
    assert native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token).status == 201
    gateway.clock.advance(1)
    problem(native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("change", "code"),
    [({"secrets": ["another-secret"]}, "unauthenticated"), ({"disabled": True}, "client_disabled")],
)
def test_a_token_dies_with_its_secret_and_its_client(
    gateway: Gateway, aws: Aws, change: dict[str, Any], code: str
) -> None:
    token = token_for(gateway)
    aws.put_clients(clients(shop=section() | change))
    gateway.clock.advance(301)
    problem(native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token), 401, code)


def test_a_token_dies_with_the_pepper(gateway: Gateway, aws: Aws) -> None:
    token = token_for(gateway)
    aws.put_clients(clients() | {"pepper": PEPPER[::-1]})
    gateway.clock.advance(301)
    problem(native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token), 401, "unauthenticated")


def test_a_token_of_message_central_is_none_here(gateway: Gateway) -> None:
    key = base64.b64encode(b"demo-secret").decode()
    query = urlencode({"customerId": "demo", "key": key, "scope": "NEW"})
    answer = gateway.http("GET", "/auth/v1/authentication/token", query=query)
    token = answer.json["token"]
    problem(native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token), 401, "unauthenticated")


def test_a_client_of_another_dialect_is_denied_in_the_native_api(gateway: Gateway, aws: Aws) -> None:
    token = token_for(gateway, "vendor-held")
    problem(native(gateway, "POST", VERIFICATIONS, {"to": TO}, token=token), 403, "permission_denied")
    assert aws.items() == []
