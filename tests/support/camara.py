"""An application that speaks CAMARA's One Time Password SMS."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tests.support.gateway import CLIENTS, Gateway, HttpAnswer, basic, policy

TOKEN = "/oauth2/token"
BASE = "/one-time-password-sms/v1"
SEND_CODE, VALIDATE_CODE = f"{BASE}/send-code", f"{BASE}/validate-code"
CAMARA_SCOPE, NATIVE_SCOPE = "one-time-password-sms:send-validate", "verifications"
FORM = "application/x-www-form-urlencoded"
TO = "+84901888484"
MESSAGE = "{{code}} is your code for Lá Shop"
CORRELATOR = "b4333c46-49c0-4f62-80d7-f0ef930f1c46"
HEADERS = {"Cache-Control": "no-store", "x-correlator": CORRELATOR}
JSON_HEADERS = HEADERS | {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

INVALID_OTP = (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP", "The code is not the one that was sent.")
EXPIRED = (
    400,
    "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED",
    "The authenticationId is no longer valid; send a new code.",
)
FAILED = (
    400,
    "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED",
    "No attempt is left for this authenticationId; send a new code.",
)
NOT_FOUND = (404, "NOT_FOUND", "There is no such resource.")


def clients(**more: object) -> dict[str, Any]:
    """The clients' secret with clients of this dialect, and sections that a test adds or replaces."""
    document = copy.deepcopy(CLIENTS)
    secrets = {"secrets": ["demo-secret"]}
    document["clients"] |= {
        "shop": secrets | {"policy": policy(routes="gateway"), "dialects": {"camara": {}, "native": {}}},
        "vendor-held": secrets | {"policy": policy(), "dialects": {"camara": {}}},
        "native-only": secrets | {"dialects": {"native": {}}},
        "esms-only": secrets | {"dialects": {"esms": {}}},
        **more,
    }
    return document


def section(*, settings: object = None, **limits: object) -> dict[str, Any]:
    """A client of this dialect."""
    return {
        "secrets": ["demo-secret"],
        "policy": policy(routes="gateway") | limits,
        "dialects": {"camara": settings or {}},
    }


def ask_token(
    gateway: Gateway, client: str = "shop", *, secret: str = "demo-secret", **form: str
) -> HttpAnswer:
    headers = {"authorization": basic(client, secret), "content-type": FORM}
    body = urlencode({"grant_type": "client_credentials"} | form)
    return gateway.http("POST", TOKEN, body=body, headers=headers)


def token_for(gateway: Gateway, client: str = "shop", **form: str) -> str:
    answer = ask_token(gateway, client, **form)
    assert answer.status == 200, answer.text
    return str(answer.json["access_token"])


class App:
    """Gets a token at its first call and keeps it."""

    def __init__(self, gateway: Gateway, *, client: str = "shop") -> None:
        self.gateway = gateway
        self.client = client
        self._token: str | None = None

    @property
    def bearer(self) -> str:
        if self._token is None:
            self._token = token_for(self.gateway, self.client)
        return f"Bearer {self._token}"

    def post(
        self,
        path: str,
        body: object = None,
        *,
        raw: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """A header of an empty text is left out."""
        sent = {"content-type": "application/json", "x-correlator": CORRELATOR, "authorization": "?"}
        sent |= headers or {}
        if sent["authorization"] == "?":
            sent["authorization"] = self.bearer
        text = raw if raw is not None else json.dumps(body) if body is not None else None
        kept = {name: value for name, value in sent.items() if value}
        return self.gateway.http("POST", path, body=text, headers=kept)

    def send(self, number: str = TO, message: str = MESSAGE) -> HttpAnswer:
        return self.post(SEND_CODE, {"phoneNumber": number, "message": message})

    def sent(self, number: str = TO, message: str = MESSAGE) -> str:
        """The id of a send that goes well."""
        answer = self.send(number, message)
        assert answer.status == 200, answer.text
        return str(answer.json["authenticationId"])

    def validate(self, authentication_id: str, code: str) -> HttpAnswer:
        return self.post(VALIDATE_CODE, {"authenticationId": authentication_id, "code": code})


def refused(answer: HttpAnswer, words: tuple[int, str, str], **headers: str) -> None:
    """The answer is this refusal, to the byte."""
    status, code, message = words
    document = {"status": status, "code": code, "message": message}
    assert (answer.status, answer.json) == (status, document)
    assert answer.text == json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    assert dict(answer.headers) == JSON_HEADERS | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
