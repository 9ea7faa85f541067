"""Reading requests that come as messages: put on the queue by a caller, or on the bus as an event.

    {"client": "demo", "to": "+84901888484", …}                                       the body of a message
    {"detail-type": "VerificationRequested", "id": …, "time": …, "detail": {…}, …}    the same, by the bus
    {"client": "demo", "resend": "<id>", "sends": 1}                      our own: a text that did not arrive

Shapes: a record of an SQS batch as Lambda hands it on ("Using Lambda with Amazon SQS", developer guide
of AWS Lambda), and an event as EventBridge writes it ("Events", user guide of Amazon EventBridge).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import cast

from countersign.dialects.http import BODY_LIMIT_BYTES
from countersign.dialects.native_parsing import check_idempotency_key, parse_id
from countersign.dialects.strict_json import JsonObject, parse_members
from countersign.errors import CountersignError, InvalidRequestError, PayloadTooLargeError
from countersign.policy import SENDS

REQUESTED = "VerificationRequested"  # the one detail-type that asks for something
LONGEST_AGE_SECONDS = 600  # nobody waits longer for a code, and none lives longer

_LONGEST_KEY = 250  # characters; a further try of the same request adds to it


class Way(StrEnum):
    """How a request came."""

    QUEUE = "queue"
    BUS = "bus"


class TooLateError(CountersignError):
    """The message has waited for so long that its code would help nobody."""

    status = 410
    code = "too_late"
    title = "Too late"
    default_detail = "The request is older than ten minutes; nothing was sent."


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A record of a batch, whatever it asks for."""

    id: str
    queue: str  # its ARN
    receipt: str
    receives: int  # times that it was handed on, this one included
    sent_at: int  # when it was put on the queue, epoch seconds
    body: str

    def __repr__(self) -> str:
        return f"Message({self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a message asks for. `members` are a start's; the others have been taken from them."""

    client_id: str
    members: JsonObject
    key: str  # the same whenever the same request comes again
    asked_at: int  # epoch seconds
    way: Way

    def seconds_left(self, *, now: int) -> int:
        """How long the request may still wait. Raises TooLateError where it may not."""
        left = self.asked_at + LONGEST_AGE_SECONDS - now
        if left <= 0:
            raise TooLateError
        return left


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A text that did not arrive, and that is to be sent again (service/redelivery.py asks for it)."""

    client_id: str
    verification_id: str
    sends: int  # of the verification when that text was its last one
    asked_at: int  # epoch seconds
    way: Way = Way.QUEUE

    def seconds_left(self, *, now: int) -> int:
        """How long its code can be good still; 0 or less when it certainly is not.

        It was good when the message was written. Nobody need hear of one that comes later: the
        verification has ended.
        """
        return self.asked_at + LONGEST_AGE_SECONDS - now


def read_record(record: Mapping[str, object]) -> Message:
    """Raises KeyError, TypeError or ValueError for what is no record of SQS."""
    if record["eventSource"] != "aws:sqs":
        raise ValueError("not a record of SQS")
    attributes = cast("Mapping[str, str]", record["attributes"])
    return Message(
        id=str(record["messageId"]),
        queue=str(record["eventSourceARN"]),
        receipt=str(record["receiptHandle"]),
        receives=int(attributes["ApproximateReceiveCount"]),
        sent_at=int(attributes["SentTimestamp"]) // 1000,
        body=str(record["body"]),
    )


def parse_message(message: Message) -> Asked | Overdue:
    """Raises InvalidRequestError or PayloadTooLargeError for what can never be a request."""
    # A lone surrogate cannot be UTF-8; it is passed on so that the parser refuses it.
    data = message.body.encode("utf-8", "surrogatepass")
    if len(data) > BODY_LIMIT_BYTES:
        raise PayloadTooLargeError
    document = parse_members(data, content_type=None)
    if "resend" in document:
        return _overdue(JsonObject(document), asked_at=message.sent_at)
    if "detail-type" not in document:
        return _asked(JsonObject(document), key=message.id, asked_at=message.sent_at, way=Way.QUEUE)
    event = JsonObject(document)
    if document["detail-type"] != REQUESTED:
        raise InvalidRequestError(f"`detail-type` must be {REQUESTED}.", field="detail-type")
    detail = document.get("detail")
    if not isinstance(detail, dict):
        raise InvalidRequestError("`detail` must be a JSON object.", field="detail")
    # The bus may have kept it for a while, and an archive plays events of long ago again.
    asked_at = min(message.sent_at, _moment(event.text("time", most=40), field="time"))
    return _asked(JsonObject(detail), key=event.text("id", most=64), asked_at=asked_at, way=Way.BUS)


def _asked(members: JsonObject, *, key: str, asked_at: int, way: Way) -> Asked:
    name = "client" if members.has("client") or not members.has("client_id") else "client_id"
    client_id = members.text(name, most=64)
    key = members.optional_text("idempotency_key", most=_LONGEST_KEY) or key
    moment = members.optional_text("requested_at", most=40)
    if moment is not None:
        asked_at = min(asked_at, _moment(moment, field="requested_at"))
    if members.optional_text("operation", most=16) not in (None, "start"):
        raise InvalidRequestError("`operation` must be start.", field="operation")
    return Asked(
        client_id=client_id,
        members=members,
        key=check_idempotency_key(key, field="idempotency_key"),
        asked_at=asked_at,
        way=way,
    )


def _overdue(members: JsonObject, *, asked_at: int) -> Overdue:
    client_id = members.text("client", most=64)
    verification_id = parse_id(members.text("resend", most=64))
    sends = members.optional_number("sends", bound=SENDS)
    if sends is None:
        raise InvalidRequestError("`sends` is missing.", field="sends")
    members.nothing_else()
    return Overdue(client_id=client_id, verification_id=verification_id, sends=sends, asked_at=asked_at)


def _moment(text: str, *, field: str) -> int:
    """Epoch seconds of an RFC 3339 time. Raises InvalidRequestError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequestError(
            f"`{field}` must be a time such as 2026-11-22T01:02:03Z.", field=field
        ) from error
    if moment.tzinfo is None:
        raise InvalidRequestError(f"`{field}` must say its time zone.", field=field)
    return int(moment.timestamp())
