"""The calls to DynamoDB: one place that knows retries, conditions and failures of the client."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.aws.items import Attribute, Item, attribute, key
from countersign.clock import Clock
from countersign.codes import random_id
from countersign.errors import ServiceUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import BatchGetItemOutputTypeDef, TransactWriteItemTypeDef

_NAME = re.compile(r"#(\w+)")
_CONFLICT_PAUSES_SECONDS = (0.02, 0.06, 0.15)
RETRY_AFTER_SECONDS = 1


@final
class ConditionFailedError(Exception):
    """A condition did not hold; `items` are the stored items (one per write, in order; None: no item)."""

    def __init__(self, items: tuple[Item | None, ...], *, failed: tuple[bool, ...]) -> None:
        super().__init__("a condition did not hold")
        self.items = items
        self.failed = failed


@final
class ConflictError(ServiceUnavailableError):
    """Other transactions held an item at every try; nothing was written."""


@final
class Update:
    """One conditional update, kept as data so that it can go alone or in a transaction.

    `expression` and `condition` name attributes as `#name` and values as `:name`.
    """

    __slots__ = ("condition", "expression", "pk", "values")

    def __init__(self, pk: str, *, expression: str, condition: str, values: dict[str, str | int]) -> None:
        self.pk = pk
        self.expression = expression
        self.condition = condition
        self.values = values

    def arguments(self, table: str) -> dict[str, object]:
        """The parameters that UpdateItem and a transaction's Update share."""
        used = self.expression + " " + self.condition
        arguments: dict[str, object] = {
            "TableName": table,
            "Key": key(self.pk),
            "UpdateExpression": self.expression,
            "ExpressionAttributeNames": {f"#{name}": name for name in _NAME.findall(used)},
            "ExpressionAttributeValues": {
                f":{name}": attribute(value) for name, value in self.values.items()
            },
        }
        if self.condition:
            arguments["ConditionExpression"] = self.condition
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return arguments


@final
class Table:
    """One table, through a client that is made at its first use."""

    def __init__(self, name: str, *, client: Callable[[], DynamoDBClient], clock: Clock) -> None:
        self._name = name
        self._client = client
        self._clock = clock

    def get(self, pk: str) -> Item | None:
        """A strongly consistent read."""
        answer = self._call(
            lambda: self._client().get_item(TableName=self._name, Key=key(pk), ConsistentRead=True)
        )
        return cast("Item | None", answer.get("Item"))

    def batch_get(self, pks: Sequence[str]) -> dict[str, Item]:
        """What is stored under up to 100 keys, each on its own and perhaps a moment old.

        Raises ServiceUnavailableError where DynamoDB leaves keys out at every try.
        """
        found: dict[str, Item] = {}
        asked: dict[str, object] = {self._name: {"Keys": [key(pk) for pk in pks]}}
        for pause in (*_CONFLICT_PAUSES_SECONDS, None):
            answer = self._batch_get(asked)
            for item in answer.get("Responses", {}).get(self._name, ()):
                found[item["pk"]["S"]] = item
            asked = cast("dict[str, object]", answer.get("UnprocessedKeys", {}))
            if not asked:
                return found
            if pause is not None:
                self._clock.sleep(pause)
        raise ServiceUnavailableError(retry_after_seconds=RETRY_AFTER_SECONDS)

    def _batch_get(self, asked: dict[str, object]) -> BatchGetItemOutputTypeDef:
        return self._call(lambda: self._client().batch_get_item(RequestItems=asked))  # type: ignore[arg-type]

    def update(self, update: Update, *, returned: str) -> Item:
        """UpdateItem; `returned` is ALL_NEW, ALL_OLD or NONE. Raises ConditionFailedError."""
        arguments = update.arguments(self._name) | {"ReturnValues": returned}
        answer = self._call(lambda: self._client().update_item(**arguments))  # type: ignore[arg-type]
        return cast("Item", answer.get("Attributes", {}))

    def put_new(self, item: dict[str, Attribute]) -> None:
        """PutItem where nothing is stored yet. Raises ConditionFailedError."""
        self._call(
            lambda: self._client().put_item(
                TableName=self._name,
                Item=item,
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        )

    def transact(self, *, put: dict[str, Attribute] | None, updates: Sequence[Update]) -> None:
        """All or nothing; a lost answer is safe to ask again (request token). Raises ConditionFailedError."""
        writes: list[dict[str, object]] = []
        if put is not None:
            writes.append(
                {
                    "Put": {
                        "TableName": self._name,
                        "Item": put,
                        "ConditionExpression": "attribute_not_exists(pk)",
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                }
            )
        writes.extend({"Update": update.arguments(self._name)} for update in updates)
        items = cast("list[TransactWriteItemTypeDef]", writes)
        token = random_id()
        self._call(lambda: self._client().transact_write_items(TransactItems=items, ClientRequestToken=token))

    def _call[T](self, call: Callable[[], T]) -> T:
        for pause in (*_CONFLICT_PAUSES_SECONDS, None):
            try:
                return call()
            except ClientError as error:
                if not _is_conflict(error):
                    raise _translated(error) from error
                if pause is None:
                    raise ConflictError(retry_after_seconds=RETRY_AFTER_SECONDS) from error
                self._clock.sleep(pause)
            except BotoCoreError as error:
                raise ServiceUnavailableError(retry_after_seconds=RETRY_AFTER_SECONDS) from error
        raise AssertionError("unreachable: the last round returns or raises")


def _reasons(error: ClientError) -> list[dict[str, object]]:
    return cast("list[dict[str, object]]", error.response.get("CancellationReasons", []))


def _is_conflict(error: ClientError) -> bool:
    """Another transaction held an item: nothing was written, and trying again is right."""
    code = error.response["Error"]["Code"]
    if code == "TransactionCanceledException":
        codes = {reason.get("Code") for reason in _reasons(error)}
        return "TransactionConflict" in codes and "ConditionalCheckFailed" not in codes
    return code in {"TransactionConflictException", "TransactionInProgressException"}


def _translated(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    if code == "ConditionalCheckFailedException":
        return ConditionFailedError((cast("Item | None", error.response.get("Item")),), failed=(True,))
    if code == "TransactionCanceledException":
        reasons = _reasons(error)
        failed = tuple(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
        if any(failed):
            return ConditionFailedError(
                tuple(cast("Item | None", reason.get("Item")) for reason in reasons), failed=failed
            )
    return ServiceUnavailableError(retry_after_seconds=RETRY_AFTER_SECONDS)
