"""The sample events of the folder `events`, and the functions' own entry points that they go to."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from countersign.bootstrap import (
    cognito_challenge_function,
    cognito_sms_function,
    count_function,
    publish_function,
    receipts_function,
    send_function,
    verify_function,
    webhook_function,
)
from countersign.dialects.dialect import Function
from functions.send import app as send_app
from functions.verify import app as verify_app
from tests.support.api import function_of
from tests.support.gateway import Context

EVENTS = Path(__file__).parents[2] / "events"


def answered(event: dict[str, Any]) -> dict[str, Any]:
    """The result of the function that API Gateway would hand an HTTP event to."""
    http = event["requestContext"]["http"]
    sends = function_of(http["method"], http["path"]) is Function.SEND
    result: dict[str, Any] = (send_app if sends else verify_app).handler(event, Context())
    return result


def forget() -> None:
    """End the containers, as Lambda does; Powertools' loggers live as long as the process."""
    send_function.cache_clear()
    verify_function.cache_clear()
    count_function.cache_clear()
    publish_function.cache_clear()
    cognito_sms_function.cache_clear()
    cognito_challenge_function.cache_clear()
    webhook_function.cache_clear()
    receipts_function.cache_clear()
    logging.Logger.manager.loggerDict.pop("countersign", None)
