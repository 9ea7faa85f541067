"""Whatever clients, users, vendors and crashes do: what a verification promises is kept."""

from __future__ import annotations

import contextlib
from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from countersign.client import Client
from countersign.errors import CountersignError
from countersign.model import Custody, ResendMode, SendResult, Status, Verdict
from tests.support.builders import client
from tests.support.providers import ACCEPTED, BLOCKED, DOWN, HANGS, REFUSED, UNKNOWN, DiedError
from tests.support.world import World, another

ROUTE = ("one:gateway", "keyed:vendor", "two:gateway", "three:vendor")
CALLERS = {
    "same": client("same", attempts=3, sends=4, cooldown_seconds=30, sends_per_10_minutes=4),
    "new": client(
        "new", attempts=3, sends=4, cooldown_seconds=0, sends_per_day=6, resend=ResendMode.NEW_CODE
    ),
    "alone": client("alone", attempts=3, sends=4, cooldown_seconds=0),  # one code at a time
}
WHO = st.sampled_from(sorted(CALLERS))
KEYS = st.sampled_from([None, "key-1", "key-2"])
RESULTS = st.lists(st.sampled_from([ACCEPTED, REFUSED, BLOCKED, UNKNOWN, DOWN, HANGS]), max_size=4)
STEPS = st.sampled_from([None, "create", "settle_delivery", "begin_resend", "settle_check", "redirect"])


