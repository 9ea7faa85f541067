"""The calls on number records, which move when the pepper is rotated: each finds the record where it is.

A record is closed first, then copied; whoever finds a closed one completes the copy before
going on there. So no claim is made on two records at once, and a crash in between costs
nothing. docs/adr/0015-two-peppers.md
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import final

from countersign.aws.items import Item, number_pk
from countersign.aws.numbers import (
    allowance,
    claim_refused,
    claim_update,
    failure_update,
    leave_update,
    moved_to,
    read_slot,
    release_update,
    successor,
)
from countersign.aws.table import ConditionFailedError, Table
from countersign.claims import Claimed, ClaimRefused, NumberClaim, Release, Slot
from countersign.errors import ServiceUnavailableError

LONGEST_TRAIL = 4  # records of one number, each closed in favour of the next, that are followed


@final
class NumberRecords:
    """The part of DynamoStore that is about numbers."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def claim(self, claim: NumberClaim) -> Claimed | ClaimRefused:
        """One UpdateItem; up to three calls more for a record that moves with it or has moved before."""
        asked = claim.number_key

        def take(number_key: str) -> Item:
            nonlocal claim
            claim = replace(claim, number_key=number_key)
            return self._taken(claim)

        try:
            old = self.follow(asked, take)
        except ConditionFailedError as error:
            refused = claim_refused(error.items[0], claim=claim)
            return replace(refused, moved_to=_elsewhere(claim, asked=asked))
        return Claimed(
            before=read_slot(old, slot=claim.slot),
            allowance=allowance(old, claim=claim),
            moved_to=_elsewhere(claim, asked=asked),
        )

    def _taken(self, claim: NumberClaim) -> Item:
        """The record before the claim; there is one by now, where one was to be moved."""
        try:
            return self._table.update(claim_update(claim), returned="ALL_OLD")
        except ConditionFailedError as error:
            if claim.moves_from is None or error.items[0] is not None:
                raise
        self._move(claim.moves_from, claim=claim)
        return self._table.update(claim_update(claim), returned="ALL_OLD")

    def _move(self, number_key: str, *, claim: NumberClaim) -> None:
        """Close the record under this key, or wherever it stands, and go on with it under the claim's."""
        for _ in range(LONGEST_TRAIL):
            update = leave_update(number_key, to=claim.number_key, now=claim.now)
            closed = self._table.update(update, returned="ALL_NEW")
            number_key = self._successor(closed)
            if number_key == claim.number_key:
                return
        raise ServiceUnavailableError("The records of a number lead in a circle.")

    def _successor(self, closed: Item) -> str:
        """The key of a closed record's successor, which is there when this returns."""
        number_key = moved_to(closed)
        if number_key is None:
            raise ServiceUnavailableError("The record of a number cannot be read.")
        with suppress(ConditionFailedError):  # it is there already, and may have changed since
            self._table.put_new(successor(closed, number_key=number_key))
        return number_key

    def follow[T](self, number_key: str, write: Callable[[str], T]) -> T:
        """Make a write on the number's record under this key, or wherever the record has moved.

        Raises ConditionFailedError where the write is refused for another reason.
        """
        for _ in range(LONGEST_TRAIL):
            try:
                return write(number_key)
            except ConditionFailedError as error:
                closed = next((item for item in error.items if moved_to(item) is not None), None)
                if closed is None:
                    raise
                number_key = self._successor(closed)
        raise ServiceUnavailableError("The records of a number lead in a circle.")

    def slot(self, number_key: str, *, slot: str) -> Slot | None:
        """A consistent GetItem."""
        item = self._table.get(number_pk(number_key))
        for _ in range(LONGEST_TRAIL):
            onward = moved_to(item)
            if onward is None:
                break
            # Without its successor, a closed record is what is known of the number.
            item = self._table.get(number_pk(onward)) or {
                name: value for name, value in (item or {}).items() if name != "moved_to"
            }
        return read_slot(item, slot=slot)

    def record_failure(self, number_key: str, *, now: int) -> None:
        """One UpdateItem."""
        with suppress(ConditionFailedError):  # the record is gone, and with it whatever could be guessed at
            self.follow(
                number_key, lambda key: self._table.update(failure_update(key, now=now), returned="ALL_NEW")
            )

    def release(self, release: Release) -> bool:
        """One UpdateItem."""
        try:
            self.follow(
                release.claim.number_key,
                lambda key: self._table.update(release_update(release.on(key)), returned="ALL_NEW"),
            )
        except ConditionFailedError:
            return False
        return True


def _elsewhere(claim: NumberClaim, *, asked: str) -> str | None:
    return claim.number_key if claim.number_key != asked else None
