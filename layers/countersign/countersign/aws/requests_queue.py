"""The queue of requests, as far as a message is put back on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@final
class RequestsQueue:
    """intake.Queue over SQS, through a client that is made at its first use."""

    def __init__(self, arn: str, *, client: Callable[[], SQSClient]) -> None:
        self._arn = arn
        self._client = client

    def put_back(self, waits: Mapping[str, int]) -> None:
        """One ChangeMessageVisibility for each message, by its receipt.

        Raises ServiceUnavailableError where SQS refused one, once the others are back; and at the first
        that it does not answer, for the function has no time to wait for another.
        """
        client = self._client()
        # What SQS itself gives for the queue: there is no room left in the function's environment for it.
        *_, account, name = self._arn.split(":")
        url = f"{client.meta.endpoint_url}/{account}/{name}"
        refused: ClientError | None = None
        for receipt, seconds in waits.items():
            try:
                client.change_message_visibility(
                    QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=seconds
                )
            except ClientError as error:
                refused = error
            except BotoCoreError as error:
                raise ServiceUnavailableError from error
        if refused is not None:
            raise ServiceUnavailableError from refused
