"""The values of the domain: what a verification, a delivery and a check are.

Everything here is pure and immutable. Times are whole seconds since the epoch
(UTC), durations are seconds. Codes, secrets and whole phone numbers are wrapped
in `Secret` so that no `repr` can leak them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import final

ANY = "*"  # in a setting: every country, or every channel, that has no entry of its own
HIDDEN_DIGIT = "•"  # stands for each hidden digit of a masked number, first of all after the calling code
TEST_PROVIDER = "test"  # stands where a vendor's name does for what only rehearses: nothing was sent
CHECKED_ELSEWHERE = "cognito:sms"  # the purpose of codes that whoever made them checks as well
GUESS_NONE = "-"  # never equal to a keyed hash, nor to the empty `code` of custody `vendor`

_REGION = re.compile(r"[A-Z]{2}|001|\*")


@final
class Secret:
    """A string that must not be printed: a code, a credential, a whole phone number."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The plain value. Call it only where the value leaves for its destination."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))


class Channel(StrEnum):
    """How a code travels. Which vendor carries which channel is the provider's knowledge."""

    SMS = "sms"
    WHATSAPP = "whatsapp"
    RCS = "rcs"
    VOICE = "voice"
    ZALO = "zalo"
    SILENT = "silent"


def is_region(text: str) -> bool:
    """Can a setting mean countries by it: ISO 3166-1 alpha-2 in capitals, 001 (no country), or *?"""
    return _REGION.fullmatch(text) is not None


class Custody(StrEnum):
    """Who makes and checks the code."""

    VENDOR = "vendor"
    GATEWAY = "gateway"


class Status(StrEnum):
    """The life of a verification. Every status but `pending` is final."""

    PENDING = "pending"
    APPROVED = "approved"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELED = "canceled"


class Reason(StrEnum):
    """Why a verification is no longer pending."""

    CORRECT_CODE = "correct_code"
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"
    UNDELIVERABLE = "undeliverable"
    TIMED_OUT = "timed_out"
    CANCELED_BY_CLIENT = "canceled_by_client"
    SUPERSEDED = "superseded"


class Delivery(StrEnum):
    """The outcome of handing a code to vendors."""

    SENDING = "sending"  # durable intent: a vendor is being called, or the caller died while calling
    ACCEPTED = "accepted"  # a vendor took it
    REJECTED = "rejected"  # provably not sent
    UNKNOWN = "unknown"  # it may have been sent; never repeated by us


class Receipt(StrEnum):
    """How far a text got, as its vendor reports it."""

    SENT = "sent"  # on its way to the handset
    UNDELIVERED = "undelivered"  # it did not arrive; another way of the vendor's may still bring it
    DELIVERED = "delivered"


class Alphabet(StrEnum):
    """What a code is made of."""

    DIGITS = "digits"
    LETTERS_AND_DIGITS = "letters_and_digits"  # upper case


class Verdict(StrEnum):
    """What a vendor says of a code that it holds."""

    VERIFIED = "verified"
    WRONG = "wrong"
    EXPIRED = "expired"  # the vendor no longer holds it, so no code can be right any more
    USED = "used"  # already verified there; it proves nothing now
    EXHAUSTED = "exhausted"  # the vendor's own attempt limit
    UNKNOWN = "unknown"  # vendor trouble: costs no attempt


class ResendMode(StrEnum):
    """What a resend of a gateway-held code carries."""

    SAME_CODE = "same_code"
    NEW_CODE = "new_code"


class OnUndelivered(StrEnum):
    """What becomes of a text of ours that its vendor reports as undelivered."""

    NOTHING = "nothing"
    NEXT_PROVIDER = "next_provider"  # it is sent again over the next one of the route


class PumpingMode(StrEnum):
    """What becomes of a send that the guard against pumping suspects."""

    RECORD_ONLY = "record_only"  # it is sent, and the suspicion is on record
    DENY = "deny"


class ProofSubject(StrEnum):
    """What a proof calls the number's holder."""

    KEY = "key"  # a keyed hash: the same for one client and number while the pepper is the same
    NUMBER = "number"  # the whole number, E.164


class NumberKind(StrEnum):
    """What a number is good for, by the numbering plan of its country."""

    MOBILE = "mobile"  # also where the plan does not tell mobiles from landlines
    LANDLINE = "landline"
    OTHER = "other"  # premium, toll-free, shared cost, internet telephony, pagers, global services …


@dataclass(frozen=True, slots=True)
class Phone:
    """A parsed phone number. `e164` is whole (hence secret), `masked` may be shown."""

    e164: Secret
    country: str  # ISO 3166-1 alpha-2; "001" for numbers of no country
    calling_code: str  # digits, without "+"
    masked: str
    kind: NumberKind = NumberKind.MOBILE

    def takes(self, channel: Channel) -> bool:
        """Can a code reach it over this channel? A landline can be called, nothing else."""
        return self.kind is NumberKind.MOBILE or (
            self.kind is NumberKind.LANDLINE and channel is Channel.VOICE
        )


