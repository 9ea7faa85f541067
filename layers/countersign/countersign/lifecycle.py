"""The events of a verification's life, read off the changes of its item.

A change tells what happened by what is different after it. Nothing is written when a code
runs out, so whoever watches over that (service/expiry.py) writes the end first, and the
change that this makes is told like every other one. docs/events.md is for who listens.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from countersign.changes import Change, reported_before
from countersign.model import Delivery, Reason, Receipt, Status, Verification

SOURCE = "countersign"
NUMBER_DIGITS = 40  # the longest SequenceNumber of a DynamoDB stream


class Happening(StrEnum):
    """What can happen to a verification, as the events' `detail-type` names it."""

    SENT = "VerificationSent"  # a vendor took the code, or may have; once for each send
    DELIVERED = "VerificationDelivered"  # by the vendor's own report, as the next
    UNDELIVERED = "VerificationUndelivered"
    APPROVED = "VerificationApproved"
    FAILED = "VerificationFailed"
    EXPIRED = "VerificationExpired"
    CANCELED = "VerificationCanceled"


_ENDINGS = {
    Status.APPROVED: Happening.APPROVED,
    Status.FAILED: Happening.FAILED,
    Status.EXPIRED: Happening.EXPIRED,
    Status.CANCELED: Happening.CANCELED,
}
_REPORTS = {Receipt.DELIVERED: Happening.DELIVERED, Receipt.UNDELIVERED: Happening.UNDELIVERED}
_TAKEN = frozenset({Delivery.ACCEPTED, Delivery.UNKNOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a verification, and how it was then."""

    happening: Happening
    sequence: str  # compared as a string, it orders the events of one verification
    occurred_at: int
    verification: Verification

    @property
    def id(self) -> str:
        """The same whenever the same change is told again."""
        about = self.verification
        told = "\n".join((about.client_id, about.id, self.sequence, self.happening))
        return "evt_" + b32encode(hashlib.sha256(told.encode()).digest())[:26].decode("ascii").lower()

    def detail(self) -> dict[str, str | int | None]:
        """What the event carries: no code, nothing keyed, and of the number what may be shown."""
        about = self.verification
        status, reason = ending(about) or (Status.PENDING, None)
        return {
            "event_id": self.id,
            "sequence": self.sequence,
            "occurred_at": _timestamp(self.occurred_at),
            "id": about.id,
            "client": about.client_id,
            "reference": about.reference,
            "to": about.to_masked,
            "country": about.country,
            "channel": about.channel.value,
            "purpose": about.purpose,
            "provider": about.provider,
            "status": status.value,
            "reason": reason.value if reason is not None else None,
            "attempts": about.attempts,
            "sends": about.sends,
            "created_at": _timestamp(about.created_at),
            "seconds": max(0, self.occurred_at - about.created_at),
        }


def ending(verification: Verification) -> tuple[Status, Reason | None] | None:
    """How a verification has ended, as far as it is written; None while that is open.

    What is written does not change with time, so a verification ends once, whoever looks and when. That
    its time has passed is not written: until somebody writes it, a code that ran out is open here.
    """
    status, reason = verification.status(verification.expires_at)
    if status is Status.EXPIRED and verification.stored_status is Status.PENDING:
        return None
    return status, reason


def events(change: Change) -> Iterator[Event]:
    """What a change tells, in order; most changes tell one thing or nothing."""
    new = change.new
    if new is None:
        return
    for place, (happening, occurred_at) in enumerate(_happenings(change.old, new, at=change.at)):
        yield Event(
            happening=happening,
            sequence=f"{change.number:0>{NUMBER_DIGITS}}-{place}",
            occurred_at=occurred_at,
            verification=new,
        )


def _happenings(old: Verification | None, new: Verification, *, at: int) -> Iterator[tuple[Happening, int]]:
    if _was_taken(old, new):
        yield Happening.SENT, at
    if new.receipt in _REPORTS and new.receipt is not reported_before(old, new=new):
        yield _REPORTS[new.receipt], new.receipt_at or at
    end = ending(new)
    if end is not None and (old is None or ending(old) is None):
        yield _ENDINGS[end[0]], _ended_at(new, reason=end[1], at=at)


def _was_taken(old: Verification | None, new: Verification) -> bool:
    """Did a vendor just take a text? A refused resend leaves the delivery of the text before it."""
    was_sending = old is None or (old.delivery is Delivery.SENDING and new.sends >= old.sends)
    return new.delivery in _TAKEN and was_sending


def _ended_at(verification: Verification, *, reason: Reason | None, at: int) -> int:
    """When it ended: as the verification says, else when that was written."""
    match reason:
        case Reason.CORRECT_CODE | Reason.ATTEMPTS_EXHAUSTED:
            return verification.checked_at or at
        case Reason.SUPERSEDED:
            return verification.superseded_at or at
        case Reason.TIMED_OUT:
            return verification.expires_at
    return at


def _timestamp(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
