"""Where clients want their webhooks, which receivers are gone, and the queue's messages that wait."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.items import text
from countersign.aws.secrets import client_section, is_disabled
from countersign.aws.table import Table, Update
from countersign.clock import Clock
from countersign.errors import ServiceUnavailableError
from countersign.webhooks.endpoint import Endpoint, parse_endpoint

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@final
class SecretEndpoints:
    """webhooks.ports.Endpoints over the clients' secret: `clients.<id>.webhook`."""

    def __init__(self, secret: CachedSecret, *, loopback: bool) -> None:
        self._secret = secret
        self._loopback = loopback

    def get(self, client_id: str) -> Endpoint | None:
        section = client_section(self._secret.value(), client_id=client_id)
        if section is None:  # a client whom this container has not heard of yet
            renewed = self._secret.renewed()
            section = client_section(renewed, client_id=client_id) if renewed is not None else None
        if section is None or is_disabled(section) or "webhook" not in section:
            return None
        return parse_endpoint(section["webhook"], client_id=client_id, loopback=self._loopback)


def endpoint_pk(client_id: str) -> str:
    return f"W#{client_id}"


@final
class DynamoGoneEndpoints:
    """webhooks.ports.GoneEndpoints over the table: one item per client that has answered 410, without an end.

    It holds a digest of the URL, so that another URL in the secret is another receiver.
    """

    def __init__(self, table: Table, *, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def among(self, endpoints: Collection[Endpoint]) -> frozenset[Endpoint]:
        by_pk = {endpoint_pk(endpoint.client_id): endpoint for endpoint in endpoints}
        found = self._table.batch_get(list(by_pk))
        return frozenset(by_pk[pk] for pk, item in found.items() if text(item, "url") == by_pk[pk].digest)

    def add(self, endpoint: Endpoint) -> None:
        update = Update(
            endpoint_pk(endpoint.client_id),
            expression="SET #url = :url, #gone_at = :gone_at",
            condition="",
            values={"url": endpoint.digest, "gone_at": self._clock.now()},
        )
        self._table.update(update, returned="NONE")


@final
class QueueWaiting:
    """webhooks.ports.Waiting over SQS: what is hidden counts as in flight, 120,000 messages at most."""

    def __init__(self, url: str, *, client: Callable[[], SQSClient]) -> None:
        self._url = url
        self._client = client

    def hide(self, receipt: str, *, seconds: int) -> None:
        try:
            self._client().change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=seconds
            )
        except (ClientError, BotoCoreError) as error:
            raise ServiceUnavailableError(retry_after_seconds=1) from error
