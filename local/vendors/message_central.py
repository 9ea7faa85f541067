"""Message Central VerifyNow, as documented and as recorded by its users.

GET  /auth/v1/authentication/token   a token; errors are HTTP 200 with `status` 400
POST /verification/v3/send           all parameters in the query string
GET  /verification/v3/validateOtp    verdict in `responseCode`, at whatever HTTP status

| responseCode | message | here at HTTP |
|---|---|---|
| 200 | SUCCESS | 200 |
| 400 | BAD_REQUEST | 400 |
| 501 | INVALID_CUSTOMER_ID | 400 |
| 505 | INVALID_VERIFICATION_ID | 400 |
| 506 | REQUEST_ALREADY_EXISTS: a code is live, no new message | 400 |
| 511 | INVALID_COUNTRY_CODE | 400 |
| 700 | VERIFICATION_FAILED | 400 |
| 702 | WRONG_OTP_PROVIDED | 200, as seen in the field: 2xx proves nothing |
| 703 | ALREADY_VERIFIED | 400 |
| 705 | VERIFICATION_EXPIRED | 400 |
| 800 | MAXIMUM_LIMIT_REACHED | 400 |
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import uuid
from dataclasses import dataclass
from typing import ClassVar

from local.vendors.base import Answer, Call, Kind, LiveCode, Simulator, digits
from local.vendors.handset import Handset, WallClock
from local.vendors.token import sign_token, token_subject

LIFE_SECONDS = 60
TOKEN_SECONDS = 7 * 24 * 3600
WRONG_MAX = 5  # the vendor does not publish its limit

TOKEN_PATH = "/auth/v1/authentication/token"
SEND_PATH = "/verification/v3/send"
VALIDATE_PATH = "/verification/v3/validateOtp"

_METHODS = {TOKEN_PATH: "GET", SEND_PATH: "POST", VALIDATE_PATH: "GET"}
_FLOWS = ("SMS", "WHATSAPP", "RCS", "AUDIO", "SAUTH")
_MESSAGES = {
    200: "SUCCESS",
    400: "BAD_REQUEST",
    500: "SERVER_ERROR",
    501: "INVALID_CUSTOMER_ID",
    505: "INVALID_VERIFICATION_ID",
    506: "REQUEST_ALREADY_EXISTS",
    511: "INVALID_COUNTRY_CODE",
    700: "VERIFICATION_FAILED",
    702: "WRONG_OTP_PROVIDED",
    703: "ALREADY_VERIFIED",
    705: "VERIFICATION_EXPIRED",
    800: "MAXIMUM_LIMIT_REACHED",
}
# ITU-T E.164: one, two and three digit calling codes, by their first digits.
_CALLING_CODE = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|2[1-689]\d|3[578]\d|42\d|5[09]\d|6[7-9]\d|8[0578]\d|9[679]\d"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCentralAccount:
    """What the customer logs in with."""

    customer_id: str = "C-LOCALDEMO1234"
    password: str = "lo~cal-password"  # its base64 holds a "+", which clients forget to encode


class MessageCentral(Simulator):
    """Codes live about a minute, one per number; a second send meanwhile is 506 with the live id."""

    name: ClassVar[str] = "message_central"

    def __init__(
        self, *, handset: Handset, clock: WallClock, account: MessageCentralAccount | None = None
    ) -> None:
        super().__init__(handset=handset, clock=clock)
        self._account = account or MessageCentralAccount()
        self._signing_key = secrets.token_bytes(64)
        self._by_id: dict[str, LiveCode] = {}
        self._by_number: dict[str, LiveCode] = {}
        self._next_id = 5_915_384 + secrets.randbelow(1_000_000)

    def kind(self, call: Call) -> Kind:
        path = _path(call)
        return {TOKEN_PATH: Kind.TOKEN, SEND_PATH: Kind.SEND, VALIDATE_PATH: Kind.CHECK}.get(path, Kind.OTHER)

    def answer(self, call: Call) -> Answer:
        path = _path(call)
        method = _METHODS.get(path)
        if method is None:
            return Answer.json({"status": 404, "error": "Not Found", "path": call.path}, status=404)
        if call.method != method:
            return Answer.json({"status": 405, "error": "Method Not Allowed"}, status=405)
        if path == TOKEN_PATH:
            return self._token(call)
        if not self._authorised(call):
            return self.unauthorized()
        return self._send(call) if path == SEND_PATH else self._validate(call)

    def refusal(self, kind: Kind) -> Answer:
        return _failure(700 if kind is Kind.CHECK else 400)

    def no_balance(self) -> Answer:
        # The vendor documents no code for an empty account; this is its definite "no more for you".
        return _failure(800)

    def unauthorized(self) -> Answer:
        return Answer(status=401)

    def token_refused(self) -> Answer:
        return Answer.json({"status": 400, "error": "password is wrong"})

    def server_error(self) -> Answer:
        return _failure(500, status=500)

    def _token(self, call: Call) -> Answer:
        if call.query.get("customerId") != self._account.customer_id:
            return Answer.json({"status": 400, "error": "customerId is invalid"})
        # A base64 "+" sent without percent-encoding arrives as a space.
        key = call.query.get("key", "").replace(" ", "+")
        try:
            password = base64.b64decode(key, validate=True)
        except (binascii.Error, ValueError):
            password = b""
        if not secrets.compare_digest(password, self._account.password.encode()):
            return self.token_refused()
        now = int(self._clock())
        token = sign_token(self._account.customer_id, now=now, seconds=TOKEN_SECONDS, key=self._signing_key)
        return Answer.json({"status": 200, "token": token})

    def _authorised(self, call: Call) -> bool:
        token = call.headers.get("authtoken", "")
        return token_subject(token, now=self._clock(), key=self._signing_key) == self._account.customer_id

    def _send(self, call: Call) -> Answer:
        country, number = call.query.get("countryCode", ""), call.query.get("mobileNumber", "")
        flow, length = call.query.get("flowType", ""), call.query.get("otpLength", "4")
        if _CALLING_CODE.fullmatch(country) is None:
            return _failure(511)
        if call.query.get("customerId", self._account.customer_id) != self._account.customer_id:
            return _failure(501)
        if re.fullmatch(r"[0-9]{4,14}", number) is None or flow not in _FLOWS or length not in tuple("45678"):
            return _failure(400)
        to = f"+{country}{number}"
        live = self._by_number.get(to)
        if live is not None and self._refused(live) is None:
            return _failure(506, data=_send_data(live, number=number, flow=flow, code=506))
        return self._start(to=to, number=number, flow=flow, length=int(length))

    def _start(self, *, to: str, number: str, flow: str, length: int) -> Answer:
        self._next_id += 1 + secrets.randbelow(90)
        live = LiveCode(
            id=str(self._next_id),
            to=to,
            code=digits(length),
            expires_at=self._clock() + LIFE_SECONDS,
            national=number,
        )
        self._by_id[live.id] = self._by_number[to] = live
        if flow != "SAUTH":  # silent authentication shows nothing to anybody
            self._deliver(to=to, text=_text(flow, live.code), code=live.code)
        data = _send_data(live, number=number, flow=flow, code=200)
        return Answer.json({"responseCode": 200, "message": "SUCCESS", "data": data})

    def _validate(self, call: Call) -> Answer:
        live = self._by_id.get(call.query.get("verificationId", ""))
        code = call.query.get("code", "")
        if live is None:
            return _failure(505)
        if not code:
            return _failure(400)
        refused = self._refused(live)
        if refused is not None:
            return _failure(refused)
        if not secrets.compare_digest(code.encode(), live.code.encode()):
            live.wrong += 1
            return _failure(702, status=200)
        live.used = True
        data = {
            # Documented as the string `verficationId`, recorded in production as this number.
            "verificationId": int(live.id),
            "mobileNumber": live.national,
            "responseCode": "200",
            "errorMessage": None,
            "verificationStatus": "VERIFICATION_COMPLETED",
            "authToken": None,
            "transactionId": str(uuid.uuid4()),
        }
        return Answer.json({"responseCode": 200, "message": "SUCCESS", "data": data})

    def _refused(self, live: LiveCode) -> int | None:
        """Why this code can no longer be right, or None while it is live."""
        if live.used:
            return 703
        if self._clock() >= live.expires_at:
            return 705
        return 800 if live.wrong >= WRONG_MAX else None


def _path(call: Call) -> str:
    return call.path.rstrip("/")


def _failure(code: int, *, status: int = 400, data: object = None) -> Answer:
    return Answer.json({"responseCode": code, "message": _MESSAGES[code], "data": data}, status=status)


def _send_data(live: LiveCode, *, number: str, flow: str, code: int) -> dict[str, object]:
    return {
        "verificationId": live.id,
        "mobileNumber": number,
        "responseCode": str(code),
        "errorMessage": None if code == 200 else _MESSAGES[code],
        "timeout": "60.0",  # documented "60", recorded with a decimal point
        "smCLI": None,
        "transactionId": str(uuid.uuid4()),
        "referenceId": f"JRN-{uuid.uuid4()}",
        "flowType": flow,
    }


def _text(flow: str, code: str) -> str:
    if flow == "AUDIO":
        return f"(voice call) Your verification code is {', '.join(code)}."
    return f"Your verification code is {code}. Valid for 1 minute. Message Central"
