"""The operations of the three dialects that are vendors' own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

from tests.integration.hostile.shop import CLIENT, SECRET, last_code
from tests.integration.hostile.wire import Carrier, Door, Role
from tests.support.esms_caller import BRANDNAME, CHECKCODE, GENCODE, GENCODE_POST, MULTICHANNEL, TEMPLATE
from tests.support.esms_caller import MESSAGE as ESMS_MESSAGE
from tests.support.gateway import Gateway, basic
from tests.support.message_central import SEND, TOKEN, VALIDATE, key_of
from tests.support.vendors import Vendors

OWN_CODE = "398210"


def message_central(gateway: Gateway, vendors: Vendors, *, token: str) -> list[Door]:
    headers = {"authtoken": token}
    wish = {
        "countryCode": "84",
        "mobileNumber": "912345502",
        "flowType": "SMS",
        "otpLength": "4",
        "customerId": CLIENT,
    }
    query = urlencode(wish | {"mobileNumber": "912345402"})
    id_ = gateway.http("POST", SEND, query=query, headers=headers).json["data"]["verificationId"]
    guess = {"verificationId": id_, "code": last_code(vendors)}
    of_a_send = {
        Role.NUMBER: ("mobileNumber", "countryCode"),
        Role.WORD: ("flowType", "customerId"),
        Role.WHOLE: ("otpLength",),
    }
    of_a_guess = {Role.ID: ("verificationId",), Role.CODE: ("code",)}
    return [
        Door(
            "messageCentralToken",
            "message_central",
            "GET",
            TOKEN,
            Carrier.QUERY,
            {"customerId": CLIENT, "key": key_of(SECRET), "scope": "NEW", "country": "84"},
            required=("customerId", "key"),
            credentials=("customerId", "key"),
        ),
        Door(
            "messageCentralSend",
            "message_central",
            "POST",
            SEND,
            Carrier.QUERY,
            wish,
            headers,
            of_a_send,
            required=("countryCode", "mobileNumber", "flowType"),
        ),
        Door(
            "messageCentralValidate",
            "message_central",
            "GET",
            VALIDATE,
            Carrier.QUERY,
            guess,
            headers,
            of_a_guess,
            required=("verificationId", "code"),
        ),
    ]


def esms(gateway: Gateway, vendors: Vendors) -> list[Door]:
    keys = {"ApiKey": CLIENT, "SecretKey": SECRET}
    wish = {
        **keys,
        "Phone": "0912345503",
        "TimeAlive": "5",
        "NumCharOfCode": "6",
        "Brandname": BRANDNAME,
        "Type": "2",
        "message": ESMS_MESSAGE,
        "IsNumber": "1",
    }
    template = {**keys, "Phone": "0912345503", "MultiChannelTempId": TEMPLATE, "TypeId": "2"}
    sent = gateway.http("GET", GENCODE, query=urlencode(wish | {"Phone": "0912345403"}))
    assert sent.json["CodeResult"] == "100"
    guess = {**keys, "Phone": "0912345403", "Code": last_code(vendors)}
    of_a_send = {
        Role.NUMBER: ("Phone",),
        Role.WORD: ("Brandname",),
        Role.TEXT: ("message",),
        Role.WHOLE: ("TimeAlive", "NumCharOfCode", "IsNumber", "Type"),
    }
    of_a_template = {Role.NUMBER: ("Phone",), Role.WORD: ("MultiChannelTempId",), Role.WHOLE: ("TypeId",)}
    of_a_guess = {Role.NUMBER: ("Phone",), Role.CODE: ("Code",)}
    places = (
        ("esmsGencode", "GET", GENCODE, wish, of_a_send),
        ("esmsGencodePost", "POST", GENCODE, wish, of_a_send),
        ("esmsGencodePostJson", "POST", GENCODE_POST, wish, of_a_send),
        ("esmsMultichannel", "POST", MULTICHANNEL, template, of_a_template),
        ("esmsCheck", "GET", CHECKCODE, guess, of_a_guess),
        ("esmsCheckPost", "POST", CHECKCODE, guess, of_a_guess),
    )
    return [
        Door(
            name,
            "esms",
            method,
            path,
            Carrier.JSON if method == "POST" else Carrier.QUERY,
            members,
            {},
            fields,
            required=tuple(set(members) - {"TimeAlive", "NumCharOfCode", "IsNumber"}),
            credentials=("ApiKey", "SecretKey"),
        )
        for name, method, path, members, fields in places
    ]


def engagelab(gateway: Gateway, vendors: Vendors) -> list[Door]:
    headers = {"authorization": basic(CLIENT)}
    to = "+84912345504"
    worded = {"to": to, "template": {"id": "shop", "language": "default", "params": {"shop": "Lá"}}}
    owned = {"to": to, "code": OWN_CODE, "template": {"id": "plain", "language": "default"}}
    custom = {"to": to, "template": {"id": "plain", "params": {"code": OWN_CODE}}}
    body = json.dumps(worded | {"to": "+84912345404"})
    id_ = gateway.http("POST", "/v1/messages", body=body, headers=headers).json["message_id"]
    guess = {"message_id": id_, "verify_code": last_code(vendors)}
    places: tuple[
        tuple[str, str, Mapping[str, object], dict[Role, tuple[str, ...]], tuple[str, ...]], ...
    ] = (
        (
            "engagelabMessage",
            "/v1/messages",
            worded,
            {
                Role.NUMBER: ("to",),
                Role.WORD: ("template.id", "template.language"),
                Role.TEXT: ("template.params.shop",),
            },
            ("to", "template", "template.id", "template.params.shop"),
        ),
        (
            "engagelabCode",
            "/v1/codes",
            owned,
            {
                Role.NUMBER: ("to",),
                Role.CODE: ("code",),
                Role.WORD: ("template.id", "template.language"),
            },
            ("to", "code", "template.id"),
        ),
        (
            "engagelabCustomMessage",
            "/v1/custom-messages",
            custom,
            {Role.NUMBER: ("to",), Role.CODE: ("template.params.code",), Role.WORD: ("template.id",)},
            ("to", "template.params.code", "template.id"),
        ),
        (
            "engagelabVerify",
            "/v1/verifications",
            guess,
            {Role.ID: ("message_id",), Role.CODE: ("verify_code",)},
            ("message_id", "verify_code"),
        ),
    )
    return [
        Door(name, "engagelab", "POST", path, Carrier.JSON, members, headers, fields, required=required)
        for name, path, members, fields, required in places
    ]
