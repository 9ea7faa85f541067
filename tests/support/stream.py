"""Records of the table's stream, as Lambda hands them on, of what really happened to a table."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from botocore.client import BaseClient
from mypy_boto3_dynamodb import DynamoDBClient

from tests.support.aws import TABLE

type Item = dict[str, Any]
type Record = dict[str, Any]

_serial = count(1)


def record(old: Item | None, new: Item | None, *, at: float) -> Record:
    """One change of one item at the epoch second `at`."""
    number = next(_serial)
    images = {name: image for name, image in (("OldImage", old), ("NewImage", new)) if image is not None}
    known = new if new is not None else old
    assert known is not None
    return {
        "eventID": f"{number:032x}",
        "eventName": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
        "dynamodb": {
            "ApproximateCreationDateTime": at,
            "Keys": {"pk": known["pk"]},
            **copy.deepcopy(images),
            "SequenceNumber": f"{100_000_000_000_000_000_000 + number}",
            "SizeBytes": 900,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": "arn:aws:dynamodb:eu-west-1:123456789012:table/countersign/stream/2026-01-01",
    }


def items(client: DynamoDBClient, prefix: str = "") -> dict[str, Item]:
    """Everything in the table whose key begins like this, by key."""
    begins: dict[str, Any] = {
        "FilterExpression": "begins_with(pk, :prefix)",
        "ExpressionAttributeValues": {":prefix": {"S": prefix}},
    }
    found: list[Any] = client.scan(TableName=TABLE, ConsistentRead=True, **begins if prefix else {})["Items"]
    return {item["pk"]["S"]: item for item in found}


class Recorder:
    """Writes down what acts change, as the stream would."""

    def __init__(self, client: DynamoDBClient, *, now: Callable[[], float]) -> None:
        self._client = client
        self._now = now
        self.records: list[Record] = []

    def after[Result](self, act: Callable[[], Result]) -> Result:
        """Do it, and write down every item that is not as it was; many changes of one item look like one."""
        before = items(self._client)
        result = act()
        self._write_down(before, items(self._client))
        return result

    def follow(self, writer: BaseClient, *, prefix: str) -> None:
        """From now on write down what each call of this client changes, of items with such keys."""
        seen = items(self._client, prefix)

        def look(**_: object) -> None:
            nonlocal seen
            before, seen = seen, items(self._client, prefix)
            self._write_down(before, seen)

        for write in ("PutItem", "UpdateItem", "TransactWriteItems"):
            writer.meta.events.register(f"after-call.dynamodb.{write}", look)

    def _write_down(self, before: dict[str, Item], after: dict[str, Item]) -> None:
        for pk in sorted(before.keys() | after.keys()):
            if before.get(pk) != after.get(pk):
                self.records.append(record(before.get(pk), after.get(pk), at=self._now()))


def numbers(records: Sequence[Record]) -> list[str]:
    return [one["dynamodb"]["SequenceNumber"] for one in records]


def failed(answer: object) -> list[str]:
    """The sequence numbers from which on Lambda is to try again."""
    assert isinstance(answer, dict)
    assert list(answer) == ["batchItemFailures"]
    return [entry["itemIdentifier"] for entry in answer["batchItemFailures"]]


class Poller:
    """Lambda's own part: hands a shard's records on and heeds what comes back, as template.yaml says.

    A batch from a failed record on is tried again; one that raised is halved; a record that fails alone
    is tried `retries` times more and given up.
    """

    def __init__(self, invoke: Callable[[object], object], *, retries: int = 2) -> None:
        self._invoke = invoke
        self._retries = retries
        self.given_up: list[Record] = []
        self.invocations = 0

    def hand_on(self, records: list[Record]) -> None:
        tries = 0
        while records:
            self.invocations += 1
            try:
                wrong = failed(self._invoke({"Records": records}))
            except Exception:
                if len(records) > 1:
                    middle = len(records) // 2
                    self.hand_on(records[:middle])
                    self.hand_on(records[middle:])
                    return
                wrong = numbers(records)
            if not wrong:
                return
            place = numbers(records).index(wrong[0])
            tries = tries + 1 if place == 0 else 0
            records = records[place:]
            if tries > self._retries:
                self.given_up += records
                return
