"""What the permissions on the queue of requests are for; using.py says what a row is."""

from __future__ import annotations

import json
from collections.abc import Mapping

from local.deploying import STACK_NAME, session
from tests.end_to_end.calling import forget_outages, fresh_number
from tests.end_to_end.using import Scene, Use


def a_message_put_off(scene: Scene) -> bool:
    """Because of throttled vendors, and served when they answer again."""
    stack, to = scene.stack, fresh_number("VN")
    [described] = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}
    for vendor in ("esms", "engagelab"):
        stack.vendor(vendor, mode="too_many_requests")
    body = json.dumps({"client": scene.caller.client_id, "to": to})
    sqs = session().client("sqs", endpoint_url=stack.endpoint)
    sqs.send_message(QueueUrl=outputs["RequestsUrl"], MessageBody=body)

    def is_sent() -> bool:
        forget_outages(stack)  # else the vendors would be left alone for as long as they have said
        return bool(stack.messages(to))

    try:
        return scene.waited(is_sent)
    finally:  # what could not be put off is hidden for minutes
        sqs.purge_queue(QueueUrl=outputs["RequestsUrl"])


REQUESTS_USES: Mapping[str, Use] = {
    "SendRole/Requests/sqs:ChangeMessageVisibility": Use(a_message_put_off),
}
REQUESTS_UNSEEN: Mapping[str, str] = {
    "Requests*Policy/OverTlsAlone/sqs:*": (
        "It forbids plain HTTP, which is all that the emulator speaks: the local stack takes it out."
    ),
    "RequestsPolicy/Account/sqs:SendMessage": (
        "It says who may write, for the operator to widen. AWS, as the emulator, would let a sender of the"
        " same account write by its own policy alone."
    ),
    "Requests*Policy/Bus/sqs:SendMessage": (
        "EventBridge writes to a queue whose policy lets it; the emulator's bus asks no queue's policy."
    ),
}
