"""A vendor's batch of reports that takes longer than there is time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from countersign.callbacks.engagelab import EngagelabCallback
from countersign.clock import Deadline
from countersign.dialects.http import HttpRequest
from countersign.errors import ServiceUnavailableError
from countersign.reports import Entry, Report
from countersign.service.receiving import Receiver
from tests.support.callbacks import ENGAGELAB_KEYS, callback_id, row
from tests.support.clock import FakeClock
from tests.support.report_book import MemoryReportBook
from tests.support.store import MemoryStore
from tests.support.telemetry import RecordingTelemetry


class _SlowBook(MemoryReportBook):
    """Every report takes it a second."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__(MemoryStore())
        self.kept: set[str] = set()
        self._clock = clock

    def note_report(self, report: Report, *, now: int) -> Entry:
        self._clock.advance(1)
        self.kept.add(report.reference)
        return super().note_report(report, now=now)


class _Accounts:
    def get(self, vendor: str) -> Mapping[str, object]:
        del vendor
        return ENGAGELAB_KEYS

    def renew(self, vendor: str, *, refused: Mapping[str, object]) -> None: ...


class _Measures:
    def measured(self, values: Mapping[str, int], *, country: str, provider: str) -> None: ...


def batches_until_all_is_kept(draw: Callable[[int], int]) -> int:
    clock = FakeClock()
    book = _SlowBook(clock)
    receiver = Receiver(book=book, telemetry=_Measures(), clock=clock)
    callback = EngagelabCallback(
        accounts=_Accounts,
        receiver=lambda: receiver,
        telemetry=RecordingTelemetry(),
        clock=clock,
        draw=draw,
    )
    told = [row("delivered", f"text-{place}") for place in range(30)]
    for batch in range(1, 25):  # as often as the vendor comes
        headers = {"x-callback-id": callback_id(at=clock.now())}
        body = json.dumps({"rows": told}).encode()
        request = HttpRequest(method="POST", path="/receipts/engagelab", headers=headers, body=body)
        with pytest.raises(ServiceUnavailableError):
            callback.take(request, segment="", deadline=Deadline(18, clock=clock))
        if len(book.kept) == len(told):
            return batch
    pytest.fail(f"{len(book.kept)} of {len(told)} are kept")


def test_what_there_was_no_time_for_is_kept_when_the_batch_comes_again() -> None:
    places = iter([0, 17])
    assert batches_until_all_is_kept(lambda below: next(places) % below) == 2
