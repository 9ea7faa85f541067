"""eSMS.vn, a vendor of branded SMS and Zalo messages in Vietnam.

Docs: https://developers.esms.vn (GENCODE, CHECKCODE, MultiChannel GENCODE, SendMultipleMessage V4).
A code is known there by account and phone number alone, without a request id.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from countersign.clock import Deadline
from countersign.errors import ConfigurationError, VendorUnavailableError
from countersign.model import Alphabet, Channel, Custody, Delivery, MessageText, Receipt, Secret, Verdict
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.providers.base import (
    CredentialsRefusedError,
    Meaning,
    VendorProvider,
    carried_code,
    optional_text_field,
    refused_by_status,
    text_field,
    undecided_by_status,
    undocumented_check,
    undocumented_code,
    undocumented_send,
)
from countersign.providers.esms_status import read_status
from countersign.providers.wire import (
    TransportError,
    VendorAnswer,
    VendorRequest,
    code_of,
    get,
    post_json,
    reference_of,
)
from countersign.reports import callback_url

ACCEPTED = "100"
WRONG_CREDENTIALS = "101"
BLOCKED = "99"

SEND_CODES: Mapping[str, Meaning] = {
    BLOCKED: Meaning("number blocked", try_elsewhere=False),
    "102": Meaning("no price list"),
    "103": Meaning("not enough balance", is_outage=True),
    "104": Meaning("brand name does not exist"),
    "108": Meaning("phone number malformed"),
    "118": Meaning("message type not supported"),
    # This very send was taken before (the RequestId holds its number), so a text may be out.
    "124": Meaning("duplicate RequestId", outcome=Delivery.UNKNOWN),
    "140": Meaning("caller's address not on the white list", is_outage=True),
    "143": Meaning("account locked", is_outage=True),
    "146": Meaning("wrong customer-care template"),
    "177": Meaning("network not registered"),
    "201": Meaning("blocked word in the content"),
    "300": Meaning("message type missing"),
    "301": Meaning("type not supported"),
}

# Wrong, used, expired and another phone's code all get the same answer; two codes are documented.
CHECK_CODES: Mapping[str, CheckResult] = {
    code: CheckResult(verdict=Verdict.WRONG, detail=f"{code} code invalid") for code in ("117", "171")
}

COME_AGAIN_SECONDS = 30

_BLOCKED_BODY = {"error": "Invalid request"}  # the one answer without CodeResult; it means 99
_PLACEHOLDER = "{OTP}"
_CUSTOMER_CARE = "2"
_CREATE_AND_SEND = "2"
_IS_NUMBER: Mapping[Alphabet, str] = {Alphabet.DIGITS: "1", Alphabet.LETTERS_AND_DIGITS: "0"}
_ZALO_CODE_LENGTH = 6  # the documented default; V5 has no NumCharOfCode
_ALIVE_MINUTES = (2, 10)
_REQUEST_ID_LIMIT = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EsmsAccount:
    """The section `esms` of the vendors' secret."""

    api_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    brandname: str
    message: MessageText
    zalo_template_id: str | None
    callback_url: str | None = field(repr=False)


