"""What becomes of a vendor's report, and of a text that reports can be about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, final

from countersign.clock import Clock
from countersign.reports import REPORTING, Entry, Measures, Owner, Report, ReportBook, metric_of

if TYPE_CHECKING:
    from countersign.changes import Change


@final
class Receiver:
    """Keeps how far texts got, in the order in which reports and links come, whatever that is."""

    def __init__(self, *, book: ReportBook, telemetry: Measures, clock: Clock) -> None:
        self._book = book
        self._telemetry = telemetry
        self._clock = clock

    def reported(self, report: Report) -> None:
        """Keep a report, and show it on its verification where that is known.

        A repetition finishes what a first try has left undone, and does nothing else.
        Raises ServiceUnavailableError.
        """
        self._settle(self._book.note_report(report, now=self._clock.now()))

    def linked(self, vendor: str, reference: str, *, owner: Owner) -> None:
        """Keep which verification a text was sent for, and show what was reported before. Raises the same."""
        self._settle(self._book.note_owner(vendor, reference, owner=owner, now=self._clock.now()))

    def _settle(self, entry: Entry) -> None:
        if entry.owner is None or entry.receipt is None:
            return  # whoever is second finds both
        self._book.show(entry)
        # A text counts once in each state: by the write that brought owner and state together.
        metric = metric_of(entry.receipt) if entry.is_news else None
        if metric is not None:
            self._telemetry.measured({metric: 1}, country=entry.owner.country, provider=entry.vendor)


@final
class Linker:
    """A consumer of the table's stream: writes the link of each text that a vendor has taken."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def take(self, changes: Sequence[Change]) -> None:
        """Link the texts that these changes brought. To take one again changes nothing.

        Raises ServiceUnavailableError; what was written before stays written.
        """
        for change in changes:
            new = change.new
            if new is None or new.vendor_reference is None or new.provider not in REPORTING:
                continue
            if change.old is not None and change.old.vendor_reference == new.vendor_reference:
                continue
            owner = Owner(new.client_id, new.id, new.country)
            self._receiver.linked(new.provider, new.vendor_reference, owner=owner)