@dataclass(frozen=True, slots=True)
class MessageText:
    """The text around a code: what stands before, between and after its places.

    `binding` False: a vendor that sends no texts but its own may use its own.
    """

    parts: tuple[str, ...]
    binding: bool = True

    def with_code(self, code: str) -> str:
        """The text with `code` (or a vendor's placeholder for it) in its places."""
        return code.join(self.parts)


@dataclass(frozen=True, slots=True)
class RouteStep:
    """One provider of a route, and who holds the code when it carries it."""

    provider: str
    custody: Custody

    def __str__(self) -> str:
        return f"{self.provider}:{self.custody}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """One attempt to prove that a person holds a phone number, as it is stored."""

    id: str
    client_id: str
    slot: str  # key of (client, number, purpose); see docs/data-model.md
    number_key: str  # key of the number
    to_masked: str
    to_sealed: str  # the whole number, encrypted under the pepper
    country: str
    channel: Channel
    purpose: str
    created_at: int
    expires_at: int
    resend_at: int
    attempts_max: int
    sends: int
    sends_max: int
    code_length: int
    ttl_seconds: int
    request: str  # keyed fingerprint of the request that made it
    delivery: Delivery
    provider: str
    custody: Custody
    attempts: int = 0
    checking: int = 0  # attempts whose vendor check has not come back
    code: str = ""  # keyed hash of the live code; empty with custody `vendor`
    code_seed: str = ""  # what the live code is derived from, with the pepper
    guess: str = GUESS_NONE  # keyed hash of the last counted guess
    stored_status: Status = Status.PENDING
    stored_reason: Reason | None = None
    superseded_by: str | None = None
    superseded_at: int | None = None
    checked_at: int | None = None
    vendor_reference: str | None = None
    locale: str | None = None
    alphabet: Alphabet = Alphabet.DIGITS
    reference: str | None = None
    resend_key: str | None = None  # keyed hashes of the resends' Idempotency-Keys, joined by commas
    prefix_key: str = ""  # key of the block of numbers that it is counted under
    address_key: str | None = None  # key of the caller's address, where that is limited
    pepper: str | None = None  # name of the pepper that everything keyed in it was made with
    receipt: Receipt | None = None  # of the last text alone
    receipt_at: int | None = None  # when we were told
    on_undelivered: OnUndelivered | None = None  # by the policy at the start; None: nothing

    @property
    def solved(self) -> bool:
        """A counted guess equalled the gateway-held code."""
        return self.code != "" and self.guess == self.code

    @property
    def rehearsed(self) -> bool:
        """It is a test number's: nothing was sent, and what users do is not counted with it."""
        return self.provider == TEST_PROVIDER

    @property
    def checked_elsewhere(self) -> bool:
        """Its code is not ours to check: no approval will come, and that none comes says nothing."""
        return self.purpose == CHECKED_ELSEWHERE

    @property
    def calling_code(self) -> str:
        """The digits of the country's calling code, without "+"."""
        return self.to_masked[1:].partition(HIDDEN_DIGIT)[0]

    @property
    def attempts_left(self) -> int:
        return max(0, self.attempts_max - self.attempts)

    @property
    def sends_left(self) -> int:
        return max(0, self.sends_max - self.sends)

    def status(self, now: int) -> tuple[Status, Reason | None]:
        """The status at `now` and why, derived from what is stored; it never goes back."""
        if self.stored_status is not Status.PENDING:
            return self.stored_status, self.stored_reason
        if self.solved:
            return Status.APPROVED, Reason.CORRECT_CODE
        ends: list[tuple[int, Status, Reason]] = []
        if now >= self.expires_at:
            ends.append((self.expires_at, Status.EXPIRED, Reason.TIMED_OUT))
        exhausted = self.attempts >= self.attempts_max and self.checking == 0
        if exhausted:
            ends.append((self.checked_at or 0, Status.FAILED, Reason.ATTEMPTS_EXHAUSTED))
        # A code of ours is not guessed at once it is superseded, whatever two clocks say of the order.
        exhausted_first = exhausted and self.custody is Custody.GATEWAY
        if self.superseded_by is not None and not exhausted_first:
            ends.append((self.superseded_at or 0, Status.CANCELED, Reason.SUPERSEDED))
        if ends:  # whichever came first stays, whatever comes later
            _, status, reason = min(ends, key=lambda end: end[0])
            return status, reason
        return Status.PENDING, None
