"""The three vendors on the wire, stubbed: what they answer is written as their documentation has it."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests
import responses

MESSAGE_CENTRAL_URL = "https://mc.test"
ESMS_URL = "https://esms.test/MainService.svc/json"
ENGAGELAB_URL = "https://el.test"

ESMS_GENCODE = f"{ESMS_URL}/SendMessageAutoGenCode_V4_get"
ESMS_RAW = f"{ESMS_URL}/SendMultipleMessage_V4_post_json/"
ESMS_CHECK = f"{ESMS_URL}/CheckCodeGen_V4_get"
ENGAGELAB_MESSAGES = f"{ENGAGELAB_URL}/v1/messages"
ENGAGELAB_CODES = f"{ENGAGELAB_URL}/v1/codes"
ENGAGELAB_VERIFY = f"{ENGAGELAB_URL}/v1/verifications"
MC_TOKEN = f"{MESSAGE_CENTRAL_URL}/auth/v1/authentication/token"
MC_SEND = f"{MESSAGE_CENTRAL_URL}/verification/v3/send"
MC_VALIDATE = f"{MESSAGE_CENTRAL_URL}/verification/v3/validateOtp"

ESMS_OK = {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "d533459ee42b2b9525ba9eabf6a8156"}
ESMS_NO_BALANCE = {"CodeResult": "103", "CountRegenerate": 0, "ErrorMessage": "Balance not enough to send"}
ESMS_NO_PRICE = {"CodeResult": "102", "CountRegenerate": 0, "ErrorMessage": "Price list is not exist"}
ESMS_BAD_KEY = {"CodeResult": "101", "CountRegenerate": 0, "ErrorMessage": "Authorize Failed"}
ESMS_VERIFIED = {"CodeResult": "100", "CountRegenerate": 0, "ErrorMessage": "0901888484, Content: Success!"}
ESMS_WRONG = {
    "CodeResult": "117",
    "CountRegenerate": 0,
    "ErrorMessage": "0901888484, Content: 1 Code Invalid",
}
ENGAGELAB_OK = {"message_id": "1725407449772531712", "send_channel": "sms"}
ENGAGELAB_REFUSED = {"code": 5012, "message": "unreachable"}
MC_SENT = {
    "responseCode": 200,
    "message": "SUCCESS",
    "data": {
        "verificationId": "5915384",
        "mobileNumber": "9876543210",
        "responseCode": "200",
        "errorMessage": None,
        "timeout": "60",
    },
}
MC_COMPLETED = {
    "responseCode": 200,
    "message": "SUCCESS",
    "data": {
        "verficationId": "5915384",
        "mobileNumber": "9876543210",
        "responseCode": "200",
        "verificationStatus": "VERIFICATION_COMPLETED",
    },
}


def _jwt() -> str:
    parts = [{"alg": "HS512"}, {"sub": "C-1", "iat": 1_740_000_000, "exp": 1_900_000_000}]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
    return ".".join([*encoded, "canarysignature"])


MC_JWT = _jwt()


class Vendors:
    """All three, taking everything and finding every code right, until a test says otherwise."""

    def __init__(self, wire: responses.RequestsMock) -> None:
        self.wire = wire
        wire.add("GET", ESMS_GENCODE, json=ESMS_OK)
        wire.add("POST", ESMS_RAW, json=ESMS_OK)
        wire.add("GET", ESMS_CHECK, json=ESMS_VERIFIED)
        wire.add("POST", ENGAGELAB_MESSAGES, json=ENGAGELAB_OK)
        wire.add("POST", ENGAGELAB_CODES, json=ENGAGELAB_OK)
        wire.add("GET", MC_TOKEN, json={"status": 200, "token": MC_JWT})
        wire.add("POST", MC_SEND, json=MC_SENT)
        wire.add("GET", MC_VALIDATE, json=MC_COMPLETED)
        wire.add_callback("POST", ENGAGELAB_VERIFY, callback=_verified)

    def now_answers(self, method: str, url: str, body: Any = None, *, status: int = 200) -> None:
        """From now on; an exception is raised in place of an answer."""
        self.wire.remove(method, url)
        if isinstance(body, Exception):
            self.wire.add(method, url, body=body)
        else:
            self.wire.add(method, url, json=body, status=status)

    @property
    def urls(self) -> list[str]:
        """What was called, without the queries."""
        return [str(call.request.url).partition("?")[0] for call in self.wire.calls]

    def last(self, url: str) -> requests.PreparedRequest:
        return [call.request for call in self.wire.calls if str(call.request.url).startswith(url)][-1]

    def code_sent(self) -> str:
        """The code of ours that a vendor was last given."""
        for call in reversed(list(self.wire.calls)):
            url = str(call.request.url)
            if url in {ESMS_RAW, ENGAGELAB_CODES}:
                body = json.loads(call.request.body or "{}")
                return str(body["Content"][:6] if url == ESMS_RAW else body["code"])
        raise LookupError("no code of ours was sent")


def _verified(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
    asked = json.loads(request.body or "{}")
    return 200, {"Content-Type": "application/json"}, json.dumps(asked | {"verified": True})


def unreachable() -> Exception:
    """Provably not sent: nobody listens there."""
    return requests.exceptions.ConnectionError("cannot connect")
