"""Reports of vendors, and the links from their texts to verifications: one item for each text.

Both writes are one conditional UpdateItem that answers with all that is known, so of a report
and a link that meet, exactly one sees the other. docs/data-model.md describes the item.
"""

from __future__ import annotations

from typing import final

from countersign.aws.items import Item, number, report_pk, text, verification_pk
from countersign.aws.table import ConditionFailedError, Table, Update
from countersign.codes import random_seed
from countersign.model import Receipt
from countersign.reports import Entry, Owner, Report, before

KEEP_REPORT_SECONDS = 3 * 86_400  # networks try for up to two or three days


def _moves_forward(receipt: Receipt) -> tuple[str, dict[str, str | int]]:
    """The condition that a stored state comes before this one, and its values."""
    earlier = {f"before_{place}": str(one) for place, one in enumerate(before(receipt))}
    absent = "attribute_not_exists(#receipt)"
    if not earlier:
        return absent, {}
    names = ", ".join(f":{name}" for name in earlier)
    return f"({absent} OR #receipt IN ({names}))", dict(earlier)


def report_update(report: Report, *, now: int) -> Update:
    """Move a text's state forward."""
    condition, earlier = _moves_forward(report.receipt)
    return Update(
        report_pk(report.vendor, report.reference),
        expression="SET #receipt = :receipt, #receipt_at = :now, #ttl = :ttl, #writer = :writer",
        condition=condition,
        values={
            "receipt": report.receipt,
            "now": now,
            "ttl": now + KEEP_REPORT_SECONDS,
            "writer": random_seed(),
            **earlier,
        },
    )


def owner_update(vendor: str, reference: str, *, owner: Owner, now: int) -> Update:
    """Link a text to its verification."""
    return Update(
        report_pk(vendor, reference),
        expression="SET #client_id = :client_id, #verification_id = :verification_id,"
        " #country = :country, #ttl = :ttl, #writer = :writer",
        condition="attribute_not_exists(#verification_id)",
        values={
            "client_id": owner.client_id,
            "verification_id": owner.verification_id,
            "country": owner.country,
            "ttl": now + KEEP_REPORT_SECONDS,
            "writer": random_seed(),
        },
    )


def shown_update(entry: Entry, *, owner: Owner, receipt: Receipt) -> Update:
    """Move a verification's state forward.

    It leaves `writer` alone, by which other writes know their own first try, and needs none: written
    twice it is the same.
    """
    condition, earlier = _moves_forward(receipt)
    return Update(
        verification_pk(owner.client_id, owner.verification_id),
        expression="SET #receipt = :receipt, #receipt_at = :at",
        condition=f"#vendor_reference = :reference AND #provider = :vendor AND {condition}",
        values={
            "receipt": receipt,
            "at": entry.receipt_at,
            "reference": entry.reference,
            "vendor": entry.vendor,
            **earlier,
        },
    )


@final
class DynamoReportBook:
    """reports.ReportBook over the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note_report(self, report: Report, *, now: int) -> Entry:
        """One UpdateItem."""
        return self._note(report_update(report, now=now), vendor=report.vendor, reference=report.reference)

    def note_owner(self, vendor: str, reference: str, *, owner: Owner, now: int) -> Entry:
        """One UpdateItem."""
        update = owner_update(vendor, reference, owner=owner, now=now)
        return self._note(update, vendor=vendor, reference=reference)

    def show(self, entry: Entry) -> bool:
        """One UpdateItem."""
        if entry.owner is None or entry.receipt is None:
            return False
        try:
            self._table.update(shown_update(entry, owner=entry.owner, receipt=entry.receipt), returned="NONE")
        except ConditionFailedError:
            return False
        return True

    def _note(self, update: Update, *, vendor: str, reference: str) -> Entry:
        try:
            stored, is_news = self._table.update(update, returned="ALL_NEW"), True
        except ConditionFailedError as error:
            stored = error.items[0] or {}
            # The client library's repetition of a write whose answer was lost meets its own first try.
            is_news = text(stored, "writer") == update.values["writer"]
        return _read(stored, vendor=vendor, reference=reference, is_news=is_news)


def _read(item: Item, *, vendor: str, reference: str, is_news: bool) -> Entry:
    receipt, client_id = text(item, "receipt"), text(item, "client_id")
    return Entry(
        vendor=vendor,
        reference=reference,
        is_news=is_news,
        receipt=Receipt(receipt) if receipt is not None else None,
        receipt_at=number(item, "receipt_at"),
        owner=Owner(client_id, text(item, "verification_id") or "", text(item, "country") or "")
        if client_id is not None
        else None,
    )
