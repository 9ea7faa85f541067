"""Whatever clients, users, vendors, counters and faults do: what the service promises is kept.

What that is stands in tests/support/invariants.py; here it is asked after every step of
stories that Hypothesis makes up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from countersign.client import Client
from countersign.model import Custody, ResendMode, SendResult, Status, Verdict, Verification
from countersign.service.wish import Started
from countersign.sources import account_of
from countersign.usage import HOUR, TEN_MINUTES, Gauge, Scope
from tests.support.books import memory_books
from tests.support.builders import client
from tests.support.invariants import Answer, Text, Witness, addresses_hold
from tests.support.providers import ACCEPTED, BLOCKED, DOWN, HANGS, REFUSED, UNKNOWN
from tests.support.steps import Fault, Steps
from tests.support.world import World, another

ROUTE = ("one:gateway", "keyed:vendor", "two:gateway", "three:vendor")
TIGHT = {"attempts": 3, "sends": 4, "failures_per_hour": 9, "address_sends_per_minute": 2}
CALLERS = {
    "same": client("same", **TIGHT, cooldown_seconds=30, sends_per_10_minutes=4, client_sends_per_hour=6),
    "new": client("new", **TIGHT, cooldown_seconds=0, sends_per_day=8, resend=ResendMode.NEW_CODE),
    "alone": client("alone", **TIGHT, cooldown_seconds=0),  # one code at a time
}
WHO = st.sampled_from(sorted(CALLERS))
KEYS = st.sampled_from([None, "key-1", "key-2"])
RESULTS = st.lists(st.sampled_from([ACCEPTED, REFUSED, BLOCKED, UNKNOWN, DOWN, HANGS]), max_size=4)
FAULTS = st.none() | st.tuples(st.sampled_from(Fault), st.integers(0, 7))
SOURCES = st.sampled_from([None, "198.51.100.7", "198.51.100.8"])
PLACE = st.integers(0, 30)

type FaultAt = tuple[Fault, int] | None


class AnyStory(RuleBasedStateMachine):
    """Three clients, one number, four vendors, two addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(route=ROUTE)
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
        self.told: set[Text] = set()  # texts that are accounted for
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

    @rule(who=WHO, key=KEYS, results=RESULTS, fault=FAULTS, source=SOURCES)
    def start(
        self, who: str, key: str | None, results: list[SendResult], fault: FaultAt, source: str | None
    ) -> None:
        self._script(results)
        self._sends(
            lambda: self.world.start(by=CALLERS[who], key=key, one_at_a_time=who == "alone", source=source),
            by=CALLERS[who],
            key=key and f"start {key}",
            fault=fault,
            source=source,
        )

    @rule(place=PLACE, key=KEYS, results=RESULTS, fault=FAULTS, source=SOURCES)
    def resend(
        self, place: int, key: str | None, results: list[SendResult], fault: FaultAt, source: str | None
    ) -> None:
        found = self._pick(place)
        if found is None:
            return
        caller = CALLERS[found.client_id]
        self._script(results)
        self._sends(
            lambda: self.world.resend(found.id, by=caller, key=key, source=source),
            by=caller,
            key=key and f"resend {found.id} {key}",
            fault=fault,
            source=source,
        )

    @rule(place=PLACE, right=st.booleans(), verdict=st.sampled_from(Verdict), fault=FAULTS)
    def check(self, place: int, verdict: Verdict, fault: FaultAt, *, right: bool) -> None:
        found = self._pick(place)
        if found is None:
            return
        caller = CALLERS[found.client_id]
        codes = self._codes_of(found)
        typed = codes[-1] if codes and right else another(codes[-1] if codes else "123456")
        for vendor in self.world.vendors:
            vendor.checks.clear()
            vendor.will_say(verdict, verdict)

        def act() -> Answer:
            return self.witness.checks(lambda: self.world.check(found.id, typed, by=caller), by=caller)

        approved = self._with(fault, act).verification
        if approved is not None and approved.custody is Custody.GATEWAY:
            assert typed in codes
        elif approved is not None:
            assert verdict is Verdict.VERIFIED

    @rule(place=PLACE, fault=FAULTS)
    def cancel(self, place: int, fault: FaultAt) -> None:
        found = self._pick(place)
        if found is None:
            return

        def act() -> Answer:
            return self.witness.sees(lambda: self.world.cancel(found.id, by=CALLERS[found.client_id]))

        canceled = self._with(fault, act).verification
        if canceled is not None:
            assert canceled.status(self.world.clock.now())[0] is Status.CANCELED

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
        fault: FaultAt,
        source: str | None,
    ) -> None:
        gauge = self.world.memory.gauges.get((Scope.CLIENT, by.id), Gauge())
        known = gauge.texts(within=HOUR, now=self.world.clock.now())
        self._with(fault, lambda: self.witness.sees(act, by=by, key=key, faulty=fault is not None))
        new = {text for vendor in self.world.vendors for text in vendor.sent} - self.told
        self.told |= new
        if new:
            assert known < by.policy.client_sends_per_hour, (
                "a client passes a limit that was known to be full"
            )
        self.sent_at[by.id] += [self.world.clock.now()] * len(new)
        if source is not None:
            self.sent_from[self.world.peppers.ring().current.address_key(account_of(source))] += len(new)

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
        """One of the verifications, also of those whose start died."""
        found = list(memory_books(self.world.memory).verifications.values())
        return found[place % len(found)] if found else None

    def _codes_of(self, verification: Verification) -> list[str]:
        orders = [order for vendor in self.world.vendors for order in vendor.orders]
        return [
            order.code.reveal()
            for order in sorted(orders, key=lambda order: order.send_number)
            if order.verification_id == verification.id and order.code is not None
        ]

    def _script(self, results: list[SendResult]) -> None:
        for vendor in self.world.vendors:
            vendor.sends.clear()
        for vendor, result in zip(self.world.vendors, results, strict=False):
            vendor.will(result)


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
