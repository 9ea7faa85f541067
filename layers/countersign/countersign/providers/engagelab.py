"""EngageLab OTP: SMS, WhatsApp and voice by templates.

Docs: https://www.engagelab.com/docs/otp (OTP Send, Custom OTP Send, Verify, Error Codes).
Length, alphabet and life of the vendor's own codes are properties of the template, and so
is the text. The vendor does not tell them: the account repeats length and life, and the
templates are taken to make digits.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from countersign.errors import ConfigurationError
from countersign.model import Channel, Custody, Delivery, Verdict
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.policy import Bound
from countersign.providers.base import (
    CredentialsRefusedError,
    Meaning,
    VendorProvider,
    carried_code,
    refused_by_status,
    text_field,
    undecided_by_status,
    undocumented_check,
    undocumented_code,
    undocumented_send,
)
from countersign.providers.wire import VendorAnswer, VendorRequest, post_json, reference_of

CREDENTIAL_CODES = (2001, 2002, 2004)  # wrong or missing; expired or disabled; no permission

SEND_CODES: Mapping[int, Meaning] = {
    1000: Meaning("internal error", outcome=Delivery.UNKNOWN, is_outage=True),
    3001: Meaning("not the required JSON"),
    3002: Meaning("parameters do not meet the requirements"),
    3004: Meaning("same template and number inside the life of the code"),
    4001: Meaning("template does not exist"),
    5001: Meaning("sending failed"),
    5011: Meaning("phone format"),
    5012: Meaning("unreachable"),
    5013: Meaning("blacklisted", try_elsewhere=False),
    5014: Meaning("content not compliant"),
    5015: Meaning("intercepted"),
    # It failed inside while sending, without a word on how far it got: no second text is risked.
    5016: Meaning("internal sending error", outcome=Delivery.UNKNOWN, is_outage=True),
    5017: Meaning("no permission for China"),
    5018: Meaning("handset off"),
    5019: Meaning("unsubscribed", try_elsewhere=False),
    5020: Meaning("number not registered"),
}

CHECK_CODES: Mapping[int, CheckResult] = {
    3003: CheckResult(verdict=Verdict.EXPIRED, detail="3003 expired or already verified"),
    4001: CheckResult(verdict=Verdict.EXPIRED, detail="4001 message does not exist"),
}

_CHANNELS = (Channel.SMS, Channel.WHATSAPP, Channel.VOICE)
_LANGUAGES = ("en", "ja", "th", "es")
_TEMPLATE_TTL_SECONDS = 300
_TTL_BOUNDS = Bound(60, 600)
_TEMPLATE_CODE_LENGTH = 6
_CODE_LENGTH_BOUNDS = Bound(4, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngagelabAccount:
    """The section `engagelab` of the vendors' secret."""

    dev_key: str = field(repr=False)
    dev_secret: str = field(repr=False)
    templates: Mapping[Channel, str]
    code_templates: Mapping[Channel, str]  # for codes of ours
    ttl_seconds: int  # life of a code, as the templates say
    code_length: int  # of the vendor's codes, as the templates say

    def template(self, order: SendOrder) -> str | None:
        """The id of the template that carries this order, or None."""
        templates = self.templates if order.custody is Custody.VENDOR else self.code_templates
        return templates.get(order.channel)


