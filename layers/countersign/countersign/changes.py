"""Changes of verifications, as the table's stream tells of them."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.model import Receipt, Verification


class UnreadableChangeError(ValueError):
    """A record of the stream is not what this service writes. Its text holds no data of the record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a verification: None stands for nothing, and for a mark without an id."""

    old: Verification | None
    new: Verification | None
    at: int  # when the table was written; whole seconds
    number: str = ""  # the record's SequenceNumber: decimal digits, growing with each change of one item


def reported_before(old: Verification | None, *, new: Verification) -> Receipt | None:
    """What was known, before a change, of the text that is the last one after it.

    A resend that nobody took leaves the text before it as it was, with its receipt: no news of that one.
    """
    if old is None:
        return None
    return new.receipt if new.sends < old.sends else old.receipt
