"""Starts verifications and sends them again (HTTPS, direct invocation, a queue)."""

from __future__ import annotations

from collections.abc import Mapping

import countersign.preload  # noqa: F401  # costs less in init than in the first request
from countersign.bootstrap import send_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return send_function()(event, context)
