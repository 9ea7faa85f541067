"""What each permission is for, row by row; using.py says what a row is."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number
from tests.end_to_end.grants import Grant
from tests.end_to_end.uses_cognito import COGNITO_USES
from tests.end_to_end.uses_proof import PROOF_UNSEEN, PROOF_USES
from tests.end_to_end.uses_publish import PUBLISH_USES
from tests.end_to_end.uses_receipts import RECEIPTS_USES
from tests.end_to_end.uses_requests import REQUESTS_UNSEEN, REQUESTS_USES
from tests.end_to_end.uses_webhook import WEBHOOK_UNSEEN, WEBHOOK_USES
from tests.end_to_end.using import Scene, Use, done


def a_start(scene: Scene) -> bool:
    return done(scene.caller.start(fresh_number("VN")), 201)


def a_resend(scene: Scene) -> bool:
    started = scene.caller.start(fresh_number("VN"))
    assert started.status == 201, started
    return done(scene.caller.resend(started.body["id"]), 200)


def a_read(scene: Scene) -> bool:
    started = scene.caller.start(fresh_number("VN"))
    assert started.status == 201, started
    return done(scene.caller.read(started.body["id"]), 200)


def a_check(scene: Scene) -> bool:
    return _check(scene.caller)


def a_vendors_check(scene: Scene) -> bool:
    return _check(scene.vendors_caller)


def _check(caller: Caller) -> bool:
    to = fresh_number("VN")
    started = caller.start(to)
    assert started.status == 201, started
    return done(caller.check(started.body["id"], caller.code_for(to)), 200)


def a_count(scene: Scene) -> bool:
    """Of a text, in its client's counter.

    The emulator reads no `batchItemFailures` of a stream: what is denied it does not hand on again.
    """
    caller = Caller(scene.stack, "withheld-counted")
    before = _counted(scene.stack, caller.client_id)
    assert caller.start(fresh_number("AU")).status == 201
    return scene.waited(lambda: _counted(scene.stack, caller.client_id) > before)


def _counted(stack: Stack, client_id: str) -> int:
    """The texts in the buckets of hours."""
    key = {"pk": {"S": f"C#client#{client_id}"}}
    found = stack.client("dynamodb").get_item(TableName=stack.table_name, Key=key, ConsistentRead=True)
    return sum(int(value["N"]) for name, value in found.get("Item", {}).items() if name.startswith("sh"))


USES: Mapping[str, Use] = {
    "SendRole/State/dynamodb:BatchGetItem": Use(a_start),
    "SendRole/State/dynamodb:GetItem": Use(a_resend),
    "SendRole/State/dynamodb:PutItem": Use(a_start),
    "SendRole/State/dynamodb:UpdateItem": Use(a_start),
    "SendRole/Clients/secretsmanager:GetSecretValue": Use(a_start, cold=True),
    "SendRole/Vendors/secretsmanager:GetSecretValue": Use(a_start, cold=True),
    "VerifyRole/State/dynamodb:GetItem": Use(a_read),
    "VerifyRole/State/dynamodb:UpdateItem": Use(a_check),
    "VerifyRole/Clients/secretsmanager:GetSecretValue": Use(a_check, cold=True),
    "VerifyRole/Vendors/secretsmanager:GetSecretValue": Use(a_vendors_check, cold=True),
    "CountRole/Counters/dynamodb:UpdateItem": Use(a_count),
    **COGNITO_USES,
    **RECEIPTS_USES,
    **PROOF_USES,
    **WEBHOOK_USES,
    **REQUESTS_USES,
    **PUBLISH_USES,
}

_STREAM = (
    "Lambda asks for it when the mapping is made and reads with it; the emulator hands on the table's changes"
    " from its own memory, and asks no role."
)
_POLLER = "Lambda takes messages off the queue with it, in the role's name; the emulator asks no role."
UNSEEN: Mapping[str, str] = {
    **PROOF_UNSEEN,
    **WEBHOOK_UNSEEN,
    **REQUESTS_UNSEEN,
    "*/sqs:DeleteMessage": _POLLER,
    "*/sqs:GetQueueAttributes": _POLLER,
    "*/sqs:ReceiveMessage": _POLLER,
    "*/Log/logs:*": "Lambda writes the lines, in the role's name; the emulator writes them in its own.",
    "*/Trace/xray:*": "Lambda sends the segments, in the role's name; the emulator makes none.",
    "*/Changes/dynamodb:*": _STREAM,
    "*/GivenUp/sqs:SendMessage": (
        "Lambda writes the letter about changes that were given up, in the role's name; the emulator asks"
        " no role."
    ),
}


def use_of(grant: Grant) -> Use | None:
    return USES.get(str(grant))


def reasons_unseen(grant: Grant) -> list[str]:
    """The rows of UNSEEN that a grant is in."""
    return [pattern for pattern in UNSEEN if fnmatchcase(str(grant), pattern)]
