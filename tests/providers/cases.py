"""What every provider is asked in the contract suite: one case per vendor, custody and channel."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from countersign.clock import Clock
from countersign.model import Channel, Custody
from countersign.ports import SharedToken
from countersign.providers.base import Transport, VendorProvider
from countersign.providers.engagelab import EngagelabProvider
from countersign.providers.esms import EsmsProvider
from countersign.providers.message_central import MessageCentralProvider

from .fakes import NOW, TOKEN, FakeAccounts, FakeClock, FakeTokens

BASE = "https://vendor.test/base"
MESSAGE_ID = "1725407449772531712"
SHARE_NAME = "message_central#" + hashlib.sha256(b"C-CANARY1").hexdigest()[:16]

type Json = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One way to send. `refusal` is a documented refusal, in the vendor's own HTTP status."""

    id: str
    vendor: str
    path: str
    accepted: Json
    reference: str
    life_seconds: int | None
    refusal: tuple[int, Json]
    custody: Custody = Custody.VENDOR
    channel: Channel = Channel.SMS
    method: str = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCase:
    """One way to check; the order's vendor reference is MESSAGE_ID."""

    id: str
    path: str
    verified: Json
    wrong: tuple[int, Json]
    method: str = "GET"


_ESMS_OK = {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "d533459ee42b2b9525ba9eabf6a8156"}
_ESMS_NO = {"CodeResult": "104", "CountRegenerate": 0, "ErrorMessage": "Brand name code is not exist"}
_ENGAGELAB_OK = {"message_id": MESSAGE_ID, "send_channel": "sms"}
_ENGAGELAB_NO = {"code": 5011, "message": "phone format"}

SENDS = (
    Case(
        id="message_central vendor",
        vendor="message_central",
        path="/verification/v3/send",
        accepted={
            "responseCode": 200,
            "message": "SUCCESS",
            "data": {
                "verificationId": "5915384",
                "mobileNumber": "901888484",
                "responseCode": "200",
                "errorMessage": None,
                "timeout": "60",
                "smCLI": None,
                "transactionId": "2065cc84-0d76-40fe-a434-2f1907ef07a2",
            },
        },
        reference="5915384",
        life_seconds=60,
        refusal=(400, {"responseCode": 511, "message": "INVALID_COUNTRY_CODE"}),
    ),
    Case(
        id="esms vendor",
        vendor="esms",
        method="GET",
        path="/SendMessageAutoGenCode_V4_get",
        accepted=_ESMS_OK,
        reference="d533459ee42b2b9525ba9eabf6a8156",
        life_seconds=300,
        refusal=(200, _ESMS_NO),
    ),
    Case(
        id="esms vendor zalo",
        vendor="esms",
        channel=Channel.ZALO,
        path="/SendMessageAutoGenCode_V5",
        accepted=_ESMS_OK,
        reference="d533459ee42b2b9525ba9eabf6a8156",
        life_seconds=300,
        refusal=(200, _ESMS_NO),
    ),
    Case(
        id="esms gateway",
        vendor="esms",
        custody=Custody.GATEWAY,
        path="/SendMultipleMessage_V4_post_json/",
        accepted=_ESMS_OK,
        reference="d533459ee42b2b9525ba9eabf6a8156",
        life_seconds=None,
        refusal=(200, _ESMS_NO),
    ),
    Case(
        id="engagelab vendor",
        vendor="engagelab",
        path="/v1/messages",
        accepted=_ENGAGELAB_OK,
        reference=MESSAGE_ID,
        life_seconds=240,
        refusal=(400, _ENGAGELAB_NO),
    ),
    Case(
        id="engagelab gateway",
        vendor="engagelab",
        custody=Custody.GATEWAY,
        path="/v1/codes",
        accepted=_ENGAGELAB_OK,
        reference=MESSAGE_ID,
        life_seconds=None,
        refusal=(400, _ENGAGELAB_NO),
    ),
)

CHECKS = (
    CheckCase(
        id="message_central",
        path="/verification/v3/validateOtp",
        verified={
            "responseCode": 200,
            "message": "SUCCESS",
            "data": {
                "verificationId": int(MESSAGE_ID),
                "mobileNumber": "901888484",
                "responseCode": "200",
                "errorMessage": None,
                "verificationStatus": "VERIFICATION_COMPLETED",
                "authToken": None,
                "transactionId": "2065cc84-0d76-40fe-a434-2f1907ef07a2",
            },
        },
        wrong=(200, {"responseCode": 702, "message": "WRONG_OTP_PROVIDED"}),
    ),
    CheckCase(
        id="esms",
        path="/CheckCodeGen_V4_get",
        verified={
            "CodeResult": "100",
            "CountRegenerate": 0,
            "ErrorMessage": "0901888484, Content: Success!",
        },
        wrong=(200, {"CodeResult": "117", "CountRegenerate": 0, "ErrorMessage": "Code Invalid"}),
    ),
    CheckCase(
        id="engagelab",
        method="POST",
        path="/v1/verifications",
        verified={"message_id": MESSAGE_ID, "verify_code": "667090", "verified": True},
        wrong=(200, {"message_id": MESSAGE_ID, "verify_code": "667090", "verified": False}),
    ),
)


def with_token() -> FakeTokens:
    """A token store that already holds a good token of Message Central."""
    return FakeTokens(tokens={SHARE_NAME: SharedToken(TOKEN, expires_at=NOW + 86_400)})


def make(
    vendor: str,
    *,
    http: Transport,
    base_url: str = BASE,
    accounts: FakeAccounts | None = None,
    tokens: FakeTokens | None = None,
    clock: Clock | None = None,
) -> VendorProvider[object]:
    """The provider over fakes of everything but the HTTP client."""
    accounts, clock = accounts or FakeAccounts(), clock or FakeClock()
    provider: object
    if vendor == "message_central":
        provider = MessageCentralProvider(
            base_url=base_url, http=http, accounts=accounts, clock=clock, tokens=tokens or with_token()
        )
    elif vendor == "esms":
        provider = EsmsProvider(base_url=base_url, http=http, accounts=accounts, clock=clock)
    else:
        provider = EngagelabProvider(base_url=base_url, http=http, accounts=accounts, clock=clock)
    assert isinstance(provider, VendorProvider)
    return provider
