"""What posts lifecycle events to the clients' receivers."""

from __future__ import annotations

from functools import cache
from secrets import randbelow

from countersign.aws.webhooks import DynamoGoneEndpoints, QueueWaiting, SecretEndpoints
from countersign.bootstrap.container import Container
from countersign.providers.public_addresses import PublicAddresses
from countersign.providers.receivers import ReceiverHttp
from countersign.settings import Setting, required, switched_on
from countersign.webhooks.deliverer import Deliverer
from countersign.webhooks.edge import QueueEdge


def webhook_edge(container: Container) -> QueueEdge:
    """The webhook function's entry."""
    return QueueEdge(deliverer=cache(lambda: deliverer_of(container)), telemetry=container.telemetry)


def deliverer_of(container: Container) -> Deliverer:
    """What posts, and remembers who is gone."""
    loopback = switched_on(container.environment, Setting.WEBHOOK_LOOPBACK)
    queue_url = required(container.environment, Setting.WEBHOOKS_QUEUE_URL)
    return Deliverer(
        endpoints=SecretEndpoints(container.clients_secret, loopback=loopback),
        gone=DynamoGoneEndpoints(container.table, clock=container.clock),
        post=ReceiverHttp(clock=container.clock, lookup=PublicAddresses(loopback=loopback)),
        waiting=QueueWaiting(queue_url, client=lambda: container.queues),
        jitter=randbelow,
        telemetry=container.telemetry,
        clock=container.clock,
    )
