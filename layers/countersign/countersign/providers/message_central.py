"""Message Central VerifyNow: the vendor makes, sends and checks the code, over five channels.

Docs: https://www.messagecentral.com/product/verify-now/api
An answer's verdict is its `responseCode`, outer first, then inner, at any HTTP status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from countersign.clock import Clock, Deadline
from countersign.model import Channel, Custody, Delivery, Verdict
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.policy import Bound
from countersign.ports import TokenStore, VendorAccounts
from countersign.providers.base import (
    VENDOR_TIMEOUT_SECONDS,
    CredentialsRefusedError,
    Meaning,
    Transport,
    VendorProvider,
    refused_by_status,
    undecided_by_status,
    undocumented_check,
    undocumented_code,
    undocumented_send,
)
from countersign.providers.message_central_account import MessageCentralAccount
from countersign.providers.message_central_token import TokenSource
from countersign.providers.wire import VendorAnswer, VendorRequest, code_of, get, with_query

SUCCESS = "200"
INVALID_CUSTOMER = "501"

SEND_CODES: Mapping[str, Meaning] = {
    "400": Meaning("bad request"),
    "409": Meaning("duplicate resource"),
    "500": Meaning("server error", outcome=Delivery.UNKNOWN, is_outage=True),
    "506": Meaning("a code for this number is still live"),  # no new message was sent
    "511": Meaning("invalid country code"),
    "800": Meaning("maximum limit reached"),
}

CHECK_CODES: Mapping[str, CheckResult] = {
    "505": CheckResult(verdict=Verdict.EXPIRED, detail="505 invalid verification id"),
    # The vendor says no more than that it failed. As a wrong code it costs an attempt; as
    # `unknown` it would give every guesser an attempt back.
    "700": CheckResult(verdict=Verdict.WRONG, detail="700 verification failed"),
    "702": CheckResult(verdict=Verdict.WRONG, detail="702 wrong code"),
    "703": CheckResult(verdict=Verdict.USED, detail="703 already verified"),
    "705": CheckResult(verdict=Verdict.EXPIRED, detail="705 verification expired"),
    "800": CheckResult(verdict=Verdict.EXHAUSTED, detail="800 maximum limit reached"),
}

FLOW_TYPES: Mapping[Channel, str] = {
    Channel.SMS: "SMS",
    Channel.WHATSAPP: "WHATSAPP",
    Channel.RCS: "RCS",
    Channel.VOICE: "AUDIO",
    Channel.SILENT: "SAUTH",
}

_CODE_LENGTH = Bound(4, 8)
_DOCUMENTED_LIFE_SECONDS = 60
_BELIEVABLE_LIFE_SECONDS = Bound(5, 86_400)
_DIGITS = re.compile(r"[0-9]{1,19}")


class MessageCentralProvider(VendorProvider[MessageCentralAccount]):
    """Custody `vendor` alone."""

    name = "message_central"

    def __init__(
        self,
        *,
        base_url: str,
        http: Transport,
        accounts: VendorAccounts,
        clock: Clock,
        tokens: TokenStore,
        vendor_timeout_seconds: float = VENDOR_TIMEOUT_SECONDS,
    ) -> None:
        super().__init__(
            base_url=base_url,
            http=http,
            accounts=accounts,
            clock=clock,
            vendor_timeout_seconds=vendor_timeout_seconds,
        )
        self._tokens = TokenSource(base_url=self._base_url, http=http, tokens=tokens, clock=clock)

    def parse_account(self, section: Mapping[str, object]) -> MessageCentralAccount:
        return MessageCentralAccount.parse(section)

    def cannot_carry(self, order: SendOrder, *, account: MessageCentralAccount) -> str | None:
        del account
        if order.custody is not Custody.VENDOR:
            return "the vendor's own codes only"
        if order.channel not in FLOW_TYPES:
            return "channel not offered"
        return None if _CODE_LENGTH.holds(order.code_length) else "codes of 4 to 8 digits only"

    # Requests: every parameter is in the query string, the body is empty ----------------

    def send_request(self, order: SendOrder, *, account: MessageCentralAccount) -> VendorRequest:
        del account
        calling_code = order.phone.calling_code
        query = {
            "countryCode": calling_code,
            "mobileNumber": order.phone.e164.reveal().removeprefix(f"+{calling_code}"),
            "flowType": FLOW_TYPES[order.channel],
            "otpLength": str(order.code_length),
        }
        return VendorRequest(method="POST", url=with_query(f"{self._base_url}/verification/v3/send", query))

    def check_request(self, order: CheckOrder, *, account: MessageCentralAccount) -> VendorRequest | None:
        del account
        if order.vendor_reference is None:
            return None
        query = {"verificationId": order.vendor_reference, "code": order.code.reveal()}
        return get(f"{self._base_url}/verification/v3/validateOtp", query=query)

    def post(
        self, request: VendorRequest, *, account: MessageCentralAccount, deadline: Deadline
    ) -> VendorAnswer:
        """With a token; where it is refused (401: nothing was done), once more with a new one."""
        for _ in range(2):
            token = self._tokens.get(account, deadline=deadline)
            with_token = VendorRequest(
                method=request.method, url=request.url, headers={**request.headers, "authToken": token}
            )
            answer = self._http.send(with_token, deadline=deadline)
            if answer.status != HTTPStatus.UNAUTHORIZED:
                return answer
            self._tokens.refuse(token)
        raise CredentialsRefusedError

    # Answers ----------------------------------------------------------------------------

    def read_send(
        self, answer: VendorAnswer, *, order: SendOrder, account: MessageCentralAccount
    ) -> SendResult:
        del order, account
        body = answer.json_object_or_none() or {}
        code, data = _verdict(body), _data(body)
        if not code:
            return refused_by_status(answer) or undocumented_send()
        if code != SUCCESS:
            return SEND_CODES[code].result(code) if code in SEND_CODES else undocumented_code()
        reference = _id(data.get("verificationId"))
        if reference is None:
            return undocumented_send()
        return SendResult(
            outcome=Delivery.ACCEPTED,
            detail=f"{SUCCESS} success",
            vendor_reference=reference,
            expires_in_seconds=_life_seconds(data.get("timeout")),
        )

    def read_check(self, answer: VendorAnswer, *, order: CheckOrder) -> CheckResult:
        body = answer.json_object_or_none() or {}
        code, data = _verdict(body), _data(body)
        if not code:
            return undecided_by_status(answer) or undocumented_check()
        if code != SUCCESS:
            return CHECK_CODES.get(code, undocumented_check())
        # Documented misspelt and as a string, recorded spelt right and as a number.
        ids = {_id(data[name]) for name in ("verficationId", "verificationId") if name in data}
        exact = (
            answer.status == HTTPStatus.OK
            and "responseCode" in body
            and ids == {order.vendor_reference}
            and data.get("verificationStatus") == "VERIFICATION_COMPLETED"
        )
        if not exact:
            return undocumented_check()
        return CheckResult(verdict=Verdict.VERIFIED, detail=f"{SUCCESS} verified")


def _verdict(body: Mapping[str, object]) -> str:
    """The first responseCode that is not a success, outer before inner; "" where there is none.

    Raises CredentialsRefusedError where the vendor does not know the customer.
    """
    codes = [code_of(part["responseCode"]) for part in (body, _data(body)) if "responseCode" in part]
    verdict = next((code for code in codes if code != SUCCESS), SUCCESS if codes else "")
    if verdict == INVALID_CUSTOMER:
        raise CredentialsRefusedError
    return verdict


def _data(body: Mapping[str, object]) -> Mapping[str, object]:
    data = body.get("data")
    return data if isinstance(data, dict) else {}


def _id(value: object) -> str | None:
    """A verification id, which comes as a number or as a string of digits, as a string."""
    digits = code_of(value)
    return digits if _DIGITS.fullmatch(digits) else None


def _life_seconds(timeout: object) -> int:
    """Seconds of life from `timeout`: "60" as documented, "60.0" as recorded."""
    try:
        seconds = int(float(timeout)) if isinstance(timeout, str | int | float) else 0
    except (ValueError, OverflowError):  # not a number, NaN, infinite
        seconds = 0
    return seconds if _BELIEVABLE_LIFE_SECONDS.holds(seconds) else _DOCUMENTED_LIFE_SECONDS
