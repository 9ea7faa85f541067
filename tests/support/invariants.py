"""What must hold whatever happens, asserted from the vendors' and the table's side.

A `Witness` stands beside the code under test. It is told of every call that reaches a
vendor, runs what clients do, and looks at what is stored after each of it. It knows
nothing of how the service works, only what it promises.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from countersign.client import Client
from countersign.clock import Clock
from countersign.codes import Keys
from countersign.errors import (
    CanceledError,
    CountersignError,
    GuessLimitError,
    ServiceUnavailableError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Custody, Delivery, Reason, SendOrder, Status, Verification
from countersign.policy import TTL_SECONDS, Limit
from countersign.service.wish import Started
from tests.support.books import Books
from tests.support.builders import PEPPER, client
from tests.support.providers import DiedError, Order, ScriptedProvider

type Text = tuple[str, int]  # a verification's id and the number of the send


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


class Witness:
    """Sees what vendors and the table see; every method raises AssertionError where a promise is broken."""

    def __init__(
        self,
        read: Callable[[], Books],
        *,
        clock: Clock,
        keys: Callable[[], Keys],
        sent: Callable[[], Sequence[Text]],
    ) -> None:
        """`sent`: what vendors took, or may have taken, so far."""
        self._read = read
        self._clock = clock
        self._keys = keys
        self._sent = sent
        self._seen: dict[str, tuple[Status, Reason | None]] = {}
        self._approved: Counter[str] = Counter()
        self._answered: Counter[str] = Counter()
        self._wrong: list[tuple[str, int]] = []  # number and time of every wrong code that was answered
        self._texts_of_key: dict[tuple[str, str], set[Text]] = {}
        self._uncounted = 0  # a known limit, see `sees`
        self._holders: dict[str, list[Holder]] = {}  # of each slot, one after the other
        self.hidden = {PEPPER}  # what may stand nowhere

    def watch(self, vendor: ScriptedProvider) -> None:
        """Be told of every call that reaches a vendor."""
        vendor.watchers.append(self._vendor_is_called)

    # What clients do --------------------------------------------------------------------------

    def sees(
        self,
        act: Callable[[], Started | Verification],
        *,
        by: Client | None = None,
        key: str | None = None,
        faulty: bool = False,
    ) -> Answer:
        """Whatever a client does but a check. `faulty`: something goes wrong meanwhile; `key`: its own.

        A known limit: a start that is refused for want of guesses undoes its claim, also where its
        twin goes on with that claim at the very moment (a resumed start is granted the guesses that
        were promised to the code it replaces). The twin's text is then not counted.
        """
        caller = by or client()
        before, texts = self._read(), set(self._sent())
        answer = self._asked(act)
        after, new = self._read(), set(self._sent()) - texts
        if faulty and isinstance(answer.refusal, GuessLimitError):
            self._uncounted += len(new)
        excused = faulty + _may_debit_for_nothing(answer, by=caller)
        assert _total(after) - _total(before) <= len(new) + excused, "a debit without a text"
        self._limits_hold(before, after, limits=caller.policy.send_limits)
        if key is not None:
            of_key = self._texts_of_key.setdefault((caller.id, key), set())
            of_key.update(new)
            assert len(of_key) <= 1, "two texts for one Idempotency-Key"
        self._look(after, faulty=faulty)
        return answer

    def checks(self, act: Callable[[], Verification], *, by: Client | None = None) -> Answer:
        """A code is typed."""
        texts = len(self._sent())
        answer = self._asked(act)
        assert len(self._sent()) == texts, "a check sent something"
        self._note_guess(answer, limits=(by or client()).policy.failure_limits)
        self.look()
        return answer

    def _asked(self, act: Callable[[], Started | Verification]) -> Answer:
        try:
            result = act()
        except DiedError:
            return Answer()
        except CountersignError as refusal:
            assert refusal.status >= 400, "a refusal that is none"
            if isinstance(refusal, ServiceUnavailableError):
                assert (refusal.retry_after_seconds or 1) >= 1
            return Answer(refusal=refusal)
        if isinstance(result, Started):
            return Answer(started=result, verification=result.verification)
        return Answer(verification=result)

    def _note_guess(self, answer: Answer, *, limits: tuple[Limit, ...]) -> None:
        now = self._clock.now()
        if isinstance(answer.refusal, WrongCodeError) and answer.refusal.verification is not None:
            about = answer.refusal.verification
            self._answered[about.id] += 1
            self._wrong.append((about.number_key, now))
            for limit in limits:
                lately = [
                    at for key, at in self._wrong if key == about.number_key and at > now - limit.seconds
                ]
                assert len(lately) <= limit.count, "more wrong codes were answered than a number may take"
        elif answer.verification is not None:
            about = answer.verification
            assert about.status(now) == (Status.APPROVED, Reason.CORRECT_CODE)
            self._approved[about.id] += 1
            self._answered[about.id] += 1

    # What vendors see -------------------------------------------------------------------------

    def _vendor_is_called(self, vendor: ScriptedProvider, order: Order) -> None:
        books = self._read()
        stored = books.verifications.get(order.verification_id)
        assert stored is not None, "a vendor was called before anything was stored"
        if not isinstance(order, SendOrder):
            self.hidden.add(order.phone_e164.reveal())
            assert stored.attempts >= 1, "a vendor checks a code that is not counted"
            return
        self.hidden.add(order.phone.e164.reveal())
        code_hash = ""
        if order.code is not None:
            self.hidden.add(order.code.reveal())
            code_hash = self._keys().code_hash(stored.client_id, verification_id=stored.id, code=order.code)
        assert stored.sends >= order.send_number, "the intent is an earlier send's"
        if stored.sends > order.send_number:
            return  # there was one, until a later resend overtook this one: without a cooldown, it may
        intent_precedes(
            books,
            stored,
            provider=vendor.name,
            custody=order.custody,
            code_hash=code_hash,
            keyed=vendor.keyed_by_phone,
            now=self._clock.now(),
        )

    # What is stored ---------------------------------------------------------------------------

    def look(self) -> Books:
        """Everything that must hold at any time."""
        return self._look(self._read())

    def _look(self, books: Books, *, faulty: bool = False) -> Books:
        now = self._clock.now()
        texts = Counter(self._sent())
        assert all(count == 1 for count in texts.values()), "a send was made twice"
        for key, debits in books.debits.items():
            taken = [id_ for id_, _ in texts if books.verifications[id_].number_key == key]
            assert len(taken) <= len(debits) + self._uncounted, "a text was not counted"
        for one in books.verifications.values():
            self._look_at(one, now=now)
        self._one_code_lives(books, now=now, faulty=faulty)
        return books

    def _one_code_lives(self, books: Books, *, now: int, faulty: bool) -> None:
        """Of a client, a number and a purpose.

        The documented exception: a slot remembers one predecessor, so that it stands one start that met
        a fault between claim and intent, not two, before the next one that succeeds.
        """
        for (_, slot), held in books.slots.items():
            holders = self._holders.setdefault(slot, [])
            if not holders or holders[-1].id != held.verification_id:
                holders.append(Holder(held.verification_id, shaken=False))
            holders[-1].shaken |= faulty
        for slot, holders in self._holders.items():
            live = [
                one.id
                for one in books.verifications.values()
                if one.slot == slot and one.status(now)[0] is Status.PENDING
            ]
            known = [id_ for id_ in live if not _is_forgotten(id_, holders=holders, books=books)]
            assert len(known) <= 1, "two codes of one number live at once"

    def _look_at(self, one: Verification, *, now: int) -> None:
        status, reason = one.status(now)
        before = self._seen.get(one.id, (Status.PENDING, None))
        if before[0] is not Status.PENDING:
            assert (status, reason) == before, f"{one.id} went from {before[0]} to {status}"
        self._seen[one.id] = status, reason
        assert self._approved[one.id] <= 1, "a code was good twice"
        assert not self._approved[one.id] or status is Status.APPROVED, "an approval was forgotten"
        assert self._answered[one.id] <= one.attempts_max, "more guesses were answered than allowed"
        assert 0 <= one.checking <= one.attempts <= one.attempts_max
        assert 1 <= one.sends <= one.sends_max
        assert one.expires_at <= now + TTL_SECONDS.high
        assert one.status(one.expires_at)[0] is not Status.PENDING, "a verification outlives its code"

    def leaks(self, *told: object) -> None:
        """No code, secret or whole number is stored, or among what was told."""
        text = repr(told) + self._read().dump
        for hidden in self.hidden:
            alone = rf"(?<![0-9A-Za-z]){re.escape(hidden)}(?![0-9A-Za-z])"
            assert re.search(alone, text) is None, "a secret stands where it may not"

    def is_over(self) -> None:
        """Call it when all codes have expired."""
        for one in self.look().verifications.values():
            assert one.status(self._clock.now())[0] is not Status.PENDING, "a verification has no end"

    def _limits_hold(self, before: Books, after: Books, *, limits: tuple[Limit, ...]) -> None:
        for key, debits in after.debits.items():
            if debits == before.debits.get(key, ()) or len(debits) < len(before.debits.get(key, ())):
                continue
            last = max(debits)
            for limit in limits:
                lately = sum(at > last - limit.seconds for at in debits)
                assert lately <= limit.count, f"a number had {lately} texts in {limit.seconds} s"


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


def _is_forgotten(id_: str, *, holders: list[Holder], books: Books) -> bool:
    """Two starts after it met a fault."""
    ids = [holder.id for holder in holders]
    if id_ not in ids:
        return False
    later = holders[len(ids) - ids[::-1].index(id_) :]
    return sum(holder.shaken or holder.id not in books.verifications for holder in later) >= 2


def _total(books: Books) -> int:
    return sum(map(len, books.debits.values()))


def _may_debit_for_nothing(answer: Answer, *, by: Client) -> bool:
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
