"""What providers are asked for, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.model import (
    Alphabet,
    Channel,
    Custody,
    Delivery,
    MessageText,
    Phone,
    Secret,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOrder:
    """What a provider is asked to send."""

    verification_id: str
    send_number: int  # 1 for the start, 2 for the first resend …
    phone: Phone
    channel: Channel
    custody: Custody
    code: Secret | None  # set with custody `gateway`, None with custody `vendor`
    code_length: int
    ttl_seconds: int
    locale: str | None  # BCP 47, as the client sent it
    alphabet: Alphabet = Alphabet.DIGITS
    text: MessageText | None = None  # None: the vendor account's own


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What became of a `SendOrder` at one vendor.

    `detail` is a short constant from the provider's own table (never vendor text).
    `try_elsewhere` has a meaning with `REJECTED` only: could another vendor accept it?
    `is_outage`: the vendor failed, or failed us, and would have whatever the number and the text.
    A result of neither kind (`is_outage` False, `was_asked` True) says that the vendor works.
    """

    outcome: Delivery
    detail: str
    vendor_reference: str | None = None
    expires_in_seconds: int | None = None
    try_elsewhere: bool = True
    is_outage: bool = False
    was_asked: bool = True  # False: for a reason of ours not, which tells nothing about the vendor
    retry_after_seconds: int | None = None  # the vendor itself wants no requests for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """What a provider with custody `vendor` is asked to check."""

    verification_id: str
    phone_e164: Secret
    vendor_reference: str | None
    channel: Channel
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What a vendor said of a code. `detail` is a short constant, never vendor text."""

    verdict: Verdict
    detail: str
