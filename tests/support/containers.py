"""Two containers over one store, told one story: what both of their clients and users notice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from countersign.client import Client
from countersign.codes import Keys
from countersign.errors import CountersignError, WrongCodeError
from countersign.model import Custody, Status
from countersign.orders import SendResult
from tests.support.builders import client
from tests.support.clock import NOON, FakeClock
from tests.support.providers import ACCEPTED, REFUSED, UNKNOWN, DiedError
from tests.support.store import MemoryStore
from tests.support.world import World, another

ROUTE = ("one:gateway", "two:gateway", "three:gateway")
COOLDOWN_SECONDS = 60
CALLERS = {
    "calm": client("calm", attempts=3, cooldown_seconds=COOLDOWN_SECONDS, sends_per_10_minutes=4),
    "eager": client("eager", attempts=3, cooldown_seconds=0, sends_per_10_minutes=4),
}
WHICH = st.integers(0, 1)
WHO = st.sampled_from(sorted(CALLERS))
KEYS = st.sampled_from([None, "key-1", "key-2"])
PLACES = st.integers(1, 8)  # the last verification, the one before it …
STARTS = st.tuples(WHO, KEYS)
RESULTS = st.lists(st.sampled_from([ACCEPTED, REFUSED, UNKNOWN]), max_size=3)
STEPS = st.sampled_from([None, "claim_number", "create", "settle_delivery"])


@dataclass(frozen=True)
class Text:
    """Something that may be on the handset."""

    verification_id: str
    send_number: int
    at: int  # by the true time


class TwoContainers(RuleBasedStateMachine):
    """Two clients, one number, three vendors, two containers."""

    skew_seconds = 0  # of the second container's clock

    def __init__(self) -> None:
        super().__init__()
        store = MemoryStore()
        self.clocks = (FakeClock(), FakeClock(NOON + self.skew_seconds))
        self.worlds = tuple(World(route=ROUTE, store=store, clock=clock) for clock in self.clocks)
        self.callers: dict[str, str] = {}  # of each verification
        self.texts: list[Text] = []
        self.shaken: set[str] = set()  # clients whose last start met a fault
        self.approvals: Counter[str] = Counter()
        self.began_at: dict[str, int] = {}  # by the true time

    @property
    def now(self) -> int:
        """The true time."""
        return self.clocks[0].now()

    def let_pass(self, seconds: int) -> None:
        for clock in self.clocks:
            clock.advance(seconds)

    # What happens -----------------------------------------------------------------------

    @rule(which=WHICH, who=WHO, key=KEYS, results=RESULTS, dies=STEPS, after=st.booleans())
    def start(
        self,
        which: int,
        who: str,
        key: str | None,
        results: list[SendResult],
        dies: str | None,
        *,
        after: bool,
    ) -> None:
        if who in self.shaken:  # known limit: a slot remembers one predecessor, so it stands one fault
            dies = None
        if dies is not None:
            self.shaken.add(who)
        world = self.worlds[which]
        for vendor, result in zip(world.vendors, results, strict=False):
            vendor.will(result)
        if dies is not None:
            (world.store.after if after else world.store.before)[dies] = DiedError()
        self._tries(lambda: self._starts(world, who, key=key))
        self._calm_down()

    @rule(which=WHICH, one=STARTS, other=STARTS, step=STEPS)
    def two_starts_at_once(
        self, which: int, one: tuple[str, str | None], other: tuple[str, str | None], step: str | None
    ) -> None:
        first, second = self.worlds[which], self.worlds[1 - which]
        if step is not None:
            first.store.meanwhile[step] = lambda: self._tries(
                lambda: self._starts(second, other[0], key=other[1])
            )
        self._tries(lambda: self._starts(first, one[0], key=one[1]))
        self._calm_down()

    @rule(which=WHICH, place=PLACES, key=KEYS)
    def resend(self, which: int, place: int, key: str | None) -> None:
        if self.callers:
            id_ = self._at(place)
            self._tries(lambda: self.worlds[which].resend(id_, by=self.caller(id_), key=key))

    @rule(which=WHICH, place=PLACES, right=st.booleans())
    def check(self, which: int, place: int, *, right: bool) -> None:
        if not self.callers:
            return
        id_ = self._at(place)
        code = self._code_of(id_)
        try:
            self.worlds[which].check(id_, code if right else another(code), by=self.caller(id_))
        except WrongCodeError:
            assert not right
        except CountersignError as refused:
            self._may_refuse(refused)
        else:
            assert right
            self.approvals[id_] += 1
            self.was_approved(id_)

    @rule(which=WHICH, place=PLACES)
    def cancel(self, which: int, place: int) -> None:
        if self.callers:
            id_ = self._at(place)
            self._tries(lambda: self.worlds[which].cancel(id_, by=self.caller(id_)))

    # What must hold ---------------------------------------------------------------------

    def was_approved(self, id_: str) -> None:
        """A right code was accepted just now."""

    @invariant()
    def a_code_approves_once(self) -> None:
        assert all(count <= 1 for count in self.approvals.values())

    @invariant()
    def attempts_and_sends_stay_in_their_bounds(self) -> None:
        for id_ in self.callers:
            found = self.worlds[0].read(id_, by=self.caller(id_))
            assert 0 <= found.attempts <= found.attempts_max
            assert 1 <= found.sends <= found.sends_max

    @invariant()
    def a_client_has_one_code_that_any_container_takes(self) -> None:
        for who in CALLERS:
            live = {id_ for id_ in self.callers if self.callers[id_] == who and self.is_live(id_)}
            assert len(live) <= 1

    @invariant()
    def limits_hold(self) -> None:
        limit = CALLERS["calm"].policy.send_limits[0]
        at = sorted(text.at for text in self.texts)
        spans = [later - earlier for earlier, later in zip(at, at[limit.count :], strict=False)]
        assert all(span >= limit.seconds - abs(self.skew_seconds) for span in spans)

    @invariant()
    def a_cooldown_holds(self) -> None:
        at = sorted(text.at for text in self.texts if self.callers.get(text.verification_id) == "calm")
        spans = [later - earlier for earlier, later in pairwise(at)]
        assert all(span >= COOLDOWN_SECONDS - abs(self.skew_seconds) for span in spans)

    # ------------------------------------------------------------------------------------

    def caller(self, id_: str) -> Client:
        return CALLERS[self.callers[id_]]

    def is_live(self, id_: str) -> bool:
        """Is it pending by any clock?"""
        found = self.worlds[0].read(id_, by=self.caller(id_))
        return any(found.status(clock.now())[0] is Status.PENDING for clock in self.clocks)

    def ids_of_a_key(self, keys: Keys) -> dict[str, tuple[str, str]]:
        """What the Idempotency-Keys stand for under one pepper."""
        return {
            keys.verification_id(who, idempotency_key=key): (who, key)
            for who in CALLERS
            for key in ("key-1", "key-2")
        }

    def _at(self, place: int) -> str:
        ids = list(self.callers)
        return ids[-min(place, len(ids))]

    def _code_of(self, id_: str) -> str:
        orders = [
            order
            for world in self.worlds
            for vendor in world.vendors
            for order in vendor.orders
            if order.verification_id == id_ and order.code is not None
        ]
        codes = {order.code.reveal() for order in orders if order.code is not None}
        found = self.worlds[0].read(id_, by=self.caller(id_))
        assert found.custody is Custody.GATEWAY
        [code] = codes or {"000000"}  # a resend carries the same; what died before its vendor has none yet
        return code

    def _starts(self, world: World, who: str, *, key: str | None) -> None:
        if not world.start(by=CALLERS[who], key=key).replayed:
            self.shaken.discard(who)

    def _tries(self, act: Callable[[], object]) -> None:
        try:
            act()
        except CountersignError as refused:
            self._may_refuse(refused)
        except DiedError:
            pass
        self._note()

    def _may_refuse(self, refused: CountersignError) -> None:
        assert refused.retry_after_seconds is None or refused.retry_after_seconds >= 1

    def _calm_down(self) -> None:
        """What was scripted and did not happen does not happen later either."""
        for world in self.worlds:
            for script in (world.store.before, world.store.after, world.store.meanwhile):
                script.clear()
            for vendor in world.vendors:
                vendor.sends.clear()

    def _note(self) -> None:
        """Learn what was sent, and the ids of what was written."""
        for world in self.worlds:
            sent = [one for vendor in world.vendors for one in vendor.sent]
            known = {(text.verification_id, text.send_number) for text in self.texts}
            fresh = [one for one in sent if one not in known]
            assert len(sent) == len(set(sent))
            self.texts += [Text(id_, number, self.now) for id_, number in fresh]
            for vendor in world.vendors:
                for order in vendor.orders:
                    self._learn(order.verification_id)

    def _learn(self, id_: str) -> None:
        for who, caller in CALLERS.items():
            with suppress(CountersignError):
                self.worlds[0].read(id_, by=caller)
                self.callers.setdefault(id_, who)
                self.began_at.setdefault(id_, self.now)
