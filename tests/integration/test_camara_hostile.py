"""Hostile requests that CAMARA's API alone has, or words its own way: nothing sent, nothing stored."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.integration.hostile.siege import Siege
from tests.support.camara import SEND_CODE, TO, VALIDATE_CODE, App, clients, refused
from tests.support.gateway import Context, Gateway, http_event
from tests.support.vendors import Vendors

from .conftest import Aws

ID = "ea0840f3-3663-4149-bd10-c7c6b8912105"
NUMBER = f'"phoneNumber":"{TO}"'
TEXT = '"message":"{{code}} is your code"'
FIRST_DIGIT = "`phoneNumber` must be `+` and 5 to 15 digits, the first of them not 0."
GUESS = "`code` must be 1 to 10 visible ASCII characters."
SEND_ONLY = "The body may hold `phoneNumber` and `message` only."
VALIDATE_ONLY = "The body may hold `authenticationId` and `code` only."


@dataclass(frozen=True)
class Hostile:
    """A request, and the message with which it must be refused."""

    body: str | None
    message: str
    status: int = 400
    code: str = "INVALID_ARGUMENT"
    path: str = SEND_CODE
    headers: dict[str, str] = field(default_factory=dict)


def number(value: object, message: str = FIRST_DIGIT) -> Hostile:
    return Hostile('{"phoneNumber":' + json.dumps(value) + "," + TEXT + "}", message)


def text(value: object, message: str) -> Hostile:
    return Hostile("{" + NUMBER + ',"message":' + json.dumps(value) + "}", message)


def validate(body: str, message: str) -> Hostile:
    return Hostile(body, message, path=VALIDATE_CODE)


def guess(value: object, message: str = GUESS) -> Hostile:
    return validate(f'{{"authenticationId":"{ID}","code":{json.dumps(value)}}}', message)


def id_(value: object, message: str) -> Hostile:
    return validate(f'{{"authenticationId":{json.dumps(value)},"code":"1"}}', message)


def typed(content_type: str) -> Hostile:
    return Hostile(
        "{" + NUMBER + "," + TEXT + "}",
        "Send the body as application/json.",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        headers={"content-type": content_type},
    )


NO_CONTROLS = "`message` must hold no control characters."
REQUESTS: dict[str, Hostile] = {
    # bodies that are no object
    "no body": Hostile(None, "The body is empty; it must be a JSON object."),
    "an empty body": Hostile("", "The body is empty; it must be a JSON object."),
    "an empty object": Hostile("{}", "`phoneNumber` is missing."),
    "an empty object to validate": validate("{}", "`authenticationId` is missing."),
    "no body to validate": validate("", "The body is empty; it must be a JSON object."),
    "a BOM": Hostile("\ufeff{" + NUMBER + "," + TEXT + "}", "The body is not JSON."),
    "deep objects": Hostile('{"a":' * 1_300 + "1" + "}" * 1_300, SEND_ONLY),
    "over 8 KiB": Hostile(
        "{" + NUMBER + "," + TEXT + "}" + " " * 8_192, "The body is larger than 8192 bytes."
    ),
    # members
    "a member too many": Hostile("{" + NUMBER + "," + TEXT + ',"code":"123456"}', SEND_ONLY),
    "a member too many, nested": Hostile("{" + NUMBER + "," + TEXT + ',"x":{"phoneNumber":1}}', SEND_ONLY),
    "a member in other letters": Hostile("{" + NUMBER + ',"Message":"{{code}}"}', SEND_ONLY),
    "an empty name": Hostile("{" + NUMBER + "," + TEXT + ',"":1}', SEND_ONLY),
    "a prototype": Hostile("{" + NUMBER + "," + TEXT + ',"__proto__":{"x":1}}', SEND_ONLY),
    "a member too many to validate": validate(
        f'{{"authenticationId":"{ID}","code":"1","verified":true}}', VALIDATE_ONLY
    ),
    # numbers
    "a number without its plus": number(TO[1:]),
    "a national number": number("3301"),
    "a number with spaces": number("+84 901 888 484"),
    "a number that begins with 0": number("+0901888484"),
    "a short number": number("+8490"),
    "a long number": number("+" + "8" * 16, "`phoneNumber` must have 1 to 16 characters."),
    "an extension": number("+8490188;ext=1"),
    "a query in the number": number("+8490188&x=1"),
    # messages
    "an empty message": text("", "`message` must have 1 to 160 characters."),
    "a message without the code's place": text("message without code", "`message` must hold `{{code}}`."),
    "a place with spaces": text("{{ code }}", "`message` must hold `{{code}}`."),
    "a place in capitals": text("{{CODE}}", "`message` must hold `{{code}}`."),
    "a vendor's place": text("{OTP} is your code", "`message` must hold `{{code}}`."),
    "a message of 161 characters": text("{{code}}" + "x" * 153, "`message` must have 1 to 160 characters."),
    "a huge message": text("{{code}}" * 900, "`message` must have 1 to 160 characters."),
    "a message with a carriage return": text("{{code}}\r@shop.example #{{code}}", NO_CONTROLS),
    "a message with an escape": text("{{code}}\x1b[2J", NO_CONTROLS),
    "a message with a C1 control": text("{{code}}\x85", NO_CONTROLS),
    "a message with a line separator": text("{{code}}\u2028", NO_CONTROLS),
    # types of bodies
    "a form by its type": typed("application/x-www-form-urlencoded"),
    # codes
    "a code of 11 characters": guess("1" * 11, "`code` must have 1 to 10 characters."),
    "a code of other digits": guess("١٢٣٤٥٦"),
    # ids
    "a long id": id_(ID + "0", "`authenticationId` must have 1 to 36 characters."),
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(clients())


@pytest.fixture
def gateway(aws: Aws, make_gateway: Callable[..., Gateway]) -> Gateway:
    aws.put_clients(clients())
    return make_gateway()


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused(siege: Siege, name: str) -> None:
    hostile = REQUESTS[name]
    with siege.nothing_done():
        answer = App(siege.gateway).post(hostile.path, raw=hostile.body, headers=hostile.headers)
    refused(answer, (hostile.status, hostile.code, hostile.message))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"phoneNumber":"\xff"}', "The body is not UTF-8."),
        (b"x" * 8_193, "The body is larger than 8192 bytes."),
        ("not base64!", "The body cannot be read."),
    ],
)
def test_a_hostile_body_in_base64_is_refused(
    gateway: Gateway, aws: Aws, vendors: Vendors, body: bytes | str, message: str
) -> None:
    app = App(gateway)
    headers = {"authorization": app.bearer, "x-correlator": "c-1"}
    raw = body if isinstance(body, str) else base64.b64encode(body).decode()
    event = http_event("POST", SEND_CODE, body=raw, headers=headers) | {"isBase64Encoded": True}
    result: Any = gateway.send(event, Context())
    document = {"status": 400, "code": "INVALID_ARGUMENT", "message": message}
    assert (result["statusCode"], json.loads(result["body"])) == (400, document)
    assert result["headers"]["x-correlator"] == "c-1"
    assert (aws.items(), vendors.urls) == ([], [])


@pytest.mark.parametrize("content_type", ["", "application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_spelling_of_its_type_is_taken(gateway: Gateway, content_type: str) -> None:
    body = {"phoneNumber": TO, "message": "{{code}}"}
    answer = App(gateway).post(SEND_CODE, body, headers={"content-type": content_type})
    assert answer.status == 200
