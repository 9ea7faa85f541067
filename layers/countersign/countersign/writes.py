"""The writes that a store is asked for, and what they say of themselves."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.model import (
    Channel,
    Custody,
    Delivery,
    Reason,
    Receipt,
    Status,
    Verification,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """How a delivery ended."""

    delivery: Delivery
    provider: str
    vendor_reference: str | None
    expires_at: int
    custody: Custody
    code: str  # keyed hash of the live code, empty with custody `vendor`
    code_seed: str
    sends: int
    status: Status = Status.PENDING
    reason: Reason | None = None
    channel: Channel | None = None  # None: as it is stored
    resend_key: str | None = None  # None: as it is stored
    receipt: Receipt | None = None  # None: as it is stored; where nobody took a resend, the one before it
    receipt_at: int | None = None  # with it


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendIntent:
    """What a resend writes before the vendor is called."""

    now: int
    sends_seen: int  # the count that the decision was based on
    resend_at: int
    expires_at: int
    resend_key: str | None
    provider: str
    custody: Custody
    channel: Channel
    code: str
    code_seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """The outcome of one conditional write on a verification, and the verification after it.

    `applied` False: the condition did not hold, `verification` is what stood in the way
    (None: there is no such verification of this client).
    """

    applied: bool
    verification: Verification | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Created(Counted):
    """The outcome of writing an intent.

    `again_at` set: the caller's address has had as many texts as it may get until then.
    """

    again_at: int | None = None

    @property
    def is_marked(self) -> bool:
        """A newer start has marked the id as replaced before it was written."""
        return not self.applied and self.verification is None and self.again_at is None
