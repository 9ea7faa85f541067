"""What the publishing function's permissions are for; using.py says what a row is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import uuid4

from tests.end_to_end.calling import Caller, fresh_number
from tests.end_to_end.using import Scene, Use

_RUNS_OUT_AT_ONCE = "+12025550125"  # a test number: its code has no time at all


def an_event(scene: Scene) -> bool:
    """Of a text, heard by a rule of its own."""
    events, sqs, name = scene.stack.client("events"), scene.stack.client("sqs"), f"heard-{uuid4().hex}"
    bus, url = scene.stack.deployment.bus, sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = json.dumps({"detail": {"client": [scene.caller.client_id]}})
    events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        assert scene.caller.start(fresh_number("VN")).status == 201
        return scene.waited(lambda: bool(sqs.receive_message(QueueUrl=url).get("Messages")))
    finally:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)


def an_expiry(scene: Scene) -> bool:
    """Of a code that has run out, written to the table."""
    caller = Caller(scene.stack, "demo-gateway")
    started = caller.start(_RUNS_OUT_AT_ONCE)
    assert started.status == 201, started
    key = {"pk": {"S": f"V#{caller.client_id}#{started.body['id']}"}}

    def is_written() -> bool:
        found = scene.stack.client("dynamodb").get_item(
            TableName=scene.stack.table_name, Key=key, ConsistentRead=True
        )
        return found["Item"]["stored_status"] == {"S": "expired"}

    return scene.waited(is_written)


def a_redelivery(scene: Scene) -> bool:
    """Of a text that a vendor reported as undelivered; which text that is was linked before."""
    stack, caller, to = scene.stack, Caller(scene.stack, "withheld-again"), fresh_number("VN")
    stack.report("undelivered", by="esms")
    try:
        assert caller.start(to).status == 201
        return scene.waited(lambda: len(stack.messages(to)) == 2)
    finally:
        stack.report("none")


PUBLISH_USES: Mapping[str, Use] = {
    "PublishRole/Endings/dynamodb:GetItem": Use(an_expiry),
    "PublishRole/Endings/dynamodb:UpdateItem": Use(an_expiry),
    "PublishRole/Publish/events:PutEvents": Use(an_event),
    "PublishRole/Expiries/sqs:SendMessage": Use(an_expiry),
    "PublishRole/Requests/sqs:SendMessage": Use(a_redelivery),
}
