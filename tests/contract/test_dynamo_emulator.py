"""What the row of send times asks of DynamoDB's update expressions, and that the emulator does it.

DynamoDB evaluates every right-hand side of a SET against the item as it was, in whatever
order the clauses stand. An emulator that does not would make the other tests worthless.
"""

from __future__ import annotations

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.numbers import claim_update, release_update
from countersign.claims import Slot
from countersign.policy import Policy
from tests.support.aws import TABLE, dynamo_store
from tests.support.builders import claim, claim_at, release
from tests.support.clock import NOON

SLOT = Slot(verification_id="v" * 40, previous_id="w" * 40, resend_at=NOON, expires_at=NOON)
KEY = {"pk": {"S": "N#number1"}}


@pytest.mark.parametrize("expression", ["SET b = a, a = :new", "SET a = :new, b = a"])
def test_right_hand_sides_are_the_values_before_the_update(dynamodb: DynamoDBClient, expression: str) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**KEY, "a": {"N": "1"}, "b": {"N": "0"}})
    answer = dynamodb.update_item(
        TableName=TABLE,
        Key=KEY,
        UpdateExpression=expression,
        ExpressionAttributeValues={":new": {"N": "2"}},
        ReturnValues="ALL_NEW",
    )
    assert (answer["Attributes"]["a"], answer["Attributes"]["b"]) == ({"N": "2"}, {"N": "1"})


def test_two_attributes_can_change_places(dynamodb: DynamoDBClient) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**KEY, "a": {"N": "1"}, "b": {"N": "2"}})
    answer = dynamodb.update_item(
        TableName=TABLE, Key=KEY, UpdateExpression="SET a = b, b = a", ReturnValues="ALL_NEW"
    )
    assert (answer["Attributes"]["a"], answer["Attributes"]["b"]) == ({"N": "2"}, {"N": "1"})


def test_the_row_of_send_times_moves_up_with_a_claim_and_down_with_a_release(
    dynamodb: DynamoDBClient,
) -> None:
    store = dynamo_store(dynamodb)
    for number in range(23):
        store.claim_number(claim_at(NOON + number, f"v{number}", slot=f"slot{number}"))
    assert row(dynamodb) == [NOON + number for number in range(22, 1, -1)]
    last = claim_at(NOON + 22, "v22", slot="slot22")
    store.release_number(release(last))
    assert row(dynamodb) == [NOON + number for number in range(21, 1, -1)] + [0]


def test_the_expressions_are_well_within_the_4_kilobytes_that_dynamodb_allows() -> None:
    wish = claim("v" * 40, slot="s" * 16, vendor_lock="message_central", limits=Policy().send_limits)
    for update in (claim_update(wish), release_update(release(wish, before=SLOT))):
        arguments = update.arguments(TABLE)
        for expression in ("UpdateExpression", "ConditionExpression"):
            assert len(str(arguments[expression]).encode()) < 2_048


def row(dynamodb: DynamoDBClient) -> list[int]:
    """The send times as they lie in the table, the newest first."""
    item = dynamodb.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)["Item"]
    return [int(item[f"t{place}"]["N"]) for place in range(1, 22)]
