"""Handing a code to vendors: which ones can take it, one after the other, each once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import final

from countersign.circuits import Circuit
from countersign.claims import NumberClaim
from countersign.clock import Clock, Deadline
from countersign.errors import NotCarriedError, ServiceUnavailableError
from countersign.model import (
    Channel,
    Custody,
    Delivery,
    RouteStep,
    Verification,
)
from countersign.orders import SendOrder, SendResult
from countersign.ports import Provider, Providers, Store, Telemetry
from countersign.service.circuits import Breaker
from countersign.service.legs import Leg, Letter, Report, Way

LEAST_SECONDS_FOR_A_VENDOR = 1.5  # with less left, calling would only make an `unknown`


@final
class Courier:
    """Plans and makes deliveries."""

    def __init__(
        self,
        *,
        providers: Providers,
        store: Store,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._providers = providers
        self._store = store
        self._telemetry = telemetry
        self._clock = clock
        self._breaker = Breaker(store=store, telemetry=telemetry, clock=clock)

    def plan(self, letter: Letter, *, routes: tuple[Way, ...]) -> tuple[Leg, ...]:
        """The legs that could carry the letter, channel after channel; calls nobody.

        Raises NotCarriedError (`channel`) where no configured provider takes such a
        letter, ServiceUnavailableError where none of them is set up.
        """
        legs: list[Leg] = []
        refusals: list[str] = []
        for way in routes:
            for step in way.steps:
                provider = self._providers.get(step.provider)
                if provider is None:
                    continue
                leg = self.leg(letter, channel=way.channel, step=step, provider=provider)
                reason = provider.refusal(leg.order)
                if reason is None:
                    legs.append(leg)
                else:
                    refusals.append(f"{step.provider}: {reason}")
        if legs:
            return tuple(legs)
        self._telemetry.warning(
            "no provider can carry this",
            country=letter.phone.country,
            channel=", ".join(way.channel for way in routes),
            refusals="; ".join(refusals) or "none is set up",
        )
        has_route = any(way.steps for way in routes)
        if refusals or not has_route:
            raise NotCarriedError(
                "No configured vendor carries this channel with these settings to that country.",
                has_route=has_route,
            )
        raise ServiceUnavailableError("No vendor is set up for this route.")

    def leg(self, letter: Letter, *, channel: Channel, step: RouteStep, provider: Provider) -> Leg:
        """The letter in the hands of one provider, with the code where it is ours."""
        code, code_hash = None, ""
        if step.custody is Custody.GATEWAY:
            keys = letter.keys
            code = letter.code or keys.derive_code(
                letter.verification_id,
                seed=letter.code_seed,
                length=letter.code_length,
                alphabet=letter.alphabet,
            )
            code_hash = keys.code_hash(letter.client_id, verification_id=letter.verification_id, code=code)
        order = SendOrder(
            verification_id=letter.verification_id,
            send_number=letter.send_number,
            phone=letter.phone,
            channel=channel,
            custody=step.custody,
            code=code,
            code_length=letter.code_length,
            ttl_seconds=letter.ttl_seconds,
            locale=letter.locale,
            alphabet=letter.alphabet,
            text=letter.text,
        )
        return Leg(step, provider, order, code_hash)

    def passable(self, legs: tuple[Leg, ...], *, circuits: Mapping[str, Circuit]) -> tuple[Leg, ...]:
        """The legs whose vendors may be asked now.

        Raises ServiceUnavailableError where there is none, with the seconds until there is one.
        """
        return self._breaker.passable(legs, circuits=circuits)

    def begun(self, legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
        """The legs from the first one on that may be called now. Ask before the intent is written.

        Raises ServiceUnavailableError where there is none: others try out every vendor of the route.
        """
        return self._breaker.begun(legs)

    def deliver(
        self, verification: Verification, *, legs: tuple[Leg, ...], claim: NumberClaim, deadline: Deadline
    ) -> Report:
        """Try the legs in order until one may have sent it.

        The intent for the first leg is already stored, and `claim.vendor_lock` is ours.
        `unknown` ends the round as `accepted` does: whoever may have sent is the last one
        asked (rule 7). A vendor that another request probes is passed over, whatever the intent says.
        """
        nobody = SendResult(outcome=Delivery.REJECTED, detail="nobody could be asked", was_asked=False)
        report = Report(legs[0], nobody, verification)
        written = legs[0]
        for planned in legs:
            if deadline.remaining() < LEAST_SECONDS_FOR_A_VENDOR:
                break
            leg = self._breaker.admitted(planned, is_last=planned is legs[-1])
            if leg is None:
                continue
            if _needs_intent(leg, written=written, claim=claim):
                moved = replace(claim, vendor_lock=leg.vendor_lock)
                if not self._store.redirect(verification, step=leg.step, code=leg.code_hash, claim=moved):
                    if moved.vendor_lock is None:
                        break  # it has ended meanwhile: nobody waits for a code any more
                    continue
                written = leg
                claim = moved
                # Settling compares with this code: a guess that solved it meanwhile must not be forgotten.
                verification = replace(
                    verification, provider=leg.step.provider, custody=leg.step.custody, code=leg.code_hash
                )
            report = Report(leg, self._send(verification, leg=leg, deadline=deadline), verification)
            if report.result.outcome is not Delivery.REJECTED or not report.result.try_elsewhere:
                break
        return report

    def _send(self, verification: Verification, *, leg: Leg, deadline: Deadline) -> SendResult:
        began = self._clock.monotonic()
        result = leg.provider.send(leg.order, deadline=deadline)
        self._telemetry.outcome(
            f"Delivery{result.outcome.value.capitalize()}",
            verification_id=verification.id,
            client=verification.client_id,
            country=verification.country,
            channel=leg.order.channel.value,
            provider=leg.step.provider,
            custody=leg.step.custody.value,
            outcome=result.outcome.value,
            detail=result.detail,
            milliseconds=round((self._clock.monotonic() - began) * 1000),
        )
        self._breaker.note(leg, result=result, deadline=deadline)
        return result


def _needs_intent(leg: Leg, *, written: Leg, claim: NumberClaim) -> bool:
    """Does what is stored not yet let a check find its way to this leg, or is its vendor's lock not ours?"""
    lock_is_missing = leg.vendor_lock is not None and leg.vendor_lock != claim.vendor_lock
    moves = leg.step.custody is not written.step.custody or (
        leg.step.custody is Custody.VENDOR and leg.step.provider != written.step.provider
    )
    return lock_is_missing or moves
