"""Looks at verifications when their codes run out: delayed messages of a queue."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast, final

from countersign.aws.tens import hand_over
from countersign.consumers import Wake

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

LONGEST_SECONDS = 900  # SQS delays a message no longer; a look that comes too early asks for the next


class UnreadableWakeError(ValueError):
    """A message is not what this service sends. Its text holds nothing of the message."""


def read_wake(record: Mapping[str, object]) -> tuple[str, str]:
    """Client and verification of a message, as Lambda hands it on. Raises UnreadableWakeError."""
    try:
        told = json.loads(cast("str", record["body"]))
        client_id, verification_id = told["client"], told["id"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableWakeError(type(error).__name__) from None
    if not isinstance(client_id, str) or not isinstance(verification_id, str):
        raise UnreadableWakeError("TypeError")
    return client_id, verification_id


@final
class SqsWakes:
    """consumers.Wakes over SendMessageBatch."""

    def __init__(self, url: str, *, client: Callable[[], SQSClient]) -> None:
        self._url = url
        self._client = client

    def schedule(self, wakes: Sequence[Wake]) -> None:
        """Ten to a call. Raises TakenInPartError, or ServiceUnavailableError where the first call fails."""
        hand_over(wakes, send=self._send)

    def _send(self, few: Sequence[Wake]) -> dict[int, bool]:
        entries = [_entry(wake, place=place) for place, wake in enumerate(few)]
        answer = self._client().send_message_batch(QueueUrl=self._url, Entries=entries)
        return {int(entry["Id"]): bool(entry["SenderFault"]) for entry in answer.get("Failed", [])}


def _entry(wake: Wake, *, place: int) -> SendMessageBatchRequestEntryTypeDef:
    return {
        "Id": str(place),
        "MessageBody": json.dumps({"client": wake.client_id, "id": wake.verification_id}),
        "DelaySeconds": min(LONGEST_SECONDS, wake.in_seconds),
    }
