"""EngageLab's protocol: sending too early or too often, and trouble of ours."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.engagelab import TEMPLATES, TO, App, clients, refused
from tests.support.gateway import Context, Gateway, basic, http_event
from tests.support.vendors import (
    ESMS_CHECK,
    ESMS_RAW,
    Vendors,
)

from .conftest import Aws

STILL_LIVE = "the same template and target may not be sent again while the code is valid"
BODY = {"to": TO, "template": {"id": "plain"}}


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway) -> App:
    return App(gateway)


# Sending again --------------------------------------------------------------------------


def test_a_second_message_while_the_code_lives_is_3004(app: App, vendors: Vendors) -> None:
    message_id, code = app.sent(), vendors.code_sent()
    app.gateway.clock.advance(299)
    answer = app.message()
    refused(answer, 400, 3004, STILL_LIVE)
    assert answer.headers["Retry-After"] == "1"
    for again in (app.code("398210"), app.custom({"code": "398210"})):
        refused(again, 400, 3004, STILL_LIVE)
    assert vendors.urls == [ESMS_RAW]
    assert app.verify(message_id, code).json["verified"] is True


def test_a_second_message_after_the_codes_life_is_sent(app: App) -> None:
    first = app.sent()
    app.gateway.clock.advance(300)
    assert app.sent() != first


def test_another_template_or_number_does_not_wait(app: App) -> None:
    app.sent()
    app.sent("short")
    app.sent(to="+84901888485")


def test_a_code_that_is_used_up_makes_way_for_the_next(app: App, vendors: Vendors) -> None:
    message_id = app.sent()
    app.verify(message_id, vendors.code_sent())
    assert app.message().status == 200


def test_a_cooldown_of_the_policy_holds_after_the_code_is_used_up(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    aws.put_clients(clients(cooldown_seconds=45))
    app = App(gateway, "app-bound")
    app.verify(app.sent(), vendors.code_sent())
    answer = app.message()
    refused(answer, 400, 3004, STILL_LIVE)
    assert answer.headers["Retry-After"] == "45"
    gateway.clock.advance(45)
    assert app.message().status == 200


def test_the_limit_of_a_number_is_5015_and_no_error_to_be_retried(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    aws.put_clients(clients(attempts=1))  # which leaves guesses to the others
    app = App(gateway, "app-bound")
    for name in ("plain", "short", "long", "twice", "shop-if-you-can"):
        app.sent(name, params={"shop": "A"})
    answer = app.message("chat")
    refused(answer, 400, 5015, "intercepted: too many messages to this number")
    assert answer.headers["Retry-After"] == "600"
    assert len(vendors.urls) == 5


def test_the_policys_length_binds_codes_of_the_callers_too(gateway: Gateway, aws: Aws) -> None:
    aws.put_clients(clients(code_length=6))
    app = App(gateway, "app-bound")
    refused(app.code("12345"), 400, 3002, "The code must have at least 6 characters.")
    assert app.code("123456").status == 200


# Our own trouble ------------------------------------------------------------------------


def test_a_template_that_is_misconfigured_is_an_internal_error(app: App, vendors: Vendors) -> None:
    assert TEMPLATES["broken"] == {"ttl_seconds": 601}
    answer = app.message("broken")
    refused(answer, 500, 1000, "internal error")
    assert answer.headers["Retry-After"] == "60"
    [fault] = app.gateway.lines("configuration fault")
    assert fault["fault"] == (
        "client app: dialects.engagelab.templates.broken.ttl_seconds"
        " must be a whole number from 60 to 600, as the policy bounds it"
    )
    assert app.message().status == 200


def test_vendor_trouble_at_a_check_is_an_internal_error_and_costs_nothing(
    gateway: Gateway, vendors: Vendors
) -> None:
    app = App(gateway, "app-vendor")
    message_id = app.sent()
    vendors.now_answers("GET", ESMS_CHECK, {"error": "down"}, status=500)
    for _ in range(6):
        answer = app.verify(message_id, "123456")
        refused(answer, 500, 1000, "internal error")
        assert answer.headers["Retry-After"] == "2"
    vendors.now_answers("GET", ESMS_CHECK, {"CodeResult": "100", "ErrorMessage": "Success!"})
    assert app.verify(message_id, "123456").json["verified"] is True


def test_a_secret_store_that_is_not_there_is_an_internal_error(make_gateway: Callable[..., Gateway]) -> None:
    app = App(make_gateway(CLIENTS_SECRET_ARN="nothing-of-that-name"))
    refused(app.message(), 500, 1000, "internal error")
    refused(app.verify("1725407449772531712", "667090"), 500, 1000, "internal error")


def test_too_little_time_left_is_a_failure_before_anybody_is_called(app: App, vendors: Vendors) -> None:
    headers = {"authorization": basic("app"), "content-type": "application/json"}
    event = http_event("POST", "/v1/messages", body=json.dumps(BODY), headers=headers)
    answer = app.gateway.event(app.gateway.send, event, context=Context(milliseconds=2_500))
    assert (answer.status, answer.body) == (500, {"code": 1000, "message": "internal error"})
    assert vendors.urls == []
