"""A DynamoDB table in this process, and a client whose answers get lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import boto3
from botocore.exceptions import ClientError
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from tests.support.clock import FakeClock

TABLE = "countersign-test"


def make_table(name: str = TABLE) -> DynamoDBClient:
    """A table like the template's. Call it where AWS is emulated."""
    client = boto3.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return client


def make_proof_key() -> str:
    """The ARN of a key like the template's. Call it where AWS is emulated."""
    made = boto3.client("kms").create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")
    return str(made["KeyMetadata"]["Arn"])


def dynamo_store(client: DynamoDBClient, *, clock: FakeClock | None = None) -> DynamoStore:
    return DynamoStore(Table(TABLE, client=lambda: client, clock=clock or FakeClock()))


class TroubledClient:
    """A DynamoDB client whose next calls meet trouble; every other call goes through.

    `lose_answer`: the write commits, its answer is lost, and the client library sends the
    same request again, as botocore does.
    """

    def __init__(self, inner: DynamoDBClient) -> None:
        self._inner = inner
        self._errors: list[Exception | None] = []
        self._errors_at: dict[str, Exception] = {}
        self._answers: list[dict[str, Any]] = []
        self._losing = False
        self._meanwhile: Callable[[], object] = lambda: None
        self.on_call: Callable[[], object] | None = None  # once, before the next call
        self.on_answer: Callable[[], object] | None = None  # once, after the next call
        self.calls: list[str] = []
        self.requests: list[dict[str, Any]] = []

    @property
    def as_client(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self)

    def lose_answer(self, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._losing, self._meanwhile = True, meanwhile

    def fail(self, *errors: Exception | None) -> None:
        """The next calls fail one after the other; None lets one through."""
        self._errors.extend(errors)

    def fail_at(self, expression: str, error: Exception) -> None:
        """The next update whose expression begins like this fails."""
        self._errors_at[expression] = error

    def answer(self, *answers: dict[str, Any]) -> None:
        """The next calls are answered so, and by nobody else."""
        self._answers.extend(answers)

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**arguments: Any) -> Any:
            self.calls.append(operation)
            self.requests.append(arguments)
            before, self.on_call = self.on_call or _nothing, None
            before()
            error = self._errors.pop(0) if self._errors else None
            if error is not None:
                raise error
            for begin in self._errors_at:
                if arguments.get("UpdateExpression", "").startswith(begin):
                    raise self._errors_at.pop(begin)
            if self._answers:
                return self._answers.pop(0)
            try:
                answer = getattr(self._inner, operation)(**arguments)
                if self._losing:
                    self._losing = False
                    self._meanwhile()
                    answer = getattr(self._inner, operation)(**arguments)
            finally:
                after, self.on_answer = self.on_answer or _nothing, None
                after()
            return answer

        return call


def _nothing() -> None:
    """What happens beside most calls."""


def client_error(
    code: str, *, operation: str = "UpdateItem", reasons: list[str] | None = None
) -> ClientError:
    """An error as DynamoDB answers it; `reasons` are a canceled transaction's."""
    response: dict[str, Any] = {"Error": {"Code": code, "Message": "text that nobody may see"}}
    if reasons is not None:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(cast("Any", response), operation)
