"""How a start gets hold of its number, or finds that another run of it has."""

from __future__ import annotations

from dataclasses import replace
from typing import final

from countersign.claims import Claimed, ClaimRefused, NumberClaim, Release, Slot
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
from countersign.model import Delivery, Reason, Status, Verification
from countersign.service.legs import Leg
from countersign.service.rehearsal import Rehearsal
from countersign.service.sending import Sending, cooldown, in_time, past_the_lock, send_limit
from countersign.service.wish import Hold, Started, Wish


class Holding(Sending):
    """The part of a start before its intent: the number is claimed, or what was served is served again."""

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
            if hold.ours and not is_in_use(hold.claim, by=earlier):
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
            if not is_in_use(claim, by=earlier):
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

    def _look_again(self, wish: Wish) -> None:
        """A request that seems new may have been served under a pepper that we did not know.

        Raises BehindError where there is another one by now.
        """
        ring = self._peppers.renewed(wish.ring) if wish.key_id is not None else None
        if ring is not None:
            raise BehindError(ring)

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


@final
class BehindError(Exception):
    """The secret has other peppers than this start began with."""

    def __init__(self, ring: Keyring) -> None:
        super().__init__("another pepper")
        self.ring = ring


def is_in_use(claim: NumberClaim, *, by: Verification | None) -> bool:
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
