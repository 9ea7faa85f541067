"""EngageLab OTP, as documented: Basic credentials, ids of 19 digits in strings, errors `{"code", "message"}`.

POST /v1/messages          the vendor makes the code and sends it
POST /v1/codes             the customer's code is sent; nothing to verify afterwards
POST /v1/custom-messages   a template of the customer's
POST /v1/verifications     check; a wrong code is HTTP 200 with `"verified": false`

It calls back with signed rows, one per call: `sent`, then `delivered` or `delivered_failed`.

| code | HTTP | meaning |
|---|---|---|
| 1000 | 500 | internal error |
| 2001 | 401 | incorrect or missing credentials |
| 2004 | 403 | no permission for this call |
| 3001 | 400 | not the required JSON |
| 3002 | 400 | parameters do not meet the requirements |
| 3003 | 400 | expired or already verified |
| 3004 | 400 | same template and number inside the TTL |
| 4001 | 400 | message or template does not exist |
| 5011 | 400 | phone format |
| 5012 | 400 | unreachable |
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from local.vendors.base import Answer, Call, Kind, LiveCode, Simulator, digits
from local.vendors.handset import Handset, WallClock
from local.vendors.reports import Outgoing, SentText, State

WRONG_FIELDS = 3002

_SENDS = ("/v1/messages", "/v1/codes", "/v1/custom-messages")
_VERIFY = "/v1/verifications"
_STATUSES = {State.SENT: "sent", State.DELIVERED: "delivered", State.UNDELIVERED: "delivered_failed"}
_LANGUAGES = ("default", "zh_CN", "zh_HK", "en", "ja", "th", "es")
_STATUS = {1000: 500, 2001: 401, 2004: 403}
_MESSAGES = {
    1000: "internal error",
    2001: "authentication failed, incorrect or missing credentials",
    2004: "no permission to call this api",
    3001: "invalid request parameter format",
    3002: "incorrect request parameters",
    3003: "verify code has expired",
    3004: "the same template and target may not be sent again within the validity period",
    4001: "message or template does not exist",
    5011: "invalid phone number format",
    5012: "the target is unreachable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EngageLabAccount:
    """The customer's key, and what is set up in the vendor's console."""

    dev_key: str = "local-dev-key"
    dev_secret: str = "local-dev-secret"
    templates: Mapping[str, str] = field(
        default_factory=lambda: {"t-sms": "sms", "t-whatsapp": "whatsapp", "t-voice": "voice"}
    )  # id → channel
    ttl_seconds: int = 300
    code_length: int = 6
    callback_username: str = "countersign"
    callback_secret: str = "local-callback-secret"


class EngageLab(Simulator):
    """Code length and life belong to the template."""

    name: ClassVar[str] = "engagelab"

    def __init__(
        self, *, handset: Handset, clock: WallClock, account: EngageLabAccount | None = None
    ) -> None:
        super().__init__(handset=handset, clock=clock)
        self._account = account or EngageLabAccount()
        self._by_id: dict[str, LiveCode] = {}
        self._held: dict[tuple[str, str], float] = {}  # (template, number) → until when no second send
        self._next_id = 1_725_407_449_772_531_712 + secrets.randbelow(10**15)

    def kind(self, call: Call) -> Kind:
        if call.path in _SENDS:
            return Kind.SEND
        return Kind.CHECK if call.path == _VERIFY else Kind.OTHER

    def answer(self, call: Call) -> Answer:
        if call.path not in (*_SENDS, _VERIFY):
            return Answer(status=404, body=b"404 page not found", content_type="text/plain")
        if call.method != "POST":
            return Answer(status=405, body=b"405 method not allowed", content_type="text/plain")
        if not self._authorised(call):
            return _error(2001)
        body = call.json_object()
        if body is None:
            return _error(3001)
        if call.path == _VERIFY:
            return self._verify(body)
        return self._send(call.path, body)

    def refusal(self, kind: Kind) -> Answer:
        return _error(2004 if kind is Kind.CHECK else 5012)

    def no_balance(self) -> Answer:
        # The vendor documents no code for an empty account; this is its definite "not for you".
        return _error(2004)

    def unauthorized(self) -> Answer:
        return _error(2001)

    def server_error(self) -> Answer:
        return _error(1000)

    def report(self, text: SentText, state: State, url: str) -> Outgoing:
        now = int(self._clock())
        failed = state is State.UNDELIVERED
        row = {
            "message_id": text.id,
            "to": text.to,
            "server": "otp",
            "channel": text.channel,
            "itime": now,
            "custom_args": {},
            "status": {
                "message_status": _STATUSES[state],
                "status_data": {
                    "msg_time": now,
                    "message_id": text.id,
                    "current_send_channel": text.channel,
                    "template_key": "local",
                    "business_id": "1",
                },
                "billing": {"cost": 0.005, "currency": "USD"},
                "error_code": 5001 if failed else 0,
                "error_detail": {"message": "sending failed" if failed else ""},
            },
        }
        headers = {"Content-Type": "application/json", "X-CALLBACK-ID": self._callback_id(now)}
        body = json.dumps({"total": 1, "rows": [row]}).encode()
        return Outgoing(method="POST", url=url, headers=headers, body=body)

    def _callback_id(self, now: int) -> str:
        nonce, username = digits(12), self._account.callback_username
        signed = hmac.digest(
            self._account.callback_secret.encode(), f"{now}{nonce}{username}".encode(), hashlib.sha256
        )
        return f"timestamp={now};nonce={nonce};username={username};signature={signed.hex()}"

    def _authorised(self, call: Call) -> bool:
        credentials = f"{self._account.dev_key}:{self._account.dev_secret}".encode()
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "basic" and given.strip().encode() == base64.b64encode(credentials)

    def _send(self, path: str, body: Mapping[str, object]) -> Answer:
        template = body.get("template")
        if not isinstance(template, dict) or not _template_well_formed(template):
            return _error(WRONG_FIELDS)
        targets = _targets(body.get("to"), many=path == "/v1/custom-messages")
        if targets is None:
            return _error(WRONG_FIELDS)
        if not all(re.fullmatch(r"\+[1-9][0-9]{6,14}", target) for target in targets):
            return _error(5011)
        channel = self._account.templates.get(str(template["id"]))
        if channel is None:
            return _error(4001)
        if path == "/v1/messages":
            return self._send_own_code(targets[0], template=str(template["id"]), channel=channel)
        params = template.get("params") or {}
        code = params.get("code", "") if path == "/v1/custom-messages" else body.get("code")
        malformed = path == "/v1/codes" and not re.fullmatch(r"[0-9A-Za-z]{4,10}", str(code))
        if not isinstance(code, str) or malformed:
            return _error(WRONG_FIELDS)
        answer = self._accepted(channel)
        for target in targets:
            self._deliver(to=target, text=_text(code, channel), code=code)
            self._taken.append(SentText(self._last_id(), target, channel))
        return answer

    def _send_own_code(self, to: str, *, template: str, channel: str) -> Answer:
        now = self._clock()
        if now < self._held.get((template, to), now):
            return _error(3004)
        code, expires_at = digits(self._account.code_length), now + self._account.ttl_seconds
        self._held[template, to] = expires_at
        answer = self._accepted(channel)
        self._by_id[self._last_id()] = LiveCode(id=self._last_id(), to=to, code=code, expires_at=expires_at)
        self._deliver(to=to, text=_text(code, channel), code=code)
        self._taken.append(SentText(self._last_id(), to, channel))
        return answer

    def _verify(self, body: Mapping[str, object]) -> Answer:
        message_id, code = body.get("message_id"), body.get("verify_code")
        if not isinstance(message_id, str) or not isinstance(code, str) or not message_id or not code:
            return _error(WRONG_FIELDS)
        live = self._by_id.get(message_id)
        if live is None:
            return _error(4001)
        if live.used or self._clock() >= live.expires_at:
            return _error(3003)
        live.used = live.code == code
        return Answer.json({"message_id": message_id, "verify_code": code, "verified": live.used})

    def _accepted(self, channel: str) -> Answer:
        self._next_id += 1 + secrets.randbelow(2**20)
        return Answer.json({"message_id": self._last_id(), "send_channel": channel})

    def _last_id(self) -> str:
        return str(self._next_id)


def _template_well_formed(template: Mapping[str, object]) -> bool:
    identifier, params = template.get("id"), template.get("params", {})
    language = template.get("language", "default")
    if not isinstance(identifier, str) or not identifier or language not in _LANGUAGES:
        return False
    return isinstance(params, dict) and all(isinstance(value, str) for value in params.values())


def _targets(to: object, *, many: bool) -> list[str] | None:
    if isinstance(to, str) and to:
        return [to]
    if many and isinstance(to, list) and to and all(isinstance(target, str) for target in to):
        return to
    return None


def _error(code: int) -> Answer:
    return Answer.json({"code": code, "message": _MESSAGES[code]}, status=_STATUS.get(code, 400))


def _text(code: str, channel: str) -> str:
    if channel == "voice":
        return f"(voice call) Your verification code is {', '.join(code)}."
    marker = "(WhatsApp) " if channel == "whatsapp" else ""
    return f"{marker}Your verification code is {code}. Do not share it with anyone."
