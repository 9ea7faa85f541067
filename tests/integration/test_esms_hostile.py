"""Hostile input that eSMS's protocol alone has, or words its own way: nothing sent, nothing stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.integration.hostile.siege import Siege
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
    "deep arrays": more('"x":' + "[" * 3_800 + "]" * 3_800 + ',"TimeAlive":"x"', "TimeAlive"),
    "an endless integer": more('"TimeAlive":' + "9" * 4_000, "TimeAlive"),
    # what is given twice
    "a look-alike of a name": Hostile("101", query=PAIRS.replace("ApiKey", "Api%E2%84%AAey")),
    # queries
    # credentials
    "no parameters": Hostile("101"),
    "a key as a number": instead("ApiKey", 5, "101", "Authorize"),
    "a key in an array": instead("ApiKey", ["shop"], "101", "Authorize"),
    "a secret in an object": instead("SecretKey", {"$ne": None}, "101", "Authorize"),
    "a null secret": instead("SecretKey", None, "101", "Authorize"),
    "a key of half a character": instead("ApiKey", "\ud800", "101", "Authorize"),
    "a secret of half a character": instead("SecretKey", "\ud800", "101", "Authorize"),
    # numbers
    "a null number": instead("Phone", None, "108"),
    "an endless number": instead("Phone", "0" * 5_000, "108"),
    "markup": instead("Phone", "<script>alert(1)</script>", "108"),
    # wishes
    "a life of 5.0": instead("TimeAlive", 5.0),
    "a life of 1e9": instead("TimeAlive", 1e9),
    "a life in words": instead("TimeAlive", "five"),
    "a life with a sign": instead("TimeAlive", "+5"),
    "a life with a blank": instead("TimeAlive", " 5"),
    "a length with a newline": instead("NumCharOfCode", "6\n"),
    "an alphabet of true": instead("IsNumber", True),
    "an alphabet of -1": instead("IsNumber", -1),
    "the sandbox": instead("Sandbox", "1"),
    "the sandbox, true": instead("Sandbox", True),
    "a type in an array": instead("Type", ["2"]),
    "a text written backwards": instead("message", "{OTP} \u202e moc.live", "146"),
    "an endless text": instead("message", "{OTP}" * 1_000, "146"),
    "a text with a placeholder of another kind": instead("message", "{{code}} ${OTP %s", "146"),
    "a template as a number": Hostile(
        "99",
        "MultiChannelTempId",
        path=MULTICHANNEL,
        body="{" + ABOUT + ',"TypeId":"2","MultiChannelTempId":5}',
    ),
    # checks
    "a check of markup": Hostile(
        "108", path=CHECKCODE, query=urlencode(KEYS | {"Phone": "<b>", "Code": "1"})
    ),
    "an unknown path": Hostile("99", path="/MainService.svc/json/../../.env", status=404),
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(clients())


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    aws.put_clients(clients())
    return Caller(gateway, vendors)


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused_and_does_nothing(siege: Siege, name: str) -> None:
    hostile = REQUESTS[name]
    with siege.nothing_done():
        answer = siege.gateway.http(hostile.method, hostile.path, query=hostile.query, body=hostile.body)
    assert (answer.status, answer.json["CodeResult"]) == (hostile.status, hostile.result)
    assert hostile.names in answer.json["ErrorMessage"]
    assert answer.json["ErrorMessage"].isprintable()
    assert answer.headers == HEADERS
    assert "SMSID" not in answer.json
    for canary in ("<script>", "demo-secret", "bank", "OR '1'"):
        assert canary not in answer.text
        assert canary not in siege.gateway.log.getvalue()


def test_what_the_hostile_requests_differ_from_is_taken(shop: Caller) -> None:
    accepted(shop.gateway.http("GET", GENCODE, query=PAIRS))
    accepted(shop.gateway.http("POST", GENCODE, body="{" + ABOUT + "}"))
    found = shop.gateway.http("GET", CHECKCODE, query=f"{CHECK}&Code={shop.code_sent()}")
    assert found.json == success()


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
