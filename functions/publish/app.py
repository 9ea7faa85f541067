"""Publishes what happens to verifications, from the table's stream of changes."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.bootstrap import publish_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return publish_function()(event, context)
