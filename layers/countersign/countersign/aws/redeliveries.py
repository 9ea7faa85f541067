"""Redeliveries wait on the queue of requests, each for as long as its cooldown lasts.

A message is `{"client": "demo", "resend": "<id>", "sends": 1}`; dialects/native_messages.py reads it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Protocol, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.errors import ServiceUnavailableError
from countersign.reports import Redelivery


class Queues(Protocol):
    """As much of an SQS client as is used."""

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> object: ...  # noqa: N803  # botocore's


@final
class SqsRedeliveries:
    """reports.Redeliveries over SQS."""

    def __init__(self, url: str, *, client: Callable[[], Queues]) -> None:
        self._url = url
        self._client = client

    def ask(self, redelivery: Redelivery) -> None:
        """One SendMessage."""
        message = {
            "client": redelivery.client_id,
            "resend": redelivery.verification_id,
            "sends": redelivery.sends,
        }
        try:
            self._client().send_message(
                QueueUrl=self._url,
                MessageBody=json.dumps(message, separators=(",", ":")),
                DelaySeconds=redelivery.in_seconds,
            )
        except (BotoCoreError, ClientError) as error:
            raise ServiceUnavailableError(retry_after_seconds=1) from error
