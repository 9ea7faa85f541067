"""What takes in vendors' delivery reports."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from countersign.aws.report_book import DynamoReportBook
from countersign.bootstrap.container import Container
from countersign.service.receiving import Receiver
from countersign.settings import Setting, required

if TYPE_CHECKING:
    from countersign.callbacks.edge import CallbackEdge
    from countersign.callbacks.engagelab import EngagelabCallback
    from countersign.callbacks.esms import EsmsCallback


def receiver_of(container: Container) -> Receiver:
    """What keeps reports, and finds the verifications that they are about."""
    book = DynamoReportBook(container.table)
    return Receiver(book=book, telemetry=container.telemetry, clock=container.clock)


def callback_edge(container: Container) -> CallbackEdge:
    """The receipts function's entry. A vendor's part is made when that vendor calls."""
    from countersign.callbacks.edge import CallbackEdge

    receiver = cache(lambda: receiver_of(container))

    @cache
    def engagelab() -> EngagelabCallback:
        from secrets import randbelow

        from countersign.callbacks.engagelab import EngagelabCallback

        return EngagelabCallback(
            accounts=lambda: container.vendor_accounts,
            receiver=receiver,
            telemetry=container.telemetry,
            clock=container.clock,
            draw=randbelow,
        )

    @cache
    def esms() -> EsmsCallback:
        from countersign.callbacks.esms import EsmsCallback
        from countersign.providers.esms import EsmsProvider
        from countersign.providers.transport import VendorHttp

        @cache
        def statuses() -> EsmsProvider:
            return EsmsProvider(
                base_url=required(container.environment, Setting.ESMS_URL),
                http=VendorHttp(clock=container.clock),
                accounts=container.vendor_accounts,
                clock=container.clock,
            )

        return EsmsCallback(
            accounts=lambda: container.vendor_accounts,
            statuses=statuses,
            receiver=receiver,
            telemetry=container.telemetry,
        )

    return CallbackEdge(
        {("engagelab", False): ("POST", engagelab), ("esms", True): ("GET", esms)},
        telemetry=container.telemetry,
        clock=container.clock,
    )
