"""What the webhook function's permissions are for; using.py says what a row is."""

from __future__ import annotations

import json
import secrets
from base64 import b32encode
from collections.abc import Mapping

from tests.end_to_end.clients import HOOKED, HOOKED_PORT
from tests.end_to_end.using import Scene, Use
from tests.support.webhooks import event, receiving


def _posted(scene: Scene, *, status: int, told: str) -> bool:
    """An event for a receiver that answers so: whether the function logs what it should, and no refusal."""
    stack, sqs = scene.stack, scene.stack.client("sqs")
    event_id = f"evt_{b32encode(secrets.token_bytes(17))[:26].decode().lower()}"
    with receiving(port=HOOKED_PORT) as receiver:
        receiver.answers = [(status, {})]
        try:
            body = event(client=HOOKED, event_id=event_id)
            sqs.send_message(QueueUrl=stack.deployment.webhooks, MessageBody=body)
            return scene.waited(lambda: _is_logged(scene, event_id, told)) and not scene.denied()
        finally:
            sqs.purge_queue(QueueUrl=stack.deployment.webhooks)
            gone = {"pk": {"S": f"W#{HOOKED}"}}
            stack.client("dynamodb").delete_item(TableName=stack.table_name, Key=gone)


def _is_logged(scene: Scene, event_id: str, told: str) -> bool:
    lines = [json.loads(line) for line in scene.watch.lines() if event_id in line]
    return any(line.get("message") == told for line in lines)


def a_webhook(scene: Scene) -> bool:
    return _posted(scene, status=204, told="WebhookDelivered")


def the_last_webhook(scene: Scene) -> bool:
    return _posted(scene, status=410, told="WebhookDisabled")


def a_webhook_put_off(scene: Scene) -> bool:
    return _posted(scene, status=500, told="WebhookFailed")


WEBHOOK_USES: Mapping[str, Use] = {
    "WebhookRole/Gone/dynamodb:BatchGetItem": Use(a_webhook),
    "WebhookRole/Gone/dynamodb:UpdateItem": Use(the_last_webhook),
    "WebhookRole/Clients/secretsmanager:GetSecretValue": Use(a_webhook, cold=True),
    "WebhookRole/Waiting/sqs:ChangeMessageVisibility": Use(a_webhook_put_off),
}
WEBHOOK_UNSEEN: Mapping[str, str] = {
    "WebhooksPolicy/*/sqs:SendMessage": (
        "EventBridge writes to a queue whose policy lets it; the emulator's bus asks no queue's policy."
    ),
}
