"""The invariants can fail: each of them is shown a promise that is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from countersign.errors import WrongCodeError
from countersign.model import Custody, Delivery, Status, Verification
from countersign.policy import Limit
from tests.support.books import memory_books
from tests.support.builders import client
from tests.support.invariants import addresses_hold
from tests.support.operations import CANCEL, STRANGER, Case, Operation
from tests.support.providers import ACCEPTED, REFUSED
from tests.support.rows import Row
from tests.support.world import VENDOR

KEYED = replace(CANCEL, route=("keyed:vendor",))
AT_A_VENDOR = replace(CANCEL, route=VENDOR)


def started(operation: Operation = CANCEL) -> Case:
    """A world with a verification that a vendor has just taken."""
    return Case(operation)


def row(case: Case) -> Row:
    return case.world.memory._rows["demo", case.id]


def rewrite(case: Case, **changes: object) -> None:
    """What is stored becomes something else, behind the service's back."""
    stored = row(case).verification
    assert stored is not None
    row(case).verification = replace(stored, **changes)  # type: ignore[arg-type]


def forget(case: Case) -> None:
    case.world.memory.forget()


def call_again(case: Case) -> None:
    """A vendor is called once more, as somebody does who has no right to."""
    vendor = next(vendor for vendor in case.world.vendors if vendor.orders)
    vendor.send(vendor.orders[-1], deadline=case.world.deadline(20))


def _send_without_a_lock(case: Case) -> None:
    rewrite(case, delivery=Delivery.SENDING)
    case.world.memory._locks.clear()


AT_A_VENDORS_CALL: dict[str, tuple[Operation, Callable[[Case], object], str]] = {
    "nothing is stored": (CANCEL, forget, "before anything was stored"),
    "it is over": (CANCEL, lambda case: None, "without an intent"),
    "the intent is an older one's": (
        CANCEL,
        lambda case: rewrite(case, delivery=Delivery.SENDING, sends=0),
        "an earlier send's",
    ),
    "somebody else holds the code": (
        CANCEL,
        lambda case: rewrite(case, delivery=Delivery.SENDING, custody=Custody.VENDOR),
        "somebody else holds",
    ),
    "another code": (
        CANCEL,
        lambda case: rewrite(case, delivery=Delivery.SENDING, code="another"),
        "another code",
    ),
    "another vendor": (
        AT_A_VENDOR,
        lambda case: rewrite(case, delivery=Delivery.SENDING, provider="two"),
        "another vendor",
    ),
    "no lock": (
        KEYED,
        _send_without_a_lock,
        "without its lock",
    ),
    "a lock that ends too early": (
        KEYED,
        lambda case: rewrite(case, delivery=Delivery.SENDING, expires_at=case.world.clock.now() + 599),
        "ends before the code",
    ),
}


@pytest.mark.parametrize("name", AT_A_VENDORS_CALL)
def test_a_vendor_is_not_called_without_its_intent(name: str) -> None:
    operation, breaks, told = AT_A_VENDORS_CALL[name]
    case = started(operation)
    breaks(case)
    with pytest.raises(AssertionError, match=told):
        call_again(case)


def _debits_of(case: Case) -> list[int]:
    [debits] = case.world.memory._sent.values()
    return debits


def _two_live(case: Case) -> None:
    stored = row(case).verification
    assert stored is not None
    other = replace(stored, id="another")
    case.world.memory._rows["demo", "another"] = Row(other)


def _approve_and_forget(case: Case) -> None:
    case.check()
    rewrite(case, guess="-")


def _cancel_and_go_back(case: Case) -> None:
    case.cancel()
    rewrite(case, stored_status=Status.PENDING)


def _answer_wrong_without_counting(case: Case) -> None:
    case.check(case.person.wrong(case.id))
    case.world.memory._failed.clear()


