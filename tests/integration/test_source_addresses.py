"""The limit of a source address at the front door, in every dialect, whatever the headers claim."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from tests.support.gateway import Gateway, HttpAnswer, basic, policy

from .conftest import Aws

ADDRESS = "198.51.100.7"
TRUSTED = "203.0.113.9"
DOCUMENT = {
    "secrets": ["demo-secret"],
    "policy": policy(routes="gateway", address_sends_per_minute=1, code_length=6),
    "dialects": {
        "native": {},
        "camara": {"own_text": "preferred"},
        "esms": {"brandnames": ["Countersign"]},
        "engagelab": {"templates": {"t1": {}}},
        "message_central": {},
    },
}
JSON = {"content-type": "application/json"}
HEADERS = ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"]


@pytest.fixture
def door(gateway: Gateway, aws: Aws) -> Gateway:
    aws.put_clients({"pepper": "p" * 40, "clients": {"shop": DOCUMENT}})
    return gateway


def send(door: Gateway, dialect: str, number: int, *, source: str, **headers: str) -> HttpAnswer:
    """A send of a code to the number +849018884.., with the client's credentials as the dialect has them."""
    local = f"9018884{number:02}"
    more = JSON | {"authorization": basic("shop")} | headers
    match dialect:
        case "native":
            body = json.dumps({"to": f"+84{local}"})
            return door.http("POST", "/otp/v1/verifications", body=body, headers=more, source=source)
        case "engagelab":
            body = json.dumps({"to": f"+84{local}", "template": {"id": "t1", "language": "default"}})
            return door.http("POST", "/v1/messages", body=body, headers=more, source=source)
        case "camara":
            form = JSON | {"content-type": "application/x-www-form-urlencoded"}
            granted = door.http(
                "POST",
                "/oauth2/token",
                body="grant_type=client_credentials",
                headers=form | {"authorization": basic("shop")},
            )
            more["authorization"] = f"Bearer {granted.json['access_token']}"
            body = json.dumps({"phoneNumber": f"+84{local}", "message": "{{code}}"})
            path = "/one-time-password-sms/v1/send-code"
            return door.http("POST", path, body=body, headers=more, source=source)
        case "esms":
            query = {"Phone": f"0{local}", "ApiKey": "shop", "SecretKey": "demo-secret", "TimeAlive": "2"}
            query |= {"NumCharOfCode": "6", "Brandname": "Countersign", "Type": "2", "IsNumber": "1"}
            path = "/MainService.svc/json/SendMessageAutoGenCode_V4_get"
            query["message"] = "{OTP}"
            return door.http("GET", path, query=urlencode(query), headers=headers, source=source)
    token = door.http(
        "GET",
        "/auth/v1/authentication/token",
        query=urlencode({"customerId": "shop", "key": "ZGVtby1zZWNyZXQ=", "scope": "NEW"}),
    ).json["token"]
    query = {"countryCode": "84", "mobileNumber": local, "flowType": "SMS", "otpLength": "6"}
    path = "/verification/v3/send"
    headers = headers | {"authtoken": token}
    return door.http("POST", path, query=urlencode(query), headers=headers, source=source)


ACCEPTED: dict[str, tuple[int, dict[str, object]]] = {
    "native": (201, {"status": "pending"}),
    "engagelab": (200, {"send_channel": "sms"}),
    "camara": (200, {}),
    "esms": (200, {"CodeResult": "100"}),
    "message_central": (200, {"responseCode": 200}),
}
REFUSED: dict[str, tuple[int, dict[str, object]]] = {
    "native": (429, {"code": "rate_limit"}),
    "engagelab": (400, {"code": 5015}),
    "camara": (429, {"code": "TOO_MANY_REQUESTS"}),
    "esms": (200, {"CodeResult": "99"}),
    "message_central": (400, {"responseCode": 800}),
}


def said(answer: HttpAnswer, expected: tuple[int, dict[str, object]]) -> None:
    status, members = expected
    assert answer.status == status
    assert members.items() <= answer.json.items()


@pytest.mark.parametrize("dialect", ACCEPTED)
def test_an_address_is_limited_in_every_dialect(door: Gateway, dialect: str) -> None:
    said(send(door, dialect, 1, source=ADDRESS), ACCEPTED[dialect])
    refused = send(door, dialect, 2, source=ADDRESS)
    said(refused, REFUSED[dialect])
    assert refused.headers["Retry-After"] == "60"
    said(send(door, dialect, 3, source="198.51.100.8"), ACCEPTED[dialect])


@pytest.mark.parametrize("dialect", ACCEPTED)
def test_one_dialect_after_the_other_is_one_limit(door: Gateway, dialect: str) -> None:
    said(send(door, "native", 1, source=ADDRESS), ACCEPTED["native"])
    said(send(door, dialect, 2, source=ADDRESS), REFUSED[dialect])


@pytest.mark.parametrize("dialect", ACCEPTED)
@pytest.mark.parametrize(
    "header", ["x-forwarded-for", "forwarded", "x-real-ip", "true-client-ip", "cf-connecting-ip"]
)
def test_a_header_changes_no_address(door: Gateway, dialect: str, header: str) -> None:
    claimed = "for=203.0.113.9" if header == "forwarded" else TRUSTED
    said(send(door, dialect, 1, source=ADDRESS, **{header: claimed}), ACCEPTED[dialect])
    said(send(door, dialect, 2, source=ADDRESS, **{header: claimed + "1"}), REFUSED[dialect])


@pytest.mark.parametrize("dialect", ACCEPTED)
def test_the_clients_own_servers_are_not_limited(door: Gateway, dialect: str) -> None:
    for number in range(3):
        said(send(door, dialect, number, source=TRUSTED), ACCEPTED[dialect])
