"""Requests reach the deployed send function by the queue and by the bus, with every role enforced."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError

from local.deploying import session
from local.emulator import REGION
from local.stack import Stack
from tests.end_to_end.calling import Caller, forget_outages, fresh_number
from tests.end_to_end.post import Post, wait_for


@pytest.fixture
def post(stack: Stack) -> Iterator[Post]:
    for vendor in ("message_central", "esms", "engagelab"):
        stack.vendor(vendor, mode="ok")
    forget_outages(stack)
    post = Post(stack)
    assert wait_for(post.is_empty)
    post.dead_letters()
    yield post
    assert wait_for(post.is_empty)
    post.dead_letters()
    assert "messages come back later than asked" not in stack.function_logs()  # as without a permission


def test_a_message_on_the_queue_is_a_text_whose_code_is_right(post: Post) -> None:
    to = fresh_number("VN")
    message_id = post.send({"client": "demo-gateway", "to": to, "reference": "order-17"})
    assert wait_for(lambda: post.texts(to) == 1)
    assert wait_for(post.is_empty)
    caller = Caller(post.stack, "demo-gateway")
    # By the message's id the sender gets to know the verification.
    started = caller.start(to, key=message_id, reference="order-17")
    assert (started.status, started.headers["Idempotent-Replayed"]) == (201, "true")
    assert caller.check(started.body["id"], caller.code_for(to)).body["status"] == "approved"
    assert (post.texts(to), post.dead_letters()) == (1, {})


def test_a_request_on_the_bus_is_a_text_and_what_else_is_on_it_is_none(post: Post) -> None:
    asked, told = fresh_number("AU"), fresh_number("AU")
    post.put({"client": "demo", "to": told}, detail_type="VerificationSent")
    post.put({"client": "demo", "to": asked})
    assert wait_for(lambda: post.texts(asked) == 1)
    assert wait_for(post.is_empty)
    assert post.texts(told) == 0


def test_one_request_put_on_the_queue_three_times_is_one_text(post: Post) -> None:
    # What the bus would write; it may hand on one event more than once, as messages of different ids.
    to = fresh_number("SG")
    event = {
        "id": str(uuid.uuid4()),
        "detail-type": "VerificationRequested",
        "time": "2100-01-01T00:00:00Z",
        "detail": {"client": "demo", "to": to},
    }
    ids = [post.send(event) for _ in range(3)]
    assert wait_for(post.is_empty)
    assert post.texts(to) == 1
    assert all(message_id in post.stack.function_logs() for message_id in ids)


def test_a_poisoned_message_ends_in_the_dead_letters_and_its_neighbours_are_served(post: Post) -> None:
    numbers = [fresh_number("VN") for _ in range(4)]
    bad = {"to=+84901888485", json.dumps({"client": "nobody", "to": numbers[0]})}
    for place, to in enumerate(numbers):
        post.send({"client": "quick", "to": to})
        if place < len(bad):
            post.send(sorted(bad)[place])
    # Which takes seconds, twelve for the client that there is not, and not five time-outs of the queue.
    assert wait_for(post.is_empty)
    assert [post.texts(to) for to in numbers] == [1, 1, 1, 1]
    assert set(post.dead_letters().values()) == bad
    given_up = [line for line in post.stack.function_logs().splitlines() if '"MessageGivenUp","' in line]
    assert not any(to in line for line in given_up for to in numbers)


def test_a_throttled_vendor_gets_the_message_later(post: Post) -> None:
    to = fresh_number("VN")
    for vendor in ("esms", "engagelab"):
        post.stack.vendor(vendor, mode="too_many_requests")
    message_id = post.send({"client": "quick", "to": to})
    assert wait_for(lambda: f'"message_id":"{message_id}"' in post.stack.function_logs())
    forget_outages(post.stack)  # else the vendors would be left alone for as long as they have said
    assert wait_for(lambda: post.texts(to) == 1)
    assert wait_for(post.is_empty)
    assert (post.texts(to), post.dead_letters()) == (1, {})
    told = [
        json.loads(line)["message"]
        for line in post.stack.function_logs().splitlines()
        if message_id in line and line.startswith("{")
    ]
    assert (told[0], told[-1]) == ("MessageDeferred", "MessageServed")


def test_a_stranger_of_the_account_may_write_nothing_until_iam_says_so(post: Post) -> None:
    iam = session().client("iam", endpoint_url=post.stack.endpoint)
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    sqs = boto3.client(
        "sqs",
        endpoint_url=post.stack.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    queue, to = post.outputs["RequestsUrl"], fresh_number("AU")
    body = json.dumps({"client": "demo", "to": to})
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=queue, MessageBody=body)
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": post.outputs["RequestsArn"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="stranger", PolicyName="asks", PolicyDocument=policy)
    sqs.send_message(QueueUrl=queue, MessageBody=body)
    assert wait_for(lambda: post.texts(to) == 1)
