"""A row of times in attributes that every write moves up by one: a sliding window without a read.

"The fifth last was before the window" is then a condition on one attribute, and all of an
update's right-hand sides are the old values.
"""

from __future__ import annotations

from countersign.policy import Limit


def moved_up(row: str, *, places: int) -> list[str]:
    """What an update sets so that `:now` is the newest of the row; the oldest falls out."""
    moved = [f"#{row}{place} = if_not_exists(#{row}{place - 1}, :zero)" for place in range(places, 1, -1)]
    return [*moved, f"#{row}1 = :now"]


def is_within(limit: Limit) -> str:
    """The condition that the text which would now be one too many (row `t`) was before the window."""
    return f"(attribute_not_exists(#t1) OR #t{limit.count} <= :{window_start(limit)})"


def window_start(limit: Limit) -> str:
    """The name of the value that `is_within` compares with: now, less the window."""
    return f"before_{limit.seconds}"
