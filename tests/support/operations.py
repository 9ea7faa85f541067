"""What clients do, each operation in every shape that takes other steps; and a client that does not give up.

The harnesses run an operation once to see its steps, and then again and again with a fault
at one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from countersign.errors import AlreadyApprovedError
from countersign.model import Verdict, Verification
from countersign.ports import Store
from tests.support.books import Books, memory_books
from tests.support.builders import client
from tests.support.invariants import Answer, addresses_hold
from tests.support.person import Person
from tests.support.providers import REFUSED
from tests.support.witness import Text, Witness
from tests.support.world import GATEWAY, VENDOR, World

STRANGER = "198.51.100.7"  # an address that no client trusts
TO_VENDORS_CODE = ("one:gateway", "two:vendor", "three:gateway")
TO_KEYED = ("one:gateway", "keyed:vendor", "three:gateway")
KEYED_FIRST = ("keyed:vendor", "two:gateway")
COOLDOWN_SECONDS = 60
PATIENCE = 6  # how often a client tries before something is lost


class Case:
    """One world in which an operation is run, with everybody who takes part."""

    def __init__(
        self,
        operation: Operation,
        *,
        store: Store | None = None,
        read: Callable[[World], Books] = lambda world: memory_books(world.memory),
    ) -> None:
        self.operation = operation
        self.world = World(route=operation.route, store=store)
        self.person = Person(self.world)
        self.id = ""  # of the verification that the operation is about
        self.witness = Witness(
            lambda: read(self.world),
            clock=self.world.clock,
            keys=lambda: self.world.peppers.ring().current,
            sent=lambda: self.sent,
        )
        for vendor in self.world.vendors:
            self.witness.watch(vendor)
        operation.prepare(self)

    @property
    def sent(self) -> list[Text]:
        """What vendors took, or may have taken."""
        return [text for vendor in self.world.vendors for text in vendor.sent]

    def run(self, *, faulty: bool = False) -> Answer:
        """The operation, as the client asks for it."""
        return self.operation.run(self, faulty)

    def wait(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    # The words that operations are made of ------------------------------------------------------

    def start(
        self,
        *,
        key: str | None = "order-17",
        faulty: bool = False,
        alone: bool = False,
        source: str | None = None,
    ) -> Answer:
        return self.witness.sees(
            lambda: self.world.start(key=key, one_at_a_time=alone, source=source),
            key=key and f"start {key}",
            faulty=faulty,
        )

    def resend(self, *, key: str | None = None, faulty: bool = False) -> Answer:
        return self.witness.sees(
            lambda: self.world.resend(self.id, key=key),
            key=key and f"resend {self.id} {key}",
            faulty=faulty,
        )

    def cancel(self) -> Answer:
        return self.witness.sees(lambda: self.world.cancel(self.id))

    def check(self, code: str | None = None, *, latest: bool = False) -> Answer:
        """Type a code, by default the right one."""
        typed = code or self.person.newest(self.id) or "000000"
        if latest:
            return self.witness.checks(lambda: self.world.check_latest(typed))
        return self.witness.checks(lambda: self.world.check(self.id, typed))

    def started(self, *, alone: bool = False) -> None:
        """A verification that the operation is about."""
        self.id = self._made(self.start(key=None, alone=alone)).id

    def refuse(self, *names: str) -> None:
        """Let the next send of these vendors be refused."""
        for vendor in self.world.vendors:
            if vendor.name in names:
                vendor.will(REFUSED)

    # How it must end ----------------------------------------------------------------------------

    def insist(self) -> Verification:
        """A client that follows our answers gets what it wants, and its user in: once."""
        retry = self.operation.retry
        if retry is not None:
            for again in range(PATIENCE):
                answer = retry(self, again)
                if answer.verification is not None:
                    break
                self._wait_as_told(answer)
            self.id = self._made(answer).id
        return self._gets_in()

    def _gets_in(self) -> Verification:
        for _ in range(PATIENCE):
            answer = self.check()
            if answer.verification is not None:
                assert isinstance(self.check().refusal, AlreadyApprovedError)
                return answer.verification
            if isinstance(answer.refusal, AlreadyApprovedError):
                assert self.operation.retry is None, "approved, and nobody was told"
                return self.world.read(self.id)
            self._new_text()
        raise AssertionError("a verification is lost: no text is right")

    def _new_text(self) -> None:
        """No text has come, or its code is spent at the vendor: another one, after the cooldown."""
        for _ in range(PATIENCE):
            answer = self.resend()
            if answer.verification is not None:
                return
            self._wait_as_told(answer)
        raise AssertionError(f"a verification is lost: {answer.word} at every resend")

    def _wait_as_told(self, answer: Answer) -> None:
        if answer.refusal is not None:
            self.wait(answer.refusal.retry_after_seconds or 0)

    def _made(self, answer: Answer) -> Verification:
        assert answer.verification is not None, f"a verification is lost: {answer.word}"
        return answer.verification

    def end(self) -> None:
        """What must hold when everything is over."""
        addresses_hold(self.witness.look(), limit=client().policy.address_limit)
        self.witness.leaks(self.world.telemetry.outcomes, self.world.telemetry.warnings)
        self.wait(601)
        self.witness.is_over()
        if self.person.newest(self.id) is not None:
            assert self.check().verification is None, "a code is good after its end"


def _start_again(case: Case, again: int) -> Answer:
    """With the same key; once it is clear that this one came to nothing, with another."""
    return case.start(key="order-17" if again < 3 else "order-18")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`run` is what meets the fault, `retry` what the client does then, until it is answered."""

    name: str
    run: Callable[[Case, bool], Answer]
    prepare: Callable[[Case], object] = lambda _case: None
    retry: Callable[[Case, int], Answer] | None = _start_again  # None: it is a check
    route: tuple[str, ...] = GATEWAY

    def __str__(self) -> str:
        return self.name


