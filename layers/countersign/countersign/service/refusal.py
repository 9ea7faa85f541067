"""Which refusal a verification's state calls for."""

from __future__ import annotations

from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CountersignError,
    ExpiredError,
    UndeliverableError,
)
from countersign.model import Reason, Status, Verification


def refusal(verification: Verification, *, now: int) -> CountersignError | None:
    """Why nothing more can happen to a verification, or None while it is pending."""
    match verification.status(now):
        case Status.APPROVED, _:
            return AlreadyApprovedError(verification=verification)
        case Status.CANCELED, Reason.SUPERSEDED:
            return CanceledError(
                "A newer start to this number has replaced the verification.", verification=verification
            )
        case Status.CANCELED, _:
            return CanceledError(verification=verification)
        case Status.FAILED, Reason.UNDELIVERABLE:
            return UndeliverableError(verification=verification)
        case Status.FAILED, _:
            return AttemptsExhaustedError(verification=verification)
        case Status.EXPIRED, _:
            return ExpiredError(verification=verification)
        case _:
            return None
