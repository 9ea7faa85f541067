"""eSMS.vn, as documented: every business answer is HTTP 200 and the verdict is a string in `CodeResult`.

GET, POST SendMessageAutoGenCode_V4_get, POST …_V4_post_json   GENCODE: make a code and send it
POST      SendMessageAutoGenCode_V5                            the same over Zalo first, then SMS
GET       CheckCodeGen_V4_get                                  CHECKCODE: keyed by phone and code
POST      SendMultipleMessage_V4_post_json                     a text of the customer's own
POST      GetBalance_json · GET GetSendStatus

It calls back once a text is finished: an unsigned GET to the CallbackUrl of the text, else to the account's.

| CodeResult | meaning |
|---|---|
| 100 | accepted |
| 99 | invalid request (an odd body: `{"error": …}`) |
| 101 | wrong ApiKey or SecretKey |
| 103 | not enough balance |
| 104 | the brandname does not exist |
| 108 | phone number malformed |
| 117 | code invalid: wrong, used, expired or another phone's |
| 124 | this RequestId was used in the last 24 hours |
| 143 | account locked |
| 146 | wrong customer-care template |
| 300, 301 | message type missing, not supported |
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from local.vendors.base import Answer, Call, Kind, LiveCode, Simulator, digits
from local.vendors.handset import Handset, WallClock
from local.vendors.reports import Outgoing, SentText, State

BASE_PATH = "/MainService.svc/json"
REQUEST_ID_SECONDS = 24 * 3600

_METHODS: Mapping[str, tuple[str, ...]] = {
    "SendMessageAutoGenCode_V4_get": ("GET", "POST"),
    "SendMessageAutoGenCode_V4_post_json": ("POST",),
    "SendMessageAutoGenCode_V5": ("POST",),
    "CheckCodeGen_V4_get": ("GET",),
    "SendMultipleMessage_V4_post_json": ("POST",),
    "GetBalance_json": ("POST",),
    "GetSendStatus": ("GET",),
}
_ERRORS = {
    "101": "Authorize Failed",
    "103": "Balance not enough to send message",
    "104": "Brand name code is not exist",
    "108": "Phone number is invalid",
    "124": "Request exist 1",
    "143": "Account is locked",
    "146": "Sai template Brandname CSKH",
    "300": "Message type is missing",
    "301": "Message type is not supported",
}
_LETTERS_AND_DIGITS = string.ascii_uppercase + string.digits
# What looks like a code in a text of the customer's, the most likely first.
_CODE_FORMS = (
    r"(?<![0-9A-Za-z])[0-9]{4,10}(?![0-9A-Za-z])",
    r"(?<![0-9A-Za-z])(?=[A-Z]*[0-9])[0-9A-Z]{4,10}(?![0-9A-Za-z])",
    r"(?<![0-9])[0-9]{4,10}(?![0-9])",
    r"(?<![0-9A-Za-z])[A-Z]{4,10}(?![0-9A-Za-z])",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmsAccount:
    """The customer's keys and registered sender."""

    api_key: str = "LOCALAPIKEY0000000000000000000"
    secret_key: str = "LOCALSECRETKEY000000000000000"
    brandname: str = "Countersign"
    callback_segment: str = "local-callback-kJ3xQ9vT2mZ7pL5rW8nB4"  # of the URL that its customer has set


