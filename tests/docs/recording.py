"""A DynamoDB client that remembers what the code would write, and what that would cost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.items import verification_item
from countersign.aws.report_book import DynamoReportBook
from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.aws.tokens import DynamoTokenStore
from countersign.codes import Keyring
from tests.support.aws import client_error
from tests.support.builders import keys, verification
from tests.support.clock import FakeClock

EVENTUAL = 0.5  # an eventually consistent read costs half
TRANSACTIONAL = 2  # a write inside a transaction costs twice


@dataclass
class RecordingClient:
    """Every call succeeds, and every update answers with a whole verification.

    `absent`: but for the first update, which finds nothing there.
    """

    calls: list[str] = field(default_factory=list)
    attributes: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in "VNTABWR"})
    write_units: int = 0
    read_units: float = 0
    absent: bool = False

    def get_item(self, *, ConsistentRead: bool, **_arguments: object) -> dict[str, object]:  # noqa: N803  # botocore's
        assert ConsistentRead, "half the price, and not what the document says"
        self.calls.append("GetItem")
        self.read_units += 1
        return {}

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, object]:  # noqa: N803
        self.calls.append("BatchGetItem")
        for wanted in RequestItems.values():
            assert "ConsistentRead" not in wanted, "twice the price, and not what the document says"
            self.read_units += EVENTUAL * len(wanted["Keys"])
        return {"Responses": {}, "UnprocessedKeys": {}}

    def put_item(self, **arguments: Any) -> dict[str, object]:
        self.calls.append("PutItem")
        self._write("Put", arguments)
        return {}

    def update_item(self, **arguments: Any) -> dict[str, object]:
        self.calls.append("UpdateItem")
        self._write("Update", arguments)
        if self.absent:
            self.absent = False
            raise client_error("ConditionalCheckFailedException")
        values = arguments["ExpressionAttributeValues"]
        if ":to" in values:
            return {"Attributes": {**arguments["Key"], "moved_to": values[":to"]}}
        return {"Attributes": verification_item(verification(), writer="writer")}

    def transact_write_items(self, *, TransactItems: list[Any], **_arguments: object) -> dict[str, object]:  # noqa: N803
        self.calls.append("TransactWriteItems")
        for entry in TransactItems:
            [(kind, arguments)] = entry.items()
            self._write(kind, arguments, units=TRANSACTIONAL)
        return {}

    def _write(self, kind: str, arguments: Mapping[str, Any], *, units: int = 1) -> None:
        self.write_units += units
        item = arguments["Item"] if kind == "Put" else arguments["Key"]
        written = self.attributes[item["pk"]["S"].partition("#")[0]]
        written.update(item)
        if kind == "Update":
            names = arguments["ExpressionAttributeNames"]
            changes = arguments["UpdateExpression"].partition("REMOVE")[0]
            written.update(names[placeholder] for placeholder in re.findall(r"(#\w+) = ", changes))


def store_over(client: RecordingClient) -> DynamoStore:
    return DynamoStore(_table(client))


def tokens_over(client: RecordingClient) -> DynamoTokenStore:
    return DynamoTokenStore(_table(client), ring=lambda: Keyring(keys()), clock=FakeClock())


def book_over(client: RecordingClient) -> DynamoReportBook:
    return DynamoReportBook(_table(client))


def _table(client: RecordingClient) -> Table:
    return Table("table", client=lambda: cast("DynamoDBClient", client), clock=FakeClock())
