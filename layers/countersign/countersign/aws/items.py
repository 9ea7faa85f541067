"""How values lie in the table. docs/data-model.md describes every item."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from countersign.model import (
    Alphabet,
    Channel,
    Custody,
    Delivery,
    OnUndelivered,
    Reason,
    Receipt,
    Status,
    Verification,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

type Attribute = AttributeValueTypeDef
type Item = Mapping[str, AttributeValueTypeDef]

KEEP_SECONDS = 86_400  # how long a verification outlives its code: replays of its Idempotency-Key find it

_NUMBERS = frozenset(
    {
        "created_at", "expires_at", "resend_at", "attempts_max", "sends", "sends_max", "code_length",
        "ttl_seconds", "attempts", "checking", "checked_at", "superseded_at", "receipt_at",
    }
)  # fmt: skip
_ENUMS = {
    "channel": Channel,
    "delivery": Delivery,
    "custody": Custody,
    "stored_status": Status,
    "stored_reason": Reason,
    "alphabet": Alphabet,
    "receipt": Receipt,
    "on_undelivered": OnUndelivered,
}
_FIELDS = tuple(field.name for field in dataclasses.fields(Verification))


def verification_pk(client_id: str, verification_id: str) -> str:
    """The client is part of the key: another client's id is simply not there."""
    return f"V#{client_id}#{verification_id}"


def number_pk(number_key: str) -> str:
    return f"N#{number_key}"


def counter_pk(scope: str) -> str:
    return f"C#{scope}"


def address_pk(address_key: str) -> str:
    return f"A#{address_key}"


def report_pk(vendor: str, reference: str) -> str:
    return f"R#{vendor}#{reference}"


def attribute(value: str | int) -> Attribute:
    """A value in DynamoDB's notation."""
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def key(pk: str) -> dict[str, Attribute]:
    return {"pk": {"S": pk}}


def text(item: Item, name: str) -> str | None:
    """A string attribute, or None."""
    return item[name].get("S") if name in item else None


def number(item: Item, name: str) -> int:
    """A number attribute; absent is 0."""
    return int(item[name]["N"]) if name in item else 0


def check_step(custody: Custody) -> int:
    """What one attempt adds to `checking`: with custody `vendor` it is open until the vendor has answered."""
    return 1 if custody is Custody.VENDOR else 0


def verification_item(verification: Verification, *, writer: str) -> dict[str, Attribute]:
    """The item of a new verification."""
    item: dict[str, Attribute] = {
        **key(verification_pk(verification.client_id, verification.id)),
        "check_step": attribute(check_step(verification.custody)),
        "writer": attribute(writer),
        "guess_writer": attribute(""),  # the last guess's, which other writes leave alone
        "ttl": attribute(verification.expires_at + KEEP_SECONDS),
    }
    for name in _FIELDS:
        value = getattr(verification, name)
        if value is not None:
            item[name] = attribute(value)
    return item


def read_verification(item: Item | None) -> Verification | None:
    """The verification in an item; None for none, and for the mark that a superseding start leaves."""
    if not item or "id" not in item:
        return None
    values: dict[str, object] = {}
    for name in _FIELDS:
        if name not in item:
            continue
        stored = item[name]
        if name in _NUMBERS:
            values[name] = int(stored["N"])
        elif name in _ENUMS:
            values[name] = _ENUMS[name](stored["S"])
        else:
            values[name] = stored["S"]
    return Verification(**values)  # type: ignore[arg-type]  # the names and types are those of verification_item