class Esms(Simulator):
    """One live code per phone; there is no request id."""

    name: ClassVar[str] = "esms"
    base_path: ClassVar[str] = BASE_PATH

    def __init__(self, *, handset: Handset, clock: WallClock, account: EsmsAccount | None = None) -> None:
        super().__init__(handset=handset, clock=clock)
        self._account = account or EsmsAccount()
        self._by_phone: dict[str, LiveCode] = {}
        self._request_ids: dict[str, float] = {}
        self._sent: set[str] = set()
        self._failed: set[str] = set()

    def kind(self, call: Call) -> Kind:
        operation = _operation(call)
        if operation.startswith("Send"):
            return Kind.SEND
        return Kind.CHECK if operation.startswith("Check") else Kind.OTHER

    def answer(self, call: Call) -> Answer:
        operation = _operation(call)
        if operation not in _METHODS:
            return Answer(status=404, body=b"<h1>Endpoint not found.</h1>", content_type="text/html")
        if call.method not in _METHODS[operation]:
            return Answer(status=405, body=b"<h1>Method not allowed.</h1>", content_type="text/html")
        fields = _fields(call)
        if fields is None:
            return Answer.json({"error": "Invalid request"})
        keys = (fields.get("apikey"), fields.get("secretkey"))
        if keys != (self._account.api_key, self._account.secret_key):
            if operation.startswith("Get"):
                return Answer.json({"CodeResponse": "101", "ErrorMessage": _ERRORS["101"]})
            return self.unauthorized()
        return self._answer(operation, fields)

    def refusal(self, kind: Kind) -> Answer:
        return _result("143") if kind is Kind.CHECK else _result("146", SMSID=_sms_id())

    def no_balance(self) -> Answer:
        return _result("103")

    def unauthorized(self) -> Answer:
        return _result("101")

    def server_error(self) -> Answer:
        return Answer(status=500, body=b"<h1>Server Error in '/' Application.</h1>", content_type="text/html")

    def _answer(self, operation: str, fields: Mapping[str, str]) -> Answer:
        if operation == "GetBalance_json":
            return Answer.json({"Balance": 36693, "CodeResponse": "100", "UserID": 9999})
        if operation == "GetSendStatus":
            return self._status(fields)
        phone = _e164(fields.get("phone", ""))
        if phone is None:
            return _result("108")
        if operation == "CheckCodeGen_V4_get":
            return self._check(phone, fields)
        if operation == "SendMultipleMessage_V4_post_json":
            return self._send_text(phone, fields)
        if operation == "SendMessageAutoGenCode_V5":
            return self._generate_multichannel(phone, fields)
        return self._generate(phone, fields)

    def _generate(self, phone: str, fields: Mapping[str, str]) -> Answer:
        text = fields.get("message", "")
        refused = self._sender_refused(fields, type_field="type")
        if refused is not None:
            return refused
        if "{OTP}" not in text:
            return _result("146", SMSID=_sms_id())
        code = self._new_code(phone, fields)
        self._deliver(to=phone, text=text.replace("{OTP}", code), code=code)
        return self._accepted(phone)

    def _generate_multichannel(self, phone: str, fields: Mapping[str, str]) -> Answer:
        kind = fields.get("typeid", "")
        if kind not in ("1", "2"):
            return _result("301" if kind else "300")
        if not fields.get("multichanneltempid"):
            return _result("146", SMSID=_sms_id())
        code = self._new_code(phone, fields)
        if kind == "2":
            self._deliver(to=phone, text=f"(Zalo) {code} la ma xac thuc cua ban", code=code)
        return self._accepted(phone)

    def _new_code(self, phone: str, fields: Mapping[str, str]) -> str:
        minutes = min(10, max(2, _number(fields.get("timealive"), default=5)))
        length = min(20, max(1, _number(fields.get("numcharofcode"), default=6)))
        if fields.get("isnumber", "0") == "1":
            code = digits(length)
        else:
            code = "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(length))
        expires_at = self._clock() + minutes * 60
        self._by_phone[phone] = LiveCode(id=phone, to=phone, code=code, expires_at=expires_at)
        return code

    def _check(self, phone: str, fields: Mapping[str, str]) -> Answer:
        code, written = fields.get("code", ""), fields.get("phone", "")
        live = self._by_phone.get(phone)
        right = live is not None and self._clock() < live.expires_at and live.code == code
        if not right:
            return _result("117", ErrorMessage=f"{written}, Content: {code} Code Invalid")
        del self._by_phone[phone]
        return _result("100", ErrorMessage=f"{written}, Content: Success!")

    def _send_text(self, phone: str, fields: Mapping[str, str]) -> Answer:
        text, request_id = fields.get("content", ""), fields.get("requestid", "")
        refused = self._sender_refused(fields, type_field="smstype")
        if refused is not None:
            return refused
        if not text:
            return _result("146", SMSID=_sms_id())
        now = self._clock()
        if request_id and now < self._request_ids.get(request_id, now):
            return _result("124", SendStatus="5")
        if request_id:
            self._request_ids[request_id] = now + REQUEST_ID_SECONDS
        if fields.get("sandbox", "0") != "1":
            self._deliver(to=phone, text=text, code=_code_in(text))
        return self._accepted(phone, url=fields.get("callbackurl"))

    def _sender_refused(self, fields: Mapping[str, str], *, type_field: str) -> Answer | None:
        if fields.get("brandname") != self._account.brandname:
            return _result("104")
        kind = fields.get(type_field, "")
        if kind != "2":
            return _result("301" if kind else "300")
        return None

    def report(self, text: SentText, state: State, url: str) -> Outgoing | None:
        if state is State.SENT:
            return None
        if state is State.UNDELIVERED:
            self._failed.add(text.id)
        arrived = text.id not in self._failed
        query = {
            "SMSID": text.id,
            "SendFailed": str(int(not arrived)),
            "SendStatus": "5",
            "SendSuccess": str(int(arrived)),
            "TotalPrice": "0.0000",
            "TotalReceiver": "1",
            "TotalSent": "1",
            "RequestId": "",
            "TypeId": "2",
            "telcoid": "1",
            "phonenumber": re.sub(r"^\+84", "0", text.to),
        }
        return Outgoing(method="GET", url=f"{url}?{urlencode(query)}")

    def _accepted(self, phone: str, *, url: str | None = None) -> Answer:
        sms_id = _sms_id()
        self._sent.add(sms_id)
        self._taken.append(SentText(sms_id, phone, url=url))
        return _result("100", SMSID=sms_id)

    def _status(self, fields: Mapping[str, str]) -> Answer:
        sms_id = fields.get("refid", "")
        if sms_id not in self._sent:
            return Answer.json({"CodeResponse": "99", "ErrorMessage": "RefId is not exist"})
        arrived = sms_id not in self._failed
        body = {"CodeResponse": "100", "SMSID": sms_id, "SendFailed": int(not arrived), "SendStatus": 5}
        body["SendSuccess"] = int(arrived)
        return Answer.json(body | {"TotalPrice": 850.0, "TotalReceiver": 1, "TotalSent": 1})


