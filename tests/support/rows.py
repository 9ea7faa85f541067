"""What the store in memory keeps, and the conditions of its writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from countersign.claims import NumberClaim, Slot
from countersign.model import Delivery, Status, Verification
from countersign.policy import Limit

type Change = Callable[[Verification], Verification]
type Condition = Callable[[Verification], bool]


@dataclass
class Row:
    """A verification, or (without one) only the mark that a newer one has replaced it."""

    verification: Verification | None
    superseded_by: str | None = None
    superseded_at: int | None = None
    writer: int = 0

    def read(self) -> Verification | None:
        if self.verification is None:
            return None
        return replace(self.verification, superseded_by=self.superseded_by, superseded_at=self.superseded_at)


@dataclass(frozen=True)
class Lock:
    slot: str
    until: int


def slot_is_free(held: Slot | None, *, claim: NumberClaim) -> bool:
    if claim.continues is not None:
        is_its = held is not None and held.verification_id == claim.continues
        return is_its and held is not None and held.resend_at <= claim.now
    if claim.replaces is not None:
        return held is not None and held.verification_id == claim.replaces
    if held is None:
        return True
    if claim.waits_for_expiry and held.expires_at > claim.now:
        return False
    return held.verification_id != claim.verification_id and held.resend_at <= claim.now


def limited_until(sent: list[int], *, claim: NumberClaim) -> int:
    """When every limit lets a send through again; not later than `claim.now`: none is reached."""
    ends = [sent[-limit.count] + limit.seconds for limit in claim.limits if len(sent) >= limit.count]
    return max(ends, default=0)


def full_until(charged: list[int], *, limit: Limit) -> int:
    """When an address has room again; not later than now: it has room."""
    return charged[-limit.count] + limit.seconds if len(charged) >= limit.count else 0


def lock_is_free(lock: Lock, *, claim: NumberClaim) -> bool:
    is_ours = lock.slot == claim.slot and lock.until <= claim.locked_until
    return is_ours or lock.until <= claim.now


def delivery_is_of(verification: Verification) -> Condition:
    return lambda stored: (
        stored.stored_status is Status.PENDING
        and stored.delivery is Delivery.SENDING
        and stored.sends == verification.sends
    )


def is_open(stored: Verification, *, now: int) -> bool:
    """Pending, whatever its attempts: not ended, replaced, expired or solved."""
    ended = stored.stored_status is not Status.PENDING or stored.superseded_by is not None
    return not ended and stored.expires_at > now and not stored.solved
