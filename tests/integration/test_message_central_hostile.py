"""Requests of Message Central's protocol that mean harm: each refused, nothing sent, nothing stored."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.gateway import Context, Gateway, HttpAnswer, http_event
from tests.support.message_central import MOBILE, SEND, VALIDATE, WISH, App, Completed, clients
from tests.support.vendors import Vendors

from .conftest import Aws

KNOWN = {400, 501, 505, 511}
GOOD = urlencode(WISH)
NOBODY = "4242424242424242"

# What a send is changed to, by the kind of harm.
SENDS: dict[str, str] = {
    "a number twice": f"{GOOD}&mobileNumber=8838087086",
    "a length twice": f"{GOOD}&otpLength=4&otpLength=8",
    "an ignored one twice": f"{GOOD}&langId=en&langId=en",
    "a customer twice": f"{GOOD}&customerId=shop&customerId=other",
    "an array": f"{GOOD.replace('mobileNumber=', 'mobileNumber[]=')}",
    "another letter case": f"{GOOD.replace('mobileNumber=', 'mobilenumber=')}",
    "semicolons": GOOD.replace("&", ";"),
    "not UTF-8": f"{GOOD}&langId=%ff%fe",
    "half a surrogate": f"{GOOD}&otpLength=%ed%a0%80",
    "a bare surrogate": f"{GOOD}&otpLength=\ud800",
    "a NUL": f"{GOOD}%00",
    "CRLF in the number": f"{GOOD}%0d%0aX-Injected:%201",
    "a line feed": f"{GOOD}%0a",
    "spaces": "countryCode=91&flowType=SMS&mobileNumber=88380%2087085",
    "hyphens": "countryCode=91&flowType=SMS&mobileNumber=88380-87085",
    "an extension": f"{GOOD};ext=1",
    "two numbers": f"{GOOD},8838087086",
    "a parameter for the vendor": f"{GOOD}%26otpLength%3D8",
    "a fragment": f"{GOOD}%23",
    "Arabic digits": "countryCode=91&flowType=SMS&mobileNumber=" + "٨٨٣٨٠٨٧٠٨٥",
    "wide digits": "countryCode=91&flowType=SMS&mobileNumber=" + "８８３８０８７０８５",
    "a wide country": f"countryCode=９１&flowType=SMS&mobileNumber={MOBILE}",
    "a superscript country": f"countryCode=9¹&flowType=SMS&mobileNumber={MOBILE}",
    "a country with a plus": f"countryCode=%2B91&flowType=SMS&mobileNumber={MOBILE}",
    "a long country": f"countryCode={'9' * 5_000}&flowType=SMS&mobileNumber={MOBILE}",
    "a long number": f"countryCode=91&flowType=SMS&mobileNumber={'8' * 5_000}",
    "a number that dials on": "countryCode=1&flowType=SMS&mobileNumber=*67#2015550123",
    "a premium number": "countryCode=84&flowType=SMS&mobileNumber=19001234",
    "an emergency number": "countryCode=91&flowType=SMS&mobileNumber=112",
    "a flow with a long s": GOOD.replace("SMS", "%C5%BFM%C5%BF"),
    "a flow with a space": GOOD.replace("SMS", "SMS%20"),
    "a list of flows": GOOD.replace("SMS", "SMS,WHATSAPP"),
    "a negative length": f"{GOOD}&otpLength=-4",
    "a signed length": f"{GOOD}&otpLength=%2B6",
    "a fraction": f"{GOOD}&otpLength=6.0",
    "an exponent": f"{GOOD}&otpLength=6e0",
    "a wide length": f"{GOOD}&otpLength=６",
    "a huge length": f"{GOOD}&otpLength={'6' * 5_000}",
    "a length with a space": f"{GOOD}&otpLength=%206",
    "a template for a customer": f"{GOOD}&customerId=%7B%7B7*7%7D%7D",
    "SQL for a customer": f"{GOOD}&customerId=shop'%20OR%20'1'='1",
    "too long a query": f"{GOOD}&x={'y' * 8_200}",
    "too many parameters": f"{GOOD}&" + "&".join(f"p{number}=" for number in range(70)),
    "nothing": "",
    "separators": "&&&&&&",
    "JSON": '{"countryCode":"91"}',
}

VALIDATIONS: dict[str, str] = {
    "an id twice": f"verificationId={NOBODY}&verificationId=CODE&code=1234",
    "a code twice": f"verificationId={NOBODY}&code=1234&code=1235",
    "a list of codes": f"verificationId={NOBODY}&code[]=1234",
    "a code with a comma and spaces": f"verificationId={NOBODY}&code=1234,%201235",
    "a code of NUL": f"verificationId={NOBODY}&code=12%0034",
    "a code with CRLF": f"verificationId={NOBODY}&code=1234%0d%0a",
    "Arabic digits": f"verificationId={NOBODY}&code=١٢٣٤",
    "wide digits": f"verificationId={NOBODY}&code=１２３４",
    "a code with a plus": f"verificationId={NOBODY}&code=+1234",
    "an endless code": f"verificationId={NOBODY}&code={'1' * 5_000}",
    "a code of no text": f"verificationId={NOBODY}&code=%ff",
    "a bare surrogate": f"verificationId={NOBODY}&code=\udc80",
    "an endless id": f"verificationId={'4' * 8_000}&code=1234",
    "a wide id": "verificationId=４２４２４２４２４２４２４２４２&code=1234",
    "an id with a space": f"verificationId=%20{NOBODY}&code=1234",
    "an id with zeros": f"verificationId=0{NOBODY}&code=1234",
    "an id with a sign": f"verificationId=-{NOBODY}&code=1234",
    "an id with CRLF": f"verificationId={NOBODY}%0a&code=1234",
    "an id with a key": f"verificationId=v%23shop%23{NOBODY}&code=1234",
    "an id as an expression": "verificationId=%7B%22N%22:%221%22%7D&code=1234",
    "an id of floats": f"verificationId={NOBODY}.0&code=1234",
    "an id of NaN": "verificationId=NaN&code=1234",
    "too many parameters": "&".join(f"p{number}=" for number in range(70)),
}


@pytest.fixture
def app(aws: Aws, gateway: Gateway, vendors: Vendors) -> App:
    aws.put_clients(clients())
    return App(gateway, vendors)


def is_refused(app: App, answer: HttpAnswer) -> None:
    """A refusal of the protocol, which nobody can take for a success, and no trouble of ours."""
    assert (answer.status, answer.json["responseCode"] in KNOWN) == (400, True), answer.text
    assert answer.json["message"] != "SUCCESS"
    assert (answer.json.get("data") or {}).get("verificationId") is None
    assert "X-Injected" not in str(dict(answer.headers))
    assert {line["level"] for line in app.gateway.lines()} == {"INFO"}
    assert len(app.gateway.lines("RequestRefused")) == 1


@pytest.mark.parametrize("query", SENDS.values(), ids=SENDS.keys())
def test_a_hostile_send_is_refused(app: App, aws: Aws, query: str) -> None:
    is_refused(app, app.post(query))
    assert (app.told(), aws.items()) == ([], [])


@pytest.mark.parametrize("query", VALIDATIONS.values(), ids=VALIDATIONS.keys())
def test_a_hostile_validation_is_refused_and_costs_nothing(app: App, aws: Aws, query: str) -> None:
    verification_id, code = app.sent(), app.code_sent()
    before = aws.items()
    answer = app.get(query.replace(NOBODY, verification_id).replace("CODE", NOBODY))
    is_refused(app, answer)
    assert aws.items() == before
    Completed.read(app.validate(verification_id, code))


@pytest.mark.parametrize(
    "changes",
    [
        {"isBase64Encoded": True, "body": "%%%"},
        {"isBase64Encoded": True, "body": "A" * 20_000},
        {"body": "x" * 8_193},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", SEND), ("GET", VALIDATE)])
def test_a_body_that_cannot_be_read_is_refused(
    app: App, aws: Aws, method: str, path: str, changes: dict[str, Any]
) -> None:
    query = GOOD if path == SEND else f"verificationId={NOBODY}&code=1234"
    event = http_event(method, path, headers={"authToken": app.token}, query=query) | changes
    result: Any = app.gateway.edge_of(method, path)(event, Context())
    is_refused(app, HttpAnswer(result["statusCode"], result["headers"], result["body"]))
    assert (app.told(), aws.items()) == ([], [])


@pytest.mark.parametrize(
    "body", ["\x00", '{"otpLength":8,"otpLength":4}', "NaN", "[" * 8_000, "\ud800", "mobileNumber=112"]
)
def test_a_hostile_body_changes_nothing(app: App, body: str) -> None:
    answer = app.post(GOOD, body=body)
    assert (answer.status, answer.json["data"]["mobileNumber"]) == (200, MOBILE)
    assert len(app.code_sent()) == 4


@pytest.mark.parametrize(
    "headers", [None, [], {"authToken": None}, {"authToken": 5}, {"authToken": {"a": "b"}}]
)
def test_headers_of_another_shape_let_nobody_in(app: App, aws: Aws, headers: object) -> None:
    for method, path in (("POST", SEND), ("GET", VALIDATE)):
        event = http_event(method, path, headers={}, query=GOOD) | {"headers": headers}
        result: Any = app.gateway.edge_of(method, path)(event, Context())
        assert (result["statusCode"], result["body"]) == (401, "")
    assert (app.told(), aws.items()) == ([], [])
