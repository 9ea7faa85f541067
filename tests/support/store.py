"""The state in memory: a model of countersign.ports.Store, written from its contract.

One lock makes every method one atomic step. Every write carries a writer of its own, so
that a lost answer can be played: the same write comes twice, as a client library would
repeat it, and must be recognised (`lose_answers`).
"""

from __future__ import annotations

import threading
from dataclasses import replace
from itertools import count

from countersign.circuits import Circuit
from countersign.claims import (
    NO_ALIASES,
    Aliases,
    Allowance,
    Claimed,
    ClaimRefused,
    NumberClaim,
    Release,
    Slot,
)
from countersign.errors import ServiceUnavailableError
from countersign.model import (
    GUESS_NONE,
    Custody,
    Delivery,
    Reason,
    RouteStep,
    Status,
    Verdict,
    Verification,
)
from countersign.usage import AddressUse, Charge, Gauge, Scope, Usage, UsageQuery
from countersign.writes import Counted, Created, ResendIntent, Settlement
from tests.support.circuits import MemoryCircuits
from tests.support.rows import (
    Change,
    Condition,
    Lock,
    Row,
    delivery_is_of,
    full_until,
    is_open,
    limited_until,
    lock_is_free,
    slot_is_free,
)

REMEMBERED_SENDS = 21  # as many places as a number's row has


