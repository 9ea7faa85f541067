"""Hostile input in eSMS's protocol: each refused in its words, nothing sent, nothing stored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.esms_caller import (
    CHECKCODE,
    GENCODE,
    HEADERS,
    MULTICHANNEL,
    PHONE,
    Caller,
    accepted,
    clients,
    success,
)
from tests.support.gateway import Context, Gateway, http_event
from tests.support.vendors import Vendors

from .conftest import Aws

KEYS = {"ApiKey": "shop", "SecretKey": "demo-secret"}
IN_ORDER = {
    "Phone": PHONE,
    **KEYS,
    "Brandname": "Baotrixemay",
    "Type": "2",
    "message": "{OTP} la ma",
    "IsNumber": "1",
}
PAIRS = urlencode(IN_ORDER)
CHECK = urlencode(KEYS | {"Phone": PHONE})
ABOUT = json.dumps(IN_ORDER)[1:-1]


@dataclass(frozen=True)
class Hostile:
    """A request, and how it must be refused."""

    result: str
    names: str = ""  # what the reason names
    path: str = GENCODE
    query: str = ""
    body: str | None = None
    status: int = 200

    @property
    def method(self) -> str:
        return "GET" if self.body is None else "POST"


def asked(query: str, result: str = "99", names: str = "") -> Hostile:
    """A GET with one more parameter, which is at fault."""
    return Hostile(result, names, query=f"{PAIRS}&{query}")


def instead(name: str, value: Any, result: str = "99", names: str = "") -> Hostile:
    """A POST with another value of one member."""
    return Hostile(result, names or name, body=json.dumps(IN_ORDER | {name: value}))


def more(members: str, names: str = "") -> Hostile:
    """A POST with one more member, as JSON."""
    return Hostile("99", names, body="{" + ABOUT + "," + members + "}")


def guess(query: str, result: str = "117", names: str = "") -> Hostile:
    return Hostile(result, names, path=CHECKCODE, query=f"{CHECK}&{query}")


REQUESTS: dict[str, Hostile] = {
    # bodies that are no object
    "a form": Hostile("99", body=PAIRS),
    "a cut-off body": Hostile("99", body='{"ApiKey":"shop'),
    "an array": Hostile("99", body="[{" + ABOUT + "}]"),
    "a string": Hostile("99", body='"shop"'),
    "null": Hostile("99", body="null"),
    "NaN": more('"TimeAlive":NaN'),
    "a BOM": Hostile("99", body="\ufeff{" + ABOUT + "}"),
    "a lone surrogate, raw": more('"x":"\ud800"'),
    "over 8 KiB": Hostile("99", body="{" + ABOUT + "}" + " " * 8_192, status=413),
    "deep arrays": more('"x":' + "[" * 3_800 + "]" * 3_800 + ',"TimeAlive":"x"', "TimeAlive"),
    "an endless integer": more('"TimeAlive":' + "9" * 4_000, "TimeAlive"),
    "an integer that Python will not read": more('"TimeAlive":' + "9" * 5_000),
    # what is given twice
    "a member twice": more('"Phone":"0901888485"', "Phone"),
    "a member twice in two letter cases": more('"phone":"0901888485"', "twice"),
    "a member twice inside another": more('"x":{"y":1,"y":2}', "y"),
    "a parameter twice": asked("Phone=0901888485", names="twice"),
    "a parameter twice in two letter cases": asked("SECRETKEY=demo-secret", names="twice"),
    "a parameter in the query and the body": Hostile(
        "99", "twice", query="Brandname=Baotrixemay", body="{" + ABOUT + "}"
    ),
    "a look-alike of a name": Hostile("101", query=PAIRS.replace("ApiKey", "Api%E2%84%AAey")),
    # queries
    "a query that is not UTF-8": asked("x=%ff", names="query"),
    "a query of 9 000 characters": asked("x=" + "a" * 9_000, names="query"),
    "70 parameters": asked("&".join(f"x{n}=1" for n in range(70)), names="query"),
    # credentials
    "no parameters": Hostile("101"),
    "an empty object": Hostile("101", body="{}"),
    "a key as a number": instead("ApiKey", 5, "101", "Authorize"),
    "a key in an array": instead("ApiKey", ["shop"], "101", "Authorize"),
    "a secret in an object": instead("SecretKey", {"$ne": None}, "101", "Authorize"),
    "a null secret": instead("SecretKey", None, "101", "Authorize"),
    "a key of half a character": instead("ApiKey", "\ud800", "101", "Authorize"),
    "a secret of half a character": instead("SecretKey", "\ud800", "101", "Authorize"),
    # numbers
    "a number as a number": instead("Phone", 84901888484),
    "a number in an array": instead("Phone", [PHONE]),
    "a null number": instead("Phone", None, "108"),
    "other digits": instead("Phone", "٠٩٠١٨٨٨٤٨٤", "108"),
    "full-width digits": instead("Phone", "０９０１８８８４８４", "108"),
    "a NUL in the number": instead("Phone", PHONE + "\0", "108"),
    "a CRLF in the number": instead("Phone", PHONE + "\r\nX: y", "108"),
    "half a character in the number": instead("Phone", "\ud800", "108"),
    "an endless number": instead("Phone", "0" * 5_000, "108"),
    "two numbers": instead("Phone", f"{PHONE},0901888485", "108"),
    "SQL": instead("Phone", "0901888484' OR '1'='1", "108"),
    "markup": instead("Phone", "<script>alert(1)</script>", "108"),
    # wishes
    "a life of true": instead("TimeAlive", True),
    "a life of 5.0": instead("TimeAlive", 5.0),
    "a life of 1e9": instead("TimeAlive", 1e9),
    "a negative life": instead("TimeAlive", -5),
    "a life in words": instead("TimeAlive", "five"),
    "a life in other digits": instead("TimeAlive", "٥"),
    "a life with a sign": instead("TimeAlive", "+5"),
    "a life with a blank": instead("TimeAlive", " 5"),
    "a length with a newline": instead("NumCharOfCode", "6\n"),
    "a length in an object": instead("NumCharOfCode", {"n": 6}),
    "an alphabet of true": instead("IsNumber", True),
    "an alphabet of -1": instead("IsNumber", -1),
    "the sandbox": instead("Sandbox", "1"),
    "the sandbox, true": instead("Sandbox", True),
    "a type in an array": instead("Type", ["2"]),
    "a name with a NUL": instead("Brandname", "Baotrixemay\0", "104", "Brand"),
    "a name in an array": instead("Brandname", ["Baotrixemay"]),
    "a text as a number": instead("message", 5),
    "a text with a NUL": instead("message", "{OTP}\0", "146"),
    "a text with a CRLF": instead("message", "{OTP}\r\nFrom: bank", "146"),
    "a text with an escape sequence": instead("message", "{OTP}\x1b[31m", "146"),
    "a text written backwards": instead("message", "{OTP} \u202e moc.live", "146"),
    "half a character in the text": instead("message", "{OTP}\ud83d", "146"),
    "an endless text": instead("message", "{OTP}" * 1_000, "146"),
    "a text with a placeholder of another kind": instead("message", "{{code}} ${OTP %s", "146"),
    "a template as a number": Hostile(
        "99",
        "MultiChannelTempId",
        path=MULTICHANNEL,
        body="{" + ABOUT + ',"TypeId":"2","MultiChannelTempId":5}',
    ),
    # checks
    "a check without a code": guess("x=1", "99", "Code"),
    "an empty code": guess("Code=", "99", "Code"),
    "two codes": guess("Code=000000&code=000001", "99", "twice"),
    "a code of other digits": guess("Code=" + urlencode({"": "١٢٣٤٥٦"})[1:]),
    "a code with a NUL": guess("Code=123456%00"),
    "a code with a CRLF": guess("Code=123456%0d%0a"),
    "a code with a blank": guess("Code=123+456"),
    "a long code": guess("Code=" + "1" * 5_000),
    "a code as a number": Hostile(
        "99", "Code", path=CHECKCODE, body=json.dumps(KEYS | {"Phone": PHONE, "Code": 123456})
    ),
    "codes in an array": Hostile(
        "99", "Code", path=CHECKCODE, body=json.dumps(KEYS | {"Phone": PHONE, "Code": ["1", "2"]})
    ),
    "a check of markup": Hostile(
        "108", path=CHECKCODE, query=urlencode(KEYS | {"Phone": "<b>", "Code": "1"})
    ),
    "an unknown path": Hostile("99", path="/MainService.svc/json/../../.env", status=404),
}


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    aws.put_clients(clients())
    return Caller(gateway, vendors)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused_and_does_nothing(shop: Caller, aws: Aws, name: str) -> None:
    hostile = REQUESTS[name]
    answer = shop.gateway.http(hostile.method, hostile.path, query=hostile.query, body=hostile.body)
    assert (answer.status, answer.json["CodeResult"]) == (hostile.status, hostile.result)
    assert hostile.names in answer.json["ErrorMessage"]
    assert answer.json["ErrorMessage"].isprintable()
    assert answer.headers == HEADERS
    assert "SMSID" not in answer.json
    assert (aws.items(), shop.vendors.urls) == ([], [])
    assert shop.gateway.lines("unexpected failure") == []
    for canary in ("<script>", "demo-secret", "bank", "OR '1'"):
        assert canary not in answer.text
        assert canary not in shop.gateway.log.getvalue()


def test_what_the_hostile_requests_differ_from_is_taken(shop: Caller) -> None:
    accepted(shop.gateway.http("GET", GENCODE, query=PAIRS))
    accepted(shop.gateway.http("POST", GENCODE, body="{" + ABOUT + "}"))
    found = shop.gateway.http("GET", CHECKCODE, query=f"{CHECK}&Code={shop.code_sent()}")
    assert found.json == success()


def test_there_are_enough_of_them() -> None:
    assert len(REQUESTS) >= 60


@pytest.mark.parametrize("body", ["=", "AAAA" * 5_000, "/w==", "e30="])
def test_a_body_in_base64_is_read_or_refused(shop: Caller, body: str) -> None:
    event = http_event("POST", GENCODE, body=body, headers={}) | {"isBase64Encoded": True}
    result: Any = shop.gateway.send(event, Context())
    status, code = {
        "=": (200, "99"),
        "/w==": (200, "99"),
        "e30=": (200, "101"),
    }.get(body, (413, "99"))
    assert (result["statusCode"], json.loads(result["body"])["CodeResult"]) == (status, code)


def test_a_template_cannot_be_broken_out_of(shop: Caller) -> None:
    text = '{OTP} "},{"Phone":"0901888485"} {{code}} %s {0} </script>'
    accepted(shop.send(message=text))
    assert shop.text_sent() == text.replace("{OTP}", shop.code_sent())
