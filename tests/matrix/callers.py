"""A client of each dialect: how it sends, how it checks, and what it takes for an answer."""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol
from urllib.parse import urlencode

from tests.support.gateway import HttpAnswer, basic

SECRET = "demo-secret"
BRANDNAME = "Baotrixemay"
VERIFIED = "verified"


class FrontDoor(Protocol):
    """Where HTTP goes in: a gateway in this process, or a deployed one."""

    def http(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer: ...


@dataclass(frozen=True)
class Sent:
    """What a send was answered with: an id (which eSMS's checks have no use for), or why not."""

    id: str | None
    refusal: str = ""


class DialectCaller(ABC):
    """One application that speaks one dialect.

    A verdict is `verified`, or the dialect's word for a refusal.
    """

    name: ClassVar[str]
    wrong: ClassVar[str]  # the verdict on a wrong code
    used: ClassVar[str]  # the verdict on the right code, the second time
    not_carried: ClassVar[str]  # the refusal of a send that no vendor can carry as it was asked for
    settings: ClassVar[dict[str, object]] = {}
    lenient: ClassVar[dict[str, object]] = {}  # the settings of a client that takes vendors' own texts

    def __init__(self, gateway: FrontDoor, *, client: str) -> None:
        self.gateway = gateway
        self.client = client

    @abstractmethod
    def send(self, number: str) -> Sent: ...

    @abstractmethod
    def check(self, sent: Sent, number: str, code: str) -> str: ...

    def _post(self, path: str, body: object, headers: dict[str, str]) -> HttpAnswer:
        headers = {"content-type": "application/json"} | headers
        return self.gateway.http("POST", path, body=json.dumps(body), headers=headers)


class NativeCaller(DialectCaller):
    name = "native"
    wrong, used, not_carried = "400 wrong_code", "409 already_approved", "400 not_carried"

    def send(self, number: str) -> Sent:
        answer = self._post("/otp/v1/verifications", {"to": number}, self._headers())
        if answer.status != 201:
            return Sent(None, f"{answer.status} {answer.json['code']}")
        return Sent(answer.json["id"])

    def check(self, sent: Sent, number: str, code: str) -> str:
        path = f"/otp/v1/verifications/{sent.id}/check"
        answer = self._post(path, {"code": code}, self._headers())
        return VERIFIED if answer.status == 200 else f"{answer.status} {answer.json['code']}"

    def _headers(self) -> dict[str, str]:
        return {"authorization": basic(self.client, SECRET)}


class MessageCentralCaller(DialectCaller):
    name = "message_central"
    wrong, used, not_carried = "400 702", "400 703", "400 400"

    def send(self, number: str) -> Sent:
        query = {"countryCode": number[1:3], "mobileNumber": number[3:], "flowType": "SMS"}
        answer = self.gateway.http(
            "POST", "/verification/v3/send", query=urlencode(query), headers=self._headers()
        )
        if answer.json["responseCode"] != 200:
            return Sent(None, f"{answer.status} {answer.json['responseCode']}")
        return Sent(answer.json["data"]["verificationId"])

    def check(self, sent: Sent, number: str, code: str) -> str:
        query = f"&verificationId={sent.id}&code={code}"
        answer = self.gateway.http(
            "GET", "/verification/v3/validateOtp", query=query, headers=self._headers()
        )
        verified = answer.json["responseCode"] == 200 and answer.status == 200
        return VERIFIED if verified else f"{answer.status} {answer.json['responseCode']}"

    def _headers(self) -> dict[str, str]:
        key = base64.b64encode(SECRET.encode()).decode()
        query = urlencode({"customerId": self.client, "key": key, "scope": "NEW", "country": "91"})
        answer = self.gateway.http("GET", "/auth/v1/authentication/token", query=query)
        return {"authtoken": answer.json["token"]}


class EsmsCaller(DialectCaller):
    name = "esms"
    wrong, used, not_carried = "117", "117", "146"
    settings: ClassVar[dict[str, object]] = {"brandnames": [BRANDNAME]}
    lenient: ClassVar[dict[str, object]] = {"brandnames": [BRANDNAME], "own_text": "preferred"}
    is_number = "0"

    def send(self, number: str) -> Sent:
        query = {
            "Phone": number[1:],
            "Brandname": BRANDNAME,
            "Type": "2",
            "message": "{OTP} la ma xac minh",
            "IsNumber": self.is_number,
        }
        answer = self._get("SendMessageAutoGenCode_V4_get", query)
        refused = answer.json["CodeResult"] != "100"
        return Sent(None, answer.json["CodeResult"]) if refused else Sent(answer.json["SMSID"])

    def check(self, sent: Sent, number: str, code: str) -> str:
        answer = self._get("CheckCodeGen_V4_get", {"Phone": number[1:], "Code": code})
        return VERIFIED if answer.json["CodeResult"] == "100" else str(answer.json["CodeResult"])

    def _get(self, operation: str, query: dict[str, str]) -> HttpAnswer:
        credentials = {"ApiKey": self.client, "SecretKey": SECRET}
        path = f"/MainService.svc/json/{operation}"
        return self.gateway.http("GET", path, query=urlencode(credentials | query))


class EsmsDigitsCaller(EsmsCaller):
    """The same with `IsNumber` 1."""

    is_number = "1"


class EngagelabCaller(DialectCaller):
    name = "engagelab"
    wrong, used, not_carried = "not verified", "400 3003", "400 5014"
    template = "plain"
    settings: ClassVar[dict[str, object]] = {
        "templates": {
            "plain": {},
            "worded": {"texts": {"default": "{{code}} is your code"}},
            "lenient": {"texts": {"default": "{{code}} is your code"}, "own_text": "preferred"},
        }
    }
    lenient: ClassVar[dict[str, object]] = settings

    def send(self, number: str) -> Sent:
        body = {"to": number, "template": {"id": self.template, "language": "default"}}
        answer = self._post("/v1/messages", body, self._headers())
        if answer.status != 200:
            return Sent(None, f"{answer.status} {answer.json['code']}")
        return Sent(answer.json["message_id"])

    def check(self, sent: Sent, number: str, code: str) -> str:
        body = {"message_id": sent.id, "verify_code": code}
        answer = self._post("/v1/verifications", body, self._headers())
        if answer.status != 200:
            return f"{answer.status} {answer.json['code']}"
        return VERIFIED if answer.json["verified"] is True else "not verified"

    def _headers(self) -> dict[str, str]:
        return {"authorization": basic(self.client, SECRET)}


class EngagelabTextCaller(EngagelabCaller):
    """The same with a template that has a text of its own."""

    template = "worded"


class CamaraCaller(DialectCaller):
    name = "camara"
    wrong, not_carried = "400 ONE_TIME_PASSWORD_SMS.INVALID_OTP", "400 INVALID_ARGUMENT"
    used = "400 ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED"
    lenient: ClassVar[dict[str, object]] = {"own_text": "preferred"}

    def send(self, number: str) -> Sent:
        body = {"phoneNumber": number, "message": "{{code}} is your code"}
        answer = self._post("/one-time-password-sms/v1/send-code", body, self._headers())
        if answer.status != 200:
            return Sent(None, f"{answer.status} {answer.json['code']}")
        return Sent(answer.json["authenticationId"])

    def check(self, sent: Sent, number: str, code: str) -> str:
        body = {"authenticationId": sent.id, "code": code}
        answer = self._post("/one-time-password-sms/v1/validate-code", body, self._headers())
        return VERIFIED if answer.status == 204 else f"{answer.status} {answer.json['code']}"

    def _headers(self) -> dict[str, str]:
        form = urlencode({"grant_type": "client_credentials"})
        headers = {
            "authorization": basic(self.client, SECRET),
            "content-type": "application/x-www-form-urlencoded",
        }
        answer = self.gateway.http("POST", "/oauth2/token", body=form, headers=headers)
        return {"authorization": f"Bearer {answer.json['access_token']}"}
