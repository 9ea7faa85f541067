"""From the deployed bus to a client's receiver: signed, tried again, given up, switched off.

The events are put on the bus as the publishing function does; the receiver is a server on 127.0.0.1,
which the template's parameter WebhookLoopback lets through here.
"""

from __future__ import annotations

import json
import secrets
from base64 import b32encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from countersign.webhooks.schedule import WAITS
from local.stack import Stack
from tests.end_to_end.clients import CLIENTS
from tests.end_to_end.hooks import WAIT_SECONDS, lines_of, until
from tests.providers.raw_server import refused_url
from tests.support.webhooks import KEY, OLD_KEY, Got, event, receiving, section

RETRY_SECONDS = 2 * WAITS[0] + WAIT_SECONDS
CLIENT = "hooked"  # of these tests alone: whatever the others start has events, too


@contextmanager
def told_at(stack: Stack, url: str, *keys: bytes, **more: Any) -> Iterator[None]:
    """Inside, the client has this webhook, and no container remembers another one."""
    hooked = {"secrets": ["demo-secret"], "webhook": section(url, *keys, **more)}
    stack.put_clients({**CLIENTS, CLIENT: hooked})
    stack.recycle("webhook")
    yield


@pytest.fixture(autouse=True)
def clients_as_they_were(stack: Stack) -> Iterator[None]:
    yield
    stack.put_clients(CLIENTS)
    stack.recycle("webhook")


def happens(stack: Stack, kind: str = "VerificationApproved", **changes: Any) -> str:
    """Put an event on the bus. Its id."""
    event_id = f"evt_{b32encode(secrets.token_bytes(17))[:26].decode().lower()}"
    told = json.loads(event(kind, client=CLIENT, event_id=event_id, **changes))
    answer = stack.client("events").put_events(
        Entries=[
            {
                "EventBusName": stack.deployment.bus,
                "Source": told["source"],
                "DetailType": told["detail-type"],
                "Detail": json.dumps(told["detail"]),
            }
        ]
    )
    assert answer["FailedEntryCount"] == 0
    return event_id


def test_an_event_on_the_bus_arrives_with_both_signatures_of_a_rotation(stack: Stack) -> None:
    with receiving() as receiver, told_at(stack, receiver.url, KEY, OLD_KEY):
        event_id = happens(stack, to="+84•••••8484", reason=None)
        [got] = receiver.wait_for(1, seconds=WAIT_SECONDS)
    assert (got.id, got.headers["content-type"]) == (event_id, "application/json")
    assert got.verified(KEY) == got.verified(OLD_KEY)
    told = got.verified()
    assert (told["type"], told["data"]["to"]) == ("verification.approved", "+84•••••8484")
    [line] = until(lambda: lines_of(stack, event_id, "WebhookDelivered"))
    assert (line["client"], line["event_type"], line["attempt"], line["status"]) == (
        CLIENT,
        "VerificationApproved",
        1,
        "2xx",
    )


def test_a_receiver_gets_what_it_wants_and_what_is_not_ours_is_not_sent(stack: Stack) -> None:
    with receiving() as receiver, told_at(stack, receiver.url, events=["VerificationFailed"]):
        happens(stack, "VerificationSent")
        happens(stack, "VerificationRequested")
        wanted = happens(stack, "VerificationFailed")
        assert [got.id for got in receiver.wait_for(1, seconds=WAIT_SECONDS)] == [wanted]


def test_a_receiver_that_is_down_gets_it_when_it_is_up_again(stack: Stack) -> None:
    url = refused_url()
    with told_at(stack, f"{url}/hook"):
        event_id = happens(stack)
        failed = until(lambda: lines_of(stack, event_id, "WebhookFailed"))
        assert failed[0]["cause"] == "no connection"
        assert WAITS[0] <= failed[0]["wait_seconds"] <= 2 * WAITS[0]
        with receiving(port=int(url.rpartition(":")[2])) as receiver:
            [got] = receiver.wait_for(1, seconds=RETRY_SECONDS)
            [line] = until(lambda: lines_of(stack, event_id, "WebhookDelivered"))
    assert (got.id, line["attempt"]) == (event_id, len(failed) + 1)
    assert got.verified()["data"]["client"] == CLIENT


def test_a_failing_receiver_gets_the_same_message_again_with_a_new_time(stack: Stack) -> None:
    with receiving() as receiver, told_at(stack, receiver.url):
        receiver.answers = [(302, {"Location": receiver.url})]
        event_id = happens(stack)
        first, second = receiver.wait_for(2, seconds=RETRY_SECONDS)
    assert first.id == second.id == event_id
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) > int(first.headers["webhook-timestamp"])
    assert second.verified()


def test_a_receiver_that_is_gone_gets_nothing_more_until_it_has_another_url(stack: Stack) -> None:
    with receiving() as receiver:
        with told_at(stack, receiver.url):
            receiver.answers = [(410, {})]
            gone = happens(stack)
            assert until(lambda: lines_of(stack, gone, "WebhookDisabled"))
            after = happens(stack)
            assert until(lambda: lines_of(stack, after, "WebhookDropped"))
        with told_at(stack, f"{receiver.url}&other=1"):
            again = happens(stack)
            got: list[Got] = receiver.wait_for(2, seconds=WAIT_SECONDS)
    assert [one.id for one in got] == [gone, again]
    item = stack.client("dynamodb").get_item(TableName=stack.table_name, Key={"pk": {"S": f"W#{CLIENT}"}})[
        "Item"
    ]
    assert "127.0.0.1" not in json.dumps(item)


def test_a_poisoned_message_ends_among_the_dead_letters_and_its_neighbours_arrive(stack: Stack) -> None:
    sqs = stack.client("sqs")
    poison = f"poison-{secrets.token_hex(8)}"
    with receiving() as receiver, told_at(stack, receiver.url):
        sqs.send_message(QueueUrl=stack.deployment.webhooks, MessageBody=poison)
        event_id = happens(stack)
        assert [got.id for got in receiver.wait_for(1, seconds=WAIT_SECONDS)] == [event_id]

    def letters() -> list[Any]:
        answer = sqs.receive_message(QueueUrl=stack.deployment.webhooks_dead_letters, VisibilityTimeout=0)
        return [letter for letter in answer.get("Messages", []) if letter["Body"] == poison]

    assert until(letters, seconds=2 * WAIT_SECONDS)


def test_no_line_holds_a_receivers_path_its_token_or_what_it_was_told(stack: Stack) -> None:
    with receiving() as receiver, told_at(stack, receiver.url):
        event_id = happens(stack, reference="canary-reference")
        assert receiver.wait_for(1, seconds=WAIT_SECONDS)
        assert until(lambda: lines_of(stack, event_id, "WebhookDelivered"))
    assert "canary" not in stack.function_logs()
