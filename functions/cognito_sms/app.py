"""Sends a Cognito user pool's codes (its custom SMS sender trigger)."""

from __future__ import annotations

from collections.abc import Mapping

from cognito_codes import CognitoCodes

import countersign.preload  # noqa: F401  # costs less in init than in the first event
from countersign.bootstrap import cognito_sms_function
from countersign.edge import LambdaContext


def handler(event: Mapping[str, object], context: LambdaContext) -> dict[str, object]:
    return cognito_sms_function(CognitoCodes)(event, context)
