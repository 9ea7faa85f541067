"""DynamoDB in this process behind the client that is deployed, and trouble on the wire between them.

The client is botocore's, with its own retries and time-outs; what it sends is answered by the
emulator's code without a socket. The emulator keeps ClientRequestTokens and cancels transactions
with reasons, as DynamoDB does.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, cast

from botocore.awsrequest import AWSResponse
from botocore.exceptions import BotoCoreError
from botocore.session import Session
from ministack.services import dynamodb as emulator  # type: ignore[import-untyped]  # it has no types
from moto.core.models import botocore_stubber
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.clients import dynamodb_client

WRITES = frozenset({"PutItem", "UpdateItem", "TransactWriteItems"})
TRANSACTIONS = frozenset({"TransactWriteItems"})
BATCHES = frozenset({"BatchGetItem"})
EVERYTHING = WRITES | BATCHES | {"GetItem"}

type Forward = Callable[[], AWSResponse]
type Play = Callable[["Request", Forward], AWSResponse]


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire."""

    operation: str
    url: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What becomes of a call. `passes`: a repetition, ours or the client library's, goes through."""

    name: str
    play: Play
    passes: bool
    calls: int = 1  # how many calls in a row meet it; a repetition of ours is another call
    operations: frozenset[str] = EVERYTHING

    def __str__(self) -> str:
        return self.name


class Wire:
    """One table with a client, of which some call meets trouble."""

    def __init__(self, table: str, *, session: Session) -> None:
        self.table = table
        self.calls: list[str] = []  # since `learn`
        self.met = False  # has the trouble happened?
        self._trouble: Trouble | None = None
        self._from = 0
        self._attempt = 0
        self.client: DynamoDBClient = dynamodb_client(session)
        self.connect(self.client)
        self.client.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self.learn()

    def connect(self, client: DynamoDBClient) -> None:
        """Answer a client's calls from here (and not from moto, where that is at work)."""
        events: Any = client.meta.events  # typed as if no handler answered anything
        events.unregister("before-send", botocore_stubber)
        events.register("before-call.dynamodb", self._count)
        events.register_first("before-send.dynamodb", self._answer)

    def items(self) -> list[dict[str, Any]]:
        """What is stored; no trouble is in the way, and no call is counted."""
        answer = _emulated("Scan", json.dumps({"TableName": self.table}).encode())
        found: list[dict[str, Any]] = json.loads(answer.content)["Items"]
        return found

    def drop(self) -> None:
        self.learn()
        self.client.delete_table(TableName=self.table)

    def learn(self) -> None:
        """Forget what was called; nothing goes wrong."""
        self.calls.clear()
        self._trouble = None

    def arm(self, trouble: Trouble, *, at: int) -> None:
        """Let the call with this number (from 0) meet trouble."""
        self.learn()
        self._trouble, self._from, self.met = trouble, at, False

    def _count(self, model: Any, **_: object) -> None:
        self.calls.append(str(model.name))
        self._attempt = 0

    def _answer(self, request: Any, **_: object) -> AWSResponse:
        self._attempt += 1
        operation, body = self.calls[-1], request.body
        sent = body if isinstance(body, bytes) else body.encode()
        trouble, since = self._trouble, len(self.calls) - 1 - self._from
        if trouble is None or not 0 <= since < trouble.calls or operation not in trouble.operations:
            return _emulated(operation, sent, url=request.url)
        if trouble.passes and self._attempt > 1:
            return _emulated(operation, sent, url=request.url)
        self.met = True
        wanted = Request(operation, request.url, json.loads(sent))
        return trouble.play(wanted, lambda: _emulated(operation, sent, url=request.url))


def _emulated(operation: str, body: bytes, *, url: str = "https://dynamodb") -> AWSResponse:
    headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
    coroutine: Coroutine[Any, Any, Any] = emulator.handle_request("POST", "/", headers, body, {})
    try:
        coroutine.send(None)
    except StopIteration as answered:
        status, answer_headers, answer = answered.value
        return _response(url, status, answer_headers, answer)
    raise AssertionError("the emulator waits for something")


def answer(request: Request, body: object, *, status: int = 200) -> AWSResponse:
    """An answer as DynamoDB writes it."""
    return _response(request.url, status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body))


def _response(url: str, status: int, headers: Mapping[str, str], body: bytes | str) -> AWSResponse:
    content = body if isinstance(body, bytes) else body.encode()
    return AWSResponse(url, status, cast("Any", headers), cast("Any", _Raw(content)))


class _Raw(io.BytesIO):
    def stream(self, **_: object) -> Any:
        yield self.read()


# Trouble --------------------------------------------------------------------------------------


def refuses(code: str, *, status: int = 400, reason: str | None = None) -> Play:
    """An error in DynamoDB's words. `reason`: why it canceled a transaction."""

    def play(request: Request, _: Forward) -> AWSResponse:
        body: dict[str, object] = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "hush"}
        if reason is not None:
            writes = request.body.get("TransactItems", [])
            body["CancellationReasons"] = [{"Code": reason}, *({"Code": "None"} for _ in writes[1:])]
        return answer(request, body, status=status)

    return play


def conflicts(request: Request, forward: Forward) -> AWSResponse:
    """Another transaction holds the item."""
    if request.operation in TRANSACTIONS:
        return refuses("TransactionCanceledException", reason="TransactionConflict")(request, forward)
    return refuses("TransactionConflictException")(request, forward)


def leaves_out(request: Request, _: Forward) -> AWSResponse:
    """A batch of which nothing was read."""
    return answer(request, {"Responses": {}, "UnprocessedKeys": request.body["RequestItems"]})


def breaks(error: type[BotoCoreError], *, written: bool = False) -> Play:
    """The connection fails, before or after the request has done its work."""

    def play(request: Request, forward: Forward) -> AWSResponse:
        if written:
            forward()
        raise error(endpoint_url=request.url, error="hush")

    return play


def fails_after(play: Play) -> Play:
    """It is done, and then answered so."""

    def after(request: Request, forward: Forward) -> AWSResponse:
        forward()
        return play(request, forward)

    return after
