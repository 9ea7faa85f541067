"""Whatever clients, users, vendors, counters and faults do: what the service promises is kept.

What that is stands in tests/support/invariants.py; here it is asked after every step of
stories that Hypothesis makes up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from countersign.client import Client
from countersign.errors import VendorUnavailableError
from countersign.model import Custody, ResendMode, Status, Verdict, Verification
from countersign.orders import SendResult
from countersign.service.wish import Started
from countersign.sources import account_of
from countersign.usage import HOUR, TEN_MINUTES, Gauge, Scope
from tests.support.books import memory_books
from tests.support.builders import client
from tests.support.invariants import Answer, addresses_hold
from tests.support.person import Person
from tests.support.providers import ACCEPTED, BLOCKED, DOWN, HANGS, REFUSED, UNKNOWN
from tests.support.steps import Fault, Steps
from tests.support.witness import Witness
from tests.support.world import World, another

ROUTES = {
    "default": {"*": {"*": ["one:gateway", "keyed:vendor", "two:gateway", "three:vendor"]}},
    "vendors": {"*": {"*": ["keyed:vendor", "three:vendor", "one:gateway", "two:gateway"]}},
}
TIGHT = {"attempts": 2, "sends": 4, "failures_per_hour": 5, "address_sends_per_minute": 2}
CALLERS = {
    "same": client("same", **TIGHT, cooldown_seconds=30, sends_per_10_minutes=4, client_sends_per_hour=6),
    "new": client(
        "new",
        **TIGHT,
        cooldown_seconds=0,
        sends_per_10_minutes=8,
        sends_per_day=12,
        resend=ResendMode.NEW_CODE,
        routes="vendors",
    ),
    "alone": client("alone", **TIGHT, cooldown_seconds=0),  # one code at a time
}
WHO = st.sampled_from(sorted(CALLERS))
KEYS = st.sampled_from([None, "key-1", "key-2"])
RESULTS = st.lists(st.sampled_from([ACCEPTED, REFUSED, BLOCKED, UNKNOWN, DOWN, HANGS]), max_size=4)
FAULTS = st.none() | st.tuples(st.sampled_from(Fault), st.integers(0, 5))
SOURCES = st.sampled_from([None, "198.51.100.7", "198.51.100.8"])
PLACE = st.sampled_from([0, 0, 0, 1, 2, 3])  # the newest verification that lives, the one before …
MEANWHILE = st.sampled_from([None, None, None, "start", "check", "cancel"])

TRIES = st.lists(st.booleans(), min_size=1, max_size=4)  # right codes and wrong ones
WAITS = st.sampled_from([0, 0, 1, 31, 61])

type FaultAt = tuple[Fault, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Of an operation that sends: when, from where, what vendors say, what goes wrong."""

    wait: int
    key: str | None
    results: list[SendResult]
    fault: FaultAt
    source: str | None
    meanwhile: str | None


CIRCUMSTANCES = st.builds(
    Circumstances, wait=WAITS, key=KEYS, results=RESULTS, fault=FAULTS, source=SOURCES, meanwhile=MEANWHILE
)


