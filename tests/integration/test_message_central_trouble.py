"""Trouble of ours or of vendors, and what Message Central's protocol does not have: none is a success."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.gateway import Gateway
from tests.support.message_central import (
    HEADERS,
    SEND,
    TOKEN,
    VALIDATE,
    App,
    Completed,
    clients,
    refused,
    section,
)
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ENGAGELAB_REFUSED,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    MC_VALIDATE,
    Vendors,
)

from .conftest import Aws

NOBODY = "4242424242424242"  # an id that nobody has


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway, vendors: Vendors) -> App:
    """A client whose codes are ours."""
    return App(gateway, vendors)


@pytest.fixture
def branch(gateway: Gateway, vendors: Vendors) -> App:
    """A client whose codes are the vendors'."""
    return App(gateway, vendors, client="branch")


def test_500_is_for_a_send_that_no_vendor_took(app: App) -> None:
    app.vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    app.vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    refused(app.send(), 500, "SERVER_ERROR", status=502)


def test_500_is_for_trouble_at_the_vendor_of_a_code_and_costs_nothing(branch: App) -> None:
    verification_id = branch.sent()
    branch.vendors.now_answers("GET", MC_VALIDATE, {"error": "down"}, status=500)
    for _ in range(6):
        answer = branch.validate(verification_id, "1234")
        refused(answer, 500, "SERVER_ERROR", status=503, retry_after="2")
    completed = {"verficationId": "5915384", "verificationStatus": "VERIFICATION_COMPLETED"}
    document = {"responseCode": 200, "message": "SUCCESS", "data": completed | {"responseCode": "200"}}
    branch.vendors.now_answers("GET", MC_VALIDATE, document)
    Completed.read(branch.validate(verification_id, "1234"))


def test_500_is_for_a_store_without_an_answer(make_gateway: Callable[..., Gateway], vendors: Vendors) -> None:
    app = App(make_gateway(TABLE_NAME="nothing-of-that-name"), vendors)
    for answer in (app.send(), app.validate(NOBODY, "1234")):
        refused(answer, 500, "SERVER_ERROR", status=503, retry_after="1")
    assert vendors.urls == []


def test_500_is_for_a_route_none_of_whose_vendors_is_set_up(app: App, aws: Aws) -> None:
    aws.put_vendors({})
    refused(app.send(), 500, "SERVER_ERROR", status=503)


def test_500_is_for_settings_that_cannot_be_read(app: App, aws: Aws) -> None:
    assert app.token
    aws.put_clients(clients(shop=section(policy={"ttl_seconds": 5})))
    app.gateway.clock.advance(301)
    for answer in (app.send(), app.validate(NOBODY, "1234")):
        refused(answer, 500, "SERVER_ERROR", status=503, retry_after="60")
    assert app.told() == []


def test_500_is_for_what_nobody_expected(app: App) -> None:
    def explode(**_: object) -> None:
        raise RuntimeError("canary")

    assert app.token
    events = app.gateway.container.dynamodb.meta.events
    events.register("before-call.dynamodb", explode)
    refused(app.send(), 500, "SERVER_ERROR", status=500)
    refused(app.validate(NOBODY, "1234"), 500, "SERVER_ERROR", status=500)


# What is no answer of the table -----------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
@pytest.mark.parametrize(
    "path",
    [
        "/auth/",
        "/auth/v1/authentication/token/",
        "/auth/v1/authentication/tokens",
        "/verification/v2/send",
        "/verification/v3/send/",
        "/verification/v3/validateotp",
        "/verification/v3/validateOtp//",
        "/verification/v3/",
    ],
)
def test_an_unknown_path_is_404(app: App, method: str, path: str) -> None:
    answer = app.gateway.http(method, path)
    assert (answer.status, answer.text) == (404, '{"status":404,"error":"Not Found"}')
    assert answer.headers == HEADERS


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", TOKEN, "GET"),
        ("HEAD", TOKEN, "GET"),
        ("GET", SEND, "POST"),
        ("PUT", SEND, "POST"),
        ("POST", VALIDATE, "GET"),
        ("DELETE", f"{VALIDATE}/", "GET"),
    ],
)
def test_another_method_is_405(app: App, method: str, path: str, allowed: str) -> None:
    answer = app.gateway.http(method, path)
    assert (answer.status, answer.text) == (405, '{"status":405,"error":"Method Not Allowed"}')
    assert answer.headers == HEADERS | {"Allow": allowed}
