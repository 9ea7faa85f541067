"""Sends lifecycle events to the receivers of clients."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.bootstrap import webhook_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return webhook_function()(event, context)
