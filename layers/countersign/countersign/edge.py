"""Where an event comes in and an answer leaves: the only place that catches everything.

Whatever goes wrong here or deeper, what leaves is a refusal in the protocol's words,
with a line in the log that holds no code, secret or whole number.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, final

from countersign.clock import Clock, Deadline
from countersign.dialects.dialect import Dialect, Function, Refusal, UseCases
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.dialects.native import Native
from countersign.dialects.registry import NATIVE, Front
from countersign.errors import (
    ConfigurationError,
    CountersignError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceUnavailableError,
    cause_of,
)

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

LONGEST_SECONDS = 20.0  # API Gateway gives up at 30
RESERVED_SECONDS = 2.0  # of the function's own time, to settle and answer
NOT_HTTP = HttpRequest(method="", path="/", headers={})  # what a refusal of another event is about


class LambdaContext(Protocol):
    """What we use of the context that Lambda passes."""

    @property
    def aws_request_id(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class Batches(Protocol):
    """Whoever takes what has no caller: batches of messages."""

    def __call__(self, event: Mapping[str, object], context: LambdaContext, /) -> dict[str, object]: ...


class InternalError(CountersignError):
    """The answer to what nobody expected."""

    default_detail = "The service failed; nothing was verified."


@final
class Edge:
    """One function's entry."""

    def __init__(
        self,
        use_cases: UseCases,
        *,
        function: Function,
        telemetry: PowertoolsTelemetry,
        clock: Clock,
        batches: Callable[[], Batches] | None = None,
    ) -> None:
        """`batches`: made with the first batch, for who calls over HTTP need not wait for it."""
        self._batches = batches
        self._front = Front(use_cases, function=function)
        self._function = function
        self._native = Native(use_cases)
        self._telemetry = telemetry
        self._clock = clock

    def __call__(self, event: object, context: LambdaContext) -> dict[str, object]:
        """Answer an HTTP event (payload format 2.0) or a direct invocation; whatever it is, without raising.

        A direct invocation gets `{"status_code": int, "body": object}`, the same body
        that HTTP would carry. A batch of a queue gets what its own edge answers, or raises.
        """
        trace_id = _trace_id(context)
        deadline = deadline_of(context, clock=self._clock)
        try:
            if isinstance(event, dict) and "requestContext" in event:
                return self._http(event, trace_id=trace_id, deadline=deadline).as_result()
            if isinstance(event, dict) and "Records" in event and self._batches is not None:
                return self._batches()(event, context)
            return self._direct(event, trace_id=trace_id, deadline=deadline)
        finally:
            self._telemetry.flush()

    def _http(self, event: Mapping[str, object], *, trace_id: str, deadline: Deadline) -> HttpResponse:
        began = self._clock.monotonic()
        request = NOT_HTTP
        name: str = NATIVE
        dialect: Dialect = self._native
        try:
            request = HttpRequest.from_event(event)
            name, dialect, router = self._front.at(request.path)
            endpoint, parameters = router.find(request)
            if request.fault is not None:
                raise request.fault
            return endpoint.handler(replace(request, parameters=parameters), deadline)
        except Exception as error:
            return dialect.refuse(
                self._refusal(error, request=request, dialect=name, trace_id=trace_id, began=began)
            )

    def _direct(self, event: object, *, trace_id: str, deadline: Deadline) -> dict[str, object]:
        began = self._clock.monotonic()
        try:
            if not isinstance(event, dict):
                raise InvalidRequestError("The event must be a JSON object.")
            response = self._native.invoke(event, function=self._function, deadline=deadline)
        except Exception as error:
            response = self._native.refuse(
                self._refusal(error, request=NOT_HTTP, dialect=NATIVE, trace_id=trace_id, began=began)
            )
        return {"status_code": response.status, "body": response.document()}

    def _refusal(
        self, error: Exception, *, request: HttpRequest, dialect: str, trace_id: str, began: float
    ) -> Refusal:
        """The refusal that an error is, with its line in the log."""
        refused = told(error, telemetry=self._telemetry)
        self._log(refused, dialect=dialect, trace_id=trace_id, began=began)
        return Refusal(error=refused, request=request, trace_id=trace_id, now=self._clock.now())

    def _log(self, refusal: CountersignError, *, dialect: str, trace_id: str, began: float) -> None:
        if isinstance(refusal, (NotFoundError, MethodNotAllowedError)) and refusal.client_id is None:
            return  # somebody's scanner: nothing about a verification, and no cost in logs
        about = refusal.verification
        self._telemetry.outcome(
            "RequestRefused",
            dialect=dialect,
            verification_id=about.id if about else None,
            client=about.client_id if about else refusal.client_id,
            country=about.country if about else refusal.country,
            channel=about.channel.value if about else None,
            provider=about.provider if about else None,
            outcome=refusal.code,
            cause=cause_of(refusal) if refusal.status >= 500 else None,
            trace_id=trace_id,
            milliseconds=round((self._clock.monotonic() - began) * 1000),
        )


def told(error: Exception, *, telemetry: PowertoolsTelemetry) -> CountersignError:
    """What a caller may hear of any error; the operator hears of what is nobody else's business."""
    match error:
        case CountersignError():
            return error
        case ConfigurationError():
            telemetry.configuration_fault(str(error))
            return ServiceUnavailableError("The service is not set up correctly.", retry_after_seconds=60)
        case _:
            telemetry.failure(error)
            return InternalError()


def deadline_of(
    context: LambdaContext, *, clock: Clock, reserved_seconds: float = RESERVED_SECONDS
) -> Deadline:
    """The end of an operation: below the function's own, and below what its caller waits for."""
    remaining = context.get_remaining_time_in_millis() / 1000 - reserved_seconds
    return Deadline(max(0.0, min(LONGEST_SECONDS, remaining)), clock=clock)


def _trace_id(context: LambdaContext) -> str:
    """The X-Ray trace's root where there is one, so that an error report leads to its trace."""
    for part in os.environ.get("_X_AMZN_TRACE_ID", "").split(";"):
        name, _, value = part.partition("=")
        if name == "Root" and value:
            return value
    return context.aws_request_id
