"""Reports and links in memory: a model of countersign.reports.ReportBook, written from its contract."""

from __future__ import annotations

from dataclasses import replace

from countersign.model import Receipt, Verification
from countersign.reports import Entry, Owner, Report
from tests.support.store import MemoryStore

STATES = [Receipt.SENT, Receipt.UNDELIVERED, Receipt.DELIVERED]


class MemoryReportBook:
    """A countersign.reports.ReportBook over a MemoryStore."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self._entries: dict[tuple[str, str], Entry] = {}

    def note_report(self, report: Report, *, now: int) -> Entry:
        held = self._held(report.vendor, report.reference)
        if not _comes_after(report.receipt, held.receipt):
            return held
        return self._keep(replace(held, receipt=report.receipt, receipt_at=now, is_news=True))

    def note_owner(self, vendor: str, reference: str, *, owner: Owner, now: int) -> Entry:
        held = self._held(vendor, reference)
        if held.owner is not None:
            return held
        return self._keep(replace(held, owner=owner, is_news=True))

    def show(self, entry: Entry) -> bool:
        owner, receipt = entry.owner, entry.receipt
        if owner is None or receipt is None:
            return False

        def may_be_shown(stored: Verification) -> bool:
            is_its_text = (stored.provider, stored.vendor_reference) == (entry.vendor, entry.reference)
            return is_its_text and _comes_after(receipt, stored.receipt)

        return self._store.show(
            (owner.client_id, owner.verification_id),
            condition=may_be_shown,
            change=lambda stored: replace(stored, receipt=receipt, receipt_at=entry.receipt_at),
        )

    def _held(self, vendor: str, reference: str) -> Entry:
        known = self._entries.get((vendor, reference))
        return (
            replace(known, is_news=False)
            if known
            else Entry(vendor=vendor, reference=reference, is_news=False)
        )

    def _keep(self, entry: Entry) -> Entry:
        self._entries[entry.vendor, entry.reference] = entry
        return entry


def _comes_after(receipt: Receipt, held: Receipt | None) -> bool:
    return held is None or STATES.index(receipt) > STATES.index(held)
