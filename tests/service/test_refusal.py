"""The refusal that a verification's state calls for, and whose it is."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CountersignError,
    ExpiredError,
    UndeliverableError,
)
from countersign.model import Reason, Status
from countersign.service.refusal import refusal
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON


@pytest.mark.parametrize(
    ("changes", "kind", "detail"),
    [
        ({"guess": CODE_HASH, "checked_at": NOON}, AlreadyApprovedError, None),
        (
            {"stored_status": Status.CANCELED, "stored_reason": Reason.CANCELED_BY_CLIENT},
            CanceledError,
            None,
        ),
        (
            {"superseded_by": "v2", "superseded_at": NOON},
            CanceledError,
            "A newer start to this number has replaced the verification.",
        ),
        (
            {"stored_status": Status.FAILED, "stored_reason": Reason.UNDELIVERABLE},
            UndeliverableError,
            None,
        ),
        ({"attempts": 5, "checked_at": NOON}, AttemptsExhaustedError, None),
        ({"expires_at": NOON + 1}, ExpiredError, None),
    ],
)
def test_a_verification_that_has_ended_is_refused_by_its_state(
    changes: dict[str, Any], kind: type[CountersignError], detail: str | None
) -> None:
    ended = verification(**changes)
    refused = refusal(ended, now=NOON + 1)
    assert type(refused) is kind
    assert refused is not None
    assert refused.verification is ended
    assert refused.detail == (detail or kind.default_detail)


def test_a_pending_verification_is_not_refused() -> None:
    assert refusal(verification(), now=NOON + 1) is None