class MemoryStore:
    """A countersign.ports.Store."""

    def __init__(self) -> None:
        self._mutex = threading.RLock()
        self._slots: dict[tuple[str, str], Slot] = {}
        self._locks: dict[tuple[str, str], Lock] = {}
        self._sent: dict[str, list[int]] = {}
        self._failed: dict[str, list[int]] = {}
        self._moved: dict[str, str] = {}
        self._rows: dict[tuple[str, str], Row] = {}
        self._charged: dict[str, list[int]] = {}
        # What the count function would have counted; tests fill it in.
        self.gauges: dict[tuple[Scope, str], Gauge] = {}
        self.last_text: dict[str, dict[str, int]] = {}
        self.last_approval: dict[str, dict[str, int]] = {}
        self._circuits = MemoryCircuits()
        self._writers = count(1)
        self.lose_answers = 0  # how many of the next writes are repeated by the client library

    def forget(self) -> None:
        """Remove every verification, as DynamoDB's TTL does in the end."""
        with self._mutex:
            self._rows.clear()

    @property
    def slots(self) -> list[Slot]:
        """What every claimed slot holds."""
        with self._mutex:
            return list(self._slots.values())

    # Numbers ----------------------------------------------------------------------------

    def claim_number(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        with self._mutex:
            asked = claim.number_key
            self._move(claim)
            claim = replace(claim, number_key=self._at(asked))
            outcome = self._claim(claim)
            if self.lose_answers > 0:
                self.lose_answers -= 1
                outcome = self._claim(claim)
            return replace(outcome, moved_to=claim.number_key if claim.number_key != asked else None)

    def _at(self, number_key: str) -> str:
        """Where the number's record is."""
        while number_key in self._moved:
            number_key = self._moved[number_key]
        return number_key

    def _move(self, claim: NumberClaim) -> None:
        """Give the claim's key what the number's record has held, unless it leads to a record already."""
        if claim.moves_from is None or claim.number_key in {*self._sent, *self._moved}:
            return
        old, new = self._at(claim.moves_from), claim.number_key
        self._sent[new], self._failed[new] = self._sent.pop(old, []), self._failed.pop(old, [])
        self._slots = {(new if at == old else at, slot): held for (at, slot), held in self._slots.items()}
        self._locks = {(new if at == old else at, of): lock for (at, of), lock in self._locks.items()}
        self._moved[old] = new

    def _claim(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        key = claim.number_key, claim.slot
        held = self._slots.get(key)
        if not slot_is_free(held, claim=claim):
            return ClaimRefused(held=held, allowance=self._allowance(claim))
        sent = self._sent.setdefault(claim.number_key, [])
        until = limited_until(sent, claim=claim)
        if until > claim.now:
            return ClaimRefused(held=None, limited_until=until)
        lock = self._locks.get((claim.number_key, claim.vendor_lock or ""))
        if lock is not None and not lock_is_free(lock, claim=claim):
            return ClaimRefused(held=None, locked_until=lock.until, lock_is_ours=lock.slot == claim.slot)
        allowance = self._allowance(claim)
        sent.append(claim.now)
        del sent[:-REMEMBERED_SENDS]
        if claim.continues is not None and held is not None:
            taken = replace(held, resend_at=claim.resend_at, expires_at=claim.expires_at)
        else:
            taken = Slot(
                verification_id=claim.verification_id,
                previous_id=held.verification_id if held else None,
                resend_at=claim.resend_at,
                expires_at=claim.expires_at,
                attempts=held.attempts if held else 0,
            )
        if claim.attempts:
            taken = replace(taken, attempts=claim.attempts)
        self._slots[key] = taken
        self._take_lock(claim)
        return Claimed(before=held, allowance=allowance)

    def _allowance(self, claim: NumberClaim) -> Allowance | None:
        live = [
            slot
            for (number_key, _), slot in self._slots.items()
            if number_key == claim.number_key
            and slot.verification_id != claim.verification_id
            and slot.expires_at > claim.now
        ]
        failed = self._failed.get(claim.number_key, [])[-25:]
        if not claim.attempts:
            return None
        counts = [sum(at > claim.now - limit.seconds for at in failed) for limit in claim.failure_limits]
        room = [
            limit.count - count - sum(slot.attempts for slot in live)
            for limit, count in zip(claim.failure_limits, counts, strict=True)
        ]
        frees = [slot.expires_at for slot in live] + [
            at + limit.seconds
            for limit in claim.failure_limits
            for at in failed
            if at > claim.now - limit.seconds
        ]
        return Allowance(max(0, min([claim.attempts, *room])), again_at=min([*frees], default=claim.now))

    def record_failure(self, number_key: str, *, now: int) -> None:
        with self._mutex:
            number_key = self._at(number_key)
            if number_key in self._sent:
                self._failed.setdefault(number_key, []).append(now)

    def slot(self, number_key: str, *, slot: str) -> Slot | None:
        with self._mutex:
            return self._slots.get((self._at(number_key), slot))

    def release_number(self, release: Release) -> bool:
        with self._mutex:
            claim = replace(release.claim, number_key=self._at(release.claim.number_key))
            key = claim.number_key, claim.slot
            held = self._slots.get(key)
            if held is None or held.verification_id != claim.verification_id:
                return False
            self._sent[claim.number_key].pop()
            if release.before is None:
                del self._slots[key]
            else:
                self._slots[key] = release.before
            return True

    def _take_lock(self, claim: NumberClaim) -> None:
        if claim.vendor_lock is not None:
            self._locks[claim.number_key, claim.vendor_lock] = Lock(claim.slot, claim.locked_until)

    # Verifications ----------------------------------------------------------------------

    def usage(self, query: UsageQuery) -> Usage:
        with self._mutex:
            scopes = {
                Scope.TOTAL: "",
                Scope.CLIENT: query.client_id,
                Scope.COUNTRY: query.country,
                Scope.PREFIX: query.prefix_key,
            }
            return Usage(
                gauges={scope: self.gauges.get((scope, key), Gauge()) for scope, key in scopes.items()},
                address=AddressUse(
                    sent_at=tuple(reversed(self._charged.get(query.address_key or "", []))),
                    last_text=self.last_text.get(query.address_key or "", {}),
                    last_approval=self.last_approval.get(query.address_key or "", {}),
                ),
                circuits=self._circuits.read(query.vendors, country=query.country),
            )

    def charge(self, charge: Charge) -> int | None:
        with self._mutex:
            charged = self._charged.setdefault(charge.address_key, [])
            again_at = full_until(charged, limit=charge.limit)
            if again_at > charge.now:
                return again_at
            charged.append(charge.now)
            return None

    def create(
        self,
        verification: Verification,
        *,
        supersedes: tuple[str, ...],
        charge: Charge | None = None,
        aliases: Aliases = NO_ALIASES,
    ) -> Created:
        with self._mutex:
            former = () if aliases.former_id is None else (aliases.former_id,)
            ids = (verification.id, *supersedes, *former)
            if len(set(ids)) < len(ids):  # DynamoDB refuses two writes on one item in a transaction
                raise ServiceUnavailableError
            row = self._rows.get((verification.client_id, verification.id))
            if row is not None:
                return Created(applied=False, verification=row.read())
            for id_ in former:
                there = self.get(verification.client_id, id_)
                if there is not None:
                    return Created(applied=False, verification=there)
            again_at = self.charge(charge) if charge is not None else None
            if again_at is not None:
                return Created(applied=False, verification=None, again_at=again_at)
            for older in (*supersedes, *former):
                self._supersede(verification, older=older, aliases=aliases)
            self._rows[verification.client_id, verification.id] = Row(verification)
            return Created(applied=True, verification=verification)

    def supersede(
        self, verification: Verification, *, older: tuple[str, ...], aliases: Aliases = NO_ALIASES
    ) -> None:
        with self._mutex:
            for one in older:
                self._supersede(verification, older=one, aliases=aliases)

    def _supersede(self, newer: Verification, *, older: str, aliases: Aliases) -> None:
        row = self._rows.setdefault((newer.client_id, older), Row(None))
        is_another_slots = row.verification is not None and (
            row.verification.slot != newer.slot
            or row.verification.number_key not in {newer.number_key, *aliases.number_keys}
        )
        if not is_another_slots and row.superseded_by is None:
            row.superseded_by, row.superseded_at = newer.id, newer.created_at

    def settle_delivery(
        self, verification: Verification, *, settlement: Settlement, release: Release | None
    ) -> Counted:
        def settled(stored: Verification) -> Verification:
            return replace(
                stored,
                delivery=settlement.delivery,
                provider=settlement.provider,
                custody=settlement.custody,
                code=settlement.code,
                code_seed=settlement.code_seed,
                sends=settlement.sends,
                expires_at=settlement.expires_at,
                stored_status=settlement.status,
                stored_reason=settlement.reason or stored.stored_reason,
                vendor_reference=settlement.vendor_reference or stored.vendor_reference,
                guess=stored.guess if settlement.code == verification.code else GUESS_NONE,
                channel=settlement.channel or stored.channel,
                resend_key=stored.resend_key if settlement.resend_key is None else settlement.resend_key,
                receipt=settlement.receipt or stored.receipt,
                receipt_at=settlement.receipt_at or stored.receipt_at,
            )

        ends = settlement.status is not Status.PENDING
        takes_back = ends or settlement.code != verification.code
        gives_time_back = (
            settlement.sends < verification.sends and settlement.expires_at < verification.expires_at
        )
        is_ours = delivery_is_of(verification)

        def may_be_settled(stored: Verification) -> bool:
            is_exhausted = stored.attempts >= stored.attempts_max and stored.checking == 0
            has_ended = (ends or gives_time_back) and (is_exhausted or stored.superseded_by is not None)
            return is_ours(stored) and not has_ended and not (takes_back and stored.solved)

        with self._mutex:
            counted = self._change(verification, condition=may_be_settled, change=settled)
            if not counted.applied and settlement.status is Status.PENDING:
                counted = self._settled_late(verification, settlement=settlement) or counted
            unguessed = counted.verification is not None and counted.verification.attempts == 0
            if counted.applied and unguessed and release is not None:
                self.release_number(release)
            return counted

    def _settled_late(self, verification: Verification, *, settlement: Settlement) -> Counted | None:
        """A text that was taken of one that has ended is kept beside its end."""
        is_taken = settlement.sends == verification.sends
        late = self._change(
            verification,
            condition=lambda stored: (
                is_taken
                and stored.stored_status is not Status.PENDING
                and stored.delivery is Delivery.SENDING
                and stored.sends == verification.sends
            ),
            change=lambda stored: replace(
                stored,
                delivery=settlement.delivery,
                provider=settlement.provider,
                channel=settlement.channel or verification.channel,
                vendor_reference=settlement.vendor_reference or stored.vendor_reference,
            ),
        )
        return Counted(applied=False, verification=late.verification) if late.applied else None

    def redirect(self, verification: Verification, *, step: RouteStep, code: str, claim: NumberClaim) -> bool:
        with self._mutex:
            claim = replace(claim, number_key=self._at(claim.number_key))
            lock = self._locks.get((claim.number_key, claim.vendor_lock or ""))
            if lock is not None and not lock_is_free(lock, claim=claim):
                return False
            is_ours = delivery_is_of(verification)
            counted = self._change(
                verification,
                condition=lambda stored: is_ours(stored) and not stored.solved,
                change=lambda stored: replace(
                    stored, provider=step.provider, custody=step.custody, code=code, guess=GUESS_NONE
                ),
            )
            if counted.applied:
                self._take_lock(claim)
            return counted.applied

    def get(self, client_id: str, verification_id: str) -> Verification | None:
        with self._mutex:
            row = self._rows.get((client_id, verification_id))
            return row.read() if row is not None else None

    def begin_resend(self, verification: Verification, *, intent: ResendIntent) -> Counted:
        return self._change(
            verification,
            condition=lambda stored: (
                is_open(stored, now=intent.now)
                and stored.attempts < stored.attempts_max
                and stored.sends == intent.sends_seen
            ),
            change=lambda stored: replace(
                stored,
                sends=stored.sends + 1,
                delivery=Delivery.SENDING,
                resend_at=intent.resend_at,
                expires_at=intent.expires_at,
                provider=intent.provider,
                custody=intent.custody,
                channel=intent.channel,
                code=intent.code,
                code_seed=intent.code_seed,
                resend_key=intent.resend_key or "",
                guess=GUESS_NONE,
                vendor_reference=None,
                receipt=None,
                receipt_at=None,
            ),
        )

    def show(self, key: tuple[str, str], *, condition: Condition, change: Change) -> bool:
        """What a report may change, without a writer of its own."""
        with self._mutex:
            row = self._rows.get(key)
            stored = row.read() if row is not None else None
            if row is None or stored is None or not condition(stored):
                return False
            row.verification = change(stored)
            return True

    # Checks -----------------------------------------------------------------------------

    def guess(
        self, client_id: str, verification_id: str, *, guess: str, now: int, pepper: str | None = None
    ) -> Counted:
        return self._change(
            (client_id, verification_id),
            condition=lambda stored: (
                is_open(stored, now=now)
                and stored.attempts < stored.attempts_max
                and stored.pepper in {None, pepper}
            ),
            change=lambda stored: replace(
                stored,
                attempts=stored.attempts + 1,
                checking=stored.checking + (1 if stored.custody is Custody.VENDOR else 0),
                guess=guess,
                checked_at=now,
            ),
        )

    def settle_check(self, verification: Verification, *, verdict: Verdict, now: int) -> Counted:
        def settled(stored: Verification) -> Verification:
            answered = replace(stored, checking=stored.checking - 1)
            if verdict is Verdict.UNKNOWN:
                return replace(answered, attempts=stored.attempts - 1)
            is_late = stored.superseded_at is not None
            answered = replace(answered, checked_at=(stored.superseded_at or 0) + 1 if is_late else now)
            if verdict is Verdict.VERIFIED:
                return replace(answered, stored_status=Status.APPROVED, stored_reason=Reason.CORRECT_CODE)
            return answered

        def may_be_settled(stored: Verification) -> bool:
            if verdict is Verdict.UNKNOWN:
                return True
            is_pending = stored.stored_status is Status.PENDING
            is_in_time = stored.superseded_by is None and stored.expires_at > now
            return is_pending and (is_in_time or verdict is not Verdict.VERIFIED)

        return self._change(verification, condition=may_be_settled, change=settled)

    def cancel(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        return self._change(
            (client_id, verification_id),
            condition=lambda stored: (
                is_open(stored, now=now) and (stored.attempts < stored.attempts_max or stored.checking > 0)
            ),
            change=lambda stored: replace(
                stored, stored_status=Status.CANCELED, stored_reason=Reason.CANCELED_BY_CLIENT
            ),
        )

    # Expiry -----------------------------------------------------------------------------

    def expire(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        def has_expired(stored: Verification) -> bool:
            is_written = stored.stored_status is not Status.PENDING
            return not is_written and now >= stored.expires_at and stored.status(now)[0] is Status.EXPIRED

        return self._change(
            (client_id, verification_id),
            condition=has_expired,
            change=lambda stored: replace(
                stored, stored_status=Status.EXPIRED, stored_reason=Reason.TIMED_OUT
            ),
        )

    # Circuits ---------------------------------------------------------------------------

    def record_outage(self, vendor: str, *, country: str, now: int, held_until: int | None) -> bool:
        with self._mutex:
            return self._circuits.record_outage(
                vendor, country=country, now=now, held_until=held_until, is_repeated=self._loses_answer()
            )

    def begin_probe(self, circuit: Circuit, *, now: int) -> Circuit | None:
        with self._mutex:
            return self._circuits.begin_probe(circuit, now=now)

    def clear_circuit(self, circuit: Circuit) -> bool:
        with self._mutex:
            return self._circuits.clear(circuit)

    # ------------------------------------------------------------------------------------

    def _loses_answer(self) -> bool:
        """Is the answer to this write lost, so that the client library repeats it?"""
        loses = self.lose_answers > 0
        self.lose_answers -= loses
        return loses

    def _change(self, of: Verification | tuple[str, str], *, condition: Condition, change: Change) -> Counted:
        """One conditional write; where its answer is lost, the same write once more."""
        key = of if isinstance(of, tuple) else (of.client_id, of.id)
        with self._mutex:
            writer = next(self._writers)
            counted = self._write(key, writer=writer, condition=condition, change=change)
            if self.lose_answers > 0:
                self.lose_answers -= 1
                counted = self._write(key, writer=writer, condition=condition, change=change)
            return counted

    def _write(self, key: tuple[str, str], *, writer: int, condition: Condition, change: Change) -> Counted:
        row = self._rows.get(key)
        stored = row.read() if row is not None else None
        if row is None or stored is None:
            return Counted(applied=False, verification=None)
        if row.writer == writer or not condition(stored):
            return Counted(applied=row.writer == writer, verification=stored)
        row.verification, row.writer = change(stored), writer
        return Counted(applied=True, verification=row.read())
