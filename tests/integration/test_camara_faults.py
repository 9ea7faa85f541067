"""CAMARA's One Time Password SMS: faults of ours and of the operator."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from countersign.dialects.dialect import Function
from countersign.edge import Edge
from tests.support.camara import (
    CORRELATOR,
    JSON_HEADERS,
    SEND_CODE,
    TO,
    VALIDATE_CODE,
    App,
    clients,
    refused,
    section,
)
from tests.support.gateway import Context, Gateway, http_event
from tests.support.vendors import Vendors

from .conftest import Aws

UNAVAILABLE = (503, "UNAVAILABLE", "The service cannot answer now.")
LONDON = "+442071838750"  # a landline
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


def test_settings_that_are_none_are_the_operators_fault(
    gateway: Gateway, aws: Aws, nothing_happens: None
) -> None:
    for settings, fault in (
        ({"own_text": "maybe"}, "own_text must be required or preferred"),
        ({"own_text": ["required"]}, "own_text must be required or preferred"),
        ({"ttl": 5}, "ttl is not a setting"),
    ):
        aws.put_clients(clients(shop=section(settings=settings)))
        gateway.clock.advance(301)
        refused(App(gateway).send(), UNAVAILABLE, Retry_After="60")
        assert gateway.lines("configuration fault")[-1]["fault"] == f"client shop: dialects.camara.{fault}"


@on_both_paths
def test_a_secret_that_cannot_be_read_is_unavailable(
    app: App, aws: Aws, environment: dict[str, str], path: str, body: object
) -> None:
    headers = {"authorization": app.bearer}
    aws.put_clients("broken")
    other = App(Gateway(environment))
    refused(other.post(path, body, headers=headers), UNAVAILABLE, Retry_After="60")


@on_both_paths
def test_a_table_that_does_not_answer_is_unavailable(
    make_gateway: Callable[..., Gateway], vendors: Vendors, path: str, body: object
) -> None:
    app = App(make_gateway(TABLE_NAME="nothing-of-that-name"))
    refused(app.post(path, body), UNAVAILABLE, Retry_After="1")
    assert vendors.urls == []


class Broken:
    """Whatever is asked of it fails with a text that nobody may see."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("CANARY +84901888484")


@pytest.mark.parametrize(("function", "path"), [(Function.SEND, SEND_CODE), (Function.VERIFY, VALIDATE_CODE)])
def test_what_nobody_expected_is_internal_without_its_text(
    gateway: Gateway, function: Function, path: str
) -> None:
    broken: Any = Broken()
    edge = Edge(broken, function=function, telemetry=gateway.container.telemetry, clock=gateway.clock)
    headers = {"x-correlator": CORRELATOR, "authorization": "Bearer a.b.c"}
    result: Any = edge(http_event("POST", path, body="{}", headers=headers), Context())
    document = {"status": 500, "code": "INTERNAL", "message": "The service failed; nothing was verified."}
    assert (result["statusCode"], json.loads(result["body"])) == (500, document)
    assert result["headers"] == JSON_HEADERS
    assert "CANARY" not in gateway.log.getvalue() + json.dumps(result)


def test_no_answer_and_no_line_of_the_log_holds_a_code_a_token_or_a_number(
    app: App, vendors: Vendors
) -> None:
    authentication_id = app.sent()
    code = vendors.code_sent()
    app.validate(authentication_id, "739204")
    app.validate(authentication_id, code)
    app.send(LONDON)
    app.post(SEND_CODE, raw='{"phoneNumber":"+84901888484"')
    told = app.gateway.log.getvalue() + "".join(app.gateway.answers)
    for secret in (code, "739204", "84901888484", "901888484", LONDON[1:], "demo-secret"):
        assert secret not in told
    assert app.bearer.rpartition(".")[2] not in app.gateway.log.getvalue()