def _before_a_later_start(case: Case) -> None:
    case.started()
    case.wait(COOLDOWN_SECONDS)


def _before_the_only_one(case: Case) -> None:
    """One at a time, where the one before has ended early."""
    case.started(alone=True)
    case.cancel()
    case.wait(COOLDOWN_SECONDS)


def _before_a_resend(case: Case) -> None:
    case.started()
    case.wait(COOLDOWN_SECONDS)


def _before_a_resend_that_nobody_takes(case: Case) -> None:
    _before_a_resend(case)
    case.refuse("one", "two", "three")


def _unanswered(case: Case) -> None:
    """The vendor that has the code is in trouble for the next check."""
    case.started()
    case.world.one.will_say(Verdict.UNKNOWN)


def _start(name: str, *, refused: tuple[str, ...] = (), route: tuple[str, ...] = GATEWAY) -> Operation:
    """A start with a key, which these vendors refuse."""
    return Operation(
        name=name,
        route=route,
        prepare=lambda case: case.refuse(*refused),
        run=lambda case, faulty: case.start(faulty=faulty),
    )


def _check(
    name: str,
    run: Callable[[Case, bool], Answer],
    *,
    prepare: Callable[[Case], object] = Case.started,
    route: tuple[str, ...] = GATEWAY,
) -> Operation:
    return Operation(name=name, prepare=prepare, run=run, retry=None, route=route)


OPERATIONS = (
    _start("start"),
    _start("start at a vendor with one code per number", route=KEYED_FIRST),
    _start("start that goes on to a vendor's code", refused=("one",), route=TO_VENDORS_CODE),
    _start("start that goes on to a vendor with one code per number", refused=("one",), route=TO_KEYED),
    _start("start that nobody takes", refused=("one", "two", "three")),
    Operation(
        name="start without a key",
        run=lambda case, faulty: case.start(key=None, faulty=faulty),
        retry=lambda case, _: case.start(key=None),
    ),
    Operation(
        name="start over a live one",
        prepare=_before_a_later_start,
        run=lambda case, faulty: case.start(faulty=faulty),
    ),
    Operation(
        name="start one at a time",
        prepare=_before_the_only_one,
        run=lambda case, faulty: case.start(key=None, faulty=faulty, alone=True),
        retry=lambda case, _: case.start(key=None, alone=True),
    ),
    Operation(
        name="start from a limited address",
        run=lambda case, faulty: case.start(faulty=faulty, source=STRANGER),
        retry=lambda case, _: case.start(source=STRANGER),
    ),
    Operation(
        name="start again with the same key",
        prepare=lambda case: case.start(),
        run=lambda case, faulty: case.start(faulty=faulty),
    ),
    Operation(
        name="resend",
        prepare=_before_a_resend,
        run=lambda case, faulty: case.resend(key="click-1", faulty=faulty),
        retry=lambda case, _: case.resend(key="click-1"),
    ),
    Operation(
        name="resend of a vendor's code",
        route=VENDOR,
        prepare=_before_a_resend,
        run=lambda case, faulty: case.resend(key="click-1", faulty=faulty),
        retry=lambda case, _: case.resend(key="click-1"),
    ),
    Operation(
        name="resend that nobody takes",
        prepare=_before_a_resend_that_nobody_takes,
        run=lambda case, faulty: case.resend(faulty=faulty),
        retry=lambda case, _: case.resend(),
    ),
    _check("check of the right code", lambda case, _: case.check()),
    _check("check of a wrong code", lambda case, _: case.check(case.person.wrong(case.id))),
    _check("check of the newest", lambda case, _: case.check(latest=True)),
    _check("check at the vendor, right", lambda case, _: case.check(), route=VENDOR),
    _check(
        "check at the vendor, wrong", lambda case, _: case.check(case.person.wrong(case.id)), route=VENDOR
    ),
    _check("check at the vendor, unknown", lambda case, _: case.check(), prepare=_unanswered, route=VENDOR),
)
CANCEL = Operation(
    name="cancel",
    prepare=Case.started,
    run=lambda case, _: case.cancel(),
    retry=lambda case, _: case.cancel(),
)
