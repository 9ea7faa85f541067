"""Sends that Message Central's protocol refuses: which code of its table is for what. 500 is trouble's."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.gateway import ROUTES, Gateway, HttpAnswer
from tests.support.message_central import (
    VALIDATE,
    App,
    Completed,
    Sent,
    bad_request,
    clients,
    exists,
    refused,
    section,
    while_sending,
)
from tests.support.vendors import (
    ESMS_GENCODE,
    ESMS_OK,
    ESMS_RAW,
    MC_SEND,
    MC_TOKEN,
    Vendors,
)

from .conftest import Aws

NOBODY = "4242424242424242"  # an id that nobody has
NOT_CARRIED = "No configured vendor carries this channel with these settings to that country."


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


def routed(make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws, table: dict[str, Any]) -> App:
    """A client with a table of routes of its own."""
    aws.put_clients(clients(routed=section(policy={"routes": "own"})))
    gateway = make_gateway(ROUTES=json.dumps(ROUTES | {"own": table}))
    return App(gateway, vendors, client="routed")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"flowType": None}, "`flowType` must be one of SMS, WHATSAPP, RCS, AUDIO, SAUTH."),
        ({"flowType": "EMAIL"}, "`flowType` must be one of SMS, WHATSAPP, RCS, AUDIO, SAUTH."),
        ({"otpLength": "3"}, "`otpLength` must be from 4 to 8."),
        ({"otpLength": "9"}, "`otpLength` must be from 4 to 8."),
        ({"otpLength": "six"}, "`otpLength` must be from 4 to 8."),
        ({"mobileNumber": None}, "`mobileNumber` must be the digits of a national number."),
        ({"mobileNumber": "+918838087085"}, "`mobileNumber` must be the digits of a national number."),
        ({"mobileNumber": "883808708"}, "`mobileNumber` is not a number that is in use anywhere."),
        ({"mobileNumber": "918838087085"}, "`mobileNumber` is not a number that is in use anywhere."),
    ],
)
def test_400_is_for_a_send_that_must_be_corrected(
    app: App, aws: Aws, changes: dict[str, str | None], reason: str
) -> None:
    bad_request(app.send(**changes), reason)
    assert (app.told(), aws.items()) == ([], [])


def test_400_answers_a_send_to_the_byte(app: App) -> None:
    answer = app.send(otpLength="3")
    assert answer.text == (
        '{"responseCode":400,"message":"BAD_REQUEST","data":{"verificationId":null,"mobileNumber":null,'
        '"responseCode":"400","errorMessage":"`otpLength` must be from 4 to 8.","timeout":null,'
        f'"smCLI":null,"transactionId":"{answer.json["data"]["transactionId"]}"}}}}'
    )


@pytest.mark.parametrize(
    ("code_length", "asked", "rule"),
    [
        (6, "4", "must be from 6 to 8"),
        (6, "5", "must be from 6 to 8"),
        (9, "8", "cannot be chosen"),
        (9, "9", "cannot be chosen"),
    ],
)
def test_400_is_for_a_length_that_the_policy_does_not_allow(
    app: App, aws: Aws, code_length: int, asked: str, rule: str
) -> None:
    aws.put_clients(clients(shop=section(policy={"code_length": code_length})))
    bad_request(app.send(otpLength=asked), f"`otpLength` {rule}.")


def test_400_is_for_a_landline(app: App, aws: Aws) -> None:
    answer = app.send(countryCode="84", mobileNumber="2838221234")
    bad_request(answer, "The number cannot receive codes over this channel.")
    assert (app.told(), aws.items()) == ([], [])


@pytest.mark.parametrize("step", ["engagelab:vendor", "message_central:gateway"])
def test_400_is_for_a_send_that_no_vendor_of_the_route_can_carry_so(
    make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws, step: str
) -> None:
    app = routed(make_gateway, vendors, aws, {"*": {"*": [step]}})  # 4 digits; EngageLab's template has 6
    bad_request(app.send(), NOT_CARRIED)
    assert (vendors.urls, aws.items()) == ([], [])


def test_400_is_for_a_channel_that_no_vendor_of_the_route_has(app: App) -> None:
    bad_request(app.send(flowType="SAUTH"), NOT_CARRIED)


def test_400_is_for_a_number_that_a_vendor_has_blocked(app: App) -> None:
    app.vendors.now_answers("POST", ESMS_RAW, {"error": "Invalid request"})
    bad_request(app.send(), "A vendor says that this number gets no such message.")


def test_400_is_for_a_body_that_is_too_large(app: App) -> None:
    body = "x" * 8_193
    bad_request(app.post("countryCode=91", body=body), "The body is larger than 8192 bytes.")
    answer = app.gateway.http("GET", VALIDATE, headers={"authToken": app.token}, body=body)
    refused(answer, 400, "BAD_REQUEST")


def test_409_is_for_a_send_that_a_newer_one_overtook(app: App) -> None:
    newer: list[HttpAnswer] = []

    def overtake(**_: object) -> None:
        """Between the claim of the number and the intent: this container stood still for half a minute."""
        if not newer:
            newer.append(HttpAnswer(0, {}, ""))  # so that the newer one is not overtaken as well
            app.gateway.clock.advance(31)
            newer[0] = app.send()

    events = app.gateway.container.dynamodb.meta.events
    assert app.token
    events.register("before-call.dynamodb.PutItem", overtake)
    overtaken = app.send()
    events.unregister("before-call.dynamodb.PutItem", overtake)
    refused(overtaken, 409, "DUPLICATE_RESOURCE")
    assert app.told() == [ESMS_RAW]
    Completed.read(app.validate(Sent.read(newer[0]).verification_id, app.code_sent()))


@pytest.mark.parametrize("customer_id", ["other", "SHOP", "shop ", "C-33432A5F49F7404", "0"])
def test_501_is_for_another_customer_than_the_tokens(app: App, aws: Aws, customer_id: str) -> None:
    refused(app.send(customerId=customer_id), 501, "INVALID_CUSTOMER_ID")
    assert (app.told(), aws.items()) == ([], [])


def test_506_is_for_a_second_send_while_the_first_one_lives(app: App) -> None:
    verification_id = app.sent()
    exists(app.send(), verification_id, timeout=60)


def test_506_is_for_a_second_send_while_the_first_one_is_being_sent(app: App) -> None:
    second = while_sending(app, esms_answers=ESMS_OK)
    verification_id = app.sent()
    exists(second[0], verification_id, timeout=60)
    assert app.told() == [ESMS_RAW]
    Completed.read(app.validate(verification_id, app.code_sent()))


@pytest.mark.parametrize("country", [None, "", "0", "091", "+91", "IN", "999", "1876", "9" * 5_000, "９１"])
def test_511_is_for_what_is_no_calling_code(app: App, aws: Aws, country: str | None) -> None:
    refused(app.send(countryCode=country), 511, "INVALID_COUNTRY_CODE")
    assert (app.told(), aws.items()) == ([], [])


def test_511_is_for_a_country_that_nobody_is_configured_for(
    make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws
) -> None:
    app = routed(make_gateway, vendors, aws, {"IN": {"sms": ["message_central:vendor"]}})
    app.sent()
    answer = app.send(countryCode="65", mobileNumber="91234567")
    refused(answer, 511, "INVALID_COUNTRY_CODE")
    assert vendors.urls == [MC_TOKEN, MC_SEND]


def test_800_is_for_a_number_that_has_had_its_sends(app: App) -> None:
    for _ in range(5):
        app.sent()
        app.gateway.clock.advance(60)
    refused(app.send(), 800, "MAXIMUM_LIMIT_REACHED", retry_after="300")


def test_800_is_for_a_cooldown_after_the_code_has_ended(app: App, aws: Aws) -> None:
    aws.put_clients(clients(shop=section(policy={"cooldown_seconds": 120})))
    verification_id = app.sent()
    app.gateway.clock.advance(20)
    Completed.read(app.validate(verification_id, app.code_sent()))
    refused(app.send(), 800, "MAXIMUM_LIMIT_REACHED", retry_after="100")
    app.gateway.clock.advance(99)
    refused(app.send(), 800, "MAXIMUM_LIMIT_REACHED", retry_after="1")
    app.gateway.clock.advance(1)
    assert app.sent() != verification_id


def test_800_is_for_a_number_that_another_client_keeps_busy_at_the_vendor(
    branch: App, aws: Aws, gateway: Gateway, vendors: Vendors
) -> None:
    aws.put_clients(clients(other=section(policy={"routes": "default"})))
    busy = {"countryCode": "84", "mobileNumber": "901888484", "otpLength": "4"}
    branch.sent(**busy)
    answer = App(gateway, vendors, client="other").send(**busy)
    refused(answer, 800, "MAXIMUM_LIMIT_REACHED", retry_after="330")  # until that code is dead at the vendor
    assert vendors.urls == [ESMS_GENCODE]