AT_ANY_LOOK: dict[str, tuple[Callable[[Case], object], str]] = {
    "a send twice": (lambda case: case.world.one.sent.append(case.world.one.sent[0]), "made twice"),
    "a text that is not counted": (lambda case: _debits_of(case).clear(), "was not counted"),
    "a wrong code that is not counted": (_answer_wrong_without_counting, "answered and not counted"),
    "two live codes": (_two_live, "two codes of one number"),
    "an approval that is forgotten": (_approve_and_forget, "went from approved"),
    "a status that goes back": (_cancel_and_go_back, "went from canceled"),
    "more attempts than allowed": (lambda case: rewrite(case, attempts=6), "attempts are out"),
    "fewer attempts than none": (lambda case: rewrite(case, attempts=-1), "attempts are out"),
    "more sends than allowed": (lambda case: rewrite(case, sends=6), "sends are out"),
    "a life without end": (
        lambda case: rewrite(case, expires_at=case.world.clock.now() + 601),
        "lives too long",
    ),
}


@pytest.mark.parametrize("name", AT_ANY_LOOK)
def test_what_is_stored_keeps_the_promises(name: str) -> None:
    breaks, told = AT_ANY_LOOK[name]
    case = started()
    case.witness.look()
    breaks(case)
    with pytest.raises(AssertionError, match=told):
        case.witness.look()


def test_a_code_is_not_good_twice() -> None:
    case = started()
    case.check()
    with pytest.raises(AssertionError, match="good twice"):
        case.witness.checks(lambda: case.world.read(case.id))


def test_no_more_guesses_are_answered_than_allowed() -> None:
    case = started()
    stored = case.world.read(case.id)

    def answer() -> Verification:
        case.world.memory.record_failure(stored.number_key, now=case.world.clock.now())
        raise WrongCodeError(verification=stored)

    for _ in range(5):
        case.witness.checks(answer)
    with pytest.raises(AssertionError, match="more guesses"):
        case.witness.checks(answer)
    with pytest.raises(AssertionError, match="than a number may take"):
        case.witness.checks(answer, by=client(failures_per_hour=6))


def test_what_is_raised_is_a_refusal() -> None:
    case = started()
    with pytest.raises(ZeroDivisionError):
        case.witness.checks(lambda: case.world.check(case.id, str(1 // 0)))


def test_a_key_gets_one_text() -> None:
    case = started()
    case.world.clock.advance(60)
    case.start(key="order-17")
    case.wait(60)
    with pytest.raises(AssertionError, match="one Idempotency-Key"):
        case.witness.sees(lambda: case.world.start(key="order-18"), key="start order-17")


def test_a_debit_has_its_text() -> None:
    case = started()
    case.world.clock.advance(60)
    for vendor in case.world.vendors:
        vendor.will(REFUSED)
    case.world.one.sends.clear()
    case.world.one.will(ACCEPTED, meanwhile=lambda: _debits_of(case).append(case.world.clock.now()))
    with pytest.raises(AssertionError, match="debit without a text"):
        case.start()


def test_a_number_has_its_limit() -> None:
    case = started()
    case.world.clock.advance(60)
    with pytest.raises(AssertionError, match="a number had 2 texts"):
        case.witness.sees(case.world.start, by=client(sends_per_10_minutes=1))


def test_an_address_has_its_limit() -> None:
    case = started()
    case.world.clock.advance(60)
    case.start(source=STRANGER)
    books = memory_books(case.world.memory)
    addresses_hold(books, limit=Limit(1, 60))
    with pytest.raises(AssertionError, match="an address had 1 texts"):
        addresses_hold(books, limit=Limit(0, 60))


@pytest.mark.parametrize("what", ["code", "number", "digits"])
@pytest.mark.parametrize("where", ["told", "stored"])
def test_a_secret_is_found_wherever_it_stands(what: str, where: str) -> None:
    case = started()
    code = case.person.newest(case.id)
    assert code is not None
    secret = {"code": code, "number": "+84901888484", "digits": "84901888484"}[what]
    case.witness.leaks()
    if where == "stored":
        rewrite(case, reference=secret)
    with pytest.raises(AssertionError, match="a secret stands"):
        case.witness.leaks({"cause": secret} if where == "told" else None)


def test_what_has_no_end_is_seen_at_the_end() -> None:
    case = started()
    with pytest.raises(AssertionError, match="has no end"):
        case.witness.is_over()
