"""Counts what was sent and approved, from the table's stream of changes."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.bootstrap import count_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return count_function()(event, context)
