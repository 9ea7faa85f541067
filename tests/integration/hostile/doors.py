"""Every operation of every dialect that sends or checks, with a request that it would take.

The checks are about live codes, and hold the right one: nothing but what is hostile in a
request stands between it and an approval.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.integration.hostile.shop import CLIENT, last_code, message_central_token
from tests.integration.hostile.vendors_doors import engagelab, esms, message_central
from tests.integration.hostile.wire import Carrier, Door, Role
from tests.support.camara import MESSAGE, SEND_CODE, TOKEN, VALIDATE_CODE, token_for
from tests.support.gateway import VERIFICATIONS, Gateway, basic
from tests.support.vendors import Vendors


def doors(gateway: Gateway, vendors: Vendors) -> dict[str, Door]:
    """All of them, by operationId. Sends the codes that the checks are about."""
    token = token_for(gateway, CLIENT)
    made = [
        *_native(gateway, vendors),
        *message_central(gateway, vendors, token=message_central_token(gateway)),
        *esms(gateway, vendors),
        *engagelab(gateway, vendors),
        *_camara(gateway, vendors, token=token),
        Door(
            "token",
            "oauth2",
            "POST",
            TOKEN,
            Carrier.FORM,
            {"grant_type": "client_credentials", "scope": "verifications"},
            {"authorization": basic(CLIENT)},
            {Role.WORD: ("grant_type", "scope")},
            required=("grant_type",),
        ),
    ]
    return {door.name: door for door in made}


def _native(gateway: Gateway, vendors: Vendors) -> list[Door]:
    headers = {"authorization": basic(CLIENT)}
    started = gateway.start("+84912345401", client=CLIENT)
    code, here = last_code(vendors), VERIFICATIONS + "/{id}"
    wish = {
        "to": "+84912345501",
        "channel": "sms",
        "purpose": "login",
        "locale": "vi",
        "reference": "order-17",
        "code_length": 6,
        "ttl_seconds": 300,
    }
    of_a_start = {
        Role.NUMBER: ("to",),
        Role.WORD: ("channel", "purpose", "locale"),
        Role.TEXT: ("reference",),
        Role.WHOLE: ("code_length", "ttl_seconds"),
    }
    of_an_id: Mapping[Role, tuple[str, ...]] = {Role.ID: ("{id}",)}
    checked = {**of_an_id, Role.CODE: ("code",), Role.WORD: ("audience",)}
    resent = {**of_an_id, Role.WORD: ("channel",)}
    return [
        Door(
            "start",
            "native",
            "POST",
            VERIFICATIONS,
            Carrier.JSON,
            wish,
            headers,
            of_a_start,
            required=("to",),
        ),
        Door(
            "check",
            "native",
            "POST",
            here + "/check",
            Carrier.JSON,
            {"code": code, "audience": "shop-backend"},
            headers,
            checked,
            required=("code",),
            id=started.id,
        ),
        Door(
            "resend",
            "native",
            "POST",
            here + "/resend",
            Carrier.JSON,
            {"channel": "sms"},
            headers,
            resent,
            id=started.id,
        ),
        Door("read", "native", "GET", here, Carrier.NOTHING, {}, headers, of_an_id, id=started.id),
        Door("cancel", "native", "DELETE", here, Carrier.NOTHING, {}, headers, of_an_id, id=started.id),
    ]


def _camara(gateway: Gateway, vendors: Vendors, *, token: str) -> list[Door]:
    headers = {"authorization": f"Bearer {token}", "x-correlator": "c-1"}
    wish = {"phoneNumber": "+84912345505", "message": MESSAGE}
    body = json.dumps(wish | {"phoneNumber": "+84912345405"})
    id_ = gateway.http("POST", SEND_CODE, body=body, headers=headers).json["authenticationId"]
    guess = {"authenticationId": id_, "code": last_code(vendors)}
    of_a_send = {Role.NUMBER: ("phoneNumber",), Role.TEXT: ("message",)}
    of_a_guess = {Role.ID: ("authenticationId",), Role.CODE: ("code",)}
    places = (
        ("camaraSendCode", SEND_CODE, wish, of_a_send),
        ("camaraValidateCode", VALIDATE_CODE, guess, of_a_guess),
    )
    return [
        Door(name, "camara", "POST", path, Carrier.JSON, members, headers, fields, required=tuple(members))
        for name, path, members, fields in places
    ]
