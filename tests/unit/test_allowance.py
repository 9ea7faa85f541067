"""How many guesses a claim gets: of every window what its failures and its live slots leave."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.claims import Allowance, Slot, allowance_of
from countersign.policy import Limit
from tests.support.builders import claim, release
from tests.support.clock import NOON

HOUR, DAY = 3_600, 86_400
LIMITS = (Limit(count=6, seconds=HOUR), Limit(count=8, seconds=DAY))


def live(attempts: int, *, expires_at: int) -> Slot:
    return Slot(
        verification_id="v0",
        previous_id=None,
        resend_at=NOON,
        expires_at=expires_at,
        attempts=attempts,
    )


@pytest.mark.parametrize(
    ("slots", "failures", "allowance"),
    [
        ([], [], Allowance(5, again_at=NOON)),
        # A failure leaves the window in the very second in which it is as old as the window is long.
        ([], [NOON - HOUR] * 3, Allowance(5, again_at=NOON - HOUR + DAY)),
        ([], [NOON - HOUR + 1] * 3, Allowance(3, again_at=NOON + 1)),
        ([], [NOON - DAY], Allowance(5, again_at=NOON)),
        ([], [NOON - HOUR] * 5, Allowance(3, again_at=NOON - HOUR + DAY)),
        ([live(4, expires_at=NOON + 9)], [], Allowance(2, again_at=NOON + 9)),
        ([live(4, expires_at=NOON + 9)], [NOON - 60] * 2, Allowance(0, again_at=NOON + 9)),
        ([live(5, expires_at=NOON + 9)], [NOON - 60] * 2, Allowance(0, again_at=NOON + 9)),
    ],
)
def test_a_claim_gets_what_the_tightest_window_leaves(
    slots: list[Slot], failures: list[int], allowance: Allowance
) -> None:
    asked = claim(attempts=5, failure_limits=LIMITS)
    assert allowance_of(asked, live=slots, failures=failures) == allowance


@pytest.mark.parametrize("changes", [{"moves_from": None}, {"moves_from": "older"}])
def test_a_claim_on_a_record_that_has_moved_is_on_the_new_one(changes: dict[str, Any]) -> None:
    asked = claim(**changes)
    assert asked.found_at(None) is asked
    assert asked.found_at("elsewhere") == claim(number_key="elsewhere", moves_from=None)


def test_a_release_follows_the_record_too() -> None:
    assert release(claim()).on("elsewhere") == release(claim(number_key="elsewhere"))
