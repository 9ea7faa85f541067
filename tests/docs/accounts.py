"""Vendors' accounts with every field set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from countersign.clock import Deadline, SystemClock
from countersign.model import Channel, Custody
from countersign.orders import SendOrder
from countersign.ports import SharedToken
from countersign.providers.base import VendorProvider
from countersign.providers.engagelab import EngagelabProvider
from countersign.providers.esms import EsmsProvider
from countersign.providers.message_central import MessageCentralProvider
from countersign.providers.wire import NotSentError, VendorAnswer, VendorRequest
from tests.support.builders import phone, secret

_TEMPLATES = {"sms": "t1", "whatsapp": "t2", "voice": "t3"}

FULL_ACCOUNTS: Mapping[str, Mapping[str, object]] = {
    "message_central": {"customer_id": "C-1", "password": "p", "country": "IN", "email": "a@example.com"},
    "esms": {
        "api_key": "k",
        "secret_key": "s",
        "brandname": "b",
        "message": "{OTP}",
        "zalo_template_id": "z",
        "callback_url": "https://api.example/receipts/esms/" + "s" * 32,
    },
    "engagelab": {
        "dev_key": "k",
        "dev_secret": "s",
        "templates": _TEMPLATES,
        "code_templates": _TEMPLATES,
        "ttl_seconds": 300,
        "code_length": 6,
        "callback_username": "u",
        "callback_secret": "s" * 16,
    },
}


class RecordingSection(Mapping[str, object]):
    """A section of the vendors' secret that remembers which fields were asked for."""

    def __init__(self, section: Mapping[str, object]) -> None:
        self._section = section
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> object:
        self.asked.add(name)
        return self._section[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._section)

    def __len__(self) -> int:
        return len(self._section)


class _NoNetwork:
    def send(self, request: VendorRequest, *, deadline: Deadline) -> VendorAnswer:
        raise NotSentError("no network here")


class _Account:
    def __init__(self, section: Mapping[str, object]) -> None:
        self._section = section

    def get(self, vendor: str) -> Mapping[str, object] | None:
        return self._section

    def renew(self, vendor: str, *, refused: Mapping[str, object]) -> Mapping[str, object] | None:
        return None


class _NoTokens:
    def load(self, name: str) -> SharedToken | None:
        return None

    def begin_refresh(self, name: str, *, lease_seconds: int) -> bool:
        return False

    def save(self, name: str, *, token: SharedToken) -> None: ...

    def abandon_refresh(self, name: str) -> None: ...


def provider_of(vendor: str, section: Mapping[str, object]) -> VendorProvider[Any]:
    """A provider with this account, that reaches nobody."""
    base_url, http, accounts, clock = "https://vendor.test", _NoNetwork(), _Account(section), SystemClock()
    match vendor:
        case "message_central":
            return MessageCentralProvider(
                base_url=base_url, http=http, accounts=accounts, clock=clock, tokens=_NoTokens()
            )
        case "esms":
            return EsmsProvider(base_url=base_url, http=http, accounts=accounts, clock=clock)
        case "engagelab":
            return EngagelabProvider(base_url=base_url, http=http, accounts=accounts, clock=clock)
    raise AssertionError(f"{vendor}: describe its account here")


def order(channel: Channel, custody: Custody) -> SendOrder:
    """A six-digit code to Vietnam."""
    return SendOrder(
        verification_id="v1",
        send_number=1,
        phone=phone(),
        channel=channel,
        custody=custody,
        code=secret("123456") if custody is Custody.GATEWAY else None,
        code_length=6,
        ttl_seconds=300,
        locale=None,
    )
