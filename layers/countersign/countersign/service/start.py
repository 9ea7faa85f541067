"""Starting a verification: claim the number, write the intent, send, settle."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import final

from countersign.claims import Aliases, Claimed, ClaimRefused, NumberClaim, Release, Slot
from countersign.client import Client
from countersign.clock import Deadline
from countersign.codes import Keyring
from countersign.errors import (
    CanceledError,
    GuessLimitError,
    IdempotencyConflictError,
    RateLimitError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Custody, Delivery, Reason, Status, Verification
from countersign.ports import Created
from countersign.service.admission import admit
from countersign.service.courier import Leg, Report, Way
from countersign.service.rehearsal import Rehearsal
from countersign.service.sending import Sending, cooldown, in_time, past_the_lock, send_limit
from countersign.service.wish import Hold, Started, StartRequest, Wish, intent, superseded
from countersign.usage import Charge


@final
class Starter(Sending):
    """The use case. On the usual way four calls to the store: limits, claim, intent, settlement."""

    def start(
        self, client: Client, *, request: StartRequest, source: str | None, deadline: Deadline
    ) -> Started:
        """Send a code to a number. `source`: the caller's address, None where IAM vouches for the caller.

        Raises CooldownError (with the live id), SendLimitError, GuessLimitError, RateLimitError,
        NumberNotAllowedError, CountryNotAllowedError, IdempotencyConflictError, UndeliverableError
        (nothing was sent, and the number is free again), CanceledError (a newer start overtook this one
        before it sent), NotCarriedError or ServiceUnavailableError. A delivery whose fate is unknown is
        no error: the verification is pending with `delivery` unknown.
        """
        rehearsal = self._rehearsal(client, phone=request.phone)
        if rehearsal is None:
            admit(request.phone, channels=request.channels, policy=client.policy)
        else:  # nothing is sent, so nothing is limited or counted
            client, request, source = rehearsal.client, replace(request, cooldown_seconds=0), None
        ring = self._peppers.ring()
        while True:
            try:
                return self._started(
                    client, request=request, rehearsal=rehearsal, source=source, ring=ring, deadline=deadline
                )
            except _BehindError as behind:
                ring = behind.ring

    def _started(
        self,
        client: Client,
        *,
        request: StartRequest,
        rehearsal: Rehearsal | None,
        source: str | None,
        ring: Keyring,
        deadline: Deadline,
    ) -> Started:
        """The same under these peppers. Raises _BehindError where there are others by now."""
        began = self._clock.monotonic()
        wish = Wish.of(request, client=client, source=source, ring=ring, now=self._clock.now())
        served = self._served(wish, former=True)
        if served is not None:
            return served
        legs = self._legs(wish, client=client, rehearsal=rehearsal)
        hold = self._hold(wish, legs=legs, rehearsal=rehearsal, deadline=deadline)
        if isinstance(hold, Hold):
            hold = self._begun(wish, hold=hold)
        if isinstance(hold, Started):
            return hold
        written = intent(wish, hold=hold, client=client)
        older = superseded(hold.before, by=written.id, now=wish.now)
        older = tuple(one for one in older if one != wish.aliases.former_id)  # the same request's
        charge = wish.account.charge(wish.now)
        created = self._created(written, older=older, charge=charge, hold=hold, aliases=wish.aliases)
        if not created.applied:
            self._step_back(hold, intent=written, older=older, aliases=wish.aliases, created=created)
            if created.again_at is not None:
                raise self._guard.address_is_full(wish.account, again_at=created.again_at, now=wish.now)
            if created.is_marked:
                self._look_again(wish)
            return self._replay(created.verification, wish=wish)
        report = self._courier.deliver(written, legs=hold.legs, claim=hold.claim, deadline=deadline)
        settled = self._settle(report, release=hold.release)
        self._log("VerificationStarted", verification=settled, began=began)
        return Started(settled, replayed=False)

    def _legs(self, wish: Wish, *, client: Client, rehearsal: Rehearsal | None) -> tuple[Leg, ...]:
        if rehearsal is not None:
            return self._rehearsed(wish.letter, channel=wish.request.channels[0], rehearsal=rehearsal)
        return self._courier.plan(wish.letter, routes=self._ways(client, request=wish.request))

    def _ways(self, client: Client, *, request: StartRequest) -> tuple[Way, ...]:
        routes = self._routes()
        ways = [
            Way(channel, routes.steps(client.policy.routes, country=request.phone.country, channel=channel))
            for channel in request.channels
        ]
        if request.code is None:
            return tuple(ways)
        # Whose code it is says who has it in custody, whatever the route says.
        return tuple(
            Way(way.channel, tuple(replace(step, custody=Custody.GATEWAY) for step in way.steps))
            for way in ways
        )

    def _hold(
        self, wish: Wish, *, legs: tuple[Leg, ...], rehearsal: Rehearsal | None, deadline: Deadline
    ) -> Hold | Started:
        """Take the number for the legs that can be tried now; without any, only what was served is served."""
        try:
            in_time(deadline)
            if rehearsal is None:
                legs = self._passable(legs, account=wish.account, now=wish.now)
        except (RateLimitError, ServiceUnavailableError):
            served = self._served(wish)
            if served is None:
                raise
            return served
        return self._claim(wish, legs=legs)

    def _begun(self, wish: Wish, *, hold: Hold) -> Hold | Started:
        """The claim with a vendor that may be called now; without one it is undone, nothing is written."""
        try:
            return replace(hold, legs=self._courier.begun(hold.legs))
        except ServiceUnavailableError:
            earlier = self._earlier(wish, id_=wish.key_id)
            if hold.ours and not _is_in_use(hold.claim, by=earlier):
                self._store.release_number(hold.release)
            if earlier is None:
                raise
            return self._replay(earlier, wish=wish)

    def _claim(self, wish: Wish, *, legs: tuple[Leg, ...]) -> Hold | Started:
        """Take the number; where only a vendor's lock is in the way, go round that vendor."""
        replaces: str | None = None
        locked = 0
        while True:
            claim = wish.claim(
                vendor_lock=legs[0].vendor_lock, replaces=replaces, locked_at_least_until=locked
            )
            outcome = self._store.claim_number(claim)
            claim = claim.found_at(outcome.moved_to)
            if isinstance(outcome, Claimed):
                return self._held(wish, claim=claim, outcome=outcome, legs=legs)
            if outcome.held is not None or outcome.limited_until > wish.now:
                served = self._served(wish)
                if served is not None:
                    return served
                if outcome.moved_to is not None:
                    self._look_again(wish)
            if outcome.held is not None:
                is_our_own = outcome.held.verification_id == wish.letter.verification_id
                if wish.request.one_at_a_time and replaces is None and not is_our_own:
                    replaces = self._ended(wish, held=outcome.held)
                    continue
                return self._refused(wish, held=outcome.held, claim=claim, outcome=outcome, legs=legs)
            if outcome.limited_until > wish.now:
                raise send_limit(until=outcome.limited_until, now=wish.now)
            legs, locked = past_the_lock(claim, refused=outcome, legs=legs, live_id=None)

    def _held(
        self, wish: Wish, *, claim: NumberClaim, outcome: Claimed, legs: tuple[Leg, ...]
    ) -> Hold | Started:
        """The claim with the guesses that it got; without any it is undone, for nobody could use the code."""
        try:
            attempts = _guesses(outcome, claim=claim)
        except GuessLimitError:
            earlier = self._earlier(wish, id_=wish.key_id)
            if not _is_in_use(claim, by=earlier):
                self._store.release_number(Release(claim=claim, before=outcome.before))
            if earlier is None:
                raise
            return self._replay(earlier, wish=wish)
        return Hold(claim=claim, before=outcome.before, legs=legs, attempts=attempts, ours=True)

    def _ended(self, wish: Wish, *, held: Slot) -> str:
        """The id of the slot's holder, where it has ended before its time; while it lives, a refusal."""
        holder = self._store.get(wish.letter.client_id, held.verification_id)
        if holder is None:
            if wish.now < held.resend_at:  # being made right now
                raise cooldown(held.verification_id, until=held.expires_at, now=wish.now)
            return held.verification_id
        if holder.status(wish.now)[0] is Status.PENDING:
            raise cooldown(holder.id, until=holder.expires_at, now=wish.now)
        rested_at = holder.created_at + wish.request.cooldown_seconds
        if wish.now < rested_at:
            raise cooldown(None, until=rested_at, now=wish.now)
        return holder.id

    def _refused(
        self, wish: Wish, *, held: Slot, claim: NumberClaim, outcome: ClaimRefused, legs: tuple[Leg, ...]
    ) -> Hold:
        """The slot is taken: by this very request before, or by another one's cooldown."""
        if held.verification_id == wish.letter.verification_id:
            claim = replace(claim, vendor_lock=None)
            return self._resumed(wish, held=held, claim=claim, outcome=outcome, legs=legs)
        live = held.verification_id if held.expires_at > wish.now else None
        raise cooldown(live, until=held.resend_at, now=wish.now)

    def _served(self, wish: Wish, *, former: bool = False) -> Started | None:
        """A request with the same key that was served before is served again, whatever refuses it now.

        `former`: under the previous pepper, if there is one.
        """
        earlier = self._earlier(wish, id_=wish.aliases.former_id if former else wish.key_id)
        return None if earlier is None else self._replay(earlier, wish=wish)

    def _earlier(self, wish: Wish, *, id_: str | None) -> Verification | None:
        """What a request with the same key has made before, under the id that the key stands for."""
        return None if id_ is None else self._store.get(wish.letter.client_id, id_)

    def _resumed(
        self, wish: Wish, *, held: Slot, claim: NumberClaim, outcome: ClaimRefused, legs: tuple[Leg, ...]
    ) -> Hold:
        """Go on with a claim that has no intent: of a run that died, runs beside us, or lost its answer.

        Whoever writes the intent first sends, the other one replays. The slot and the intent
        must agree on their times: the old ones while the cooldown runs, then new ones.
        Which vendor's lock that claim took is not known.
        """
        attempts = _guesses(outcome, claim=claim)  # before anything is claimed anew
        before = None
        if held.previous_id is not None:
            before = replace(held, verification_id=held.previous_id, previous_id=None, resend_at=wish.now)
        claimed_just_now = held.resend_at == claim.resend_at
        if held.resend_at <= wish.now and not claimed_just_now:
            renewed = self._store.claim_number(replace(claim, continues=claim.verification_id, replaces=None))
            if not isinstance(renewed, Claimed):
                if renewed.limited_until > wish.now:
                    raise send_limit(until=renewed.limited_until, now=wish.now)
                raise cooldown(None, until=wish.resend_at, now=wish.now)
            try:  # what others were promised meanwhile counts
                attempts = _guesses(renewed, claim=claim)
            except GuessLimitError:
                self._store.release_number(Release(claim=claim, before=renewed.before))
                raise
        elif held.expires_at <= wish.now:
            raise cooldown(None, until=held.resend_at, now=wish.now)
        else:
            expires_at = min(claim.expires_at, held.expires_at)
            claim = replace(claim, resend_at=held.resend_at, expires_at=expires_at)
        return Hold(claim=claim, before=before, legs=legs, attempts=attempts, ours=False)

    def _created(
        self,
        intent: Verification,
        *,
        older: tuple[str, ...],
        charge: Charge | None,
        hold: Hold,
        aliases: Aliases,
    ) -> Created:
        """Write the intent; where the store fails at that, see what became of it.

        Written all the same, it is ours to go on with (nobody else has its seed). Not written, the
        number is given back. Where even that is not known, the claim stays: a verification without
        its slot could not be sent again.
        """
        try:
            return self._store.create(intent, supersedes=older, charge=charge, aliases=aliases)
        except ServiceUnavailableError:
            stored = self._store.get(intent.client_id, intent.id)
            if stored is not None:
                return Created(applied=stored.code_seed == intent.code_seed, verification=stored)
            if hold.ours:
                with suppress(ServiceUnavailableError):
                    self._store.release_number(hold.release)
            raise

    def _step_back(
        self,
        hold: Hold,
        *,
        intent: Verification,
        older: tuple[str, ...],
        aliases: Aliases,
        created: Created,
    ) -> None:
        """Undo the claim after which nothing was written.

        A run of the same request beside this one may have gone on with our claim: then it is that
        one's. Where a newer start has the slot by now, what this one was to end must end all the
        same: the newer one knows of two before it, not of those.
        """
        if not hold.ours or _is_in_use(hold.claim, by=created.verification):
            return
        released = self._store.release_number(hold.release)
        if created.is_marked and not released:
            self._store.supersede(intent, older=older, aliases=aliases)

    def _look_again(self, wish: Wish) -> None:
        """A request that seems new may have been served under a pepper that we did not know.

        Raises _BehindError where there is another one by now.
        """
        ring = self._peppers.renewed(wish.ring) if wish.key_id is not None else None
        if ring is not None:
            raise _BehindError(ring)

    def _replay(self, earlier: Verification | None, *, wish: Wish) -> Started:
        if earlier is None:
            raise CanceledError("A newer start to this number overtook this one; nothing was sent.")
        if not wish.made(earlier):
            raise IdempotencyConflictError
        if earlier.stored_reason is Reason.UNDELIVERABLE:
            undeliverable = UndeliverableError(verification=earlier)
            undeliverable.replayed = True
            raise undeliverable
        return Started(earlier, replayed=True)

    def _settle(self, report: Report, *, release: Release) -> Verification:
        settlement = self._settlement(report)
        if report.result.outcome is not Delivery.REJECTED:
            settled = self._store.settle_delivery(report.intent, settlement=settlement, release=None)
            return settled.verification or report.intent
        failed = replace(settlement, status=Status.FAILED, reason=Reason.UNDELIVERABLE)
        settled = self._store.settle_delivery(report.intent, settlement=failed, release=release)
        undeliverable = UndeliverableError(verification=settled.verification or report.intent)
        undeliverable.number_refused = not report.result.try_elsewhere
        raise undeliverable


@final
class _BehindError(Exception):
    """The secret has other peppers than this start began with."""

    def __init__(self, ring: Keyring) -> None:
        super().__init__("another pepper")
        self.ring = ring


def _is_in_use(claim: NumberClaim, *, by: Verification | None) -> bool:
    """Was the verification written under this claim, and has it not given the claim back itself?"""
    if by is None or by.id != claim.verification_id or by.superseded_by is not None:
        return False
    is_its_place = (by.number_key, by.slot) == (claim.number_key, claim.slot)
    gave_it_back = by.delivery is Delivery.REJECTED and by.attempts == 0
    # A claim that was made before ours has ended before ours.
    return is_its_place and by.resend_at >= claim.resend_at and not gave_it_back


def _guesses(outcome: Claimed | ClaimRefused, *, claim: NumberClaim) -> int:
    """The guesses that a claim got, at least one. Raises GuessLimitError."""
    allowance = outcome.allowance
    if allowance is None:
        return claim.attempts
    if allowance.guesses == 0:
        raise GuessLimitError(retry_after_seconds=max(1, allowance.again_at - claim.now))
    return allowance.guesses
