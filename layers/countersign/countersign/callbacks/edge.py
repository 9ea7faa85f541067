"""Where a vendor's callback comes in and is acknowledged: the receipts function's edge.

200 says that everything is kept. Whatever else leaves makes a vendor come again, or says that it
need not: 503 where we could not, 4xx where the callback is not one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, final

from countersign.clock import Clock, Deadline
from countersign.dialects.http import HttpRequest, HttpResponse, json_response
from countersign.dialects.native_answers import problem_response
from countersign.edge import InternalError, LambdaContext, deadline_of
from countersign.errors import (
    ConfigurationError,
    CountersignError,
    MethodNotAllowedError,
    NotFoundError,
    ServiceUnavailableError,
    cause_of,
)

if TYPE_CHECKING:
    from countersign.telemetry import PowertoolsTelemetry

PREFIX = "/receipts/"
BODY_LIMIT_BYTES = 512 * 1024  # a thousand bytes for each of the most rows that are taken
COME_AGAIN_SECONDS = 60


class Callback(Protocol):
    """One vendor's callback."""

    def take(self, request: HttpRequest, *, segment: str, deadline: Deadline) -> None:
        """Keep what it tells. Raises CountersignError or ConfigurationError where it is not kept."""
        ...


@final
class CallbackEdge:
    """The receipts function's entry."""

    def __init__(
        self,
        callbacks: Mapping[tuple[str, bool], tuple[str, Callable[[], Callback]]],
        *,
        telemetry: PowertoolsTelemetry,
        clock: Clock,
    ) -> None:
        """`callbacks` by the vendor's name and whether a segment follows it: the method and the callback."""
        self._callbacks = callbacks
        self._telemetry = telemetry
        self._clock = clock

    def __call__(self, event: object, context: LambdaContext) -> dict[str, object]:
        """Answer an HTTP event (payload format 2.0), whatever it is, without raising."""
        deadline = deadline_of(context, clock=self._clock)
        vendor = ""
        try:
            request = HttpRequest.from_event(
                event if isinstance(event, dict) else {}, body_limit_bytes=BODY_LIMIT_BYTES
            )
            vendor, segment = _parts(request.path)
            callback = self._find(vendor, segment=segment, method=request.method)
            if request.fault is not None:
                raise request.fault
            callback.take(request, segment=segment, deadline=deadline)
            answer = json_response(200, {})
        except Exception as error:
            answer = self._refused(error, vendor=vendor, trace_id=context.aws_request_id)
        finally:
            self._telemetry.flush()
        return answer.as_result()

    def _find(self, vendor: str, *, segment: str, method: str) -> Callback:
        found = self._callbacks.get((vendor, bool(segment)))
        if found is None:
            raise NotFoundError
        allowed, make = found
        if method != allowed:
            raise MethodNotAllowedError((allowed,))
        return make()

    def _refused(self, error: Exception, *, vendor: str, trace_id: str) -> HttpResponse:
        match error:
            case CountersignError():
                told = error
            case ConfigurationError():
                self._telemetry.configuration_fault(str(error))
                told = ServiceUnavailableError(retry_after_seconds=COME_AGAIN_SECONDS)
            case _:
                self._telemetry.failure(error)
                told = InternalError()
        if not isinstance(told, (NotFoundError, MethodNotAllowedError)):  # which is somebody's scanner
            self._telemetry.outcome(
                "ReportRefused",
                provider=vendor or None,
                outcome=told.code,
                cause=cause_of(told) if told.status >= 500 else None,
                trace_id=trace_id,
            )
        return problem_response(told, trace_id=trace_id, now=self._clock.now())


def _parts(path: str) -> tuple[str, str]:
    """The vendor's name and what follows it."""
    if not path.startswith(PREFIX):
        raise NotFoundError
    vendor, _, segment = path.removeprefix(PREFIX).partition("/")
    return vendor, segment
