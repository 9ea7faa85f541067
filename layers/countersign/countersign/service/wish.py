"""What a start is before it is a verification: the request, what is derived from it, the claim it holds."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.claims import CLOCK_SKEW_SECONDS, Aliases, NumberClaim, Release, Slot
from countersign.client import Client
from countersign.codes import Keyring, Keys, random_id, random_seed, slot_of
from countersign.model import (
    Alphabet,
    Channel,
    Delivery,
    MessageText,
    OnUndelivered,
    Phone,
    Secret,
    Verification,
)
from countersign.policy import TTL_SECONDS, Policy
from countersign.service.guard import Account
from countersign.service.legs import Leg, Letter

# Longer than any start runs: until then, a claim without a verification is one that is being made.
IN_FLIGHT_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRequest:
    """A parsed start. Its numbers are already inside the client's policy."""

    phone: Phone
    channels: tuple[Channel, ...]  # in order of preference
    purpose: str
    code_length: int
    ttl_seconds: int
    cooldown_seconds: int
    one_at_a_time: bool = False  # refused while the earlier code lives, however long ago it was sent
    alphabet: Alphabet = Alphabet.DIGITS
    text: MessageText | None = None
    code: Secret | None = None  # the caller's own, to be carried as it is
    verification_id: str | None = None  # in the dialect's shape; None: one of ours
    locale: str | None = None
    reference: str | None = None
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Started:
    """The verification, and whether an earlier request with the same key had made it."""

    verification: Verification
    replayed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A start with everything that is derived from it."""

    request: StartRequest
    number_key: str
    slot: str
    sealed: str
    fingerprint: str
    ring: Keyring
    aliases: Aliases
    now: int
    policy: Policy
    account: Account
    letter: Letter

    @classmethod
    def of(
        cls, request: StartRequest, *, client: Client, source: str | None, ring: Keyring, now: int
    ) -> Wish:
        keys, number = ring.current, request.phone.e164
        verification_id = request.verification_id or random_id()
        if request.idempotency_key is not None:
            verification_id = keys.verification_id(client.id, idempotency_key=request.idempotency_key)
        return cls(
            request=request,
            number_key=keys.number_key(client.record_of(number)),
            slot=slot_of(client.id, purpose=request.purpose),
            sealed=keys.seal(number, context=verification_id),
            fingerprint=_fingerprint(keys, client_id=client.id, request=request),
            ring=ring,
            aliases=_aliases(ring, client=client, request=request),
            now=now,
            policy=client.policy,
            account=Account.of(client, phone=request.phone, source=source, keys=keys),
            letter=Letter(
                verification_id=verification_id,
                client_id=client.id,
                send_number=1,
                phone=request.phone,
                code_length=request.code_length,
                code_seed=random_seed(),
                ttl_seconds=request.ttl_seconds,
                locale=request.locale,
                alphabet=request.alphabet,
                text=request.text,
                code=request.code,
                keys=keys,
            ),
        )

    def made(self, earlier: Verification) -> bool:
        """Was it this very request that made the earlier verification?"""
        keys = self.ring.of(earlier.pepper)
        if keys is None:
            return False
        return earlier.request == _fingerprint(keys, client_id=earlier.client_id, request=self.request)

    @property
    def key_id(self) -> str | None:
        """What the Idempotency-Key stands for; None where there is none."""
        return self.letter.verification_id if self.request.idempotency_key is not None else None

    @property
    def expires_at(self) -> int:
        return self.now + self.request.ttl_seconds

    @property
    def resend_at(self) -> int:
        least = IN_FLIGHT_SECONDS if self.request.one_at_a_time else 0
        return self.now + max(self.request.cooldown_seconds, least)

    def claim(
        self, *, vendor_lock: str | None, replaces: str | None = None, locked_at_least_until: int = 0
    ) -> NumberClaim:
        return NumberClaim(
            number_key=self.number_key,
            slot=self.slot,
            verification_id=self.letter.verification_id,
            now=self.now,
            resend_at=self.resend_at,
            expires_at=self.expires_at,
            vendor_lock=vendor_lock,
            limits=self.policy.send_limits,
            attempts=self.policy.attempts,
            failure_limits=self.policy.failure_limits,
            replaces=replaces,
            waits_for_expiry=self.request.one_at_a_time,
            locked_at_least_until=locked_at_least_until,
            moves_from=self.aliases.number_keys[-1] if self.ring.previous is not None else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A number that this start may send to, and what the slot held before."""

    claim: NumberClaim
    before: Slot | None
    legs: tuple[Leg, ...]
    attempts: int  # guesses that the number's limits leave to it
    ours: bool  # False: an earlier run of the same request made the claim

    @property
    def release(self) -> Release:
        """The undoing of the claim."""
        return Release(claim=self.claim, before=self.before)


