"""When a message that was not taken is sent again."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.utils import parsedate_to_datetime

HOUR = 3_600

# Seconds from one attempt to the next, less the jitter: about two days in all, as the Standard Webhooks
# specification advises ("Deliverability and reliability"). A queue can hide a message for 12 hours at most.
WAITS = (5, 60, 5 * 60, 30 * 60, 2 * HOUR, 5 * HOUR, *(4 * (10 * HOUR,)))
ATTEMPTS = len(WAITS) + 1
LONGEST_WAIT_SECONDS = 11 * HOUR

_LEAST_JITTER_SECONDS = 5
_JITTER_SHARE = 10  # a tenth of the wait
_SECONDS = re.compile(r"[0-9]{1,9}")

type Jitter = Callable[[int], int]  # a random whole number below the one given


def wait_after(attempt: int, *, retry_after: int | None, jitter: Jitter) -> int | None:
    """Seconds until the next attempt, for the first attempt 1; None after the last one.

    A receiver's own wish (Retry-After, seconds) can only make it later, and no later than
    LONGEST_WAIT_SECONDS.
    """
    if attempt >= ATTEMPTS:
        return None
    planned = WAITS[max(attempt, 1) - 1]
    planned += jitter(max(planned // _JITTER_SHARE, _LEAST_JITTER_SECONDS) + 1)
    return min(max(planned, retry_after or 0), LONGEST_WAIT_SECONDS)


def seconds_of(retry_after: str | None, *, now: int) -> int | None:
    """What a Retry-After asks for (RFC 9110, 10.2.3: seconds or a date); None for none, or nonsense."""
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        return int(text)
    try:
        at = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0, int(at) - now)
