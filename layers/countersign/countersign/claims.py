"""Claims on a phone number: who may send to it now, and for which verification."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.policy import SendLimit

# A vendor counts whole minutes, two at the least, from when it takes the order.
VENDOR_OUTLIVES_SECONDS = 60 + 30


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberClaim:
    """The wish to send to a number now."""

    number_key: str
    slot: str
    verification_id: str
    now: int
    resend_at: int
    expires_at: int
    vendor_lock: str | None  # provider that knows one live code per number, or None
    limits: tuple[SendLimit, ...] = ()
    continues: str | None = None  # a resend: the claim must still belong to this verification
    replaces: str | None = None  # a start over this verification, which is known to have ended
    waits_for_expiry: bool = False  # a start that no cooldown, only the earlier code's end lets through
    locked_at_least_until: int = 0  # by an older code of the slot, which may live longer than ours

    @property
    def locked_until(self) -> int:
        """When a vendor's code that this claim brings forth is dead for sure, later than our own."""
        return max(self.expires_at + VENDOR_OUTLIVES_SECONDS, self.locked_at_least_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The live verification of one (client, number, purpose) before a claim."""

    verification_id: str
    previous_id: str | None
    resend_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The number is ours to send to; `before` is what the slot held."""

    before: Slot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRefused:
    """The number is not ours: the slot is held, it has had its sends, or the vendor's lock is held."""

    held: Slot | None  # set: the slot refused
    limited_until: int = 0  # set: the slot is free, but one of the limits is reached until then
    locked_until: int = 0  # set: all that is free, but the vendor's lock is held until then
    lock_is_ours: bool = False  # by an older code of this slot, longer than the claim would hold it


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The undoing of a claim: what the slot gets back."""

    claim: NumberClaim
    before: Slot | None
