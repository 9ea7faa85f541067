"""Whatever sequence of operations comes: the fake says what DynamoDB says, and no status goes back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.claims import Claimed, ClaimRefused, NumberClaim
from countersign.model import Custody, Delivery, Reason, RouteStep, Status, Verdict, Verification
from countersign.policy import Limit
from countersign.ports import Store
from countersign.writes import Counted
from tests.support.aws import TABLE, dynamo_store
from tests.support.builders import (
    claim_at,
    release,
    resend_intent,
    settlement,
    undeliverable,
    vendor_held,
    verification,
)
from tests.support.clock import NOON
from tests.support.store import MemoryStore

IDS = st.sampled_from(["v1", "v2", "v3"])
SLOTS = st.sampled_from(["slot1", "slot2"])
LOCKS = st.sampled_from([None, "esms"])
CLAIMS = st.sampled_from(["start", "wait", "replace", "resend"])
LIMITS = st.builds(
    lambda short, long: (Limit(short, 600), Limit(long, 86_400)),
    st.integers(2, 10),
    st.integers(4, 20),
)
HASHES = st.sampled_from(["code-a", "code-b", "code-c"])


class TwoStores(RuleBasedStateMachine):
    """One story told to both stores."""

    dynamodb: DynamoDBClient

    def __init__(self) -> None:
        super().__init__()
        for item in self.dynamodb.scan(TableName=TABLE)["Items"]:
            self.dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"]})
        self.stores: tuple[Store, Store] = (MemoryStore(), dynamo_store(self.dynamodb))
        self.now = NOON
        self.claims: dict[str, tuple[NumberClaim, Claimed]] = {}
        self.seen: dict[str, Status] = {}

    def tell(self, operation: str, *arguments: Any, **named: Any) -> Any:
        """Both stores do it; what they answer is the same."""
        first, second = (getattr(store, operation)(*arguments, **named) for store in self.stores)
        assert first == second, operation
        return first

    def stored(self, verification_id: str) -> Verification | None:
        found = self.tell("get", "demo", verification_id)
        assert found is None or isinstance(found, Verification)
        return found

    @rule(seconds=st.sampled_from([1, 30, 60, 100, 600]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule(id_=IDS, slot=SLOTS, lock=LOCKS, how=CLAIMS, other=IDS, limits=LIMITS)
    def claim(
        self, id_: str, slot: str, lock: str | None, *, how: str, other: str, limits: tuple[Limit, ...]
    ) -> None:
        wish = claim_at(
            self.now,
            id_,
            slot=slot,
            vendor_lock=lock,
            limits=limits,
            continues=id_ if how == "resend" else None,
            replaces=other if how == "replace" else None,
            waits_for_expiry=how in {"wait", "replace"},
        )
        outcome = self.tell("claim_number", wish)
        if isinstance(outcome, Claimed):
            self.claims[id_] = (wish, outcome)
        else:
            assert isinstance(outcome, ClaimRefused)

    @rule(id_=IDS)
    def give_back(self, id_: str) -> None:
        if id_ in self.claims:
            wish, taken = self.claims[id_]
            self.tell("release_number", release(wish, before=taken.before))

    @rule(
        id_=IDS, slot=SLOTS, older=st.lists(IDS, unique=True, max_size=2), gateway=st.booleans(), code=HASHES
    )
    def create(self, id_: str, slot: str, older: list[str], code: str, *, gateway: bool) -> None:
        times = {"created_at": self.now, "resend_at": self.now + 60, "expires_at": self.now + 300}
        what = (
            verification(id_, slot=slot, attempts_max=3, code=code, **times)
            if gateway
            else vendor_held(id_, slot=slot, attempts_max=3, **times)
        )
        self.tell("create", what, supersedes=tuple(one for one in older if one != id_))

    @rule(id_=IDS, accepted=st.booleans(), frees=st.booleans())
    def settle(self, id_: str, *, accepted: bool, frees: bool) -> None:
        found = self.stored(id_)
        if found is None:
            return
        if accepted:
            done = settlement(found, vendor_reference="ref", expires_at=found.expires_at - 1)
            self.tell("settle_delivery", found, settlement=done, release=None)
        elif not frees or id_ not in self.claims:
            self.tell("settle_delivery", found, settlement=undeliverable(found), release=None)
        else:
            wish, taken = self.claims[id_]
            undo = release(wish, before=taken.before)
            first, second = (
                store.settle_delivery(found, settlement=undeliverable(found), release=undo)
                for store in self.stores
            )
            assert first.applied == second.applied

    @rule(id_=IDS, lock=LOCKS, gateway=st.booleans(), code=HASHES)
    def redirect(self, id_: str, lock: str | None, code: str, *, gateway: bool) -> None:
        found = self.stored(id_)
        if found is not None:
            step = RouteStep("two", Custody.GATEWAY if gateway else Custody.VENDOR)
            moved = claim_at(self.now, id_, slot=found.slot, vendor_lock=lock)
            self.tell("redirect", found, step=step, code=code if gateway else "", claim=moved)

    @rule(id_=IDS, gateway=st.booleans(), code=HASHES)
    def resend(self, id_: str, code: str, *, gateway: bool) -> None:
        found = self.stored(id_)
        if found is not None:
            intent = resend_intent(
                found,
                now=self.now,
                resend_at=self.now + 60,
                expires_at=self.now + 300,
                custody=Custody.GATEWAY if gateway else Custody.VENDOR,
                code=code if gateway else "",
            )
            self.tell("begin_resend", found, intent=intent)

    @rule(id_=IDS, guess=HASHES, verdict=st.sampled_from(Verdict))
    def guess(self, id_: str, guess: str, verdict: Verdict) -> None:
        """A guess, and where a vendor has to be asked, sometimes its verdict."""
        counted = self.tell("guess", "demo", id_, guess=guess, now=self.now)
        assert isinstance(counted, Counted)

    @rule(id_=IDS, verdict=st.sampled_from(Verdict))
    def vendor_answers(self, id_: str, verdict: Verdict) -> None:
        found = self.stored(id_)
        if found is not None and found.checking > 0:
            self.tell("settle_check", found, verdict=verdict, now=self.now)

    @rule(id_=IDS)
    def cancel(self, id_: str) -> None:
        self.tell("cancel", "demo", id_, now=self.now)

    @invariant()
    def the_slots_agree(self) -> None:
        for slot in ("slot1", "slot2"):
            self.tell("slot", "number1", slot=slot)

    @invariant()
    def nothing_goes_back(self) -> None:
        for id_ in ("v1", "v2", "v3"):
            found = self.stored(id_)
            if found is None:
                continue
            status, reason = found.status(self.now)
            before = self.seen.get(id_, Status.PENDING)
            if before is not Status.PENDING:
                assert status is before, f"{before} became {status}"
            if status is Status.APPROVED:
                assert reason is Reason.CORRECT_CODE
            assert 0 <= found.attempts <= found.attempts_max
            assert found.checking >= 0
            assert found.sends >= 1
            assert found.delivery in tuple(Delivery)
            self.seen[id_] = status


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
def test_the_fake_and_dynamodb_tell_the_same_story(dynamodb: DynamoDBClient) -> None:
    TwoStores.dynamodb = dynamodb
    run_state_machine_as_test(
        TwoStores,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
