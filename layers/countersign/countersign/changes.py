"""Changes of verifications, as the table's stream tells of them."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.model import Verification


class UnreadableChangeError(ValueError):
    """A record of the stream is not what this service writes. Its text holds no data of the record."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a verification: None stands for nothing, and for a mark without an id."""

    old: Verification | None
    new: Verification | None
    at: int  # when the table was written; whole seconds
    number: str = ""  # the record's SequenceNumber: decimal digits, growing with each change of one item
