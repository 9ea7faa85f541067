"""Answers of the native API: verifications, and problems by RFC 9457."""

from __future__ import annotations

from datetime import UTC, datetime

from countersign.dialects.access import ASKS_FOR_BASIC, ASKS_FOR_BEARER
from countersign.dialects.http import HttpResponse, json_response, refusal_headers
from countersign.errors import (
    CooldownError,
    CountersignError,
    InvalidRequestError,
    UnauthenticatedError,
)
from countersign.model import Status, Verification


def timestamp(seconds: int) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def verification_document(
    verification: Verification, *, now: int, proof: str | None = None
) -> dict[str, object]:
    """A verification as a client sees it: no code, the number masked. `proof`: of the approval just given."""
    status, reason = verification.status(now)
    pending = status is Status.PENDING
    document: dict[str, object] = {
        "id": verification.id,
        "status": status.value,
        "to": verification.to_masked,
        "channel": verification.channel.value,
        "purpose": verification.purpose,
        "provider": verification.provider,
        "delivery": verification.delivery.value,
        "created_at": timestamp(verification.created_at),
        "expires_at": timestamp(verification.expires_at),
        "attempts_left": verification.attempts_left if pending else 0,
        "sends_left": verification.sends_left if pending else 0,
    }
    if pending:
        document["resend_at"] = timestamp(verification.resend_at)
    if reason is not None:
        document["reason"] = reason.value
    if status is Status.APPROVED and verification.checked_at is not None:
        document["approved_at"] = timestamp(verification.checked_at)
    if verification.reference is not None:
        document["reference"] = verification.reference
    if verification.receipt is not None and verification.receipt_at is not None:
        document["receipt"] = verification.receipt.value
        document["receipt_at"] = timestamp(verification.receipt_at)
    if proof is not None:
        document["proof"] = proof
    return document


def problem_document(error: CountersignError, *, trace_id: str, now: int) -> dict[str, object]:
    """An error as RFC 9457 wants it, with a stable `code`."""
    document: dict[str, object] = {
        "type": f"urn:countersign:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        "trace_id": trace_id,
    }
    if isinstance(error, InvalidRequestError) and error.field is not None:
        document["field"] = error.field
    if isinstance(error, CooldownError):
        document["resend_at"] = timestamp(error.resend_at)
        if error.live_id is not None:
            document["id"] = error.live_id
    if error.verification is not None:
        status, _ = error.verification.status(now)
        document["id"] = error.verification.id
        document["verification_status"] = status.value
        document["attempts_left"] = error.verification.attempts_left if status is Status.PENDING else 0
    if error.retry_after_seconds is not None:
        document["retry_after_seconds"] = error.retry_after_seconds
    return document


def problem_response(error: CountersignError, *, trace_id: str, now: int) -> HttpResponse:
    headers = {"Content-Type": "application/problem+json", **refusal_headers(error)}
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = f"{ASKS_FOR_BASIC}, {ASKS_FOR_BEARER}"
    return json_response(error.status, problem_document(error, trace_id=trace_id, now=now), headers=headers)
