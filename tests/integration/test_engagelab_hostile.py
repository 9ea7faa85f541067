"""Hostile input that EngageLab's protocol alone has, or words its own way: nothing sent, nothing stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.hostile.siege import Siege
from tests.support.engagelab import TO, App, clients
from tests.support.gateway import Gateway, basic
from tests.support.vendors import Vendors

from .conftest import Aws

MESSAGES, CODES, CUSTOM, VERIFY = "/v1/messages", "/v1/codes", "/v1/custom-messages", "/v1/verifications"
ID = "1725407449772531712"


@dataclass(frozen=True)
class Hostile:
    """A body, where it goes, the code that it gets, and what the message names."""

    body: str
    code: int = 3002
    names: str = ""
    path: str = MESSAGES


def to(value: object, code: int = 3002, **more: Any) -> Hostile:
    return Hostile(json.dumps({"to": value, "template": {"id": "plain"}}), code, names="`to`", **more)


def template(value: object, names: str, code: int = 3002) -> Hostile:
    return Hostile(json.dumps({"to": TO, "template": value}), code, names)


def params(value: object) -> Hostile:
    return template({"id": "shop", "params": value}, "`template.params`")


def own(value: object) -> Hostile:
    return Hostile(
        json.dumps({"to": TO, "code": value, "template": {"id": "plain"}}), names="`code`", path=CODES
    )


def custom(value: object, names: str = "`template.params.code`") -> Hostile:
    return Hostile(
        json.dumps({"to": TO, "template": {"id": "plain", "params": value}}), names=names, path=CUSTOM
    )


def guess(code: object, id_: object = ID, *, names: str = "`verify_code`", number: int = 3002) -> Hostile:
    return Hostile(json.dumps({"message_id": id_, "verify_code": code}), number, names, VERIFY)


DEEP = "[" * 3_900 + "]" * 3_900
WHOLE = '"to":"+84901888484","template":{"id":"plain"}'
REQUESTS: dict[str, Hostile] = {
    # documents
    "the number twice": Hostile("{" + WHOLE + ',"to":"+84901888485"}', 3002, "`to`"),
    "the id twice": Hostile('{"to":"' + TO + '","template":{"id":"plain","id":"long"}}', 3002, "`id`"),
    "the code twice": Hostile(
        '{"message_id":"' + ID + '","verify_code":"1","verify_code":"2"}', 3002, "`verify_code`", VERIFY
    ),
    # to
    "an endless number": to("+" + "8" * 7_000, 5011),
    "00 for +": to("0084901888484", 5011),
    # to of a custom message
    "nobody": to([], path=CUSTOM),
    "two": to([TO, TO], path=CUSTOM),
    "a number in an array": to([84901888484], path=CUSTOM),
    "an array in an array": to([[TO]], path=CUSTOM),
    "an empty number in an array": to([""], path=CUSTOM),
    # template
    "no template": Hostile(json.dumps({"to": TO}), 3002, "`template`"),
    "a template in a string": template("plain", "`template`"),
    "deep arrays": Hostile('{"to":"' + TO + '","template":' + DEEP + "}", 3002, "`template`"),
    "a template without id": template({}, "`template.id`"),
    "an id that is a number": template({"id": 1}, "`template.id`"),
    "an empty id": template({"id": ""}, "`template.id`"),
    "an id that walks": template({"id": "../plain"}, "template", 4001),
    "an id of Python's": template({"id": "__class__"}, "template", 4001),
    "an endless id": template({"id": "x" * 7_000}, "template", 4001),
    "another language": template({"id": "plain", "language": "vi"}, "`template.language`"),
    "a language in another spelling": template({"id": "plain", "language": "zh-CN"}, "`template.language`"),
    "an empty language": template({"id": "plain", "language": ""}, "`template.language`"),
    "a language that is a number": template({"id": "plain", "language": 1}, "`template.language`"),
    # parameters
    "parameters in an array": params(["A"]),
    "parameters in a string": params("A"),
    "no parameters": template({"id": "shop"}, "`template.params.shop`"),
    "the parameter of another spelling": template(
        {"id": "shop", "params": {"Shop": "A"}}, "`template.params.shop`"
    ),
    "a parameter that is a number": params({"shop": 1}),
    "a null parameter": params({"shop": None}),
    "a nested parameter": params({"shop": {"a": "b"}}),
    "a place in a parameter": params({"shop": "{{code}}"}),
    "a vendor's place in a parameter": params({"shop": "{OTP}"}),
    "a text that is turned round": params({"shop": "A\u202eB"}),
    "a long parameter": params({"shop": "x" * 65}),
    "a wrong parameter that is not used": params({"shop": "A", "other": 1}),
    "a code among the parameters of a message": template(
        {"id": "plain", "params": {"code": "000000"}}, "`template.params.code`"
    ),
    # codes of the caller's
    "no code": Hostile("{" + WHOLE + "}", 3002, "`code`", CODES),
    "a code that is a number": own(398210),
    "a null code": own(None),
    "a code of 3": own("398"),
    "a code of 11": own("3" * 11),
    "a code with a space": own("3982 10"),
    "a code with a line": own("398210\n"),
    "Arabic digits in a code": own("٣٩٨٢١٠"),
    "a place for a code": own("{{code}}"),
    "a text for a code": own("evil.example"),
    "another code among the parameters": Hostile(
        json.dumps({"to": TO, "code": "398210", "template": {"id": "plain", "params": {"code": "1234"}}}),
        3002,
        "`template.params.code`",
        CODES,
    ),
    "no code among the parameters": custom({}),
    "no parameters of a custom message": custom(None),
    "a code in an array": custom({"code": ["398210"]}, "`template.params`"),
    "a short code among the parameters": custom({"code": "123"}),
    # checks
    "no guess": Hostile(json.dumps({"message_id": ID}), 3002, "`verify_code`", VERIFY),
    "a guess of 11": guess("6" * 11),
    "a guess with a space": guess("667 090"),
    "no message": Hostile('{"verify_code":"667090"}', 3002, "`message_id`", VERIFY),
    "a key of the table": guess("667090", "V#app#" + ID, names="message", number=4001),
    "a message with a line": guess("667090", ID + "\n", names="message", number=4001),
    "another's message": guess("667090", "app-vendor#" + ID, names="message", number=4001),
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(clients())


@pytest.mark.parametrize("name", REQUESTS)
def test_hostile_input_is_refused(siege: Siege, name: str) -> None:
    hostile = REQUESTS[name]
    with siege.nothing_done():
        answer = App(siege.gateway).post(hostile.path, hostile.body)
    assert (answer.status, answer.json["code"]) == (400, hostile.code), answer.text
    assert set(answer.json) == {"code", "message"}
    assert hostile.names in answer.json["message"]
    assert answer.headers["Content-Type"] == "application/json"
    for part in ("901888484", "667090", "398210", "evil"):
        assert part not in answer.text.replace("+84901888484.", "")  # the example of a hint
        assert part not in siege.gateway.log.getvalue()


def test_the_table_tries_the_whole_request_it_varies(gateway: Gateway, aws: Aws) -> None:
    aws.put_clients(clients())
    assert App(gateway).post(MESSAGES, "{" + WHOLE + "}").status == 200


@pytest.mark.parametrize("body", ["%%%", "YQ==YQ==", "ü"])
def test_a_body_that_is_not_the_base64_it_says_is_refused(
    gateway: Gateway, aws: Aws, vendors: Vendors, body: str
) -> None:
    aws.put_clients(clients())
    event = {
        "version": "2.0",
        "rawPath": MESSAGES,
        "headers": {"authorization": basic("app"), "content-type": "application/json"},
        "requestContext": {"http": {"method": "POST", "path": MESSAGES}},
        "body": body,
        "isBase64Encoded": True,
    }
    answer = gateway.event(gateway.send, event)
    assert (answer.status, answer.body) == (400, {"code": 3001, "message": "The body cannot be read."})
    assert vendors.urls == []
