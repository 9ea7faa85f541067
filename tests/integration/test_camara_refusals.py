"""CAMARA's One Time Password SMS: when a send is refused, and that nothing was sent for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest

from tests.support.camara import (
    EXPIRED,
    TO,
    UUID,
    App,
    clients,
    refused,
    section,
)
from tests.support.gateway import ROUTES, Gateway
from tests.support.vendors import ENGAGELAB_CODES, ESMS_NO_BALANCE, ESMS_RAW, Vendors

from .conftest import Aws

NOT_ALLOWED = (403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED", "This number cannot receive an SMS.")
EXCEEDED = (
    403,
    "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED",
    "Too many codes were sent to this number; try later.",
)
BLOCKED = (403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED", "This number is blocked for such an SMS.")
NOT_SERVED = (404, "NOT_FOUND", "Numbers of this country are not served.")
TOO_MANY = (
    429,
    "TOO_MANY_REQUESTS",
    "A code was sent to this number a moment ago; wait before the next.",
)
NOT_CARRIED = (
    400,
    "INVALID_ARGUMENT",
    "No vendor that serves this number can send a text of your own with such a code.",
)
NOT_SENT = (503, "UNAVAILABLE", "No vendor took the message; nothing was sent.")
LONDON = "+442071838750"  # a landline


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


@pytest.mark.parametrize(
    "number", [LONDON, "+84123", "+99999999999", "+12345", "+8419001234", "+88213300655"]
)
def test_a_number_that_cannot_receive_a_text_is_not_allowed(
    app: App, nothing_happens: None, number: str
) -> None:
    refused(app.send(number), NOT_ALLOWED)


def test_too_many_sends_to_a_number_are_refused(app: App, vendors: Vendors) -> None:
    for _ in range(5):
        assert app.send().status == 200
        app.gateway.clock.advance(10)
    refused(app.send(), EXCEEDED, Retry_After="550")
    assert len(vendors.urls) == 5
    app.gateway.clock.advance(550)
    assert app.send().status == 200


def test_the_limit_of_a_number_holds_in_every_dialect(app: App) -> None:
    for purpose in ("a", "b", "c"):
        assert app.gateway.start(TO, client="demo-gateway", purpose=purpose).status == 201
    refused(app.send(), EXCEEDED, Retry_After="300")  # three that live may use up the number's guesses
    app.gateway.clock.advance(300)
    for purpose in ("a", "b"):
        assert app.gateway.start(TO, client="demo-gateway", purpose=purpose).status == 201
    refused(app.send(), EXCEEDED, Retry_After="300")  # five in ten minutes


def test_a_cooldown_that_the_policy_sets_is_kept(gateway: Gateway, aws: Aws, vendors: Vendors) -> None:
    aws.put_clients(clients(calm=section(cooldown_seconds=60)))
    app = App(gateway, client="calm")
    first = app.sent()
    code = vendors.code_sent()
    gateway.clock.advance(20)
    refused(app.send(), TOO_MANY, Retry_After="40")
    assert app.validate(first, code).status == 204
    gateway.clock.advance(40)
    assert app.send().status == 200


def test_a_vendors_lock_of_another_purpose_is_waited_for(gateway: Gateway) -> None:
    assert gateway.start(TO, client="demo").body["provider"] == "esms"
    refused(App(gateway, client="vendor-held").send(), TOO_MANY, Retry_After="390")


def test_a_number_that_a_vendor_blocks_is_blocked(app: App, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, {"CodeResult": "99", "CountRegenerate": 0})
    refused(app.send(), BLOCKED)


@pytest.mark.parametrize("failure", [ESMS_NO_BALANCE, {"CodeResult": "104", "CountRegenerate": 0}])
def test_a_message_that_no_vendor_takes_is_unavailable(app: App, vendors: Vendors, failure: object) -> None:
    vendors.now_answers("POST", ESMS_RAW, failure)
    refused(app.send(), NOT_SENT)
    assert vendors.urls == [ESMS_RAW]


def test_no_code_of_a_message_that_no_vendor_took_is_right(app: App, aws: Aws, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    app.send()
    code = vendors.code_sent()
    [authentication_id] = [
        match[0] for item in aws.items() if (match := re.search(UUID, item["pk"]["S"])) is not None
    ]
    refused(app.validate(authentication_id, code), EXPIRED)


def test_a_text_that_no_vendor_of_the_route_can_send_is_refused(
    make_gateway: Callable[..., Gateway], nothing_happens: None
) -> None:
    app = App(make_gateway(ROUTES=json.dumps(ROUTES | {"gateway": {"*": {"*": ["engagelab:gateway"]}}})))
    refused(app.send(), NOT_CARRIED)


def test_a_vendor_that_cannot_send_the_text_is_passed_over(
    make_gateway: Callable[..., Gateway], vendors: Vendors
) -> None:
    steps = ["engagelab:gateway", "esms:gateway"]
    app = App(make_gateway(ROUTES=json.dumps(ROUTES | {"gateway": {"*": {"*": steps}}})))
    assert app.send().status == 200
    assert vendors.urls == [ESMS_RAW]
    assert ENGAGELAB_CODES not in vendors.urls


def test_a_number_of_a_country_without_a_route_is_not_found(
    make_gateway: Callable[..., Gateway], nothing_happens: None
) -> None:
    app = App(make_gateway(ROUTES=json.dumps(ROUTES | {"gateway": {"SG": {"*": ["esms:gateway"]}}})))
    refused(app.send(), NOT_SERVED)


def test_a_send_that_a_newer_one_overtakes_is_aborted(
    gateway: Gateway, make_gateway: Callable[..., Gateway], vendors: Vendors
) -> None:
    """The newer one runs after the older one has claimed the number, before it has written its intent."""
    older, newer = App(gateway), App(make_gateway())
    assert older.bearer
    assert newer.bearer
    calls: list[str] = []
    winner: list[str] = []

    def run_the_newer(event_name: str, **_: object) -> None:
        calls.append(event_name)
        if len(calls) == 3:  # the look at the limits, the claim, the intent
            winner.append(newer.sent())

    gateway.container.dynamodb.meta.events.register("before-call.dynamodb", run_the_newer)
    refused(
        older.send(),
        (409, "ABORTED", "A newer send to this number overtook this one; nothing was sent."),
    )
    assert vendors.urls == [ESMS_RAW]
    assert newer.validate(winner[0], vendors.code_sent()).status == 204
