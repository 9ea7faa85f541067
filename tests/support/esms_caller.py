"""An application that speaks eSMS's protocol to the gateway, and the clients it may be."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any
from urllib.parse import urlencode

from tests.support.gateway import CLIENTS, Gateway, HttpAnswer
from tests.support.gateway import policy as usual_policy
from tests.support.vendors import ESMS_RAW, Vendors

JSON = "/MainService.svc/json"
GENCODE = f"{JSON}/SendMessageAutoGenCode_V4_get"
GENCODE_POST = f"{JSON}/SendMessageAutoGenCode_V4_post_json"
MULTICHANNEL = f"{JSON}/SendMessageAutoGenCode_V5"
CHECKCODE = f"{JSON}/CheckCodeGen_V4_get"

PHONE = "0901888484"
BRANDNAME = "Baotrixemay"
TEMPLATE = "12345"
MESSAGE = "{OTP} la ma xac minh dang ky Baotrixemay cua ban"
UNAUTHORIZED = {"CodeResult": "101", "CountRegenerate": 0, "ErrorMessage": "Authorize Failed"}
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def clients(**sections: Any) -> dict[str, Any]:
    """The usual clients, `shop` (our codes) and `branch` (vendors' codes), and more of them."""
    document = deepcopy(CLIENTS)
    own = {"brandnames": [BRANDNAME, "Countersign"], "multichannel_templates": [TEMPLATE]}
    document["clients"] |= {
        "shop": section(policy={"routes": "gateway"}, esms=own),
        "branch": section(policy={"routes": "default"}, esms=own),
        "elsewhere": {"secrets": ["demo-secret"], "dialects": {"camara": {}, "native": {}}},
    }
    document["clients"] |= sections
    return document


def section(*, policy: dict[str, Any] | None = None, esms: dict[str, Any] | None = None) -> dict[str, Any]:
    """One client's section, which may speak this dialect alone."""
    usual = {"brandnames": [BRANDNAME], "multichannel_templates": [TEMPLATE]}
    settings = usual if esms is None else esms
    return {
        "secrets": ["demo-secret"],
        "policy": usual_policy(routes="gateway") | (policy or {}),
        "dialects": {"esms": settings},
    }


class Caller:
    """Sends and checks as one client; parameters of None are left out."""

    def __init__(self, gateway: Gateway, vendors: Vendors, *, client: str = "shop") -> None:
        self.gateway = gateway
        self.vendors = vendors
        self.client = client

    def credentials(self) -> dict[str, Any]:
        return {"ApiKey": self.client, "SecretKey": "demo-secret"}

    def gencode(self, **changes: Any) -> dict[str, Any]:
        """The parameters of a send that is in order."""
        wished = {
            "Phone": PHONE,
            **self.credentials(),
            "TimeAlive": "5",
            "NumCharOfCode": "6",
            "Brandname": BRANDNAME,
            "Type": "2",
            "message": MESSAGE,
            "IsNumber": "1",
        }
        return {name: value for name, value in (wished | changes).items() if value is not None}

    def multichannel(self, **changes: Any) -> dict[str, Any]:
        wished = {"Phone": PHONE, **self.credentials(), "MultiChannelTempId": TEMPLATE, "TypeId": "2"}
        return {name: value for name, value in (wished | changes).items() if value is not None}

    def get(self, path: str, parameters: dict[str, Any]) -> HttpAnswer:
        return self.gateway.http("GET", path, query=urlencode(parameters))

    def post(self, path: str, parameters: dict[str, Any]) -> HttpAnswer:
        return self.gateway.http("POST", path, body=json.dumps(parameters))

    def send(self, **changes: Any) -> HttpAnswer:
        return self.get(GENCODE, self.gencode(**changes))

    def send_multichannel(self, **changes: Any) -> HttpAnswer:
        return self.post(MULTICHANNEL, self.multichannel(**changes))

    def check(self, code: str, *, phone: str = PHONE) -> HttpAnswer:
        return self.get(CHECKCODE, {**self.credentials(), "Phone": phone, "Code": code})

    def text_sent(self) -> str:
        """The text that eSMS was last given for a code of ours."""
        body = self.vendors.last(ESMS_RAW).body
        return str(json.loads(body or "{}")["Content"])

    def code_sent(self) -> str:
        """The code in it: what stands before the first blank of MESSAGE."""
        return self.text_sent().partition(" ")[0]


def accepted(answer: HttpAnswer) -> str:
    """The SMSID of a send that was taken; the answer is compared to the byte."""
    sms_id = str(answer.json["SMSID"])
    assert re.fullmatch(r"[0-9a-f]{32}", sms_id)
    assert answer.text == f'{{"CodeResult":"100","CountRegenerate":0,"SMSID":"{sms_id}"}}'
    assert (answer.status, answer.headers) == (200, HEADERS)
    return sms_id


def refusal(result: str, words: str) -> dict[str, Any]:
    """A whole refusal."""
    return {"CodeResult": result, "CountRegenerate": 0, "ErrorMessage": words}


def invalid(phone: str = PHONE) -> dict[str, Any]:
    return refusal("117", f"{phone}, Content: Code Invalid") | {"Content": "Code Invalid"}


def success(phone: str = PHONE) -> dict[str, Any]:
    return refusal("100", f"{phone}, Content: Success!") | {"Content": "Success!"}
