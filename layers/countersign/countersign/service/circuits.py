"""The circuit breaker: which vendors are left alone for now, and what a call tells of its vendor.

It never fails a request of its own accord. Where its store gives no answer, a vendor is asked as if
there were no breaker, or passed over where another one is there to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, final

from countersign.circuits import Circuit, CircuitState
from countersign.clock import Clock, Deadline
from countersign.errors import ServiceUnavailableError
from countersign.orders import SendResult
from countersign.ports import Store, Telemetry

if TYPE_CHECKING:
    from countersign.service.legs import Leg

# With less left of a request, nothing is noted: the answer and the settlement go before.
LEAST_SECONDS_FOR_A_NOTE = 1.0
RETRY_AFTER_A_PROBE_SECONDS = 5  # a probe is one request, and most are answered sooner


@final
class Breaker:
    """What the courier asks before a call and tells after it."""

    def __init__(self, *, store: Store, telemetry: Telemetry, clock: Clock) -> None:
        self._store = store
        self._telemetry = telemetry
        self._clock = clock

    def passable(self, legs: tuple[Leg, ...], *, circuits: Mapping[str, Circuit]) -> tuple[Leg, ...]:
        """The legs whose circuit is not open, each with its circuit.

        Raises ServiceUnavailableError where all are open, with the seconds until the first of them is not.
        """
        now = self._clock.now()
        watched = tuple(replace(leg, circuit=circuits.get(leg.step.provider)) for leg in legs)
        passable = tuple(leg for leg in watched if _state(leg, now=now) is not CircuitState.OPEN)
        if passable:
            return passable
        opens_up_at = min(leg.circuit.open_until for leg in watched if leg.circuit is not None)
        self._telemetry.warning(
            "every circuit of the route is open",
            country=legs[0].order.phone.country,
            vendors=", ".join(dict.fromkeys(leg.step.provider for leg in legs)),
        )
        raise ServiceUnavailableError(
            "Every vendor of the route is in trouble; nothing was sent.",
            retry_after_seconds=opens_up_at - now,
        )

    def admitted(self, leg: Leg, *, is_last: bool) -> Leg | None:
        """The leg under the circuit that it may be called with now; None: another request makes the probe."""
        now = self._clock.now()
        if leg.is_admitted or leg.circuit is None or _state(leg, now=now) is CircuitState.CLOSED:
            return leg
        try:
            circuit = self._store.begin_probe(leg.circuit, now=now)
        except ServiceUnavailableError:
            self._telemetry.warning("a probe could not be taken", vendor=leg.step.provider)
            return leg if is_last else None
        return None if circuit is None else replace(leg, circuit=circuit)

    def begun(self, legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
        """The legs from the first one on that may be called now; the probe is ours, if that one needs it.

        Raises ServiceUnavailableError where other requests probe all of them.
        """
        for place, leg in enumerate(legs, start=1):
            admitted = self.admitted(leg, is_last=place == len(legs))
            if admitted is not None:
                return replace(admitted, is_admitted=True), *legs[place:]
        raise ServiceUnavailableError(
            "Every vendor of the route is being tried out; nothing was sent.",
            retry_after_seconds=RETRY_AFTER_A_PROBE_SECONDS,
        )

    def note(self, leg: Leg, *, result: SendResult, deadline: Deadline) -> None:
        """What became of a call: an outage is recorded, an answer clears what was recorded before it."""
        if deadline.remaining() < LEAST_SECONDS_FOR_A_NOTE:
            return
        try:
            if result.is_outage:
                self._note_outage(leg, result=result)
            elif result.was_asked:
                self._note_answer(leg)
        except ServiceUnavailableError:
            self._telemetry.warning("a circuit could not be written", vendor=leg.step.provider)

    def _note_outage(self, leg: Leg, *, result: SendResult) -> None:
        vendor, country, now = leg.step.provider, leg.order.phone.country, self._clock.now()
        self._telemetry.outcome("VendorOutage", provider=vendor, country=country, detail=result.detail)
        wait = result.retry_after_seconds
        has_opened = self._store.record_outage(
            vendor, country=country, now=now, held_until=None if wait is None else now + wait
        )
        if has_opened:
            self._telemetry.outcome("CircuitOpened", provider=vendor, country=country, detail=result.detail)

    def _note_answer(self, leg: Leg) -> None:
        circuit = leg.circuit
        if circuit is None or not circuit.has_failed_lately(self._clock.now()):
            return
        if self._store.clear_circuit(circuit) and circuit.has_opened:
            self._telemetry.outcome("CircuitClosed", provider=circuit.vendor, country=circuit.country)


def _state(leg: Leg, *, now: int) -> CircuitState:
    return CircuitState.CLOSED if leg.circuit is None else leg.circuit.state(now)
