"""Claims on a phone number: who may send to it now, and for which verification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from countersign.policy import Limit

# The clocks of two containers, and of a vendor, are taken to differ by no more than this.
CLOCK_SKEW_SECONDS = 180

# A vendor counts whole minutes, two at the least, from when it takes the order.
VENDOR_OUTLIVES_SECONDS = 60 + 30 + CLOCK_SKEW_SECONDS


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
    limits: tuple[Limit, ...] = ()
    attempts: int = 0  # guesses that are asked for; 0: none are granted with this claim
    failure_limits: tuple[Limit, ...] = ()
    continues: str | None = None  # a resend: the claim must still belong to this verification
    replaces: str | None = None  # a start over this verification, which is known to have ended
    waits_for_expiry: bool = False  # a start that no cooldown, only the earlier code's end lets through
    locked_at_least_until: int = 0  # by an older code of the slot, which may live longer than ours
    moves_from: str | None = None  # the number's key under the previous pepper: its record is taken over

    def found_at(self, number_key: str | None) -> NumberClaim:
        """The same, where the number's record has moved to another key; None: it has not."""
        return self if number_key is None else replace(self, number_key=number_key, moves_from=None)

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
    attempts: int = 0  # guesses that were asked for with it


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many guesses a verification may take, so that the number's limits hold whoever guesses when."""

    guesses: int
    again_at: int  # when there may be more of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """The number is ours to send to; `before` is what the slot held."""

    before: Slot | None
    allowance: Allowance | None = None  # where guesses were asked for
    moved_to: str | None = None  # set: the number's record stands under this key, not under the claim's


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRefused:
    """The number is not ours: the slot is held, it has had its sends, or the vendor's lock is held."""

    held: Slot | None  # set: the slot refused
    limited_until: int = 0  # set: the slot is free, but one of the limits is reached until then
    locked_until: int = 0  # set: all that is free, but the vendor's lock is held until then
    lock_is_ours: bool = False  # by an older code of this slot, longer than the claim would hold it
    allowance: Allowance | None = None  # where guesses were asked for: of a claim that was made before
    moved_to: str | None = None  # set: the number's record stands under this key, not under the claim's


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The undoing of a claim: what the slot gets back."""

    claim: NumberClaim
    before: Slot | None

    def on(self, number_key: str) -> Release:
        """The same, where the number's record has moved."""
        return replace(self, claim=replace(self.claim, number_key=number_key))


@dataclass(frozen=True, slots=True, kw_only=True)
class Aliases:
    """What a start is known by under the peppers that its container knows."""

    number_keys: tuple[str, ...] = ()  # any of them may be the number's in an older verification
    former_id: str | None = None  # the id of its Idempotency-Key under the previous pepper


NO_ALIASES = Aliases()


def allowance_of(claim: NumberClaim, *, live: Sequence[Slot], failures: Sequence[int]) -> Allowance:
    """The guesses that a claim gets beside other live slots, after failures at these times."""
    promised = sum(slot.attempts for slot in live)
    guesses, frees = claim.attempts, [slot.expires_at for slot in live]
    for limit in claim.failure_limits:
        counted = [failed_at for failed_at in failures if failed_at > claim.now - limit.seconds]
        guesses = min(guesses, limit.count - len(counted) - promised)
        frees += [failed_at + limit.seconds for failed_at in counted]
    return Allowance(max(0, guesses), again_at=min(frees, default=claim.now))
