"""CAMARA's One Time Password SMS: who may call, the correlator of every answer, paths and methods."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.support.camara import (
    BASE,
    CORRELATOR,
    NATIVE_SCOPE,
    NOT_FOUND,
    SEND_CODE,
    TO,
    UUID,
    VALIDATE_CODE,
    App,
    clients,
    refused,
    section,
    token_for,
)
from tests.support.gateway import Gateway, HttpAnswer, basic
from tests.support.vendors import Vendors

from .conftest import Aws

UNAUTHENTICATED = (401, "UNAUTHENTICATED", "The access token is missing, invalid or expired.")
DENIED = (403, "PERMISSION_DENIED", "The client or its access token may not use this API.")
ASK = 'Bearer realm="countersign"'
BAD_TOKEN = f'{ASK}, error="invalid_token"'


BODIES = {
    SEND_CODE: {"phoneNumber": TO, "message": "{{code}} is your code"},
    VALIDATE_CODE: {"authenticationId": CORRELATOR, "code": "123456"},
}
on_both_paths = pytest.mark.parametrize(("path", "body"), list(BODIES.items()), ids=["send", "validate"])


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway) -> App:
    return App(gateway)


@pytest.fixture
def nothing_happens(aws: Aws, vendors: Vendors) -> Iterator[None]:
    yield
    assert (aws.items(), vendors.urls) == ([], [])


# Who calls --------------------------------------------------------------------------------------


@on_both_paths
@pytest.mark.parametrize("authorization", ["", basic("shop"), "Token abc", "Bearerabc"])
def test_without_a_token_nobody_gets_in(
    app: App, nothing_happens: None, path: str, body: object, authorization: str
) -> None:
    answer = app.post(path, body, headers={"authorization": authorization})
    refused(answer, UNAUTHENTICATED, WWW_Authenticate=ASK)


def tampered(token: str) -> str:
    head, claims, signature = token.split(".")
    return f"{head}.{claims}.{signature[:-4]}AAAA"


@on_both_paths
@pytest.mark.parametrize("token", ["", "x", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "x" * 3_000, "é"])
def test_a_token_that_is_none_of_ours_is_refused(
    app: App, nothing_happens: None, path: str, body: object, token: str
) -> None:
    answer = app.post(path, body, headers={"authorization": f"Bearer {token}"})
    refused(answer, UNAUTHENTICATED, WWW_Authenticate=BAD_TOKEN)


@on_both_paths
def test_a_tampered_token_is_refused(app: App, nothing_happens: None, path: str, body: object) -> None:
    token = tampered(token_for(app.gateway))
    answer = app.post(path, body, headers={"authorization": f"Bearer {token}"})
    refused(answer, UNAUTHENTICATED, WWW_Authenticate=BAD_TOKEN)


@on_both_paths
def test_a_token_is_refused_after_an_hour(app: App, nothing_happens: None, path: str, body: object) -> None:
    assert app.bearer
    app.gateway.clock.advance(3_600)
    refused(app.post(path, body), UNAUTHENTICATED, WWW_Authenticate=BAD_TOKEN)


def test_a_token_is_good_to_its_last_second(app: App) -> None:
    assert app.bearer
    app.gateway.clock.advance(3_599)
    assert app.send().status == 200


@on_both_paths
def test_a_client_that_was_switched_off_is_refused(
    app: App, aws: Aws, nothing_happens: None, path: str, body: object
) -> None:
    assert app.bearer
    aws.put_clients(clients(shop=section() | {"disabled": True}))
    app.gateway.clock.advance(301)
    refused(app.post(path, body), UNAUTHENTICATED, WWW_Authenticate=BAD_TOKEN)


@on_both_paths
def test_a_token_dies_with_its_secret(
    app: App, aws: Aws, nothing_happens: None, path: str, body: object
) -> None:
    assert app.bearer
    aws.put_clients(clients(shop=section() | {"secrets": ["another-secret"]}))
    app.gateway.clock.advance(301)
    refused(app.post(path, body), UNAUTHENTICATED, WWW_Authenticate=BAD_TOKEN)


@on_both_paths
def test_a_token_without_the_scope_is_denied(
    app: App, nothing_happens: None, path: str, body: object
) -> None:
    token = token_for(app.gateway, scope=NATIVE_SCOPE)
    answer = app.post(path, body, headers={"authorization": f"bearer {token}"})
    challenge = f'{ASK}, error="insufficient_scope", scope="one-time-password-sms:send-validate"'
    refused(answer, DENIED, WWW_Authenticate=challenge)


@on_both_paths
def test_a_client_that_may_not_speak_this_dialect_any_more_is_denied(
    app: App, aws: Aws, nothing_happens: None, path: str, body: object
) -> None:
    assert app.bearer
    aws.put_clients(clients(shop=section() | {"dialects": {"native": {}}}))
    app.gateway.clock.advance(301)
    refused(app.post(path, body), DENIED)
    assert app.gateway.lines("RequestRefused")[-1]["client"] == "shop"


def test_who_calls_is_asked_before_what_is_wrong(app: App, nothing_happens: None) -> None:
    answer = app.post(SEND_CODE, raw="{", headers={"authorization": "", "x-correlator": CORRELATOR})
    refused(answer, UNAUTHENTICATED, WWW_Authenticate=ASK)


# The correlator ---------------------------------------------------------------------------------


@pytest.mark.parametrize("correlator", ["a", "A1-_:;./<>{}", "x" * 256, CORRELATOR])
def test_the_correlator_comes_back(app: App, correlator: str) -> None:
    answer = app.post(SEND_CODE, BODIES[SEND_CODE], headers={"x-correlator": correlator})
    assert (answer.status, answer.headers["x-correlator"]) == (200, correlator)
    malformed = app.post(SEND_CODE, raw="[", headers={"x-correlator": correlator})
    assert (malformed.status, malformed.headers["x-correlator"]) == (400, correlator)


def is_fresh(answer: HttpAnswer) -> bool:
    correlator = answer.headers["x-correlator"]
    return re.fullmatch(UUID, correlator) is not None and correlator != CORRELATOR


@pytest.mark.parametrize(
    "correlator",
    ["x" * 257, "a b", "a,b", "a\n", "a\r\nset-cookie: x=y", "é", "a\x00", '"', "a=b", "%0d%0a", "١"],
)
def test_a_malformed_correlator_is_refused_with_a_fresh_one(
    app: App, nothing_happens: None, correlator: str
) -> None:
    answers = [app.post(path, body, headers={"x-correlator": correlator}) for path, body in BODIES.items()]
    assert all(is_fresh(answer) for answer in answers)
    for answer in answers:
        assert (answer.status, answer.json) == (
            400,
            {
                "status": 400,
                "code": "INVALID_ARGUMENT",
                "message": "`x-correlator` must be up to 256 letters, digits and characters of `-_:;./<>{}`.",
            },
        )


def test_without_a_correlator_every_answer_has_a_fresh_one(app: App) -> None:
    bare = {"x-correlator": ""}
    answers = [app.post(path, body, headers=bare) for path, body in BODIES.items()]
    answers += [app.post(SEND_CODE, BODIES[SEND_CODE], headers=bare | {"authorization": "Bearer x"})]
    answers += [app.post(path, headers=bare) for path in (*BODIES, f"{BASE}/other")]
    answers += [
        app.gateway.http("GET", SEND_CODE),
        app.gateway.http("GET", BASE + "/", headers={"x-correlator": ""}),
    ]
    assert [answer.status for answer in answers] == [200, 404, 401, 400, 400, 404, 405, 404]
    assert all(is_fresh(answer) for answer in answers)
    assert len({answer.headers["x-correlator"] for answer in answers}) == len(answers)


# Paths and methods ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [f"{BASE}/", f"{BASE}/resend-code", f"{SEND_CODE}/", "/one-time-password-sms/v2/send-code"]
)
def test_an_unknown_path_is_not_found(app: App, path: str) -> None:
    refused(app.post(path, BODIES[SEND_CODE]), NOT_FOUND)


@pytest.mark.parametrize("path", [SEND_CODE, VALIDATE_CODE])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_is_refused(gateway: Gateway, method: str, path: str) -> None:
    answer = gateway.http(method, path, headers={"x-correlator": CORRELATOR})
    refused(answer, (405, "METHOD_NOT_ALLOWED", "This path does not take that method."), Allow="POST")
