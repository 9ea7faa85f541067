"""What DynamoStore does when DynamoDB loses an answer, throttles, conflicts or refuses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, ReadTimeoutError
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.circuits import Circuit
from countersign.claims import Claimed, ClaimRefused
from countersign.errors import ServiceUnavailableError
from countersign.model import Custody, Reason, RouteStep, Status, Verdict
from countersign.policy import Limit
from countersign.ports import Store
from countersign.writes import Counted
from tests.support.aws import TABLE, TroubledClient, client_error, dynamo_store
from tests.support.builders import (
    CODE_HASH,
    WRONG_HASH,
    claim,
    claim_at,
    release,
    resend_intent,
    settlement,
    undeliverable,
    vendor_held,
    verification,
)
from tests.support.clock import NOON, FakeClock
from tests.support.looks import circuits_in

ONE_A_DAY = (Limit(1, 86_400),)


@pytest.fixture
def store(trouble: TroubledClient, clock: FakeClock) -> DynamoStore:
    return dynamo_store(trouble.as_client, clock=clock)


CIRCUIT = Circuit(vendor="esms", country="VN", failures=(NOON,), mark="mark")


# Trouble --------------------------------------------------------------------------------------

OPERATIONS: dict[str, Callable[[Store], object]] = {
    "claim_number": lambda store: store.claim_number(claim()),
    "release_number": lambda store: store.release_number(release(claim())),
    "create": lambda store: store.create(verification(), supersedes=()),
    "create over": lambda store: store.create(verification(), supersedes=("v0",)),
    "settle_delivery": lambda store: store.settle_delivery(
        verification(), settlement=settlement(verification()), release=None
    ),
    "settle_delivery with release": lambda store: store.settle_delivery(
        verification(), settlement=undeliverable(verification()), release=release(claim())
    ),
    "redirect": lambda store: store.redirect(
        verification(), step=RouteStep("two", Custody.GATEWAY), code=CODE_HASH, claim=claim()
    ),
    "redirect with lock": lambda store: store.redirect(
        verification(), step=RouteStep("esms", Custody.VENDOR), code="", claim=claim(vendor_lock="esms")
    ),
    "get": lambda store: store.get("demo", "v1"),
    "begin_resend": lambda store: store.begin_resend(verification(), intent=resend_intent(verification())),
    "guess": lambda store: store.guess("demo", "v1", guess=CODE_HASH, now=NOON),
    "settle_check": lambda store: store.settle_check(vendor_held(), verdict=Verdict.WRONG, now=NOON),
    "cancel": lambda store: store.cancel("demo", "v1", now=NOON),
    "circuits": lambda store: circuits_in(store, ["esms", "engagelab"], country="VN"),
    "record_outage": lambda store: store.record_outage("esms", country="VN", now=NOON, held_until=None),
    "begin_probe": lambda store: store.begin_probe(CIRCUIT, now=NOON),
    "clear_circuit": lambda store: store.clear_circuit(CIRCUIT),
}
TROUBLES: dict[str, Exception] = {
    "throttled": client_error("ProvisionedThroughputExceededException"),
    "throttled too": client_error("ThrottlingException"),
    "transaction throttled": client_error(
        "TransactionCanceledException", reasons=["ThrottlingError", "None"]
    ),
    "invalid": client_error("ValidationException"),
    "denied": client_error("AccessDeniedException"),
    "no table": client_error("ResourceNotFoundException"),
    "down": client_error("InternalServerError"),
    "unreachable": EndpointConnectionError(endpoint_url="https://nowhere"),
    "silent": ReadTimeoutError(endpoint_url="https://nowhere"),
    "cut off": ConnectionClosedError(endpoint_url="https://nowhere"),
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("kind", TROUBLES)
def test_trouble_is_one_refusal_whatever_was_asked(
    store: Store, trouble: TroubledClient, clock: FakeClock, operation: str, kind: str
) -> None:
    trouble.fail(TROUBLES[kind])
    with pytest.raises(ServiceUnavailableError) as refused:
        OPERATIONS[operation](store)
    assert refused.value.retry_after_seconds == 1
    assert "text that nobody may see" not in str(refused.value)
    assert len(trouble.calls) == 1
    assert clock.slept == []


# Transactions of which the writes can be made one by one.
DIVISIBLE = {"create over", "settle_delivery with release", "redirect with lock"}


@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - DIVISIBLE))
def test_a_conflict_is_tried_again_a_few_times_and_then_refused(
    store: Store, trouble: TroubledClient, clock: FakeClock, operation: str
) -> None:
    trouble.fail(*[client_error("TransactionConflictException")] * 4)
    with pytest.raises(ServiceUnavailableError) as refused:
        OPERATIONS[operation](store)
    assert refused.value.retry_after_seconds == 1
    assert len(trouble.calls) == 4
    assert clock.slept == sorted(clock.slept)
    assert 0 < sum(clock.slept) < 1


def test_where_transactions_keep_colliding_the_older_ones_are_ended_first_and_one_by_one(
    store: Store, trouble: TroubledClient
) -> None:
    store.create(verification("v1"), supersedes=())
    trouble.fail(*[conflict()] * 4)
    assert store.create(verification("v2"), supersedes=("v1", "v0")).applied
    ended = store.get("demo", "v1")
    assert ended is not None
    assert ended.superseded_by == "v2"
    assert trouble.calls[-5:] == ["get_item", "update_item", "update_item", "put_item", "get_item"]


def test_a_send_that_nobody_took_is_settled_and_then_given_back_where_transactions_keep_colliding(
    store: Store, trouble: TroubledClient
) -> None:
    store.claim_number(claim("v1"))
    store.create(verification("v1"), supersedes=())
    trouble.fail(*[conflict()] * 4)
    assert settle_as_undeliverable(store).applied
    assert trouble.calls[-2:] == ["update_item", "update_item"]
    ended = store.get("demo", "v1")
    assert ended is not None
    assert ended.status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    assert isinstance(store.claim_number(claim("v2", limits=ONE_A_DAY)), Claimed)


def test_a_send_that_was_guessed_at_stays_counted_where_transactions_keep_colliding(
    store: Store, trouble: TroubledClient
) -> None:
    store.claim_number(claim("v1"))
    store.create(verification("v1"), supersedes=())
    store.guess("demo", "v1", guess=WRONG_HASH, now=NOON)
    trouble.fail(*[conflict()] * 4)
    assert settle_as_undeliverable(store).applied
    assert isinstance(store.claim_number(claim_at(NOON + 61, "v2", limits=ONE_A_DAY)), ClaimRefused)


@pytest.mark.parametrize(("slot", "taken"), [("slot1", True), ("slot2", False)])
def test_a_vendors_lock_is_taken_before_its_code_is_asked_for_where_transactions_keep_colliding(
    store: Store, trouble: TroubledClient, slot: str, taken: bool
) -> None:
    store.claim_number(claim("v0", slot=slot, vendor_lock="esms"))
    store.create(verification("v1"), supersedes=())
    trouble.fail(*[conflict()] * 4)
    assert OPERATIONS["redirect with lock"](store) is taken
    assert trouble.calls[-2 if taken else -1 :] == ["update_item"] * (2 if taken else 1)
    moved = store.get("demo", "v1")
    assert moved is not None
    assert (moved.provider == "esms") is taken


def settle_as_undeliverable(store: Store) -> Counted:
    return store.settle_delivery(
        verification("v1"), settlement=undeliverable(verification("v1")), release=release(claim("v1"))
    )


def conflict() -> Exception:
    return client_error("TransactionCanceledException", reasons=["None", "TransactionConflict"])


@pytest.mark.parametrize(
    "error", [client_error("TransactionConflictException"), client_error("TransactionInProgressException")]
)
def test_a_conflict_that_passes_is_not_noticed(
    store: Store, trouble: TroubledClient, error: Exception
) -> None:
    store.create(verification(), supersedes=())
    trouble.fail(error, error, error)
    assert store.guess("demo", "v1", guess=CODE_HASH, now=NOON).applied


def test_a_transaction_in_conflict_is_repeated_as_the_same_one(store: Store, trouble: TroubledClient) -> None:
    store.create(verification("v1"), supersedes=())
    trouble.fail(conflict(), conflict())
    assert store.create(verification("v2"), supersedes=("v1",)).applied
    tokens = {request.get("ClientRequestToken") for request in trouble.requests[1:]}
    assert len(tokens) == 1
    assert trouble.calls.count("transact_write_items") == 3


def test_a_start_over_others_that_never_gets_its_transaction_is_written_one_by_one(
    store: Store, trouble: TroubledClient
) -> None:
    for older in ("v1", "v2"):
        store.create(verification(older), supersedes=())
    trouble.fail(*[conflict()] * 4)
    assert store.create(verification("v3"), supersedes=("v2", "v1")).applied
    assert trouble.calls[-4:] == ["get_item", "update_item", "update_item", "put_item"]
    for older in ("v1", "v2"):
        found = store.get("demo", older)
        assert found is not None
        assert found.superseded_by == "v3"


def test_a_replay_that_never_gets_its_transaction_ends_nothing(store: Store, trouble: TroubledClient) -> None:
    for one in ("v1", "v2"):
        store.create(verification(one), supersedes=())
    trouble.fail(*[conflict()] * 4)
    counted = store.create(verification("v1"), supersedes=("v2",))
    assert (counted.applied, counted.verification) == (False, verification("v1"))
    newer = store.get("demo", "v2")
    assert newer is not None
    assert newer.superseded_by is None


def test_a_refused_condition_goes_before_a_conflict(
    store: Store, trouble: TroubledClient, clock: FakeClock
) -> None:
    trouble.fail(
        client_error(
            "TransactionCanceledException", reasons=["ConditionalCheckFailed", "TransactionConflict"]
        )
    )
    assert not store.create(verification("v2"), supersedes=("v1",)).applied
    assert clock.slept == []


# Costs ----------------------------------------------------------------------------------------


def calls(store: Store, trouble: TroubledClient, operation: str) -> list[str]:
    store.claim_number(claim("v1"))
    store.create(verification(), supersedes=())
    trouble.calls.clear()
    OPERATIONS[operation](store)
    return trouble.calls


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_is_one_call(store: Store, trouble: TroubledClient, operation: str) -> None:
    assert len(calls(store, trouble, operation)) == 1


def test_reads_are_consistent(store: Store, trouble: TroubledClient) -> None:
    store.get("demo", "v1")
    assert trouble.requests[0]["ConsistentRead"] is True


def test_every_conditional_write_asks_what_stood_in_its_way(store: Store, trouble: TroubledClient) -> None:
    for operation in OPERATIONS.values():
        operation(store)
    for request in trouble.requests:
        writes = [next(iter(write.values())) for write in request.get("TransactItems", [request])]
        for write in writes:
            if "ConditionExpression" in write:
                assert write["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD"


def test_items_outlive_their_codes_by_a_day_and_are_then_removed(
    store: Store, dynamodb: DynamoDBClient
) -> None:
    store.claim_number(claim_at(NOON, "v1"))
    store.create(verification(), supersedes=("v0",))
    items = dynamodb.scan(TableName=TABLE)["Items"]
    assert len(items) == 3
    assert {item["ttl"]["N"] for item in items} == {str(NOON + 300 + 86_400)}


def test_the_client_is_made_at_the_first_call(dynamodb: DynamoDBClient) -> None:
    made: list[str] = []

    def make() -> DynamoDBClient:
        made.append("client")
        return dynamodb

    store = DynamoStore(Table(TABLE, client=make, clock=FakeClock()))
    assert made == []
    store.get("demo", "v1")
    assert made == ["client"]


def test_an_item_that_lost_what_makes_it_a_verification_is_never_approved(
    store: Store, dynamodb: DynamoDBClient
) -> None:
    store.create(verification(), supersedes=())
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": "V#demo#v1"}},
        UpdateExpression="REMOVE #id",
        ExpressionAttributeNames={"#id": "id"},
    )
    with pytest.raises(ServiceUnavailableError):
        store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
