"""Starting a verification: claim the number, write the intent, send, settle."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import final

from countersign.clock import Deadline
from countersign.codes import Keys, random_id, random_seed
from countersign.errors import (
    CanceledError,
    IdempotencyConflictError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Channel, Delivery, Phone, Reason, Status, Verification
from countersign.policy import TTL_SECONDS
from countersign.ports import Claimed, Client, Counted, NumberClaim, Release, Slot
from countersign.service.courier import Leg, Letter, Report
from countersign.service.sending import Sending, cooldown


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A parsed start. `code_length` and `ttl_seconds` are already inside the client's policy."""

    phone: Phone
    channel: Channel
    purpose: str
    code_length: int
    ttl_seconds: int
    locale: str | None = None
    reference: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The verification, and whether an earlier request with the same key had made it."""

    verification: Verification
    replayed: bool


@final
class Starter(Sending):
    """The use case. At most three calls to the store beside the vendor's on the usual way."""

    def start(self, client: Client, *, request: StartRequest, deadline: Deadline) -> Started:
        """Send a code to a number.

        Raises CooldownError (with the live id), IdempotencyConflictError, UndeliverableError (nothing
        was sent, and the number is free again), CanceledError (a newer start overtook this
        one before it sent), InvalidRequestError or ServiceUnavailableError. A delivery whose fate
        is unknown is no error: the verification is pending with `delivery` unknown.
        """
        began = self._clock.monotonic()
        wish = self._wish(client, request=request)
        steps = self._routes().steps(
            client.policy.routes, country=request.phone.country, channel=request.channel
        )
        legs = self._courier.plan(wish.letter, steps=steps)
        hold = self._claim(wish, legs=legs)
        if isinstance(hold, Started):
            return hold
        intent = _intent(wish, hold=hold, client=client)
        older = _superseded(hold.before, by=intent.id, now=wish.now)
        created = self._created(intent, older=older, hold=hold)
        if not created.applied:
            self._step_back(hold, intent=intent, older=older, overtaken=created.verification is None)
            return self._replay(created.verification, wish=wish)
        report = self._courier.deliver(intent, legs=hold.legs, claim=hold.claim, deadline=deadline)
        settled = self._settle(report, release=hold.release)
        self._log("VerificationStarted", verification=settled, began=began)
        return Started(settled, replayed=False)

    def _wish(self, client: Client, *, request: StartRequest) -> _Wish:
        keys = self._keys()
        number = request.phone.e164
        key = request.idempotency_key
        verification_id = keys.verification_id(client.id, idempotency_key=key) if key else random_id()
        now = self._clock.now()
        return _Wish(
            keyed=key is not None,
            number_key=keys.number_key(number),
            slot=keys.slot(client.id, number=number, purpose=request.purpose),
            sealed=keys.seal(number, context=verification_id),
            fingerprint=_fingerprint(keys, client=client, request=request),
            purpose=request.purpose,
            reference=request.reference,
            now=now,
            resend_at=now + client.policy.cooldown_seconds,
            expires_at=now + request.ttl_seconds,
            letter=Letter(
                verification_id=verification_id,
                client_id=client.id,
                send_number=1,
                phone=request.phone,
                channel=request.channel,
                code_length=request.code_length,
                code_seed=random_seed(),
                ttl_seconds=request.ttl_seconds,
                locale=request.locale,
            ),
        )

    def _claim(self, wish: _Wish, *, legs: tuple[Leg, ...]) -> _Hold | Started:
        """Take the number; where only a vendor's lock is in the way, go round that vendor."""
        while True:
            claim = wish.claim(vendor_lock=legs[0].vendor_lock)
            outcome = self._store.claim_number(claim)
            if isinstance(outcome, Claimed):
                return _Hold(claim=claim, before=outcome.before, legs=legs, ours=True)
            if outcome.held is not None:
                return self._refused(wish, held=outcome.held, claim=claim, legs=legs)
            legs = tuple(leg for leg in legs if leg.vendor_lock != claim.vendor_lock)
            if not legs:
                raise cooldown(None, until=outcome.locked_until, now=wish.now)

    def _refused(
        self, wish: _Wish, *, held: Slot, claim: NumberClaim, legs: tuple[Leg, ...]
    ) -> _Hold | Started:
        """The slot is taken: by this very request before, or by another one's cooldown."""
        letter = wish.letter
        if wish.keyed:
            earlier = self._store.get(letter.client_id, letter.verification_id)
            if earlier is not None:
                return self._replay(earlier, wish=wish)
        if held.verification_id == letter.verification_id:
            return self._resumed(wish, held=held, claim=replace(claim, vendor_lock=None), legs=legs)
        live = held.verification_id if held.expires_at > wish.now else None
        raise cooldown(live, until=held.resend_at, now=wish.now)

    def _resumed(self, wish: _Wish, *, held: Slot, claim: NumberClaim, legs: tuple[Leg, ...]) -> _Hold:
        """Go on with a claim that has no intent: of a run that died, runs beside us, or lost its answer.

        Whoever writes the intent first sends, the other one replays. The slot and the intent
        must agree on their times: the old ones while the cooldown runs, then new ones.
        Which vendor's lock that claim took is not known.
        """
        before = None
        if held.previous_id is not None:
            before = replace(held, verification_id=held.previous_id, previous_id=None, resend_at=wish.now)
        if held.resend_at <= wish.now:
            renewed = self._store.claim_number(replace(claim, continues=claim.verification_id))
            if not isinstance(renewed, Claimed):
                raise cooldown(None, until=wish.resend_at, now=wish.now)
        elif held.expires_at <= wish.now:
            raise cooldown(None, until=held.resend_at, now=wish.now)
        else:
            expires_at = min(claim.expires_at, held.expires_at)
            claim = replace(claim, resend_at=held.resend_at, expires_at=expires_at)
        return _Hold(claim=claim, before=before, legs=legs, ours=False)

    def _created(self, intent: Verification, *, older: tuple[str, ...], hold: _Hold) -> Counted:
        """Write the intent; where the store fails at that, try to give the number back."""
        try:
            return self._store.create(intent, supersedes=older)
        except ServiceUnavailableError:
            if hold.ours:
                with suppress(ServiceUnavailableError):
                    self._store.release_number(hold.release)
            raise

    def _step_back(
        self, hold: _Hold, *, intent: Verification, older: tuple[str, ...], overtaken: bool
    ) -> None:
        """Undo the claim after which nothing was written.

        Where a newer start has the slot by now, what this one was to end must end all the
        same: the newer one knows of two before it, not of those.
        """
        if not hold.ours:
            return
        released = self._store.release_number(hold.release)
        if overtaken and not released:
            self._store.supersede(intent, older=older)

    def _replay(self, earlier: Verification | None, *, wish: _Wish) -> Started:
        if earlier is None:
            raise CanceledError("A newer start to this number overtook this one; nothing was sent.")
        if earlier.request != wish.fingerprint:
            raise IdempotencyConflictError
        if earlier.stored_reason is Reason.UNDELIVERABLE:
            raise UndeliverableError(verification=earlier)
        return Started(earlier, replayed=True)

    def _settle(self, report: Report, *, release: Release) -> Verification:
        settlement = self._settlement(report)
        if report.result.outcome is not Delivery.REJECTED:
            settled = self._store.settle_delivery(report.intent, settlement=settlement, release=None)
            return settled.verification or report.intent
        failed = replace(settlement, status=Status.FAILED, reason=Reason.UNDELIVERABLE)
        settled = self._store.settle_delivery(report.intent, settlement=failed, release=release)
        raise UndeliverableError(verification=settled.verification or report.intent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """A start with everything that is derived from it."""

    keyed: bool
    number_key: str
    slot: str
    sealed: str
    fingerprint: str
    purpose: str
    reference: str | None
    now: int
    resend_at: int
    expires_at: int
    letter: Letter

    def claim(self, *, vendor_lock: str | None) -> NumberClaim:
        return NumberClaim(
            number_key=self.number_key,
            slot=self.slot,
            verification_id=self.letter.verification_id,
            now=self.now,
            resend_at=self.resend_at,
            expires_at=self.expires_at,
            vendor_lock=vendor_lock,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hold:
    """A number that this start may send to, and what the slot held before."""

    claim: NumberClaim
    before: Slot | None
    legs: tuple[Leg, ...]
    ours: bool  # False: an earlier run of the same request made the claim

    @property
    def release(self) -> Release:
        """The undoing of the claim."""
        return Release(claim=self.claim, before=self.before)


def _intent(wish: _Wish, *, hold: _Hold, client: Client) -> Verification:
    letter, leg = wish.letter, hold.legs[0]
    return Verification(
        id=letter.verification_id,
        client_id=letter.client_id,
        slot=wish.slot,
        number_key=wish.number_key,
        to_masked=letter.phone.masked,
        to_sealed=wish.sealed,
        country=letter.phone.country,
        channel=letter.channel,
        purpose=wish.purpose,
        created_at=wish.now,
        expires_at=hold.claim.expires_at,
        resend_at=hold.claim.resend_at,
        attempts_max=client.policy.attempts,
        sends=1,
        sends_max=client.policy.sends,
        code_length=letter.code_length,
        ttl_seconds=letter.ttl_seconds,
        request=wish.fingerprint,
        delivery=Delivery.SENDING,
        provider=leg.step.provider,
        custody=leg.step.custody,
        code=leg.code_hash,
        code_seed=letter.code_seed,
        locale=letter.locale,
        reference=wish.reference,
    )


def _fingerprint(keys: Keys, *, client: Client, request: StartRequest) -> str:
    return keys.fingerprint(
        client.id,
        request.phone.e164.reveal(),
        request.channel.value,
        request.purpose,
        str(request.code_length),
        str(request.ttl_seconds),
        request.locale or "",
        request.reference or "",
    )


def _superseded(before: Slot | None, *, by: str, now: int) -> tuple[str, ...]:
    """The verifications that must end with this start, which is not one of them where it is a replay.

    `previous_id` is among them because the slot's own holder may have died before it
    wrote its intent, and then it has not ended the one before it, which may outlive it.
    """
    if before is None or now >= before.expires_at + TTL_SECONDS.high - TTL_SECONDS.low:
        return ()
    holder = before.verification_id if now < before.expires_at else None
    ids = (holder, before.previous_id)
    return tuple(one for one in ids if one is not None and one != by)