def _operation(call: Call) -> str:
    """The operation of the path; the vendor's own examples have a double slash or a trailing one."""
    path = re.sub(r"/{2,}", "/", call.path).rstrip("/")
    base, _, operation = path.rpartition("/")
    return operation if base == BASE_PATH else ""


def _fields(call: Call) -> dict[str, str] | None:
    """Query parameters and JSON fields by lower-case name, or None where a POST holds no JSON object."""
    fields: Mapping[str, object] = call.query
    if call.method == "POST":
        body = call.json_object()
        if body is None and (call.body or not call.query):
            return None
        fields = {**call.query, **(body or {})}
    return {name.lower(): str(value) for name, value in fields.items()}


def _e164(phone: str) -> str | None:
    """`0901888484` and `84901888484` are the same phone; None where it is neither form."""
    if re.fullmatch(r"0[0-9]{8,10}", phone):
        return "+84" + phone[1:]
    return "+" + phone if re.fullmatch(r"[1-9][0-9]{7,14}", phone) else None


def _code_in(text: str) -> str:
    """What a person would type from this text; empty where nothing looks like a code."""
    return next((found.group() for form in _CODE_FORMS if (found := re.search(form, text))), "")


def _number(text: str | None, *, default: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,3}", text) else default


def _sms_id() -> str:
    return secrets.token_hex(16)[:31]


def _result(code: str, **fields: str) -> Answer:
    body: dict[str, object] = {"CodeResult": code, "CountRegenerate": 0}
    if code in _ERRORS:
        body["ErrorMessage"] = _ERRORS[code]
    return Answer.json(body | fields)
