"""DynamoDB's own refusal of writes that meet on an item, which the emulator does not have: it takes turns."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from mypy_boto3_dynamodb import DynamoDBClient

from tests.support.aws import client_error

WRITE_SECONDS = 0.01  # what a transaction takes on DynamoDB, and in which it can be met


class CollidingClient:
    """A client of many threads. A transaction that meets any other write is canceled, and a write that meets
    a transaction is refused, as the page "Transaction conflict handling" of DynamoDB's guide has it.
    """

    def __init__(self, inner: DynamoDBClient) -> None:
        self._inner = inner
        self._turn = threading.Lock()
        self._transactions: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()
        self.collisions = 0

    @property
    def as_client(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self)

    def transact_write_items(self, **arguments: Any) -> Any:
        keys = [_key(write) for entry in arguments["TransactItems"] for write in entry.values()]
        with self._under_way(keys, as_one_of=self._transactions, meets=(self._transactions, self._writes)):
            return self._inner.transact_write_items(**arguments)

    def update_item(self, **arguments: Any) -> Any:
        with self._under_way([_key(arguments)], as_one_of=self._writes, meets=(self._transactions,)):
            return self._inner.update_item(**arguments)

    def put_item(self, **arguments: Any) -> Any:
        with self._under_way([_key(arguments)], as_one_of=self._writes, meets=(self._transactions,)):
            return self._inner.put_item(**arguments)

    def get_item(self, **arguments: Any) -> Any:
        return self._inner.get_item(**arguments)

    @contextmanager
    def _under_way(
        self, keys: Sequence[str], *, as_one_of: Counter[str], meets: Sequence[Counter[str]]
    ) -> Iterator[None]:
        with self._turn:
            met = [any(others[key] for others in meets) for key in keys]
            if any(met):
                self.collisions += 1
                if as_one_of is self._writes:
                    raise client_error("TransactionConflictException")
                reasons = ["TransactionConflict" if one else "None" for one in met]
                raise client_error("TransactionCanceledException", reasons=reasons)
            as_one_of.update(keys)
        try:
            time.sleep(WRITE_SECONDS)
            yield
        finally:
            with self._turn:
                as_one_of.subtract(keys)


def _key(write: dict[str, Any]) -> str:
    return str((write.get("Key") or write["Item"])["pk"]["S"])
