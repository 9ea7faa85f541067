"""What is sent: the body, and the headers that prove where it comes from.

The wire is that of the Standard Webhooks specification 1.0.0, spec/standard-webhooks.md of
github.com/standard-webhooks/standard-webhooks: "Payload structure", "Signature scheme" and
"Webhook headers".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from countersign import __version__

# The types of the bus, and what they are called on the wire.
TYPES = {
    f"Verification{name}": f"verification.{name.lower()}"
    for name in ("Sent", "Delivered", "Undelivered", "Approved", "Failed", "Expired", "Canceled")
}

# It goes into a header, and is signed in front of full stops: neither line breaks nor full stops.
_EVENT_ID = re.compile(r"evt_[A-Za-z0-9_-]{1,96}")


class UnreadableEventError(Exception):
    """A message of the queue that is no lifecycle event. Its text is a constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event, ready to be signed. The body says who was verified, so `repr` hides it."""

    id: str
    event: str  # the type as on the bus
    client_id: str
    body: bytes = field(repr=False)


def read_message(text: str) -> Message:
    """The message for an event of the bus, as EventBridge hands it to a queue.

    The body has no spaces and is pure ASCII, so that a receiver that takes it for text of whatever
    character set still signs the same bytes. Raises UnreadableEventError.
    """
    try:
        event = json.loads(text)
        detail = dict(event["detail"])
        detail_type, client_id, occurred_at = event["detail-type"], detail["client"], detail["occurred_at"]
        event_id = detail.pop("event_id")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UnreadableEventError("not an event") from None
    if not isinstance(detail_type, str) or detail_type not in TYPES:
        raise UnreadableEventError("not a type of event that is told")
    if not isinstance(event_id, str) or _EVENT_ID.fullmatch(event_id) is None:
        raise UnreadableEventError("not an event id")
    if not isinstance(client_id, str) or not isinstance(occurred_at, str):
        raise UnreadableEventError("no client, or no time")
    body = {"type": TYPES[detail_type], "timestamp": occurred_at, "data": detail}
    return Message(
        id=event_id,
        event=detail_type,
        client_id=client_id,
        body=json.dumps(body, separators=(",", ":")).encode("ascii"),
    )


def headers(message: Message, *, keys: Sequence[bytes], now: int) -> Mapping[str, str]:
    """The headers of one attempt at the time `now`, with one signature per key, in their order."""
    return {
        "content-type": "application/json",
        "user-agent": f"countersign/{__version__}",
        "webhook-id": message.id,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(_signature(message, key=key, now=now) for key in keys),
    }


def _signature(message: Message, *, key: bytes, now: int) -> str:
    content = f"{message.id}.{now}.".encode() + message.body
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode('ascii')}"