def intent(wish: Wish, *, hold: Hold, client: Client) -> Verification:
    """The verification as it is written before any vendor is called."""
    letter, request, leg = wish.letter, wish.request, hold.legs[0]
    on_undelivered = client.policy.on_undelivered
    return Verification(
        id=letter.verification_id,
        client_id=letter.client_id,
        slot=wish.slot,
        number_key=hold.claim.number_key,
        to_masked=letter.phone.masked,
        to_sealed=wish.sealed,
        country=letter.phone.country,
        channel=leg.order.channel,
        purpose=request.purpose,
        created_at=wish.now,
        expires_at=hold.claim.expires_at,
        resend_at=hold.claim.resend_at,
        attempts_max=hold.attempts,
        sends=1,
        # A caller's own code is not kept, so that a second text would have another one in it.
        sends_max=1 if request.code is not None else client.policy.sends,
        code_length=letter.code_length,
        ttl_seconds=letter.ttl_seconds,
        request=wish.fingerprint,
        delivery=Delivery.SENDING,
        provider=leg.step.provider,
        custody=leg.step.custody,
        code=leg.code_hash,
        code_seed=letter.code_seed,
        locale=letter.locale,
        alphabet=letter.alphabet,
        reference=request.reference,
        prefix_key=wish.account.prefix_key,
        address_key=wish.account.address_key,
        pepper=letter.keys.name,
        on_undelivered=None if on_undelivered is OnUndelivered.NOTHING else on_undelivered,
    )


def superseded(before: Slot | None, *, by: str, now: int) -> tuple[str, ...]:
    """The verifications that must end with this start, which is not one of them where it is a replay.

    `previous_id` is among them because the slot's own holder may have died before it
    wrote its intent, and then it has not ended the one before it, which may outlive it.
    By another container's clock a code may live that has expired by ours.
    """
    if before is None:
        return ()
    ended_at = before.expires_at + CLOCK_SKEW_SECONDS
    if now >= ended_at + TTL_SECONDS.high - TTL_SECONDS.low:
        return ()
    holder = before.verification_id if now < ended_at else None
    ids = (holder, before.previous_id)
    return tuple(one for one in ids if one is not None and one != by)


def _aliases(ring: Keyring, *, client: Client, request: StartRequest) -> Aliases:
    """What else the request is known by; the number's keys in the order of the ring."""
    former_id = None
    if ring.previous is not None and request.idempotency_key is not None:
        former_id = ring.previous.verification_id(client.id, idempotency_key=request.idempotency_key)
    record = client.record_of(request.phone.e164)
    return Aliases(number_keys=tuple(keys.number_key(record) for keys in ring.all), former_id=former_id)


def _fingerprint(keys: Keys, *, client_id: str, request: StartRequest) -> str:
    return keys.fingerprint(
        client_id,
        request.phone.e164.reveal(),
        ",".join(request.channels),
        request.purpose,
        str(request.code_length),
        str(request.ttl_seconds),
        request.locale or "",
        request.reference or "",
    )
