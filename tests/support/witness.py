"""Stands beside the code under test and asks of everything that happens whether a promise is broken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from countersign.client import Client
from countersign.clock import Clock
from countersign.codes import Keys
from countersign.errors import CountersignError, GuessLimitError, ServiceUnavailableError, WrongCodeError
from countersign.model import Reason, Status, Verification
from countersign.orders import SendOrder
from countersign.policy import TTL_SECONDS, Limit
from countersign.service.wish import Started
from tests.support.books import Books
from tests.support.builders import PEPPER, client
from tests.support.invariants import (
    Answer,
    Holder,
    intent_precedes,
    may_debit_for_nothing,
    numbers_hold,
    one_code_lives,
    total_debits,
)
from tests.support.providers import DiedError, Order, ScriptedProvider

REMEMBERED_FAILURES = 25  # a number's record holds no more

type Text = tuple[str, int]  # a verification's id and the number of the send


class Witness:
    """Is told of every call that reaches a vendor, runs what clients do, and looks at what is stored.

    Every method raises AssertionError where a promise is broken.
    """

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
        self._known: set[Text] = set()  # texts whose sender is known
        self._debited = 0  # debits whose cause is known
        self._strays: set[str] = set()  # a known limit, see `sees`
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
        disturbed: bool = False,
    ) -> Answer:
        """Whatever a client does but a check. `key`: its own.

        `faulty`: something goes wrong meanwhile; `disturbed`: somebody else does something.

        A known limit: a start that is refused for want of guesses undoes its claim, also where its
        twin goes on with that claim at the very moment (a resumed start is granted the guesses that
        were promised to the code it replaces). The twin's text is then not counted, and it has no slot.
        """
        caller = by or client()
        before, sent, debited = self._read(), set(self._sent()), self._debited
        answer = self._asked(act)
        after, new = self._read(), set(self._sent()) - sent
        if (faulty or disturbed) and isinstance(answer.refusal, GuessLimitError):
            self._strays |= {id_ for id_, _ in new}
        new -= self._known  # those of whoever did something meanwhile
        debits = total_debits(after) - total_debits(before) - (self._debited - debited)
        self._known |= new
        self._debited += debits
        excused = len(self._strays) + faulty + disturbed + may_debit_for_nothing(answer, by=caller)
        assert debits <= len(new) + excused, "a debit without a text"
        if debits > 0:
            numbers_hold(after, but=before, limits=caller.policy.send_limits)
        if key is not None:
            of_key = self._texts_of_key.setdefault((caller.id, key), set())
            of_key.update(new)
            assert len(of_key) <= 1, "two texts for one Idempotency-Key"
        self._look(after, faulty=faulty)
        return answer

    def checks(self, act: Callable[[], Verification], *, by: Client | None = None) -> Answer:
        """A code is typed."""
        sent = set(self._sent())
        answer = self._asked(act)
        assert set(self._sent()) - sent <= self._known, "a check sent something"
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
                assert (refusal.retry_after_seconds or 1) >= 1, "come back at once"
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
            assert about.status(now) == (Status.APPROVED, Reason.CORRECT_CODE), "approved, and it is not"
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
        self.hidden |= {order.phone.e164.reveal(), order.phone.e164.reveal()[1:]}
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
            assert len(taken) <= len(debits) + len(self._strays), "a text was not counted"
        for key, wrong in Counter(key for key, _ in self._wrong).items():
            counted = len(books.failures.get(key, ()))
            assert counted >= min(wrong, REMEMBERED_FAILURES), "a wrong code was answered and not counted"
        for one in books.verifications.values():
            self._look_at(one, now=now)
        self._note_holders(books, faulty=faulty)
        one_code_lives(books, now=now, holders=self._holders, but=self._strays)
        return books

    def _note_holders(self, books: Books, *, faulty: bool) -> None:
        for (_, slot), held in books.slots.items():
            holders = self._holders.setdefault(slot, [])
            if not holders or holders[-1].id != held.verification_id:
                holders.append(Holder(held.verification_id, shaken=False))
            holders[-1].shaken |= faulty

    def _look_at(self, one: Verification, *, now: int) -> None:
        status, reason = one.status(now)
        before = self._seen.get(one.id, (Status.PENDING, None))
        in_one_second = one.superseded_at is not None and one.superseded_at == one.checked_at
        if before[0] is not Status.PENDING and not (
            in_one_second and Status.APPROVED not in {before[0], status}
        ):
            # Which of two ends in one second came first cannot be told, and neither is an approval.
            assert (status, reason) == before, f"{one.id} went from {before[0]} to {status}"
        self._seen[one.id] = status, reason
        assert self._approved[one.id] <= 1, "a code was good twice"
        assert not self._approved[one.id] or status is Status.APPROVED, "an approval was forgotten"
        assert self._answered[one.id] <= one.attempts_max, "more guesses were answered than allowed"
        assert 0 <= one.checking <= one.attempts <= one.attempts_max, "attempts are out of bounds"
        assert 1 <= one.sends <= one.sends_max, "sends are out of bounds"
        assert one.expires_at <= now + TTL_SECONDS.high, "a code lives too long"
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
