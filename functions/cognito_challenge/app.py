"""Signs users of a Cognito user pool in with a code (its three triggers of custom authentication)."""

from __future__ import annotations

from collections.abc import Mapping

import countersign.preload  # noqa: F401  # costs less in init than in the first challenge
from countersign.bootstrap import cognito_challenge_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return cognito_challenge_function()(event, context)