class AnyStory(RuleBasedStateMachine):
    """Three clients, one number, four vendors."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(route=ROUTE)
        self.ids: dict[str, str] = {}  # verification and its client
        self.approvals: Counter[str] = Counter()
        self.vendors_right: dict[str, str] = {}  # the code that the vendor made for its last order
        self.shaken: set[str] = set()  # clients whose last start met a fault before its intent
        self.sent_at: list[int] = []  # when something may have been sent to the number, by anybody
        self.claimed_at: dict[tuple[str, str | None], int] = {}  # starts that died; a replay goes on with it

    # What happens -----------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 15, 30, 120, 590]))
    def time_passes(self, seconds: int) -> None:
        self.world.clock.advance(seconds)

    @rule(who=WHO, key=KEYS, results=RESULTS, dies=STEPS, after=st.booleans(), lost=st.integers(0, 1))
    def start(
        self,
        who: str,
        key: str | None,
        results: list[SendResult],
        dies: str | None,
        lost: int,
        *,
        after: bool,
    ) -> None:
        if who in self.shaken:
            # Known limit: a slot remembers one predecessor, so it stands one fault between claim
            # and intent (a crash, a lost answer), not two before the next start that succeeds.
            dies, lost = None, 0
        if lost > 0 or dies == "create":
            self.shaken.add(who)
        self._script(results)
        self._let_die(dies, after=after)
        self.world.memory.lose_answers = lost
        try:
            started = self.world.start(by=CALLERS[who], key=key, one_at_a_time=who == "alone")
        except (CountersignError, DiedError):
            pass
        else:
            self.ids[started.verification.id] = who
            if not started.replayed and lost == 0:
                self.shaken.discard(who)
        self._note_orders()
        self._note_sends(CALLERS[who], claimed_at=self.claimed_at.get((who, key)))
        if dies == "create" and key is not None:
            self.claimed_at.setdefault((who, key), self.world.clock.now())

    @rule(data=st.data(), results=RESULTS, key=KEYS, dies=STEPS, after=st.booleans())
    def resend(
        self,
        data: st.DataObject,
        results: list[SendResult],
        key: str | None,
        dies: str | None,
        *,
        after: bool,
    ) -> None:
        if not self.ids:
            return
        id_ = data.draw(st.sampled_from(list(self.ids)))
        self._script(results)
        self._let_die(dies, after=after)
        with contextlib.suppress(CountersignError, DiedError):
            self.world.resend(id_, by=self._caller(id_), key=key)
        self._note_orders()
        self._note_sends(self._caller(id_), claimed_at=None)

    @rule(
        data=st.data(),
        right=st.booleans(),
        verdict=st.sampled_from(Verdict),
        dies=STEPS,
        lost=st.integers(0, 2),
    )
    def check(
        self, data: st.DataObject, verdict: Verdict, dies: str | None, lost: int, *, right: bool
    ) -> None:
        if not self.ids:
            return
        id_ = data.draw(st.sampled_from(list(self.ids)))
        orders = [
            order for vendor in self.world.vendors for order in vendor.orders if order.verification_id == id_
        ]
        codes = [order.code.reveal() for order in orders if order.code is not None]
        code = data.draw(st.sampled_from(codes)) if codes else "123456"
        for vendor in self.world.vendors:
            vendor.checks.clear()
            vendor.will_say(verdict)
        self._let_die(dies, after=False)
        self.world.memory.lose_answers = lost
        try:
            approved = self.world.check(id_, code if right else another(code), by=self._caller(id_))
        except (CountersignError, DiedError):
            return
        self.approvals[id_] += 1
        assert approved.status(self.world.clock.now())[0] is Status.APPROVED
        if approved.custody is Custody.GATEWAY:
            assert right
        else:
            assert verdict is Verdict.VERIFIED

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        if not self.ids:
            return
        id_ = data.draw(st.sampled_from(list(self.ids)))
        try:
            canceled = self.world.cancel(id_, by=self._caller(id_))
        except CountersignError:
            return
        assert canceled.status(self.world.clock.now())[0] is Status.CANCELED

    # What must hold ---------------------------------------------------------------------

    @invariant()
    def a_code_approves_once(self) -> None:
        assert all(count <= 1 for count in self.approvals.values())

    @invariant()
    def attempts_and_sends_stay_in_their_bounds(self) -> None:
        for id_ in self.ids:
            found = self.world.read(id_, by=self._caller(id_))
            assert 0 <= found.attempts <= found.attempts_max
            assert 1 <= found.sends <= found.sends_max

    @invariant()
    def a_client_has_one_live_code_for_a_number(self) -> None:
        now = self.world.clock.now()
        for who in CALLERS:
            live = [
                id_
                for id_, client_id in self.ids.items()
                if client_id == who and self.world.read(id_, by=CALLERS[who]).status(now)[0] is Status.PENDING
            ]
            assert len(live) <= 1

    @invariant()
    def nothing_is_sent_twice(self) -> None:
        sent = Counter(send for vendor in self.world.vendors for send in vendor.sent)
        assert all(count == 1 for count in sent.values())

    @invariant()
    def a_vendor_that_knows_one_code_per_number_serves_one_client_at_a_time(self) -> None:
        live = {
            self.ids[order.verification_id]
            for order in self.world.keyed.orders
            if order.verification_id in self.ids and self._is_live_at_keyed(order.verification_id)
        }
        assert len(live) <= 1

    # ------------------------------------------------------------------------------------

    def _caller(self, id_: str) -> Client:
        return CALLERS[self.ids[id_]]

    def _is_live_at_keyed(self, id_: str) -> bool:
        found = self.world.read(id_, by=self._caller(id_))
        return found.provider == "keyed" and found.status(self.world.clock.now())[0] is Status.PENDING

    def _script(self, results: list[SendResult]) -> None:
        for vendor in self.world.vendors:
            vendor.sends.clear()
        for vendor, result in zip(self.world.vendors, results, strict=False):
            vendor.will(result)

    def _let_die(self, step: str | None, *, after: bool) -> None:
        self.world.store.before.clear()
        self.world.store.after.clear()
        if step is not None:
            (self.world.store.after if after else self.world.store.before)[step] = DiedError()

    def _note_sends(self, caller: Client, *, claimed_at: int | None) -> None:
        """A send that may have happened keeps to the limits of the client that asked for it."""
        now = self.world.clock.now()
        new = sum(len(vendor.sent) for vendor in self.world.vendors) - len(self.sent_at)
        assert new <= 1
        if new == 1 and claimed_at is not None:
            self.sent_at.append(claimed_at)  # it was counted then
        elif new == 1:
            self.sent_at.append(now)
            for limit in caller.policy.send_limits:
                assert sum(now - limit.seconds < moment for moment in self.sent_at) <= limit.count

    def _note_orders(self) -> None:
        """Learn the ids of verifications whose start died after its intent."""
        for vendor in self.world.vendors:
            for order in vendor.orders:
                for who, caller in CALLERS.items():
                    if self.world.memory.get(caller.id, order.verification_id) is not None:
                        self.ids.setdefault(order.verification_id, who)


def test_any_story() -> None:
    run_state_machine_as_test(
        AnyStory,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
