"""An application that speaks Message Central's protocol to the gateway, and reads it strictly."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from responses import CallbackResponse

from tests.support.gateway import CLIENTS, Gateway, HttpAnswer
from tests.support.gateway import policy as usual_policy
from tests.support.vendors import ESMS_RAW, Vendors

TOKEN = "/auth/v1/authentication/token"
SEND = "/verification/v3/send"
VALIDATE = "/verification/v3/validateOtp"
MOBILE = "8838087085"  # the number of the vendor's own examples, in India
WISH = {"countryCode": "91", "flowType": "SMS", "mobileNumber": MOBILE}
COMMON = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
HEADERS = {"Content-Type": "application/json", **COMMON}
UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def section(*, policy: dict[str, Any] | None = None, **settings: object) -> dict[str, Any]:
    """A client whose codes are ours and which may speak this dialect alone."""
    return {
        "secrets": ["demo-secret"],
        "policy": usual_policy(routes="gateway") | (policy or {}),
        "dialects": {"message_central": settings},
    }


def clients(**more: object) -> dict[str, Any]:
    """`shop` over codes of ours, `branch` over the vendors' codes, and some that are not let in."""
    document = deepcopy(CLIENTS)
    document["clients"] |= {
        "shop": section(),
        "other": section(),
        "branch": section(policy={"routes": "default"}),
        "off": section() | {"disabled": True},
        "elsewhere": section() | {"dialects": {"native": {}, "camara": {}}},
    }
    document["clients"] |= more
    return document