class EsmsProvider(VendorProvider[EsmsAccount]):
    """GENCODE and CHECKCODE with custody `vendor`, raw SMS with custody `gateway`.

    GENCODE over Zalo (V5) documents neither IsNumber nor NumCharOfCode. Its codes are taken
    to have 6 characters; whether they are digits or letters and digits is not known, so an
    order of either alphabet is carried, and one for digits may be served with letters.
    """

    name = "esms"
    keyed_by_phone = True
    makes_letters = True

    def parse_account(self, section: Mapping[str, object]) -> EsmsAccount:
        message = text_field(section, "message")
        if _PLACEHOLDER not in message:
            raise ConfigurationError(f"message must hold {_PLACEHOLDER}")
        return EsmsAccount(
            api_key=text_field(section, "api_key"),
            secret_key=text_field(section, "secret_key"),
            brandname=text_field(section, "brandname"),
            message=MessageText(tuple(message.split(_PLACEHOLDER))),
            zalo_template_id=optional_text_field(section, "zalo_template_id"),
            callback_url=callback_url(section),
        )

    def cannot_carry(self, order: SendOrder, *, account: EsmsAccount) -> str | None:
        if order.channel is Channel.SMS:
            return None
        if order.channel is not Channel.ZALO:
            return "channel not offered"
        if order.custody is not Custody.VENDOR:
            return "zalo carries the vendor's code only"
        if order.code_length != _ZALO_CODE_LENGTH:
            return f"codes of {_ZALO_CODE_LENGTH} characters only over zalo"
        return None if account.zalo_template_id else "zalo_template_id is not set"

    def carries_text(self, order: SendOrder) -> bool:
        """Over SMS; over Zalo its templates speak.

        Not where the text itself holds `{OTP}` and the code is the vendor's, which would put it there.
        """
        if order.channel is not Channel.SMS or order.text is None:
            return False
        return order.custody is Custody.GATEWAY or not any(_PLACEHOLDER in part for part in order.text.parts)

    # Requests ---------------------------------------------------------------------------

    def send_request(self, order: SendOrder, *, account: EsmsAccount) -> VendorRequest:
        if order.custody is Custody.GATEWAY:
            return self._raw_sms(order, account=account)
        if order.channel is Channel.ZALO:
            return self._zalo(order, account=account)
        query = {
            "Phone": _digits(order.phone.e164),
            "ApiKey": account.api_key,
            "SecretKey": account.secret_key,
            "TimeAlive": str(_minutes_alive(order)),
            "NumCharOfCode": str(order.code_length),
            "Brandname": account.brandname,
            "Type": _CUSTOMER_CARE,
            "message": (order.text or account.message).with_code(_PLACEHOLDER),
            "IsNumber": _IS_NUMBER[order.alphabet],
        }
        return get(f"{self._base_url}/SendMessageAutoGenCode_V4_get", query=query)

    def _zalo(self, order: SendOrder, *, account: EsmsAccount) -> VendorRequest:
        body = {
            "ApiKey": account.api_key,
            "SecretKey": account.secret_key,
            "Phone": _digits(order.phone.e164),
            "TimeAlive": str(_minutes_alive(order)),
            "MultiChannelTempId": account.zalo_template_id,
            "TypeId": _CREATE_AND_SEND,
        }
        return post_json(f"{self._base_url}/SendMessageAutoGenCode_V5", body=body)

    def _raw_sms(self, order: SendOrder, *, account: EsmsAccount) -> VendorRequest:
        content = (order.text or account.message).with_code(carried_code(order))
        body = {
            "ApiKey": account.api_key,
            "SecretKey": account.secret_key,
            "Phone": _digits(order.phone.e164),
            "Content": content,
            "Brandname": account.brandname,
            "SmsType": _CUSTOMER_CARE,
            "IsUnicode": "0" if content.isascii() else "1",
            "RequestId": _request_id(order),
        }
        if account.callback_url is not None:
            body["CallbackUrl"] = account.callback_url
        return post_json(f"{self._base_url}/SendMultipleMessage_V4_post_json/", body=body)

    def check_request(self, order: CheckOrder, *, account: EsmsAccount) -> VendorRequest:
        query = {
            "ApiKey": account.api_key,
            "SecretKey": account.secret_key,
            "Phone": _digits(order.phone_e164),
            "Code": order.code.reveal(),
        }
        return get(f"{self._base_url}/CheckCodeGen_V4_get", query=query)

    # Answers: HTTP 200 with CodeResult, a string ----------------------------------------

    def read_send(self, answer: VendorAnswer, *, order: SendOrder, account: EsmsAccount) -> SendResult:
        del account
        by_status = refused_by_status(answer)
        if by_status is not None:
            return by_status
        if answer.status != HTTPStatus.OK:
            return undocumented_send()
        body = answer.json_object()
        if body == _BLOCKED_BODY:
            return SEND_CODES[BLOCKED].result(BLOCKED)
        if body.get("CodeResult") == ACCEPTED:
            return SendResult(
                outcome=Delivery.ACCEPTED,
                detail=f"{ACCEPTED} accepted",
                vendor_reference=reference_of(body.get("SMSID")),
                expires_in_seconds=_minutes_alive(order) * 60 if order.custody is Custody.VENDOR else None,
            )
        code = _refused_code(body)
        return SEND_CODES[code].result(code) if code in SEND_CODES else undocumented_code()

    def read_check(self, answer: VendorAnswer, *, order: CheckOrder) -> CheckResult:
        del order
        by_status = undecided_by_status(answer)
        if by_status is not None:
            return by_status
        if answer.status != HTTPStatus.OK:
            return undocumented_check()
        body = answer.json_object()
        if body.get("CodeResult") == ACCEPTED:
            return CheckResult(verdict=Verdict.VERIFIED, detail=f"{ACCEPTED} verified")
        return CHECK_CODES.get(_refused_code(body), undocumented_check())

    def receipt(self, reference: str, *, deadline: Deadline) -> Receipt | None:
        """reports.StatusSource, by GetSendStatus."""
        deadline = deadline.within(self._vendor_timeout_seconds)

        def attempt(account: EsmsAccount) -> Receipt | None:
            keys = {"ApiKey": account.api_key, "SecretKey": account.secret_key}
            request = get(f"{self._base_url}/GetSendStatus", query={"RefId": reference, **keys})
            answer = self.post(request, account=account, deadline=deadline)
            return read_status(answer, reference=reference)

        try:
            return self._with_credentials(attempt)
        except (CredentialsRefusedError, TransportError) as error:
            raise VendorUnavailableError(
                "The vendor gave no usable answer.", retry_after_seconds=COME_AGAIN_SECONDS
            ) from error


def _refused_code(body: Mapping[str, object]) -> str:
    code = code_of(body.get("CodeResult"))
    if code == WRONG_CREDENTIALS:
        raise CredentialsRefusedError
    return code


def _digits(e164: Secret) -> str:
    return e164.reveal().removeprefix("+")


def _minutes_alive(order: SendOrder) -> int:
    least, most = _ALIVE_MINUTES
    return min(most, max(least, math.ceil(order.ttl_seconds / 60)))


def _request_id(order: SendOrder) -> str:
    """Names this one send, so that the vendor would refuse a repetition for 24 hours."""
    plain = f"{order.verification_id}-{order.send_number}"
    if len(plain) <= _REQUEST_ID_LIMIT:
        return plain
    return hashlib.sha256(plain.encode()).hexdigest()[:_REQUEST_ID_LIMIT]
