"""Where an event of Cognito comes in and its answer leaves: a failure is raised, in constant words.

Cognito shows the text of an error to the application, and Lambda writes it into the log. So there are two
texts, and neither says whose code it was, where it went, or what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, final

from countersign.clock import Clock, Deadline
from countersign.cognito.triggers import DIALECT, Trigger
from countersign.edge import LambdaContext, deadline_of
from countersign.errors import (
    ConfigurationError,
    CooldownError,
    CountersignError,
    GuessLimitError,
    PermissionDeniedError,
    RateLimitError,
    SendLimitError,
    cause_of,
)

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

RESERVED_SECONDS = 1.0  # of the function's own time, to settle and answer

_LIMITS = (CooldownError, GuessLimitError, RateLimitError, SendLimitError)


type Answers = Callable[[Trigger, Deadline], Mapping[str, object] | None]


class TriggerFailedError(Exception):
    """What Cognito is told."""


@final
class TriggerEdge:
    """A trigger function's entry."""

    def __init__(
        self,
        *,
        answer: Answers,
        client_id: Callable[[], str],
        pool_id: Callable[[], str],
        telemetry: PowertoolsTelemetry,
        clock: Clock,
    ) -> None:
        """`answer` gives the event's `response`, or None where Cognito waits for none."""
        self._answer = answer
        self._client_id = client_id
        self._pool_id = pool_id
        self._telemetry = telemetry
        self._clock = clock

    def __call__(self, event: object, context: LambdaContext) -> dict[str, object]:
        """The event with its `response`, as Cognito wants it back. Raises TriggerFailedError."""
        try:
            return self._answered(event, context=context)
        except CountersignError as error:
            self._log(error, context=context)
            limited = isinstance(error, _LIMITS)
            raise TriggerFailedError(_TRY_LATER if limited else _FAILED) from None
        except ConfigurationError as error:
            self._telemetry.configuration_fault(str(error))
            raise TriggerFailedError(_FAILED) from None
        except Exception as error:
            self._telemetry.failure(error)
            raise TriggerFailedError(_FAILED) from None
        finally:
            self._telemetry.flush()

    def _answered(self, event: object, *, context: LambdaContext) -> dict[str, object]:
        self._client_id()  # where it is not set, nothing below can be told of a client
        deadline = deadline_of(context, clock=self._clock, reserved_seconds=RESERVED_SECONDS)
        trigger = Trigger.read(event)
        if trigger.pool_id != self._pool_id():
            raise PermissionDeniedError("The event is of another user pool.")
        response = self._answer(trigger, deadline)
        if response is None or not isinstance(event, dict):
            return {}
        return {**event, "response": dict(response)}

    def _log(self, error: CountersignError, *, context: LambdaContext) -> None:
        about = error.verification
        self._telemetry.outcome(
            "RequestRefused",
            dialect=DIALECT,
            verification_id=about.id if about else None,
            client=self._client_id(),
            country=about.country if about else error.country,
            provider=about.provider if about else None,
            outcome=error.code,
            cause=cause_of(error),
            trace_id=context.aws_request_id,
        )


_TRY_LATER = "Too many codes were sent lately; try again later."
_FAILED = "The code could not be sent or checked."
