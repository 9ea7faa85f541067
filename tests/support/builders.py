"""Values with everything filled in that a test does not care about."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from countersign.claims import NumberClaim, Release, Slot
from countersign.client import Client
from countersign.codes import Keys
from countersign.model import Channel, Custody, Delivery, Phone, Reason, Secret, Status, Verification
from countersign.phone import parse_phone
from countersign.policy import Policy
from countersign.writes import ResendIntent, Settlement
from tests.support.clock import NOON

PEPPER = "a pepper of no use but in tests, 42 long.."
NUMBER = "+84901888484"
OTHER_NUMBER = "+6591234567"
CODE_HASH = "hash-of-the-right-code"
WRONG_HASH = "hash-of-a-wrong-code"


def keys() -> Keys:
    return Keys(PEPPER)


def phone(number: str = NUMBER) -> Phone:
    return parse_phone(number, field="to")


def client(client_id: str = "demo", **policy: Any) -> Client:
    return Client(id=client_id, policy=replace(Policy(), **policy))


def verification(verification_id: str = "v1", **changes: Any) -> Verification:
    """A gateway-held one that has just been written: `sending`, 300 s to live, 5 attempts, 5 sends."""
    plain = Verification(
        id=verification_id,
        client_id="demo",
        slot="slot1",
        number_key="number1",
        to_masked="+84•••••8484",
        to_sealed="sealed",
        country="VN",
        channel=Channel.SMS,
        purpose="login",
        created_at=NOON,
        expires_at=NOON + 300,
        resend_at=NOON + 60,
        attempts_max=5,
        sends=1,
        sends_max=5,
        code_length=6,
        ttl_seconds=300,
        request="fingerprint",
        delivery=Delivery.SENDING,
        provider="one",
        custody=Custody.GATEWAY,
        code=CODE_HASH,
        code_seed="seed",
    )
    return replace(plain, **changes)


def vendor_held(verification_id: str = "v1", **changes: Any) -> Verification:
    return verification(verification_id, **({"custody": Custody.VENDOR, "code": ""} | changes))


def claim(verification_id: str = "v1", **changes: Any) -> NumberClaim:
    """The claim that belongs to `verification`: cooldown 60 s, no vendor's lock."""
    plain = NumberClaim(
        number_key="number1",
        slot="slot1",
        verification_id=verification_id,
        now=NOON,
        resend_at=NOON + 60,
        expires_at=NOON + 300,
        vendor_lock=None,
    )
    return replace(plain, **changes)


def claim_at(now: int, verification_id: str, **changes: Any) -> NumberClaim:
    """The same, made later."""
    return claim(verification_id, **({"now": now, "resend_at": now + 60, "expires_at": now + 300} | changes))


def release(of: NumberClaim, *, before: Slot | None = None) -> Release:
    return Release(claim=of, before=before)


def settlement(of: Verification, **changes: Any) -> Settlement:
    """The vendor took it; everything else stays as it was written."""
    plain = Settlement(
        delivery=Delivery.ACCEPTED,
        provider=of.provider,
        vendor_reference=None,
        expires_at=of.expires_at,
        custody=of.custody,
        code=of.code,
        code_seed=of.code_seed,
        sends=of.sends,
    )
    return replace(plain, **changes)


def undeliverable(of: Verification) -> Settlement:
    return settlement(of, delivery=Delivery.REJECTED, status=Status.FAILED, reason=Reason.UNDELIVERABLE)


def resend_intent(of: Verification, **changes: Any) -> ResendIntent:
    """A resend of the same code at the end of the cooldown, by another provider."""
    plain = ResendIntent(
        now=NOON + 60,
        sends_seen=of.sends,
        resend_at=NOON + 120,
        expires_at=of.expires_at,
        resend_key=None,
        provider="two",
        custody=of.custody,
        channel=of.channel,
        code=of.code,
        code_seed=of.code_seed,
    )
    return replace(plain, **changes)


def secret(value: str) -> Secret:
    return Secret(value)
