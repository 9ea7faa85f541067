"""A table of counters in memory, which knows what DynamoDB would charge for each write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, cast

from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.counters import DynamoCounters
from countersign.aws.table import Table
from countersign.usage import named_bucket
from tests.support.clock import FakeClock

KILOBYTE = 1024
_CLAUSE = re.compile(r"(ADD|SET|REMOVE) (.*?)(?= ADD | SET | REMOVE |$)")


def attribute_bytes(name: str, value: dict[str, str]) -> int:
    """The name, and the text, or a byte for two digits and one for the number itself."""
    [(kind, text)] = value.items()
    if kind == "S":
        return len(name) + len(text.encode())
    digits = text.lstrip("-").strip("0") or "0"
    return len(name) + (len(digits) + 1) // 2 + 1 + text.startswith("-")


def item_bytes(item: dict[str, dict[str, str]]) -> int:
    return sum(attribute_bytes(name, value) for name, value in item.items())


@dataclass
class MeteredTable:
    """As much of DynamoDB as the counters use; conditions are taken to hold."""

    items: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    write_units: int = 0
    calls: int = 0
    largest: dict[str, int] = field(default_factory=dict)  # bytes that any write of an item was charged for

    def update_item(self, **arguments: Any) -> dict[str, object]:
        pk = arguments["Key"]["pk"]["S"]
        before = self.items.get(pk, {"pk": {"S": pk}})
        after = self._changed(before, arguments)
        self.items[pk] = after
        self.calls += 1
        size = max(item_bytes(before), item_bytes(after))
        self.largest[pk] = max(size, self.largest.get(pk, 0))
        self.write_units += -(-size // KILOBYTE)
        return {"Attributes": dict(after)}

    def _changed(self, before: dict[str, dict[str, str]], arguments: Any) -> dict[str, dict[str, str]]:
        after = dict(before)
        for clause, parts in _CLAUSE.findall(arguments["UpdateExpression"]):
            for part in parts.split(", "):
                name, _, value = part.replace(" = ", " ").partition(" ")
                name = arguments["ExpressionAttributeNames"][name]
                given = arguments["ExpressionAttributeValues"].get(value)
                if clause == "REMOVE":
                    del after[name]
                elif clause == "SET":
                    after[name] = given
                else:
                    held = int(after.get(name, {"N": "0"})["N"])
                    after[name] = {"N": str(held + int(given["N"]))}
        return after

    def times(self, factor: int) -> MeteredTable:
        """A table whose buckets hold so many times as much, and to which nothing was written yet."""
        multiplied = {
            pk: {
                name: {"N": str(int(value["N"]) * factor)} if named_bucket(name) is not None else value
                for name, value in item.items()
            }
            for pk, item in self.items.items()
        }
        return MeteredTable(items=multiplied)

    def counters(self, clock: FakeClock) -> DynamoCounters:
        table = Table("table", client=lambda: cast("DynamoDBClient", self), clock=clock)
        return DynamoCounters(table, clock=clock)