class EngagelabProvider(VendorProvider[EngagelabAccount]):
    """/v1/messages and /v1/verifications with custody `vendor`, /v1/codes with custody `gateway`."""

    name = "engagelab"

    def parse_account(self, section: Mapping[str, object]) -> EngagelabAccount:
        templates = _templates(section, "templates")
        has_own = section.get("code_templates") is not None
        return EngagelabAccount(
            dev_key=text_field(section, "dev_key"),
            dev_secret=text_field(section, "dev_secret"),
            templates=templates,
            code_templates=_templates(section, "code_templates") if has_own else templates,
            ttl_seconds=_whole_number(
                section, "ttl_seconds", bounds=_TTL_BOUNDS, default=_TEMPLATE_TTL_SECONDS
            ),
            code_length=_whole_number(
                section, "code_length", bounds=_CODE_LENGTH_BOUNDS, default=_TEMPLATE_CODE_LENGTH
            ),
        )

    def cannot_carry(self, order: SendOrder, *, account: EngagelabAccount) -> str | None:
        if order.channel not in _CHANNELS:
            return "channel not offered"
        if not account.template(order):
            return f"no template for {order.channel}"
        if order.custody is Custody.VENDOR and order.code_length != account.code_length:
            return f"its templates make codes of {account.code_length} characters"
        return None

    # Requests ---------------------------------------------------------------------------

    def send_request(self, order: SendOrder, *, account: EngagelabAccount) -> VendorRequest:
        body: dict[str, object] = {
            "to": order.phone.e164.reveal(),
            "template": {"id": account.template(order), "language": _language(order.locale)},
        }
        path = "/v1/messages"
        if order.custody is Custody.GATEWAY:
            path = "/v1/codes"
            body["code"] = carried_code(order)
        return post_json(self._base_url + path, body=body, headers=_basic(account))

    def check_request(self, order: CheckOrder, *, account: EngagelabAccount) -> VendorRequest | None:
        if order.vendor_reference is None:
            return None
        body = {"message_id": order.vendor_reference, "verify_code": order.code.reveal()}
        return post_json(f"{self._base_url}/v1/verifications", body=body, headers=_basic(account))

    # Answers: 200 with the fields, else {"code": int, "message": string} ----------------

    def read_send(self, answer: VendorAnswer, *, order: SendOrder, account: EngagelabAccount) -> SendResult:
        by_status = refused_by_status(answer)
        if by_status is not None:
            return by_status
        body = answer.json_object()
        if answer.status != HTTPStatus.OK:
            code = _refused_code(body)
            if code in SEND_CODES:
                return SEND_CODES[code].result(str(code))
            return undocumented_code() if code else undocumented_send()
        reference = reference_of(body.get("message_id"))
        if reference is None:  # a number has lost its last digits on the way
            return undocumented_send()
        return SendResult(
            outcome=Delivery.ACCEPTED,
            detail="accepted",
            vendor_reference=reference,
            expires_in_seconds=account.ttl_seconds if order.custody is Custody.VENDOR else None,
        )

    def read_check(self, answer: VendorAnswer, *, order: CheckOrder) -> CheckResult:
        by_status = undecided_by_status(answer)
        if by_status is not None:
            return by_status
        body = answer.json_object()
        if answer.status != HTTPStatus.OK:
            return CHECK_CODES.get(_refused_code(body), undocumented_check())
        if body.get("message_id") != order.vendor_reference:
            return CheckResult(verdict=Verdict.UNKNOWN, detail="answer about another message")
        if body.get("verified") is True:
            return CheckResult(verdict=Verdict.VERIFIED, detail="verified")
        if body.get("verified") is False:
            return CheckResult(verdict=Verdict.WRONG, detail="not verified")
        return undocumented_check()


def _refused_code(body: Mapping[str, object]) -> int:
    code = body.get("code")
    if type(code) is not int:
        return 0  # in no table
    if code in CREDENTIAL_CODES:
        raise CredentialsRefusedError
    return code


def _basic(account: EngagelabAccount) -> dict[str, str]:
    pair = f"{account.dev_key}:{account.dev_secret}".encode()
    return {"Authorization": f"Basic {base64.b64encode(pair).decode('ascii')}"}


def _language(locale: str | None) -> str:
    """The nearest of the vendor's languages to a BCP 47 tag."""
    language, *subtags = (locale or "").lower().replace("_", "-").split("-")
    if language == "zh":
        hans = "hans" in subtags
        return "zh_CN" if hans or not {"hant", "tw", "hk", "mo"} & set(subtags) else "zh_HK"
    return language if language in _LANGUAGES else "default"


def _whole_number(section: Mapping[str, object], name: str, *, bounds: Bound, default: int) -> int:
    value = section.get(name, default)
    if type(value) is not int or not bounds.holds(value):
        raise ConfigurationError(f"{name} must be a whole number from {bounds.low} to {bounds.high}")
    return value


def _templates(section: Mapping[str, object], name: str) -> dict[Channel, str]:
    value = section.get(name)
    if not isinstance(value, dict) or not value:
        raise ConfigurationError(f"{name} must be an object of channel and template id")
    unknown = [channel for channel in value if channel not in _CHANNELS]
    if unknown:
        raise ConfigurationError(f"{name} may name {', '.join(_CHANNELS)} only")
    try:
        return {Channel(channel): text_field(value, channel) for channel in value}
    except ConfigurationError as error:
        raise ConfigurationError(f"{name}.{error}") from error
