"""The state in DynamoDB: every change one conditional write whose clauses have names.

Each write on a verification carries a fresh `writer`: where the client library has to
repeat a write whose answer was lost, the repetition is refused by its own first try,
and is recognised by it. What a check of a code does not need (usage, circuits) is imported
where it is.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, final

from countersign.aws.items import (
    Attribute,
    Item,
    number,
    read_verification,
    text,
    verification_item,
    verification_pk,
)
from countersign.aws.number_records import NumberRecords
from countersign.aws.numbers import lock_update, release_update
from countersign.aws.table import ConditionFailedError, ConflictError, Table, Update
from countersign.aws.verifications import (
    cancel_update,
    expire_update,
    forestall_update,
    guess_update,
    late_update,
    redirect_update,
    resend_update,
    settled,
    settlement_update,
    supersede_update,
    verdict_update,
)
from countersign.claims import NO_ALIASES, Aliases, Claimed, ClaimRefused, NumberClaim, Release, Slot
from countersign.codes import random_seed
from countersign.errors import ServiceUnavailableError
from countersign.model import RouteStep, Status, Verdict, Verification
from countersign.writes import Counted, Created, ResendIntent, Settlement

if TYPE_CHECKING:
    from countersign.aws.circuits import CircuitRecords
    from countersign.circuits import Circuit
    from countersign.usage import Charge, Usage, UsageQuery


@final
class DynamoStore:
    """ports.Store over one table."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._numbers = NumberRecords(table)

    @cached_property
    def _circuits(self) -> CircuitRecords:
        from countersign.aws.circuits import CircuitRecords

        return CircuitRecords(self._table)

    def claim_number(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        """One UpdateItem on the number's record."""
        return self._numbers.claim(claim)

    def slot(self, number_key: str, *, slot: str) -> Slot | None:
        """A consistent GetItem."""
        return self._numbers.slot(number_key, slot=slot)

    def record_failure(self, number_key: str, *, now: int) -> None:
        """One UpdateItem on the number's record."""
        self._numbers.record_failure(number_key, now=now)

    def release_number(self, release: Release) -> bool:
        """One UpdateItem on the number's record."""
        return self._numbers.release(release)

    def usage(self, query: UsageQuery) -> Usage:
        """One BatchGetItem."""
        from countersign.aws.usage import read_usage, usage_pks

        return read_usage(self._table.batch_get(usage_pks(query)), query=query)

    def charge(self, charge: Charge) -> int | None:
        """One UpdateItem on the address's record."""
        from countersign.aws.usage import charge_update

        try:
            self._table.update(charge_update(charge), returned="ALL_NEW")
        except ConditionFailedError as error:
            return _again_at(error.items[0], charge=charge)
        return None

    def create(
        self,
        verification: Verification,
        *,
        supersedes: tuple[str, ...],
        charge: Charge | None = None,
        aliases: Aliases = NO_ALIASES,
    ) -> Created:
        """PutItem, or one transaction with the marks on older and former ids, and the address's charge."""
        writer = random_seed()
        item = verification_item(verification, writer=writer)
        try:
            if supersedes or charge is not None or aliases.former_id is not None:
                return self._create_with(
                    verification, item=item, supersedes=supersedes, charge=charge, aliases=aliases
                )
            self._table.put_new(item)
        except ConditionFailedError as error:
            stored = error.items[0]
            if stored is not None and text(stored, "writer") == writer:
                return Created(applied=True, verification=verification)
            return Created(applied=False, verification=read_verification(stored))
        return Created(applied=True, verification=verification)

    def _create_with(
        self,
        verification: Verification,
        *,
        item: dict[str, Attribute],
        supersedes: tuple[str, ...],
        charge: Charge | None,
        aliases: Aliases,
    ) -> Created:
        from countersign.aws.usage import charge_update

        accounts = [charge_update(charge)] if charge is not None else []
        marks = [supersede_update(verification, older=older, aliases=aliases) for older in supersedes]
        former = [forestall_update(verification, id_=id_) for id_ in (aliases.former_id,) if id_ is not None]
        try:
            self._table.transact(put=item, updates=[*accounts, *marks, *former])
        except ConditionFailedError as error:
            if error.failed[0]:
                raise
            if former and error.failed[-1]:
                raise ConditionFailedError(error.items[-1:], failed=(True,)) from None
            if charge is not None and error.failed[1]:
                return Created(
                    applied=False, verification=None, again_at=_again_at(error.items[1], charge=charge)
                )
            # A mark did not fit: that id belongs to another number, so it is none of ours to end.
        except ConflictError:
            # Too many starts at once to one number, or from one address, for a transaction. What is
            # there already must be known before anything is ended in its name.
            stored = self._table.get(verification_pk(verification.client_id, verification.id))
            if stored is not None:
                raise ConditionFailedError((stored,), failed=(True,)) from None
        else:
            return Created(applied=True, verification=verification)
        # One by one, the older ones first: in between there is rather no live code than two.
        again_at = self.charge(charge) if charge is not None else None
        if again_at is not None:
            return Created(applied=False, verification=None, again_at=again_at)
        for mark in former:
            self._table.update(mark, returned="ALL_NEW")
        self.supersede(verification, older=supersedes, aliases=aliases)
        self._table.put_new(item)
        return Created(applied=True, verification=verification)

    def supersede(
        self, verification: Verification, *, older: tuple[str, ...], aliases: Aliases = NO_ALIASES
    ) -> None:
        """One UpdateItem each."""
        for one in older:
            try:
                mark = supersede_update(verification, older=one, aliases=aliases)
                self._table.update(mark, returned="ALL_NEW")
            except ConditionFailedError:
                continue  # that id belongs to another number

    def settle_delivery(
        self, verification: Verification, *, settlement: Settlement, release: Release | None
    ) -> Counted:
        """UpdateItem, or one transaction with the undoing of the claim; one more where it has ended by now.

        Where somebody has guessed while the vendor had it in hand, the claim stays: a send that
        is given back brings new attempts, and whoever can have sends refused would have no end of them.
        """
        update = settlement_update(verification, settlement=settlement)
        if release is None:
            return self._kept(self._change(update), of=verification, settlement=settlement)
        unguessed = settlement_update(verification, settlement=settlement, unguessed=True)
        try:
            self._numbers.follow(
                release.claim.number_key,
                lambda key: self._table.transact(
                    put=None, updates=[unguessed, release_update(release.on(key))]
                ),
            )
        except ConditionFailedError:
            # Guessed at, or the slot has moved on: then only the verification is ours to end, if that.
            return self._change(update)
        except ConflictError:
            # Too many starts at once to one number. Once it has ended unguessed, nobody can guess any more.
            ended = self._change(unguessed)
            if not ended.applied:
                return self._change(update)
            self.release_number(release)
            return ended
        return Counted(applied=True, verification=settled(verification, settlement=settlement))

    def _kept(self, settled: Counted, *, of: Verification, settlement: Settlement) -> Counted:
        """The outcome; and where one that has ended meanwhile was texted all the same, that is kept."""
        stored = settled.verification
        is_taken = settlement.status is Status.PENDING and settlement.sends == of.sends
        if settled.applied or stored is None or stored.stored_status is Status.PENDING or not is_taken:
            return settled
        late = self._change(late_update(of, settlement=settlement))
        return Counted(applied=False, verification=late.verification)

    def redirect(self, verification: Verification, *, step: RouteStep, code: str, claim: NumberClaim) -> bool:
        """UpdateItem, or one transaction with the vendor's lock."""
        update = redirect_update(verification, step=step, code=code)
        vendor = claim.vendor_lock
        if vendor is None:
            return self._change(update).applied
        try:
            self._numbers.follow(
                claim.number_key,
                lambda key: self._table.transact(
                    put=None, updates=[update, lock_update(replace(claim, number_key=key), vendor=vendor)]
                ),
            )
        except ConditionFailedError:
            return False
        except ConflictError:
            # One by one, the lock first: it may be held for nothing, but no code is asked for without it.
            return self._locked(claim, vendor=vendor) and self._change(update).applied
        return True

    def _locked(self, claim: NumberClaim, *, vendor: str) -> bool:
        try:
            self._numbers.follow(
                claim.number_key,
                lambda key: self._table.update(
                    lock_update(replace(claim, number_key=key), vendor=vendor), returned="ALL_NEW"
                ),
            )
        except ConditionFailedError:
            return False
        return True

    def get(self, client_id: str, verification_id: str) -> Verification | None:
        """A consistent GetItem."""
        return read_verification(self._table.get(verification_pk(client_id, verification_id)))

    def begin_resend(self, verification: Verification, *, intent: ResendIntent) -> Counted:
        """One UpdateItem."""
        return self._change(resend_update(verification, intent=intent))

    def guess(
        self, client_id: str, verification_id: str, *, guess: str, now: int, pepper: str | None = None
    ) -> Counted:
        """One UpdateItem, whoever holds the code."""
        return self._change(guess_update(client_id, verification_id, guess=guess, now=now, pepper=pepper))

    def settle_check(self, verification: Verification, *, verdict: Verdict, now: int) -> Counted:
        """One UpdateItem; for `UNKNOWN` a transaction of one."""
        update = verdict_update(verification, verdict=verdict, now=now)
        if verdict is not Verdict.UNKNOWN:
            return self._change(update)
        # The attempt must come back once: a transaction has a token by which a repetition is known,
        # whatever was written in between.
        try:
            self._table.transact(put=None, updates=[update])
        except ConditionFailedError as error:
            stored = error.items[0]
            return Counted(applied=_is_ours(stored, update=update), verification=read_verification(stored))
        back = replace(
            verification,
            attempts=max(0, verification.attempts - 1),
            checking=max(0, verification.checking - 1),
        )
        return Counted(applied=True, verification=back)

    def cancel(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        """One UpdateItem."""
        return self._change(cancel_update(client_id, verification_id, now=now))

    def expire(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        """One UpdateItem."""
        return self._change(expire_update(client_id, verification_id, now=now))

    def record_outage(self, vendor: str, *, country: str, now: int, held_until: int | None) -> bool:
        """One UpdateItem."""
        return self._circuits.record_outage(vendor, country=country, now=now, held_until=held_until)

    def begin_probe(self, circuit: Circuit, *, now: int) -> Circuit | None:
        """One UpdateItem."""
        return self._circuits.begin_probe(circuit, now=now)

    def clear_circuit(self, circuit: Circuit) -> bool:
        """One UpdateItem."""
        return self._circuits.clear(circuit)

    def _change(self, update: Update) -> Counted:
        """Make one update; a repetition that its own first try refused counts as made."""
        try:
            stored: Item | None = self._table.update(update, returned="ALL_NEW")
        except ConditionFailedError as error:
            stored = error.items[0]
            return Counted(applied=_is_ours(stored, update=update), verification=read_verification(stored))
        verification = read_verification(stored)
        if verification is None:
            raise ServiceUnavailableError("A stored verification cannot be read.")
        return Counted(applied=True, verification=verification)


def _again_at(stored: Item | None, *, charge: Charge) -> int:
    """When the address may have a text sent again."""
    limit = charge.limit
    return number(stored or {}, f"t{limit.count}") + limit.seconds


def _is_ours(stored: Item | None, *, update: Update) -> bool:
    """Does a refused write meet its own first try, whose answer was lost?"""
    writers = (text(stored, "writer"), text(stored, "guess_writer")) if stored is not None else ()
    return update.values["writer"] in writers