class AnyStory(RuleBasedStateMachine):
    """Three clients, one number, four vendors, two addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(routes=ROUTES)
        self.person = Person(self.world)
        self.steps = Steps()
        self.steps.stand_in(self.world)
        self.witness = Witness(
            lambda: memory_books(self.world.memory),
            clock=self.world.clock,
            keys=lambda: self.world.peppers.ring().current,
            sent=lambda: [text for vendor in self.world.vendors for text in vendor.sent],
        )
        for vendor in self.world.vendors:
            self.witness.watch(vendor)
        self.approved: dict[str, Custody] = {}  # who had the code of those that were approved just now
        self.sent_at: dict[str, list[int]] = {who: [] for who in CALLERS}  # when each client's texts went out
        self.sent_from: Counter[str] = Counter()  # texts by the key of the caller's address

    # What happens -----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 15, 30, 120, 590, 4_000]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(late=st.integers(0, 90))
    def texts_are_counted(self, late: int) -> None:
        """The function that counts runs; it has heard of everything but the last seconds."""
        until = self.world.clock.now() - late
        for who, times in self.sent_at.items():
            counted = [at for at in times if at <= until]
            sent = {grain: Counter(at // grain for at in counted) for grain in (TEN_MINUTES, HOUR)}
            self.world.memory.gauges[Scope.CLIENT, who] = Gauge(sent=sent)

    @rule(who=WHO, how=CIRCUMSTANCES)
    def start(self, who: str, how: Circumstances) -> None:
        caller, alone = CALLERS[who], who == "alone"
        self._sends(
            lambda: self.world.start(by=caller, key=how.key, one_at_a_time=alone, source=how.source),
            by=caller,
            key=how.key and f"start {how.key}",
            how=how,
        )

    @rule(place=PLACE, how=CIRCUMSTANCES)
    def resend(self, place: int, how: Circumstances) -> None:
        found = self._pick(place)
        if found is not None:
            caller = CALLERS[found.client_id]
            self._sends(
                lambda: self.world.resend(found.id, by=caller, key=how.key, source=how.source),
                by=caller,
                key=how.key and f"resend {found.id} {how.key}",
                how=how,
            )

    @rule(place=PLACE, tries=TRIES, verdict=st.sampled_from(Verdict), fault=FAULTS, meanwhile=MEANWHILE)
    def check(
        self, place: int, tries: list[bool], verdict: Verdict, fault: FaultAt, *, meanwhile: str | None
    ) -> None:
        found = self._pick(place)
        if found is None:
            return
        for right in tries:
            self._script([], verdict=verdict, meanwhile=self._another(meanwhile, who=found.client_id))
            before = self.world.read(found.id, by=CALLERS[found.client_id])
            answer = self._with(fault, lambda right=right: self._checks(found, right=right))  # type: ignore[misc]
            if isinstance(answer.refusal, VendorUnavailableError) and fault is None and meanwhile is None:
                after = self.world.read(found.id, by=CALLERS[found.client_id])
                assert after.attempts == before.attempts, "a vendor's trouble costs an attempt"
            if self.approved.pop(found.id, Custody.GATEWAY) is Custody.VENDOR:
                assert verdict is Verdict.VERIFIED
            elif answer.verification is not None:
                assert right

    @rule(place=PLACE, fault=FAULTS)
    def cancel(self, place: int, fault: FaultAt) -> None:
        found = self._pick(place)
        if found is not None:
            canceled = self._with(fault, lambda: self._cancels(found)).verification
            assert canceled is None or canceled.status(self.world.clock.now())[0] is Status.CANCELED

    # What must hold ---------------------------------------------------------------------

    @invariant()
    def what_is_promised_is_kept(self) -> None:
        self.witness.look()

    @invariant()
    def an_address_has_its_limit_and_every_text_is_on_its_account(self) -> None:
        books = self.witness.look()
        addresses_hold(books, limit=CALLERS["new"].policy.address_limit)
        for key, texts in self.sent_from.items():
            assert texts <= len(books.charges.get(key, ()))

    @invariant()
    def a_vendor_that_knows_one_code_per_number_serves_one_client_at_a_time(self) -> None:
        stored, now = memory_books(self.world.memory).verifications, self.world.clock.now()
        found = [stored[order.verification_id] for order in self.world.keyed.orders]
        live = {
            one.client_id for one in found if one.provider == "keyed" and one.status(now)[0] is Status.PENDING
        }
        assert len(live) <= 1

    def teardown(self) -> None:
        self.witness.leaks(self.world.telemetry.outcomes, self.world.telemetry.warnings)
        self.world.clock.advance(601)
        self.witness.is_over()

    # ------------------------------------------------------------------------------------

    def _sends(
        self,
        act: Callable[[], Started | Verification],
        *,
        by: Client,
        key: str | None,
        how: Circumstances,
    ) -> None:
        self.world.clock.advance(how.wait)
        self._script(how.results, meanwhile=self._another(how.meanwhile, who=by.id))
        gauge = self.world.memory.gauges.get((Scope.CLIENT, by.id), Gauge())
        known = gauge.texts(within=HOUR, now=self.world.clock.now())
        before = {text for vendor in self.world.vendors for text in vendor.sent}
        faulty, disturbed = how.fault is not None, how.meanwhile is not None
        self._with(
            how.fault,
            lambda: self.witness.sees(act, by=by, key=key, faulty=faulty, disturbed=disturbed),
        )
        new = {text for vendor in self.world.vendors for text in vendor.sent} - before
        if new:
            assert known < by.policy.client_sends_per_hour, (
                "a client passes a limit that was known to be full"
            )
        self.sent_at[by.id] += [self.world.clock.now()] * len(new)
        if how.source is not None and how.meanwhile is None:
            self.sent_from[self.world.peppers.ring().current.address_key(account_of(how.source))] += len(new)

    def _checks(self, found: Verification, *, right: bool) -> Answer:
        caller, code = CALLERS[found.client_id], self.person.newest(found.id) or "123456"
        typed = code if right else another(code)
        answer = self.witness.checks(lambda: self.world.check(found.id, typed, by=caller), by=caller)
        if answer.verification is not None:
            self.approved[found.id] = answer.verification.custody
        return answer

    def _cancels(self, found: Verification) -> Answer:
        return self.witness.sees(lambda: self.world.cancel(found.id, by=CALLERS[found.client_id]))

    def _another(self, what: str | None, *, who: str) -> Callable[[], object]:
        """What happens once, while a vendor has something in hand."""

        def once() -> None:
            found = self._pick(0)
            if what == "start":
                caller = CALLERS[who]
                self.witness.sees(
                    lambda: self.world.start(by=caller, one_at_a_time=who == "alone"),
                    by=caller,
                    disturbed=True,
                )
            elif what == "check" and found is not None:
                self._checks(found, right=True)
            elif what == "cancel" and found is not None:
                self._cancels(found)

        return once

    def _with(self, fault: FaultAt, act: Callable[[], Answer]) -> Answer:
        """Do it, something going wrong at one of its steps; a twin does the same meanwhile."""
        self.steps.learn()
        if fault is not None:
            self.steps.arm(fault[0], at=fault[1], twin=act)
        answer = act()
        self.steps.learn()
        self.world.memory.lose_answers = 0
        return answer

    def _pick(self, place: int) -> Verification | None:
        """One of the verifications, also of those whose start died: first those that live, newest first."""
        newest_first = list(memory_books(self.world.memory).verifications.values())[::-1]
        now = self.world.clock.now()
        found = sorted(newest_first, key=lambda one: one.status(now)[0] is not Status.PENDING)
        return found[place] if place < len(found) else None

    def _script(
        self,
        results: list[SendResult],
        *,
        verdict: Verdict = Verdict.UNKNOWN,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> None:
        for vendor in self.world.vendors:
            vendor.sends.clear()
            vendor.checks.clear()
            vendor.will_say(verdict, meanwhile=meanwhile)
            vendor.will_say(verdict, verdict)
        for vendor, result in zip(self.world.vendors, results, strict=False):
            vendor.will(result, meanwhile=meanwhile)


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
def test_any_story() -> None:
    run_state_machine_as_test(
        AnyStory,
        settings=settings(
            max_examples=500,
            stateful_step_count=50,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
