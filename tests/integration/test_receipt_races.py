"""Reports and links that meet at the same moment: what arrived is shown, and counted once."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import boto3

from countersign.aws.report_book import DynamoReportBook
from countersign.aws.table import Table
from countersign.clock import SystemClock
from countersign.model import Receipt
from countersign.reports import Owner, Report
from countersign.service.receiving import Receiver
from tests.support.aws import TABLE, dynamo_store
from tests.support.builders import settlement, verification

from .conftest import Aws

ROUNDS = 12


class Counted:
    """A countersign.reports.Measures that remembers, for many threads."""

    def __init__(self) -> None:
        self.texts: Counter[str] = Counter()
        self._mutex = threading.Lock()

    def measured(self, values: Mapping[str, int], *, country: str, provider: str) -> None:
        with self._mutex:
            self.texts.update(values)


def test_whoever_comes_first_a_text_that_arrived_is_shown_and_counted_once(aws: Aws) -> None:
    store, clock = dynamo_store(aws.dynamodb), SystemClock()
    client = boto3.client("dynamodb")
    for number in range(ROUNDS):
        counted, reference = Counted(), f"ref-{number}"
        book = DynamoReportBook(Table(TABLE, client=lambda: client, clock=clock))
        receiver = Receiver(book=book, telemetry=counted, clock=clock)
        started = verification(f"v{number}", provider="esms")
        store.create(started, supersedes=())
        store.settle_delivery(
            started, settlement=settlement(started, vendor_reference=reference), release=None
        )

        def link(reference: str = reference, number: int = number, receiver: Receiver = receiver) -> None:
            receiver.linked("esms", reference, owner=Owner("demo", f"v{number}", "VN"))

        def told(receipt: Receipt, reference: str = reference, receiver: Receiver = receiver) -> None:
            receiver.reported(Report("esms", reference, receipt))

        acts: list[Callable[[], None]] = [
            link,
            link,
            *(lambda one=one: told(one) for one in (*Receipt, *Receipt)),
        ]
        random.Random(number).shuffle(acts)
        barrier = threading.Barrier(len(acts))

        def at_once(act: Callable[[], None], barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            act()

        with ThreadPoolExecutor(len(acts)) as pool:
            list(pool.map(at_once, acts))
        found = store.get("demo", f"v{number}")
        assert found is not None
        assert found.receipt is Receipt.DELIVERED
        assert counted.texts["TextsDelivered"] == 1
        assert counted.texts["TextsUndelivered"] <= 1
