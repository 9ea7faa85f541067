"""When a webhook is sent again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.webhooks.schedule import (
    ATTEMPTS,
    HOUR,
    LONGEST_WAIT_SECONDS,
    WAITS,
    seconds_of,
    wait_after,
)
from tests.support.clock import NOON

FIRST, LAST = (lambda _limit: 0), (lambda limit: limit - 1)


def test_eleven_attempts_span_two_days() -> None:
    waits = [wait_after(attempt, retry_after=None, jitter=FIRST) for attempt in range(1, ATTEMPTS + 1)]
    assert waits == [5, 60, 300, 1800, 2 * HOUR, 5 * HOUR, *(4 * [10 * HOUR]), None]
    assert 1.9 * 86_400 < sum(WAITS) < 2.1 * 86_400


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS))
def test_the_jitter_adds_up_to_a_tenth_and_at_least_five_seconds(attempt: int) -> None:
    planned = WAITS[attempt - 1]
    longest = wait_after(attempt, retry_after=None, jitter=LAST)
    assert longest == planned + max(planned // 10, 5)
    assert longest <= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("retry_after", "wait"), [(None, 60), (0, 60), (59, 60), (3_600, 3_600), (10**9, 11 * HOUR)]
)
def test_a_receivers_wish_makes_it_later_but_not_without_end(retry_after: int | None, wait: int) -> None:
    assert wait_after(2, retry_after=retry_after, jitter=FIRST) == wait


def test_no_wish_makes_another_attempt_after_the_last() -> None:
    assert wait_after(ATTEMPTS, retry_after=5, jitter=FIRST) is None
    assert wait_after(ATTEMPTS + 7, retry_after=None, jitter=FIRST) is None


@given(st.integers(-3, 40), st.none() | st.integers(0, 10**9), st.integers(0, 10**6))
def test_every_wait_is_one_that_a_queue_takes(attempt: int, retry_after: int | None, jitter: int) -> None:
    wait = wait_after(attempt, retry_after=retry_after, jitter=lambda limit: jitter % limit)
    assert wait is None or WAITS[0] <= wait <= LONGEST_WAIT_SECONDS


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 10, None),
        ("Sun, 15 Jun 2025 15:07:40 GMT", 60),
        ("Sun, 15 Jun 2025 15:05:40 GMT", 0),
        ("Sun, 99 Jun 2025 15:05:40 GMT", None),
        ("Sun, 15 Jun 99999 15:05:40 GMT", None),
    ],
)
def test_a_retry_after_is_seconds_or_a_date(header: str | None, seconds: int | None) -> None:
    assert seconds_of(header, now=NOON) == seconds
