"""Records of the table's stream, read as changes of verifications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from countersign.aws.items import Item, read_verification
from countersign.changes import Change, UnreadableChangeError
from countersign.model import Verification

_VERIFICATIONS = "V#"


def read_change(record: Mapping[str, object]) -> Change | None:
    """The change that a record tells of; None for items of another kind.

    A record is what Lambda passes on: `eventName`, and under `dynamodb` the images before and
    after in DynamoDB's JSON, `ApproximateCreationDateTime` (seconds) and `SequenceNumber`.
    Raises UnreadableChangeError for whatever this service does not write.
    """
    try:
        told = cast("Mapping[str, object]", record["dynamodb"])
        keys = cast("Item", told["Keys"])
        if not keys["pk"]["S"].startswith(_VERIFICATIONS):
            return None
        at = int(float(cast("float | str", told["ApproximateCreationDateTime"])))
        number = str(int(cast("str", told["SequenceNumber"])))
        return Change(_image(told, "OldImage"), _image(told, "NewImage"), at, number)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise UnreadableChangeError(type(error).__name__) from None  # its text may hold what was stored


def _image(told: Mapping[str, object], name: str) -> Verification | None:
    return read_verification(cast("Item | None", told.get(name)))
