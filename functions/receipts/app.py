"""Takes vendors' delivery reports (HTTPS, called by their servers)."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.bootstrap import receipts_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return receipts_function()(event, context)
