"""Checks codes, reads and cancels verifications (HTTPS, direct invocation)."""

from __future__ import annotations

from collections.abc import Mapping

from countersign.bootstrap import verify_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return verify_function()(event, context)
