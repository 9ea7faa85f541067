"""The composition root: the only place that names concrete classes.

Everything is made at its first use and kept for the life of the container. What one
operation needs and another does not (vendors, libphonenumber, Secrets Manager's client)
is imported where it is made; so is what one function is made of and another is not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from countersign.bootstrap.container import Container
from countersign.dialects.dialect import Function
from countersign.edge import Edge

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

    from countersign.callbacks.edge import CallbackEdge
    from countersign.cognito.edge import TriggerEdge
    from countersign.cognito.sms import SealedCodes
    from countersign.publish import PublishEdge
    from countersign.stream import StreamEdge
    from countersign.webhooks.edge import QueueEdge

__all__ = [
    "Container",
    "cognito_challenge_function",
    "cognito_sms_function",
    "count_function",
    "publish_function",
    "receipts_function",
    "send_function",
    "verify_function",
    "webhook_function",
]


@cache
def send_function() -> Edge:
    """The send function's entry, one per container."""
    return Container(os.environ).edge(Function.SEND)


@cache
def verify_function() -> Edge:
    """The verify function's entry, one per container."""
    return Container(os.environ).edge(Function.VERIFY)


@cache
def receipts_function() -> CallbackEdge:
    """The receipts function's entry, one per container."""
    from countersign.bootstrap.receipts import callback_edge

    return callback_edge(Container(os.environ))


@cache
def count_function() -> StreamEdge:
    """The count function's entry, one per container."""
    from countersign.bootstrap.changes import stream_edge

    return stream_edge(Container(os.environ))


@cache
def publish_function() -> PublishEdge:
    """The publish function's entry, one per container."""
    from countersign.bootstrap.changes import publish_edge

    return publish_edge(Container(os.environ))


@cache
def webhook_function() -> QueueEdge:
    """The webhook function's entry, one per container."""
    from countersign.bootstrap.webhooks import webhook_edge

    return webhook_edge(Container(os.environ))


@cache
def cognito_sms_function(codes: Callable[[KMSClient, str], SealedCodes]) -> TriggerEdge:
    """The entry of Cognito's custom SMS sender, one per container. The function brings what decrypts."""
    from countersign.bootstrap.cognito import sms_trigger

    return sms_trigger(Container(os.environ), codes=codes)


@cache
def cognito_challenge_function() -> TriggerEdge:
    """The entry of Cognito's custom authentication, one per container."""
    from countersign.bootstrap.cognito import challenge_trigger

    return challenge_trigger(Container(os.environ))
