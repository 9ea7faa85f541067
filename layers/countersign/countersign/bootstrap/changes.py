"""What takes in the table's changes: the functions that count and that publish."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, final

from countersign.aws.bus import EventBridgeBus
from countersign.aws.changes import read_change
from countersign.aws.clients import events_client
from countersign.aws.counters import DynamoCounters
from countersign.aws.expiries import SqsWakes, read_wake
from countersign.aws.redeliveries import SqsRedeliveries
from countersign.bootstrap.container import Container
from countersign.bootstrap.receipts import receiver_of
from countersign.consumers import Consumer
from countersign.publish import PublishEdge
from countersign.service.expiry import Expirer, ExpiryWatch
from countersign.service.publishing import Publisher
from countersign.service.receiving import Linker
from countersign.service.redelivery import RedeliveryWatch
from countersign.settings import Setting, required
from countersign.stream import StreamEdge

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


def stream_edge(container: Container) -> StreamEdge:
    """The counting function's entry."""
    counters = cache(lambda: DynamoCounters(container.table, clock=container.clock))
    return StreamEdge(read=read_change, counters=counters, telemetry=container.telemetry)


def publish_edge(container: Container) -> PublishEdge:
    """The publishing function's entry."""
    publishing = _Publishing(container)
    return PublishEdge(
        read=read_change,
        consumers=lambda: publishing.consumers,
        read_wake=read_wake,
        expirer=lambda: publishing.expirer,
        telemetry=container.telemetry,
    )


@final
class _Publishing:
    """What the publishing function is made of."""

    def __init__(self, container: Container) -> None:
        self._container = container

    @cached_property
    def _events(self) -> EventBridgeClient:
        return events_client(self._container.session)

    @cached_property
    def _wakes(self) -> SqsWakes:
        url = required(self._container.environment, Setting.EXPIRIES_URL)
        return SqsWakes(url, client=lambda: self._container.queues)

    @cached_property
    def consumers(self) -> tuple[Consumer, ...]:
        container = self._container
        bus_name = required(container.environment, Setting.EVENT_BUS_NAME)
        requests_url = required(container.environment, Setting.REQUESTS_URL)
        redeliveries = SqsRedeliveries(requests_url, client=lambda: container.queues)
        return (
            Publisher(bus=EventBridgeBus(bus_name, client=lambda: self._events)),
            ExpiryWatch(wakes=self._wakes, clock=container.clock),
            Linker(receiver_of(container)),
            RedeliveryWatch(redeliveries=redeliveries, clock=container.clock),
        )

    @cached_property
    def expirer(self) -> Expirer:
        return Expirer(store=self._container.store, wakes=self._wakes, clock=self._container.clock)
