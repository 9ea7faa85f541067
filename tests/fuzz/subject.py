"""What is fuzzed: a served gateway, the credentials of each dialect, and codes that it has sent."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import schemathesis
from mypy_boto3_dynamodb import DynamoDBClient

from tests.support.aws import TABLE
from tests.support.gateway import Gateway, HttpAnswer, basic
from tests.support.vendors import ENGAGELAB_CODES, ESMS_RAW, Vendors

CLIENT, SECRET = "demo-gateway", "demo-secret"
KEYS = {"ApiKey": CLIENT, "SecretKey": SECRET}
SCOPE = "one-time-password-sms:send-validate"
ESMS = "/MainService.svc/json"
JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
SECONDS_BETWEEN = 20  # so that limits and lives of codes are met, and left again

# Where a check names what it checks, by operation; eSMS's names a number instead.
IDS: Mapping[str, tuple[str, str]] = {
    "resend": ("path", "id"),
    "check": ("path", "id"),
    "read": ("path", "id"),
    "cancel": ("path", "id"),
    "messageCentralValidate": ("query", "verificationId"),
    "engagelabVerify": ("body", "message_id"),
    "camaraValidateCode": ("body", "authenticationId"),
}
CODES = {"check": "code", "messageCentralValidate": "code", "engagelabVerify": "verify_code"}
CODES |= {"camaraValidateCode": "code", "esmsCheck": "Code", "esmsCheckPost": "Code"}


@dataclass(frozen=True)
class Sent:
    """A code that is on its way."""

    answer: HttpAnswer
    id: str
    phone: str  # as eSMS's clients spell it
    code: str


@dataclass(frozen=True)
class Subject:
    """A served gateway."""

    gateway: Gateway
    vendors: Vendors
    base_url: str
    dynamodb: DynamoDBClient
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    turns: itertools.count[int] = field(default_factory=itertools.count)

    def forget(self) -> None:
        """Empty the table, and what the vendors have seen."""
        for item in self.dynamodb.scan(TableName=TABLE)["Items"]:
            self.dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"]})
        self.vendors.wire.calls.reset()

    def headers(self, tag: str) -> dict[str, str]:
        """Credentials that travel in headers; those of eSMS do not."""
        match tag:
            case "message_central":
                return {"authToken": str(self.message_central_token().json["token"])}
            case "camara":
                return {"Authorization": f"Bearer {self.access_token().json['access_token']}"}
            case "esms" | "service":
                return {}
        return {"Authorization": basic(CLIENT, SECRET)}

    def access_token(self) -> HttpAnswer:
        form = urlencode({"grant_type": "client_credentials", "scope": SCOPE})
        return self.call(
            "POST", "/oauth2/token", text=form, headers={"Authorization": basic(CLIENT, SECRET), **FORM}
        )

    def message_central_token(self) -> HttpAnswer:
        key = base64.b64encode(SECRET.encode()).decode()
        query = {"customerId": CLIENT, "key": key, "scope": "NEW", "country": "91"}
        return self.call("GET", "/auth/v1/authentication/token", query=query)

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        text: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """A request past HTTP, with header names in lower case as in an event."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if body is not None:
            text, sent = json.dumps(body), sent | JSON
        return self.gateway.http(method, path, query=urlencode(query or {}), body=text, headers=sent)

    def send(self, tag: str) -> Sent:
        """Have a code sent to a number that nobody has used."""
        serial, headers = next(self.numbers), self.headers(tag)
        number, phone = f"987{serial:07d}", f"0901{serial:06d}"
        match tag:
            case "message_central":
                query = {"countryCode": "91", "mobileNumber": number, "flowType": "SMS"}
                answer = self.call("POST", "/verification/v3/send", query=query, headers=headers)
                id_ = answer.json["data"]["verificationId"]
            case "esms":
                asked = {
                    "Phone": phone,
                    "Brandname": "Baotrixemay",
                    "Type": "2",
                    "message": "{OTP} la ma",
                }
                path = f"{ESMS}/SendMessageAutoGenCode_V4_get"
                answer = self.call("GET", path, query=KEYS | asked)
                id_ = answer.json["SMSID"]
            case "engagelab":
                order = {"to": f"+91{number}", "template": {"id": "t1"}}
                answer = self.call("POST", "/v1/messages", body=order, headers=headers)
                id_ = answer.json["message_id"]
            case "camara":
                message = {"phoneNumber": f"+91{number}", "message": "{{code}} is your code"}
                path = "/one-time-password-sms/v1/send-code"
                answer = self.call("POST", path, body=message, headers=headers)
                id_ = answer.json["authenticationId"]
            case _:
                answer = self.call(
                    "POST", "/otp/v1/verifications", body={"to": f"+91{number}"}, headers=headers
                )
                id_ = answer.json["id"]
        return Sent(answer, str(id_), phone, self._last_code())

    def _last_code(self) -> str:
        """The code of ours that a vendor was last given; every text of these tests begins with it."""
        for call in reversed(list(self.vendors.wire.calls)):
            body = (
                json.loads(call.request.body or "{}")
                if call.request.url in {ESMS_RAW, ENGAGELAB_CODES}
                else {}
            )
            if body:
                return str(body.get("code") or re.split(r"\W", str(body["Content"]))[0])
        raise LookupError("no code of ours was sent")

    def prepare(self, case: schemathesis.Case[Any], *, tag: str) -> None:
        """Put eSMS's credentials where they belong, and make text of a body as API Gateway does."""
        if isinstance(case.body, bytes):
            case.body = case.body.decode("utf-8", "replace").encode()
        if tag == "esms":
            _put(case, "query" if case.method.upper() == "GET" else "body", KEYS)

    def make_it_about_something(self, case: schemathesis.Case[Any], *, tag: str) -> None:
        """Name a verification that there is; by turns with its code, and with the one that was made up."""
        operation_id = str(case.operation.definition.raw["operationId"])
        turn = next(self.turns) % 4
        if turn < 2 or operation_id not in {*IDS, *CODES}:
            return
        sent = self.send(tag)
        if operation_id in IDS:
            where, name = IDS[operation_id]
            _put(case, where, {name: sent.id})
        else:
            where = "query" if case.method.upper() == "GET" else "body"
            _put(case, where, {"Phone": sent.phone})
        if turn == 3 and operation_id in CODES:
            _put(case, "body" if where == "path" else where, {CODES[operation_id]: sent.code})


def _put(case: schemathesis.Case[Any], where: str, members: Mapping[str, str]) -> None:
    """Set parameters of the path or the query, or members of a body that has some."""
    match where:
        case "path":
            case.path_parameters = {**(case.path_parameters or {}), **members}
        case "query":
            case.query = {**(case.query or {}), **members}
        case _ if isinstance(case.body, dict):
            case.body = {**case.body, **members}
