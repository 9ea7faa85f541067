"""How clients of Message Central's protocol spell their requests: all that is in real use is understood."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.gateway import Gateway
from tests.support.message_central import (
    MOBILE,
    VALIDATE,
    App,
    Completed,
    Sent,
    clients,
)
from tests.support.vendors import (
    MC_SEND,
    Vendors,
)

from .conftest import Aws


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


@pytest.mark.parametrize("name", ["authToken", "Authtoken", "AuthToken", "authtoken", "AUTHTOKEN"])
def test_the_tokens_header_is_read_in_any_letter_case(app: App, name: str) -> None:
    verification_id = app.sent()
    query = f"verificationId={verification_id}&code={app.code_sent()}"
    Completed.read(app.gateway.http("GET", VALIDATE, query=query, headers={name: app.token}))


@pytest.mark.parametrize("path", [VALIDATE, f"{VALIDATE}/"])
@pytest.mark.parametrize("first", ["", "&", "&&"])
def test_a_validation_is_spelt_in_several_ways(app: App, path: str, first: str) -> None:
    verification_id = app.sent()
    query = f"{first}verificationId={verification_id}&code={app.code_sent()}"
    Completed.read(app.get(query, path=path))


@pytest.mark.parametrize("body", [None, "", "{}", "a=b", "[", '{"otpLength":8}', "\x00", "x" * 8_192])
def test_a_sends_body_is_not_looked_at(app: App, body: str | None) -> None:
    answer = app.post(f"countryCode=91&flowType=SMS&mobileNumber={MOBILE}", body=body)
    Sent.read(answer)
    assert len(app.code_sent()) == 4


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "x", ""])
def test_a_sends_content_type_is_not_looked_at(app: App, content_type: str) -> None:
    headers = {"authToken": app.token, "content-type": content_type}
    query = f"countryCode=91&flowType=SMS&mobileNumber={MOBILE}"
    Sent.read(app.gateway.http("POST", "/verification/v3/send", query=query, headers=headers, body="{}"))


def test_what_is_not_documented_is_ignored(app: App) -> None:
    sent = Sent.read(
        app.send(type="SMS", langId="en", langID="en", email="a@b.c", timeout="600", scope="NEW", x="y")
    )
    assert sent.timeout == "60"
    more = {"langid": "en", "flowType": "FAX", "countryCode": "0", "mobileNumber": "x", "customerId": "y"}
    Completed.read(app.validate(sent.verification_id, app.code_sent(), **more))


@pytest.mark.parametrize("customer_id", ["shop", ""])
def test_the_customers_own_id_may_be_in_a_send(app: App, customer_id: str) -> None:
    Sent.read(app.send(customerId=customer_id))


def test_an_empty_otp_length_is_none(app: App) -> None:
    app.sent(otpLength="")
    assert len(app.code_sent()) == 4


@pytest.mark.parametrize(
    ("flow_type", "channel"),
    [
        ("SMS", "sms"),
        ("WHATSAPP", "whatsapp"),
        ("RCS", "rcs"),
        ("AUDIO", "voice"),
        ("SAUTH", "silent"),
        ("WhatsApp", "whatsapp"),
    ],
)
def test_a_flow_type_is_a_channel(branch: App, flow_type: str, channel: str) -> None:
    branch.sent(flowType=flow_type)
    asked = parse_qs(urlsplit(str(branch.vendors.last(MC_SEND).url)).query)
    assert asked["flowType"] == [flow_type.upper()]
    [line] = branch.gateway.lines("VerificationStarted")
    assert (line["channel"], line["outcome"]) == (channel, "accepted")
