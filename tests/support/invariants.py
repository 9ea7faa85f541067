"""What must hold whatever happens, as sentences about what is stored and what was answered.

Nothing here knows how the service works, only what it promises. `tests/support/witness.py`
asks it after everything that happens.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from countersign.client import Client
from countersign.errors import (
    CanceledError,
    CountersignError,
    ServiceUnavailableError,
    UndeliverableError,
)
from countersign.model import Custody, Delivery, Status, Verification
from countersign.policy import Limit
from countersign.service.wish import Started
from tests.support.books import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a client got: what it asked for, a refusal, or (the function died) nothing."""

    started: Started | None = None
    verification: Verification | None = None
    refusal: CountersignError | None = None

    @property
    def word(self) -> str:
        """The answer in one word, to be compared."""
        if self.refusal is not None:
            return type(self.refusal).__name__
        if self.verification is None:
            return "died"
        return f"{self.verification.stored_status} {self.verification.delivery}"


@dataclass(slots=True)
class Holder:
    """A verification that has or had a slot. `shaken`: something went wrong while it had."""

    id: str
    shaken: bool


def intent_precedes(
    books: Books,
    stored: Verification,
    *,
    provider: str,
    custody: Custody,
    code_hash: str,
    keyed: bool,
    now: int,
) -> None:
    """The vendor that is about to send can be found by a check, whatever happens from here on."""
    assert stored.delivery is Delivery.SENDING, "a vendor is called without an intent"
    assert stored.custody is custody, "the intent says that somebody else holds the code"
    assert stored.code == code_hash, "the intent is for another code"
    if custody is Custody.VENDOR:
        assert stored.provider == provider, "the intent is for another vendor"
    if custody is Custody.VENDOR and keyed:
        lock = books.locks.get((stored.number_key, provider))
        assert lock is not None, "a vendor of one code per number is called without its lock"
        assert lock.slot == stored.slot, "the vendor's lock is somebody else's"
        assert lock.until > max(now, stored.expires_at), "the vendor's lock ends before the code"


def addresses_hold(books: Books, *, limit: Limit) -> None:
    """No source address has had more texts than it may, in any window."""
    for charges in books.charges.values():
        for last in charges:
            lately = sum(last - limit.seconds < at <= last for at in charges)
            assert lately <= limit.count, f"an address had {lately} texts in {limit.seconds} s"


def numbers_hold(books: Books, *, but: Books, limits: tuple[Limit, ...]) -> None:
    """A number whose debits have grown has no more of them than its limits, in any window."""
    for key, debits in books.debits.items():
        earlier = but.debits.get(key, ())
        if debits == earlier or len(debits) < len(earlier):
            continue
        last = max(debits)
        for limit in limits:
            lately = sum(at > last - limit.seconds for at in debits)
            assert lately <= limit.count, f"a number had {lately} texts in {limit.seconds} s"


def one_code_lives(
    books: Books, *, now: int, holders: Mapping[str, Sequence[Holder]], but: Container[str]
) -> None:
    """Of a client, a number and a purpose. `holders`: of each slot, one after the other.

    The documented exception: a slot remembers one predecessor, so that it stands one start that met
    a fault between claim and intent, not two, before the next one that succeeds.
    """
    for slot, held_by in holders.items():
        live = [
            one.id
            for one in books.verifications.values()
            if one.slot == slot and one.status(now)[0] is Status.PENDING and one.id not in but
        ]
        known = [id_ for id_ in live if not _is_forgotten(id_, holders=held_by, books=books)]
        assert len(known) <= 1, "two codes of one number live at once"


def _is_forgotten(id_: str, *, holders: Sequence[Holder], books: Books) -> bool:
    """Two starts after it met a fault."""
    later: list[Holder] = []
    for holder in reversed(holders):
        if holder.id == id_:
            break
        later.append(holder)
    return sum(holder.shaken or holder.id not in books.verifications for holder in later) >= 2


def total_debits(books: Books) -> int:
    """Of all numbers."""
    return sum(map(len, books.debits.values()))


def may_debit_for_nothing(answer: Answer, *, by: Client) -> bool:
    """Debits = accepted + unknown, with these exceptions: each is one debit too many, never one too few.

    The function died or the store failed between claim and answer; a newer start overtook
    this one and has the slot; a vendor refused a send that was guessed at; nobody took a
    resend; a start was repeated in the very second in which another one died, where no
    cooldown keeps them apart. A fault brings another one, where a claim is repeated that no
    cooldown is in the way of.
    """
    match answer.refusal:
        case None if answer.started is not None:
            return answer.started.replayed and by.policy.cooldown_seconds == 0
        case None:
            return answer.verification is None
        case ServiceUnavailableError() | CanceledError():
            return True
        case UndeliverableError(verification=Verification() as about):
            is_a_resend = about.stored_status is Status.PENDING
            return is_a_resend or about.attempts > 0
        case _:
            return False
