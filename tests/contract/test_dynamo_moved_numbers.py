"""What a move of a number's record costs, and what a crash or a race in the middle of one leaves behind."""

from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.store import DynamoStore
from countersign.claims import Aliases, Claimed, ClaimRefused
from countersign.errors import ServiceUnavailableError
from countersign.ports import Store
from countersign.writes import Created
from tests.contract.test_moved_numbers import NEW, OLD, moving
from tests.support.aws import TABLE, TroubledClient, client_error, dynamo_store
from tests.support.builders import claim, claim_at, verification
from tests.support.clock import NOON, FakeClock
from tests.support.stored import created, stored

MOVE = ["update_item", "update_item", "put_item", "update_item"]  # refused, closed, copied, claimed


@pytest.fixture
def store(trouble: TroubledClient, clock: FakeClock) -> DynamoStore:
    return dynamo_store(trouble.as_client, clock=clock)


@pytest.fixture
def calm(dynamodb: DynamoDBClient, clock: FakeClock) -> Store:
    """Another container's store."""
    return dynamo_store(dynamodb, clock=clock)


def test_a_claim_that_moves_a_record_is_four_calls_and_the_next_one_is_one(
    store: DynamoStore, trouble: TroubledClient
) -> None:
    store.claim_number(claim("v1"))
    trouble.calls.clear()
    store.claim_number(moving(NOON + 60, "v2"))
    assert trouble.calls == MOVE
    trouble.calls.clear()
    store.claim_number(moving(NOON + 120, "v3"))
    assert trouble.calls == ["update_item"]


@pytest.mark.parametrize("step", range(len(MOVE)))
@pytest.mark.parametrize("whose", ["new", "old"])
def test_a_move_that_died_half_way_is_completed_by_whoever_comes_next(
    store: DynamoStore, calm: Store, trouble: TroubledClient, step: int, whose: str
) -> None:
    calm.claim_number(claim("v1"))

    def dies(after: int) -> None:
        if after == 0:
            trouble.fail(client_error("InternalServerError"))
        else:
            trouble.on_answer = lambda: dies(after - 1)

    dies(step)
    with pytest.raises(ServiceUnavailableError):
        store.claim_number(moving(NOON + 59, "v2"))
    wish = moving(NOON + 59, "v3") if whose == "new" else claim_at(NOON + 59, "v3")
    refused = calm.claim_number(wish)
    assert isinstance(refused, ClaimRefused)
    assert refused.held is not None
    assert refused.held.verification_id == "v1"
    assert isinstance(calm.claim_number(moving(NOON + 60, "v4")), Claimed)


@pytest.mark.parametrize("step", range(len(MOVE)))
def test_a_lost_answer_in_a_move_changes_nothing(
    store: DynamoStore, calm: Store, trouble: TroubledClient, step: int
) -> None:
    calm.claim_number(claim("v1"))

    def loses(after: int) -> None:
        if after == 0:
            trouble.lose_answer()
        else:
            trouble.on_answer = lambda: loses(after - 1)

    loses(step)
    outcome = store.claim_number(moving(NOON + 60, "v2"))
    if step < len(MOVE) - 1:
        assert isinstance(outcome, Claimed)
    else:  # as with any claim: its holder is known by its id
        assert isinstance(outcome, ClaimRefused)
        assert outcome.held is not None
        assert outcome.held.verification_id == "v2"
    held = calm.slot(OLD, slot="slot1")
    assert held is not None
    assert (held.verification_id, held.previous_id) == ("v2", "v1")


@pytest.mark.parametrize("step", range(len(MOVE)))
@pytest.mark.parametrize("faster", ["new", "old"])
def test_of_two_claims_one_gets_the_slot_however_they_meet_in_a_move(
    store: DynamoStore, calm: Store, trouble: TroubledClient, step: int, faster: str
) -> None:
    calm.claim_number(claim("v1"))
    outcomes = []

    def claims() -> None:
        wish = moving(NOON + 60, "v3") if faster == "new" else claim_at(NOON + 60, "v3")
        outcomes.append(calm.claim_number(wish))

    def meets(after: int) -> None:
        if after == 0:
            trouble.on_call = claims
        else:
            trouble.on_answer = lambda: meets(after - 1)

    meets(step)
    outcomes.append(store.claim_number(moving(NOON + 60, "v2")))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ClaimRefused", "Claimed"]
    held = calm.slot(NEW, slot="slot1")
    assert held is not None
    winner = "v3" if isinstance(outcomes[0], Claimed) else "v2"
    assert (held.verification_id, held.previous_id) == (winner, "v1")


def test_records_that_lead_in_a_circle_are_a_refusal(store: DynamoStore, dynamodb: DynamoDBClient) -> None:
    for here, there in ((OLD, NEW), (NEW, OLD)):
        item = {"pk": {"S": f"N#{here}"}, "moved_to": {"S": there}, "ttl": {"N": "0"}}
        dynamodb.put_item(TableName=TABLE, Item=item)
    for wish in (claim("v1"), moving(NOON, "v1")):
        with pytest.raises(ServiceUnavailableError):
            store.claim_number(wish)
    assert store.slot(OLD, slot="slot1") is None


def test_the_closed_record_goes_when_it_would_have_gone(store: DynamoStore, dynamodb: DynamoDBClient) -> None:
    store.claim_number(claim("v1"))
    store.claim_number(moving(NOON + 60, "v2"))
    items = {item["pk"]["S"]: item for item in dynamodb.scan(TableName=TABLE)["Items"]}
    assert items[f"N#{OLD}"]["ttl"] == {"N": str(NOON + 300 + 86_400)}
    assert items[f"N#{OLD}"]["moved_to"] == {"S": NEW}
    assert "moved_to" not in items[f"N#{NEW}"]


# Starts ---------------------------------------------------------------------------------------

CONFLICT = client_error(
    "TransactionCanceledException", reasons=["None", "TransactionConflict"], operation="TransactWriteItems"
)


def test_a_start_that_collides_forestalls_its_former_id_all_the_same(
    store: DynamoStore, trouble: TroubledClient
) -> None:
    trouble.fail(*[CONFLICT] * 4)
    aliases = Aliases(former_id="old")
    assert store.create(verification("new"), supersedes=("v0",), aliases=aliases).applied
    assert store.create(verification("old"), supersedes=()) == Created(applied=False, verification=None)


def test_a_start_that_collides_sees_that_its_former_id_was_served(
    store: DynamoStore, trouble: TroubledClient
) -> None:
    created(store, verification("v0"))
    served = created(store, verification("old"))
    trouble.fail(*[CONFLICT] * 4)
    refused = store.create(verification("new"), supersedes=("v0",), aliases=Aliases(former_id="old"))
    assert refused == Created(applied=False, verification=served)
    assert store.get("demo", "new") is None
    assert stored(store, "v0").superseded_by is None
