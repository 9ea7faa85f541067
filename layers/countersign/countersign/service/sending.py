"""What a start and a resend have in common: the tools, the settlement, the line in the log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from countersign.claims import ClaimRefused, NumberClaim
from countersign.client import Client
from countersign.clock import Clock, Deadline
from countersign.errors import CooldownError, NumberNotAllowedError, SendLimitError, ServiceUnavailableError
from countersign.model import Channel, Phone, Verification
from countersign.policy import DEFAULT_COOLDOWN_SECONDS, Policy
from countersign.ports import Peppers, Store, Telemetry
from countersign.routing import Routes
from countersign.service.courier import LEAST_SECONDS_FOR_A_VENDOR, Courier
from countersign.service.guard import Account, Guard
from countersign.service.legs import Leg, Letter, Report
from countersign.service.rehearsal import REHEARSED_STEP, Rehearsal, Understudy, rehearsal_of
from countersign.writes import Settlement

# With less left nothing is begun: a vendor's call, and half a second for the claim and the intent before it.
LEAST_SECONDS_FOR_A_SEND = LEAST_SECONDS_FOR_A_VENDOR + 0.5
RETRY_AFTER_SECONDS = 1


class Sending:
    """Base of the use cases that send."""

    def __init__(
        self,
        *,
        store: Store,
        courier: Courier,
        guard: Guard,
        routes: Callable[[], Routes],
        rehearses: bool,
        peppers: Peppers,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        """`rehearses`: are test numbers switched on? Otherwise they are refused."""
        self._store = store
        self._courier = courier
        self._guard = guard
        self._routes = routes
        self._rehearses = rehearses
        self._peppers = peppers
        self._telemetry = telemetry
        self._clock = clock

    def _rehearsal(
        self, client: Client, *, phone: Phone, earlier: Verification | None = None
    ) -> Rehearsal | None:
        """How a send to a test number of the client goes; None for every other number.

        A test number that must not be used now is refused, for it must not cost a text. So is one that
        is none any more, where `earlier` (the verification that is sent again) was rehearsed.
        Raises NumberNotAllowedError or ConfigurationError.
        """
        rehearsal = rehearsal_of(client, phone=phone)
        if rehearsal is None and (earlier is None or not earlier.rehearsed):
            return None
        if rehearsal is None:
            reason = "no longer a test number"
        elif not self._rehearses:
            reason = "test numbers are switched off"
        elif rehearsal.script.has_ended(self._clock.now()):
            reason = "past its last day"
        else:
            return rehearsal
        self._telemetry.warning("a test number was refused", client=client.id, reason=reason)
        refused = NumberNotAllowedError()
        refused.country = phone.country
        raise refused

    def _rehearsed(self, letter: Letter, *, channel: Channel, rehearsal: Rehearsal) -> tuple[Leg, ...]:
        """The only leg of a send to a test number."""
        scripted = replace(letter, code=rehearsal.code)
        understudy = Understudy(rehearsal.script)
        return (self._courier.leg(scripted, channel=channel, step=REHEARSED_STEP, provider=understudy),)

    def _passable(self, legs: tuple[Leg, ...], *, account: Account, now: int) -> tuple[Leg, ...]:
        """The legs that can be tried now, where every limit leaves room; nothing is claimed or written yet.

        Raises RateLimitError, or ServiceUnavailableError where every circuit is open.
        """
        vendors = tuple(dict.fromkeys(leg.step.provider for leg in legs))
        usage = self._guard.admit(account, vendors=vendors, now=now)
        return self._courier.passable(legs, circuits=usage.circuits)

    def _settlement(self, report: Report) -> Settlement:
        """How a delivery ended that may have reached somebody; the vendor's code may die before ours."""
        result, intent = report.result, report.intent
        expires_at = intent.expires_at
        if result.expires_in_seconds is not None:
            expires_at = min(expires_at, self._clock.now() + result.expires_in_seconds)
        channel = report.leg.order.channel
        return Settlement(
            delivery=result.outcome,
            provider=report.leg.step.provider,
            vendor_reference=result.vendor_reference,
            expires_at=expires_at,
            custody=report.leg.step.custody,
            code=report.leg.code_hash,
            code_seed=intent.code_seed,
            sends=intent.sends,
            channel=channel if channel is not intent.channel else None,
        )

    def _log(self, event: str, *, verification: Verification, began: float) -> None:
        self._telemetry.outcome(
            event,
            verification_id=verification.id,
            client=verification.client_id,
            country=verification.country,
            channel=verification.channel.value,
            provider=verification.provider,
            outcome=verification.delivery.value,
            milliseconds=round((self._clock.monotonic() - began) * 1000),
        )


def in_time(deadline: Deadline) -> None:
    """Nothing, while there is time for a send. Raises ServiceUnavailableError."""
    if deadline.remaining() < LEAST_SECONDS_FOR_A_SEND:
        raise ServiceUnavailableError(
            "Too little time is left to send; nothing was sent.", retry_after_seconds=RETRY_AFTER_SECONDS
        )


def cooldown(live_id: str | None, *, until: int, now: int) -> CooldownError:
    """The refusal of a send before `until`; `live_id` is what can still be checked meanwhile."""
    return CooldownError(live_id=live_id, resend_at=until, retry_after_seconds=max(1, until - now))


def send_limit(*, until: int, now: int) -> SendLimitError:
    """The refusal of a send to a number that has had as many as it may get until then."""
    return SendLimitError(retry_after_seconds=until - now)


def past_the_lock(
    claim: NumberClaim, *, refused: ClaimRefused, legs: tuple[Leg, ...], live_id: str | None
) -> tuple[tuple[Leg, ...], int]:
    """How to claim again where only a vendor's lock was in the way: the legs, and how long to lock at least.

    Held for an older code of our own slot, it must be held for as long; for another's, we go round
    that vendor.
    Raises CooldownError where no vendor is left.
    """
    locked = claim.locked_at_least_until
    if refused.lock_is_ours and refused.locked_until > locked:
        return legs, refused.locked_until
    others = tuple(leg for leg in legs if leg.vendor_lock != claim.vendor_lock)
    if not others:
        raise cooldown(live_id, until=refused.locked_until, now=claim.now)
    return others, locked


def cooldown_seconds(policy: Policy) -> int:
    """The cooldown of the native API."""
    return DEFAULT_COOLDOWN_SECONDS if policy.cooldown_seconds is None else policy.cooldown_seconds
