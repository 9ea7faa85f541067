"""Fakes of the ports that a provider uses, and orders to give it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from countersign.clock import Deadline, SystemClock
from countersign.errors import ConfigurationError
from countersign.model import Alphabet, Channel, Custody, MessageText, Phone, Secret
from countersign.orders import CheckOrder, SendOrder
from countersign.ports import Field, SharedToken

NOW = 1_750_000_000

SECTIONS: Mapping[str, Mapping[str, object]] = {
    "message_central": {"customer_id": "C-CANARY1", "password": "pass+w/rd CANARY2"},
    "esms": {
        "api_key": "KEY-CANARY1",
        "secret_key": "SECRET-CANARY2",
        "brandname": "Baotrixemay",
        "message": "{OTP} la ma xac minh",
        "zalo_template_id": "4711",
    },
    "engagelab": {
        "dev_key": "dev-CANARY1",
        "dev_secret": "secret-CANARY2",
        "templates": {"sms": "t-sms", "whatsapp": "t-wa", "voice": "t-voice"},
        "code_templates": {"sms": "c-sms"},
        "ttl_seconds": 240,
    },
}
TOKEN = "header.payload.CANARY3"
CODE = "90817263"
VIETNAM = ("+84901888484", "84")
NUMBERS = (VIETNAM, ("+12025550123", "1"), ("+447911123456", "44"), ("+85251234567", "852"))


class FakeClock:
    """Time stands still but for `sleep` and `advance`."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.on_sleep: Callable[[], None] = lambda: None

    def now(self) -> int:
        return NOW + int(self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)
        self.on_sleep()

    def advance(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class FakeAccounts:
    """The vendors' secret; `renewed` is what a second look at it finds."""

    sections: dict[str, Mapping[str, object]] = field(default_factory=lambda: dict(SECTIONS))
    renewed: Mapping[str, object] | None = None
    renewals: list[Mapping[str, object]] = field(default_factory=list)
    broken: bool = False

    def get(self, vendor: str) -> Mapping[str, object] | None:
        if self.broken:
            raise ConfigurationError("the vendors' secret is not JSON")
        return self.sections.get(vendor)

    def renew(self, vendor: str, *, refused: Mapping[str, object]) -> Mapping[str, object] | None:
        self.renewals.append(refused)
        if self.renewed is not None:
            self.sections[vendor] = self.renewed
        return self.renewed


@dataclass
class FakeTokens:
    """The shared token store; `leased` is the lease of somebody."""

    tokens: dict[str, SharedToken] = field(default_factory=dict)
    leased: bool = False
    log: list[str] = field(default_factory=list)

    def load(self, name: str) -> SharedToken | None:
        return self.tokens.get(name)

    def begin_refresh(self, name: str, *, lease_seconds: int) -> bool:
        if self.leased:
            return False
        self.leased = True
        self.log.append(f"begin {name} {lease_seconds}")
        return True

    def save(self, name: str, *, token: SharedToken) -> None:
        self.tokens[name] = token
        self.leased = False
        self.log.append("save")

    def abandon_refresh(self, name: str) -> None:
        self.leased = False
        self.log.append("abandon")


@dataclass
class FakeTelemetry:
    warnings: list[tuple[str, dict[str, Field]]] = field(default_factory=list)

    def outcome(self, event: str, **fields: Field) -> None:
        raise AssertionError(f"a provider reports no outcome: {event} {fields}")

    def warning(self, message: str, **fields: Field) -> None:
        self.warnings.append((message, fields))


def phone(number: tuple[str, str] = VIETNAM) -> Phone:
    e164, calling_code = number
    return Phone(e164=Secret(e164), country="ZZ", calling_code=calling_code, masked="+•••")


def send_order(
    *,
    custody: Custody = Custody.VENDOR,
    channel: Channel = Channel.SMS,
    number: tuple[str, str] = VIETNAM,
    code_length: int = 6,
    ttl_seconds: int = 300,
    send_number: int = 1,
    locale: str | None = None,
    verification_id: str = "v3rification",
    alphabet: Alphabet = Alphabet.DIGITS,
    text: MessageText | None = None,
    code: str = CODE,
) -> SendOrder:
    return SendOrder(
        verification_id=verification_id,
        send_number=send_number,
        phone=phone(number),
        channel=channel,
        custody=custody,
        code=Secret(code) if custody is Custody.GATEWAY else None,
        code_length=code_length,
        ttl_seconds=ttl_seconds,
        locale=locale,
        alphabet=alphabet,
        text=text,
    )


def check_order(
    *,
    vendor_reference: str | None = "1725407449772531712",
    code: str = CODE,
    number: tuple[str, str] = VIETNAM,
) -> CheckOrder:
    return CheckOrder(
        verification_id="v3rification",
        phone_e164=Secret(number[0]),
        vendor_reference=vendor_reference,
        channel=Channel.SMS,
        code=Secret(code),
    )


def real_deadline(seconds: float = 5.0) -> Deadline:
    return Deadline(seconds, clock=SystemClock())
