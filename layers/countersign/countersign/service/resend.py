"""Sending again within a verification: the next provider, the same limits."""

from __future__ import annotations

from dataclasses import replace
from typing import final

from countersign.claims import Claimed, NumberClaim
from countersign.client import Client
from countersign.clock import Deadline
from countersign.codes import Keys, random_seed
from countersign.errors import (
    AttemptsExhaustedError,
    CanceledError,
    CountersignError,
    NotFoundError,
    SendsExhaustedError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Channel, Custody, Delivery, Phone, ResendMode, RouteStep, Verification
from countersign.phone import restored_phone
from countersign.policy import Policy
from countersign.routing import starting_after
from countersign.service.admission import admit
from countersign.service.guard import Account
from countersign.service.legs import Leg, Letter, Report, Way
from countersign.service.made_with import made_with
from countersign.service.refusal import refusal
from countersign.service.rehearsal import REHEARSED_STEP
from countersign.service.sending import (
    Sending,
    cooldown,
    cooldown_seconds,
    in_time,
    past_the_lock,
    send_limit,
)
from countersign.service.wish import IN_FLIGHT_SECONDS
from countersign.writes import ResendIntent, Settlement


@final
class Resender(Sending):
    """The use case: read, claim the number, write the intent, send, settle."""

    def resend(
        self,
        client: Client,
        *,
        verification_id: str,
        channel: Channel | None,
        idempotency_key: str | None,
        source: str | None,
        deadline: Deadline,
    ) -> Verification:
        """Send again, beginning with the provider after the last one. Attempts are not reset.

        With policy `same_code` a gateway-held code stays as it is; otherwise the new
        code kills the older one and lives for a whole TTL.
        Raises NotFoundError, CooldownError, SendsExhaustedError, SendLimitError, RateLimitError,
        UndeliverableError (the earlier code stays good, and no send is counted), NumberNotAllowedError,
        CountryNotAllowedError or whatever ended the verification.
        """
        began = self._clock.monotonic()
        verification = self._store.get(client.id, verification_id)
        if verification is None:
            raise NotFoundError
        now = self._clock.now()
        keys = made_with(verification, peppers=self._peppers, telemetry=self._telemetry, now=now)
        key = _key_of(idempotency_key, keys=keys, client=client, verification_id=verification_id)
        if key is not None and key in _keys_of(verification):
            return verification
        _refuse_unless_sendable(verification, policy=client.policy, now=now)
        carried_by = channel or verification.channel
        client, letter, legs = self._plan(client, keys=keys, verification=verification, channel=carried_by)
        in_time(deadline)
        account = None
        if not verification.rehearsed:
            account = Account.of(client, phone=letter.phone, source=source, keys=self._peppers.ring().current)
            legs = self._passable(legs, account=account, now=now)
        claim, legs = self._claim(client, verification=verification, legs=legs, now=now)
        legs = self._courier.begun(legs)
        if account is not None:
            self._guard.charge(account, now=now)
        intent = self._intent(verification, leg=legs[0], letter=letter, claim=claim, key=key)
        marked = self._store.begin_resend(verification, intent=intent)
        if not marked.applied or marked.verification is None:
            raise self._overtaken(marked.verification, claim=claim)
        report = self._courier.deliver(marked.verification, legs=legs, claim=claim, deadline=deadline)
        settled = self._settle(report, before=verification)
        self._log("VerificationResent", verification=settled, began=began)
        return settled

    def _plan(
        self, client: Client, *, keys: Keys, verification: Verification, channel: Channel
    ) -> tuple[Client, Letter, tuple[Leg, ...]]:
        """What is sent again, and who could carry it, the provider after the last one first.

        The client comes back with the policy that holds for it: a test number has no limits.
        """
        phone = _phone_of(verification, keys=keys)
        rehearsal = self._rehearsal(client, phone=phone, earlier=verification)
        if rehearsal is not None:
            letter = _letter(
                client, keys=keys, phone=phone, verification=verification, steps=(REHEARSED_STEP,)
            )
            legs = self._rehearsed(letter, channel=channel, rehearsal=rehearsal)
            return rehearsal.client, letter, legs
        steps = self._routes().steps(client.policy.routes, country=verification.country, channel=channel)
        letter = _letter(client, keys=keys, phone=phone, verification=verification, steps=steps)
        admit(phone, channels=(channel,), policy=client.policy)
        way = Way(channel, starting_after(steps, provider=verification.provider))
        return client, letter, self._courier.plan(letter, routes=(way,))

    def _claim(
        self, client: Client, *, verification: Verification, legs: tuple[Leg, ...], now: int
    ) -> tuple[NumberClaim, tuple[Leg, ...]]:
        locked = 0
        while True:
            claim = NumberClaim(
                number_key=verification.number_key,
                slot=verification.slot,
                verification_id=verification.id,
                now=now,
                resend_at=now + cooldown_seconds(client.policy),
                expires_at=max(verification.expires_at, now + verification.ttl_seconds),
                vendor_lock=legs[0].vendor_lock,
                limits=client.policy.send_limits,
                continues=verification.id,
                locked_at_least_until=locked,
            )
            outcome = self._store.claim_number(claim)
            if isinstance(outcome, Claimed):
                return claim, legs
            if outcome.held is not None:
                if outcome.held.verification_id != verification.id:
                    raise CanceledError("A newer start to this number has replaced the verification.")
                if outcome.held.resend_at == claim.resend_at:
                    # Its own first try, whose answer was lost, or one beside it at this very second: whoever
                    # writes the intent first sends. Which vendor's lock that claim took is not known.
                    return replace(claim, vendor_lock=None), legs
                raise cooldown(verification.id, until=outcome.held.resend_at, now=now)
            if outcome.limited_until > now:
                raise send_limit(until=outcome.limited_until, now=now)
            legs, locked = past_the_lock(claim, refused=outcome, legs=legs, live_id=verification.id)

    def _intent(
        self, verification: Verification, *, leg: Leg, letter: Letter, claim: NumberClaim, key: str | None
    ) -> ResendIntent:
        same_code = leg.step.custody is Custody.GATEWAY and letter.code_seed == verification.code_seed
        return ResendIntent(
            now=claim.now,
            sends_seen=verification.sends,
            resend_at=claim.resend_at,
            expires_at=verification.expires_at if same_code else claim.now + verification.ttl_seconds,
            resend_key=",".join((*_keys_of(verification), key) if key else _keys_of(verification)),
            provider=leg.step.provider,
            custody=leg.step.custody,
            channel=leg.order.channel,
            code=leg.code_hash,
            code_seed=letter.code_seed,
        )

    def _overtaken(self, verification: Verification | None, *, claim: NumberClaim) -> Exception:
        if verification is None:
            return NotFoundError()
        ended = _ended(verification, now=claim.now)
        return ended or cooldown(verification.id, until=verification.resend_at, now=claim.now)

    def _settle(self, report: Report, *, before: Verification) -> Verification:
        intent = report.intent
        if report.result.outcome is Delivery.REJECTED:
            self._store.settle_delivery(intent, settlement=_as_before(before), release=None)
            raise UndeliverableError(verification=before)
        settlement = self._settlement(report)
        return self._store.settle_delivery(intent, settlement=settlement, release=None).verification or intent


def _key_of(idempotency_key: str | None, *, keys: Keys, client: Client, verification_id: str) -> str | None:
    """The keyed hash under which a resend with this Idempotency-Key is known again."""
    if not idempotency_key:
        return None
    return keys.fingerprint("resend", client.id, verification_id, idempotency_key)


def _phone_of(verification: Verification, *, keys: Keys) -> Phone:
    number = keys.unseal(verification.to_sealed, context=verification.id)
    if number is None:
        raise ServiceUnavailableError(
            "The number of this verification can no longer be read; start a new one."
        )
    return restored_phone(number, country=verification.country, masked=verification.to_masked)


def _letter(
    client: Client, *, keys: Keys, phone: Phone, verification: Verification, steps: tuple[RouteStep, ...]
) -> Letter:
    # The same code keeps its expiry, a vendor's is new and has its own: a route that mixes them
    # must not prolong the one by the other.
    held_by_vendor = verification.custody is Custody.VENDOR
    mixed = any(step.custody is Custody.VENDOR for step in steps)
    fresh = client.policy.resend is ResendMode.NEW_CODE or held_by_vendor or mixed
    return Letter(
        verification_id=verification.id,
        client_id=client.id,
        send_number=verification.sends + 1,
        phone=phone,
        code_length=verification.code_length,
        code_seed=random_seed() if fresh else verification.code_seed,
        ttl_seconds=verification.ttl_seconds,
        locale=verification.locale,
        alphabet=verification.alphabet,
        keys=keys,
    )


def _keys_of(verification: Verification) -> tuple[str, ...]:
    return tuple(key for key in (verification.resend_key or "").split(",") if key)


def _as_before(verification: Verification) -> Settlement:
    """Nothing was sent: whoever held the code before still holds it, and the request may come again."""
    return Settlement(
        delivery=verification.delivery,
        provider=verification.provider,
        vendor_reference=verification.vendor_reference,
        expires_at=verification.expires_at,
        custody=verification.custody,
        code=verification.code,
        code_seed=verification.code_seed,
        sends=verification.sends,
        channel=verification.channel,
        resend_key=verification.resend_key or "",
        receipt=verification.receipt,
        receipt_at=verification.receipt_at,
    )


def _ended(verification: Verification, *, now: int) -> CountersignError | None:
    """Why no code of it can be right any more; the last attempt may still be at the vendor."""
    ended = refusal(verification, now=now)
    if ended is None and verification.attempts_left == 0:
        return AttemptsExhaustedError(verification=verification)
    return ended


def _refuse_unless_sendable(verification: Verification, *, policy: Policy, now: int) -> None:
    ended = _ended(verification, now=now)
    if ended is not None:
        raise ended
    rested_at = verification.resend_at
    if verification.delivery is Delivery.SENDING:
        # A send that is overtaken cannot tell any more where its code went.
        rested_at = max(rested_at, rested_at - cooldown_seconds(policy) + IN_FLIGHT_SECONDS)
    if now < rested_at:
        raise cooldown(verification.id, until=rested_at, now=now)
    if verification.sends_left == 0:
        raise SendsExhaustedError(verification=verification)