def key_of(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


class App:
    """Calls of one client; parameters of None are left out."""

    def __init__(
        self, gateway: Gateway, vendors: Vendors, *, client: str = "shop", secret: str = "demo-secret"
    ) -> None:
        self.gateway = gateway
        self.vendors = vendors
        self.client = client
        self.secret = secret
        self._token = ""

    def get_token(self, **changes: str | None) -> HttpAnswer:
        wished = {
            "customerId": self.client,
            "key": key_of(self.secret),
            "scope": "NEW",
            "country": "91",
            "email": "test@messagecentral.com",
        } | changes
        return self.gateway.http("GET", TOKEN, query=_query(wished), headers={"accept": "*/*"})

    @property
    def token(self) -> str:
        """A token that is fetched once, as an application does."""
        if not self._token:
            answer = self.get_token()
            assert (answer.status, answer.json["status"]) == (200, 200), answer.text
            self._token = str(answer.json["token"])
        return self._token

    def send(self, **changes: str | None) -> HttpAnswer:
        return self.post(_query(WISH | changes))

    def post(self, query: str, *, token: str | None = None, body: str | None = None) -> HttpAnswer:
        headers = {"authToken": self.token if token is None else token}
        return self.gateway.http("POST", SEND, query=query, headers=headers, body=body)

    def validate(self, verification_id: object, code: object, **more: str) -> HttpAnswer:
        query = {"verificationId": str(verification_id), "code": str(code)} | more
        return self.get(f"&{urlencode(query)}")  # the vendor's own example has an empty first pair

    def get(self, query: str, *, token: str | None = None, path: str = VALIDATE) -> HttpAnswer:
        headers = {"authToken": self.token if token is None else token}
        return self.gateway.http("GET", path, query=query, headers=headers)

    def sent(self, **changes: str | None) -> str:
        """The id of a code that was sent."""
        return Sent.read(self.send(**changes)).verification_id

    def text_sent(self) -> str:
        """The text that eSMS was last given for a code of ours."""
        return str(json.loads(self.vendors.last(ESMS_RAW).body or "{}")["Content"])

    def code_sent(self) -> str:
        return self.text_sent().partition(" ")[0]

    def told(self) -> list[str]:
        """The calls that vendors got."""
        return self.vendors.urls


def _query(parameters: Mapping[str, str | None]) -> str:
    return urlencode({name: value for name, value in parameters.items() if value is not None})


# Reading strictly -------------------------------------------------------------------------


def exactly(document: object, **types: type | None) -> dict[str, Any]:
    """An object of exactly these members, each of exactly its type, in that order; None: null."""
    assert isinstance(document, dict)
    found = {name: None if value is None else type(value) for name, value in document.items()}
    assert list(found.items()) == list(types.items())
    return document


@dataclass(frozen=True)
class Sent:
    """The success of a send, as a strictly typed client declares it."""

    verification_id: str
    mobile_number: str
    timeout: str
    transaction_id: str

    @classmethod
    def read(cls, answer: HttpAnswer) -> Sent:
        assert answer.status == 200, answer.text
        assert dict(answer.headers) == HEADERS
        outer = exactly(answer.json, responseCode=int, message=str, data=dict)
        assert (outer["responseCode"], outer["message"]) == (200, "SUCCESS")
        data = exactly(
            outer["data"],
            verificationId=str,
            mobileNumber=str,
            responseCode=str,
            errorMessage=None,
            timeout=str,
            smCLI=None,
            transactionId=str,
        )
        assert data["responseCode"] == "200"
        assert 10**15 <= int(data["verificationId"]) < 2**53
        assert re.fullmatch(UUID4, data["transactionId"])
        return cls(
            verification_id=data["verificationId"],
            mobile_number=data["mobileNumber"],
            timeout=data["timeout"],
            transaction_id=data["transactionId"],
        )


@dataclass(frozen=True)
class Completed:
    """The success of a validation, as a strictly typed client declares it."""

    verification_id: int
    mobile_number: str
    transaction_id: str

    @classmethod
    def read(cls, answer: HttpAnswer) -> Completed:
        assert answer.status == 200, answer.text
        assert dict(answer.headers) == HEADERS
        outer = exactly(answer.json, responseCode=int, message=str, data=dict)
        assert (outer["responseCode"], outer["message"]) == (200, "SUCCESS")
        data = exactly(
            outer["data"],
            verficationId=str,
            verificationId=int,
            mobileNumber=str,
            responseCode=str,
            errorMessage=None,
            verificationStatus=str,
            authToken=None,
            transactionId=str,
        )
        assert data["responseCode"] == "200"
        assert data["verificationStatus"] == "VERIFICATION_COMPLETED"
        assert data["verficationId"] == str(data["verificationId"])
        assert re.fullmatch(UUID4, data["transactionId"])
        return cls(
            verification_id=data["verificationId"],
            mobile_number=data["mobileNumber"],
            transaction_id=data["transactionId"],
        )


# Refusals, whole ---------------------------------------------------------------------------


def refused(
    answer: HttpAnswer, code: int, message: str, *, status: int = 400, retry_after: str | None = None
) -> None:
    """The answer is this refusal, to the byte: two members."""
    assert answer.text == f'{{"responseCode":{code},"message":"{message}"}}'
    waits = {"Retry-After": retry_after} if retry_after else {}
    assert (answer.status, dict(answer.headers)) == (status, HEADERS | waits)


def bad_request(answer: HttpAnswer, reason: str) -> None:
    """The answer is 400 BAD_REQUEST to a send, and says what to correct."""
    transaction_id = answer.json["data"]["transactionId"]
    assert re.fullmatch(UUID4, transaction_id)
    assert answer.json == {
        "responseCode": 400,
        "message": "BAD_REQUEST",
        "data": {
            "verificationId": None,
            "mobileNumber": None,
            "responseCode": "400",
            "errorMessage": reason,
            "timeout": None,
            "smCLI": None,
            "transactionId": transaction_id,
        },
    }
    assert (answer.status, dict(answer.headers)) == (400, HEADERS)


def exists(answer: HttpAnswer, verification_id: str, *, timeout: int, mobile: str = MOBILE) -> None:
    """The answer is 506 with the id of what lives, to the byte."""
    transaction_id = answer.json["data"]["transactionId"]
    assert re.fullmatch(UUID4, transaction_id)
    assert answer.text == (
        '{"responseCode":506,"message":"REQUEST_ALREADY_EXISTS","data":{'
        f'"verificationId":"{verification_id}","mobileNumber":"{mobile}","responseCode":"506",'
        f'"errorMessage":"REQUEST_ALREADY_EXISTS","timeout":"{timeout}","smCLI":null,'
        f'"transactionId":"{transaction_id}"}}}}'
    )
    assert (answer.status, dict(answer.headers)) == (400, HEADERS | {"Retry-After": str(timeout)})


def unauthorized(answer: HttpAnswer) -> None:
    """The answer is 401 with an empty body."""
    assert (answer.status, answer.text, dict(answer.headers)) == (401, "", {"Cache-Control": "no-store"})


def no_token(answer: HttpAnswer, error: str) -> None:
    """The token is refused at HTTP 200, to the byte."""
    assert answer.text == f'{{"status":400,"error":"{error}"}}'
    assert (answer.status, dict(answer.headers)) == (200, HEADERS)


# Races -----------------------------------------------------------------------------------


def while_sending(app: App, *, esms_answers: dict[str, Any]) -> list[HttpAnswer]:
    """The answer, once there is one, to a second send that comes while a vendor has the first one in hand."""
    second: list[HttpAnswer] = []

    def slowly(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        second.append(app.send())
        return 200, {}, json.dumps(esms_answers)

    app.vendors.wire.remove("POST", ESMS_RAW)
    app.vendors.wire.add(CallbackResponse("POST", ESMS_RAW, callback=slowly))
    return second
