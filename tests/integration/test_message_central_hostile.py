"""Requests that mean harm in Message Central's protocol alone: each refused, nothing sent, nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.integration.hostile.siege import Siege
from tests.integration.hostile.wire import Wire
from tests.support.gateway import HttpAnswer
from tests.support.message_central import MOBILE, SEND, VALIDATE, WISH, App, clients

KNOWN = {400, 501, 505, 511}
GOOD = urlencode(WISH)
NOBODY = "4242424242424242"

# What a send is changed to, by the kind of harm.
SENDS: dict[str, str] = {
    "a length twice": f"{GOOD}&otpLength=4&otpLength=8",
    "an ignored one twice": f"{GOOD}&langId=en&langId=en",
    "another letter case": f"{GOOD.replace('mobileNumber=', 'mobilenumber=')}",
    "spaces": "countryCode=91&flowType=SMS&mobileNumber=88380%2087085",
    "hyphens": "countryCode=91&flowType=SMS&mobileNumber=88380-87085",
    "a country with a plus": f"countryCode=%2B91&flowType=SMS&mobileNumber={MOBILE}",
    "a premium number": "countryCode=84&flowType=SMS&mobileNumber=19001234",
    "an emergency number": "countryCode=91&flowType=SMS&mobileNumber=112",
    "a flow with a long s": GOOD.replace("SMS", "%C5%BFM%C5%BF"),
    "a list of flows": GOOD.replace("SMS", "SMS,WHATSAPP"),
    "a signed length": f"{GOOD}&otpLength=%2B6",
    "an exponent": f"{GOOD}&otpLength=6e0",
    "a template for a customer": f"{GOOD}&customerId=%7B%7B7*7%7D%7D",
}

VALIDATIONS: dict[str, str] = {
    "a code with a comma and spaces": f"verificationId={NOBODY}&code=1234,%201235",
    "a code with a plus": f"verificationId={NOBODY}&code=+1234",
    "an id as an expression": "verificationId=%7B%22N%22:%221%22%7D&code=1234",
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(clients())


@pytest.fixture(scope="module")
def app(siege: Siege) -> App:
    return App(siege.gateway, siege.vendors)


@pytest.fixture(scope="module")
def live(app: App) -> str:
    """The id of a code that lives all the while."""
    return app.sent()


def is_refused(app: App, answer: HttpAnswer) -> None:
    """A refusal of the protocol, which nobody can take for a success, and no trouble of ours."""
    assert (answer.status, answer.json["responseCode"] in KNOWN) == (400, True), answer.text
    assert answer.json["message"] != "SUCCESS"
    assert (answer.json.get("data") or {}).get("verificationId") is None
    assert len(app.gateway.lines("RequestRefused")) == 1


@pytest.mark.parametrize("query", SENDS.values(), ids=SENDS.keys())
def test_a_hostile_send_is_refused(siege: Siege, app: App, query: str) -> None:
    assert app.token
    with siege.nothing_done():
        is_refused(app, app.post(query))


@pytest.mark.parametrize("query", VALIDATIONS.values(), ids=VALIDATIONS.keys())
def test_a_hostile_validation_is_refused_and_costs_nothing(
    siege: Siege, app: App, live: str, query: str
) -> None:
    with siege.nothing_done():
        is_refused(app, app.get(query.replace(NOBODY, live)))


@pytest.mark.parametrize(
    "changes",
    [
        {"isBase64Encoded": True, "body": "%%%"},
        {"isBase64Encoded": True, "body": "A" * 20_000},
        {"body": "x" * 8_193},
    ],
)
@pytest.mark.parametrize(
    "wire",
    [
        Wire("POST", SEND, query=GOOD),
        Wire("GET", VALIDATE, query=f"verificationId={NOBODY}&code=1234"),
    ],
    ids=["send", "validate"],
)
def test_a_body_that_cannot_be_read_is_refused(
    siege: Siege, app: App, wire: Wire, changes: dict[str, Any]
) -> None:
    token = {"authToken": app.token}
    with siege.nothing_done():
        is_refused(app, siege.answer(replace(wire, headers=token, event=changes)))


@pytest.mark.parametrize(
    "body", ["\x00", '{"otpLength":8,"otpLength":4}', "NaN", "[" * 8_000, "\ud800", "mobileNumber=112"]
)
def test_a_hostile_body_changes_nothing(siege: Siege, app: App, body: str) -> None:
    siege.gateway.clock.advance(610)  # past the limits for the number
    answer = app.post(GOOD, body=body)
    assert (answer.status, answer.json["data"]["mobileNumber"]) == (200, MOBILE)
    assert len(app.code_sent()) == 4
