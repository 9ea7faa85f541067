"""The state in DynamoDB: every change one conditional write whose clauses have names.

Each write on a verification carries a fresh `writer`: where the client library has to
repeat a write whose answer was lost, the repetition is refused by its own first try,
and is recognised by it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import final

from countersign.aws.items import (
    KEEP_SECONDS,
    Attribute,
    Item,
    check_step,
    read_verification,
    text,
    verification_item,
    verification_pk,
)
from countersign.aws.numbers import claim_refused, claim_update, lock_update, read_slot, release_update
from countersign.aws.table import ConditionFailedError, ConflictError, Table, Update
from countersign.codes import random_seed
from countersign.errors import ServiceUnavailableError
from countersign.model import GUESS_NONE, Delivery, Reason, RouteStep, Status, Verdict, Verification
from countersign.ports import Claimed, ClaimRefused, Counted, NumberClaim, Release, ResendIntent, Settlement

_PENDING = "#stored_status = :pending"
_NOT_SUPERSEDED = "attribute_not_exists(#superseded_by)"
_ALIVE = "#expires_at > :now"
_ATTEMPTS_LEFT = "#attempts < #attempts_max"
_NOT_SOLVED = "#guess <> #code"
_NOT_OUR_OWN_RETRY = "#writer <> :writer"

_MAY_BE_GUESSED = " AND ".join(
    (_PENDING, _NOT_SUPERSEDED, _ALIVE, _ATTEMPTS_LEFT, _NOT_SOLVED, _NOT_OUR_OWN_RETRY)
)
_MAY_BE_SENT = " AND ".join(
    (
        _PENDING,
        _NOT_SUPERSEDED,
        _ALIVE,
        _ATTEMPTS_LEFT,
        _NOT_SOLVED,
        "#sends = :sends_seen",
        _NOT_OUR_OWN_RETRY,
    )
)
_NOT_EXHAUSTED = "(#attempts < #attempts_max OR #checking > :zero)"  # or the last one is at the vendor
_MAY_BE_CANCELED = " AND ".join(
    (_PENDING, _NOT_SUPERSEDED, _ALIVE, _NOT_EXHAUSTED, _NOT_SOLVED, _NOT_OUR_OWN_RETRY)
)
_MAY_BE_APPROVED = " AND ".join((_PENDING, _NOT_SUPERSEDED, _NOT_OUR_OWN_RETRY))
_DELIVERY_IS_OURS = " AND ".join((_PENDING, "#delivery = :sending", "#sends = :our_send", _NOT_OUR_OWN_RETRY))


@final
class DynamoStore:
    """ports.Store over one table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim_number(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        """One UpdateItem on the number's record."""
        try:
            old = self._table.update(claim_update(claim), returned="ALL_OLD")
        except ConditionFailedError as error:
            return claim_refused(error.items[0], claim=claim)
        return Claimed(before=read_slot(old, slot=claim.slot))

    def release_number(self, release: Release) -> bool:
        """One UpdateItem on the number's record."""
        try:
            self._table.update(release_update(release), returned="ALL_NEW")
        except ConditionFailedError:
            return False
        return True

    def create(self, verification: Verification, *, supersedes: tuple[str, ...]) -> Counted:
        """PutItem, or one transaction with the marks on what it supersedes."""
        writer = random_seed()
        item = verification_item(verification, writer=writer)
        try:
            if supersedes:
                self._create_over(verification, item=item, supersedes=supersedes)
            else:
                self._table.put_new(item)
        except ConditionFailedError as error:
            stored = error.items[0]
            if stored is not None and text(stored, "writer") == writer:
                return Counted(applied=True, verification=verification)
            return Counted(applied=False, verification=read_verification(stored))
        return Counted(applied=True, verification=verification)

    def _create_over(
        self, verification: Verification, *, item: dict[str, Attribute], supersedes: tuple[str, ...]
    ) -> None:
        marks = [_supersede(verification, older=older) for older in supersedes]
        try:
            self._table.transact(put=item, updates=marks)
        except ConditionFailedError as error:
            if error.failed[0]:
                raise
            # A mark did not fit: that id belongs to another number, so it is none of ours to end.
        except ConflictError:
            # Too many starts to one number at once for a transaction. What is there already
            # must be known before anything is ended in its name.
            stored = self._table.get(verification_pk(verification.client_id, verification.id))
            if stored is not None:
                raise ConditionFailedError((stored,), failed=(True,)) from None
        else:
            return
        # One by one, the older ones first: in between there is rather no live code than two.
        self.supersede(verification, older=supersedes)
        self._table.put_new(item)

    def supersede(self, verification: Verification, *, older: tuple[str, ...]) -> None:
        """One UpdateItem each."""
        for one in older:
            try:
                self._table.update(_supersede(verification, older=one), returned="ALL_NEW")
            except ConditionFailedError:
                continue  # that id belongs to another number

    def settle_delivery(
        self, verification: Verification, *, settlement: Settlement, release: Release | None
    ) -> Counted:
        """UpdateItem, or one transaction with the undoing of the claim."""
        update = _settlement(verification, settlement=settlement)
        if release is None:
            return self._change(update)
        try:
            self._table.transact(put=None, updates=[update, release_update(release)])
        except ConditionFailedError as error:
            if error.failed[0]:
                return Counted(applied=False, verification=read_verification(error.items[0]))
            return self._change(update)  # the slot has moved on; only the verification is ours to end
        return Counted(applied=True, verification=_settled(verification, settlement=settlement))

    def redirect(self, verification: Verification, *, step: RouteStep, code: str, claim: NumberClaim) -> bool:
        """UpdateItem, or one transaction with the vendor's lock."""
        update = _on(
            verification,
            expression="SET #provider = :provider, #custody = :custody, #check_step = :check_step,"
            " #code = :code, #guess = :no_guess",
            condition=f"{_DELIVERY_IS_OURS} AND {_NOT_SOLVED}",
            values={
                "pending": Status.PENDING,
                "sending": Delivery.SENDING,
                "our_send": verification.sends,
                "provider": step.provider,
                "custody": step.custody,
                "check_step": check_step(step.custody),
                "code": code,
                "no_guess": GUESS_NONE,
            },
        )
        if claim.vendor_lock is None:
            return self._change(update).applied
        try:
            self._table.transact(put=None, updates=[update, lock_update(claim, vendor=claim.vendor_lock)])
        except ConditionFailedError:
            return False
        return True

    def get(self, client_id: str, verification_id: str) -> Verification | None:
        """A consistent GetItem."""
        return read_verification(self._table.get(verification_pk(client_id, verification_id)))

    def begin_resend(self, verification: Verification, *, intent: ResendIntent) -> Counted:
        """One UpdateItem."""
        values: dict[str, str | int] = {
            "pending": Status.PENDING,
            "now": intent.now,
            "sends_seen": intent.sends_seen,
            "one": 1,
            "sending": Delivery.SENDING,
            "resend_at": intent.resend_at,
            "expires_at": intent.expires_at,
            "ttl": intent.expires_at + KEEP_SECONDS,
            "provider": intent.provider,
            "custody": intent.custody,
            "check_step": check_step(intent.custody),
            "channel": intent.channel,
            "code": intent.code,
            "code_seed": intent.code_seed,
            "resend_key": intent.resend_key or "",
            "no_guess": GUESS_NONE,  # an old guess must not happen to equal a new code
        }
        return self._change(
            _on(
                verification,
                expression="SET #sends = #sends + :one, #delivery = :sending, #resend_at = :resend_at,"
                " #expires_at = :expires_at, #ttl = :ttl, #provider = :provider, #custody = :custody,"
                " #check_step = :check_step, #channel = :channel, #code = :code, #code_seed = :code_seed,"
                " #resend_key = :resend_key, #guess = :no_guess",
                condition=_MAY_BE_SENT,
                values=values,
                removed="#vendor_reference",
            )
        )

    def guess(self, client_id: str, verification_id: str, *, guess: str, now: int) -> Counted:
        """One UpdateItem, whoever holds the code."""
        writer = random_seed()
        return self._change(
            Update(
                verification_pk(client_id, verification_id),
                expression="SET #attempts = #attempts + :one, #checking = #checking + #check_step,"
                " #guess = :guess, #checked_at = :now, #writer = :writer",
                condition=_MAY_BE_GUESSED,
                values={"pending": Status.PENDING, "now": now, "one": 1, "guess": guess, "writer": writer},
            )
        )

    def settle_check(self, verification: Verification, *, verdict: Verdict, now: int) -> Counted:
        """One UpdateItem."""
        values: dict[str, str | int] = {"one": 1}
        expression = "SET #checking = #checking - :one"
        condition = _NOT_OUR_OWN_RETRY
        if verdict is Verdict.UNKNOWN:
            expression += ", #attempts = #attempts - :one"
        if verdict is Verdict.VERIFIED:
            expression += ", #stored_status = :approved, #stored_reason = :reason, #checked_at = :now"
            condition = _MAY_BE_APPROVED
            values |= {
                "pending": Status.PENDING,
                "approved": Status.APPROVED,
                "reason": Reason.CORRECT_CODE,
                "now": now,
            }
        return self._change(_on(verification, expression=expression, condition=condition, values=values))

    def cancel(self, client_id: str, verification_id: str, *, now: int) -> Counted:
        """One UpdateItem."""
        return self._change(
            Update(
                verification_pk(client_id, verification_id),
                expression="SET #stored_status = :canceled, #stored_reason = :reason, #writer = :writer",
                condition=_MAY_BE_CANCELED,
                values={
                    "pending": Status.PENDING,
                    "now": now,
                    "zero": 0,
                    "canceled": Status.CANCELED,
                    "reason": Reason.CANCELED_BY_CLIENT,
                    "writer": random_seed(),
                },
            )
        )

    def _change(self, update: Update) -> Counted:
        """Make one update; a repetition that its own first try refused counts as made."""
        try:
            stored: Item | None = self._table.update(update, returned="ALL_NEW")
        except ConditionFailedError as error:
            stored = error.items[0]
            ours = stored is not None and text(stored, "writer") == update.values["writer"]
            return Counted(applied=ours, verification=read_verification(stored))
        verification = read_verification(stored)
        if verification is None:
            raise ServiceUnavailableError("A stored verification cannot be read.")
        return Counted(applied=True, verification=verification)


def _on(
    verification: Verification,
    *,
    expression: str,
    condition: str,
    values: dict[str, str | int],
    removed: str = "",
) -> Update:
    return Update(
        verification_pk(verification.client_id, verification.id),
        expression=f"{expression}, #writer = :writer" + (f" REMOVE {removed}" if removed else ""),
        condition=condition,
        values=values | {"writer": random_seed()},
    )


def _supersede(newer: Verification, *, older: str) -> Update:
    """Mark an older verification of the same number as replaced, even before it is written."""
    not_written_yet = "attribute_not_exists(#pk)"
    of_the_same_number = "#slot = :slot"
    return Update(
        verification_pk(newer.client_id, older),
        expression="SET #superseded_by = if_not_exists(#superseded_by, :newer),"
        " #ttl = if_not_exists(#ttl, :ttl)",
        condition=f"({not_written_yet} OR attribute_not_exists(#slot) OR {of_the_same_number})",
        values={"newer": newer.id, "slot": newer.slot, "ttl": newer.expires_at + KEEP_SECONDS},
    )


def _settlement(verification: Verification, *, settlement: Settlement) -> Update:
    expression = (
        "SET #delivery = :delivery, #provider = :provider, #custody = :custody, #check_step = :check_step,"
        " #code = :code, #code_seed = :code_seed, #sends = :sends, #expires_at = :expires_at,"
        " #stored_status = :status"
    )
    values: dict[str, str | int] = {
        "pending": Status.PENDING,
        "sending": Delivery.SENDING,
        "our_send": verification.sends,
        "delivery": settlement.delivery,
        "provider": settlement.provider,
        "custody": settlement.custody,
        "check_step": check_step(settlement.custody),
        "code": settlement.code,
        "code_seed": settlement.code_seed,
        "sends": settlement.sends,
        "expires_at": settlement.expires_at,
        "status": settlement.status,
    }
    if settlement.code != verification.code:
        expression += ", #guess = :no_guess"  # it was compared with the other code
        values["no_guess"] = GUESS_NONE
    if settlement.vendor_reference is not None:
        expression += ", #vendor_reference = :reference"
        values["reference"] = settlement.vendor_reference
    if settlement.reason is not None:
        expression += ", #stored_reason = :reason"
        values["reason"] = settlement.reason
    if settlement.channel is not None:
        expression += ", #channel = :channel"
        values["channel"] = settlement.channel
    if settlement.resend_key is not None:
        expression += ", #resend_key = :resend_key"
        values["resend_key"] = settlement.resend_key
    return _on(verification, expression=expression, condition=_DELIVERY_IS_OURS, values=values)


def _settled(verification: Verification, *, settlement: Settlement) -> Verification:
    """What a transaction has just written (it returns no attributes)."""
    return replace(
        verification,
        delivery=settlement.delivery,
        provider=settlement.provider,
        custody=settlement.custody,
        stored_status=settlement.status,
        stored_reason=settlement.reason,
    )
