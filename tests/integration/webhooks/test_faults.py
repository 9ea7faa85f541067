"""What becomes of events where the function, AWS or a setting fails, and what the log does not hold."""

from __future__ import annotations

import io

import pytest
from botocore.session import Session
from mypy_boto3_sqs import SQSClient

from countersign.batches import BatchFailedError
from countersign.bootstrap import Container
from countersign.bootstrap.webhooks import webhook_edge
from countersign.clock import SystemClock
from countersign.errors import ServiceUnavailableError
from countersign.webhooks.schedule import ATTEMPTS, WAITS
from tests.integration.conftest import Aws
from tests.integration.webhooks.container import Function, batch, telemetry_into
from tests.support.aws import client_error
from tests.support.gateway import Context
from tests.support.webhooks import KEY, Receiver, event, section


def test_a_410_that_cannot_be_noted_is_asked_for_again(
    hooked: Function, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.status = 410
    client = hooked.container.dynamodb
    hooked(event(client="nobody"))

    def away(**_: object) -> None:
        raise client_error("AccessDeniedException")

    monkeypatch.setattr(client, "update_item", away)
    assert hooked(event()) == [0]
    assert hooked.waiting.seconds == {"receipt-0": WAITS[0]}
    assert hooked.told("WebhookFailed")[0]["cause"] == "410 could not be noted"
    assert hooked.told("a 410 could not be noted")[0]["cause"] == "AccessDeniedException"


def test_a_broken_setting_of_one_client_is_told_and_keeps_its_events_for_when_it_is_mended(
    hooked: Function, receiver: Receiver
) -> None:
    hooked.clients_are(shop=section(receiver.url), other={"url": 7})
    assert hooked(event(client="other"), event()) == [0]
    assert hooked.told("configuration fault")[0]["fault"].startswith("client other: webhook.url")
    assert len(receiver.got) == 1
    hooked.clients_are(shop=section(receiver.url), other=section(receiver.url))
    assert hooked(event(client="other"), attempt=2) == []


def test_while_aws_is_in_trouble_nothing_is_sent_and_everything_kept(
    hooked: Function, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise ServiceUnavailableError(retry_after_seconds=1)

    monkeypatch.setattr(hooked.container.dynamodb, "batch_get_item", away)
    assert hooked(event(event_id="evt_a"), event(event_id="evt_b")) == [0, 1]
    assert receiver.got == []
    assert len(hooked.told("WebhooksDeferred")) == 1


def test_a_message_that_cannot_be_put_off_is_kept_all_the_same(hooked: Function, receiver: Receiver) -> None:
    receiver.status, hooked.waiting.fails = 500, True
    assert hooked(event()) == [0]
    assert len(hooked.told("a webhook could not be put off")) == 1


@pytest.mark.parametrize("name", ["WEBHOOKS_QUEUE_URL", "CLIENTS_SECRET_ARN", "WEBHOOK_LOOPBACK"])
def test_a_function_that_is_not_set_up_fails_as_a_whole_and_says_why(
    environment: dict[str, str], aws: Aws, session: Session, name: str
) -> None:
    log = io.StringIO()
    telemetry = telemetry_into(log)
    del environment[name]
    container = Container(environment, clock=SystemClock(), telemetry=telemetry, session=session)
    with pytest.raises(BatchFailedError, match="not set up"):
        webhook_edge(container)(batch(event()), Context())
    assert name in log.getvalue()


@pytest.mark.parametrize("told", [None, {}, {"Records": [{}]}, {"Records": [{"messageId": "1"}]}])
def test_an_event_that_is_no_batch_fails_without_a_word_of_it_in_the_log(
    hooked: Function, told: object
) -> None:
    with pytest.raises(BatchFailedError, match="unexpected failure"):
        hooked.edge(told, Context())
    assert hooked.told("unexpected failure")


def test_no_line_holds_a_url_a_key_or_what_was_told(hooked: Function, receiver: Receiver) -> None:
    receiver.answers = [(200, {}), (500, {}), (410, {})]
    told = {"reference": "canary-reference", "to": "+84•••••8484"}
    for place in range(3):
        hooked(event(event_id=f"evt_{place}", **told))
    log = hooked.log.getvalue()
    assert len(log.splitlines()) == 3
    for secret in ("canary", "127.0.0.1", "8484", "order-17", KEY.hex(), "whsec_", "AAECAwQF"):
        assert secret not in log
    assert "canary" in receiver.url


def test_a_receipt_that_the_queue_does_not_know_is_told_and_the_message_kept(
    function: Function, receiver: Receiver
) -> None:
    function.clients_are(shop=section(receiver.url))
    receiver.status = 500
    answer = webhook_edge(function.container)(batch(event()), Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "message-0"}]}
    assert len(function.told("a webhook could not be put off")) == 1


def test_without_loopback_a_receiver_on_this_machine_is_a_broken_setting(
    environment: dict[str, str], aws: Aws, session: Session, receiver: Receiver
) -> None:
    function = Function(environment | {"WEBHOOK_LOOPBACK": "off"}, aws=aws, session=session)
    function.clients_are(shop=section(receiver.url), other=section("https://localhost:8443/hook"))
    assert sorted(function(event(), event(client="other"))) == [0, 1]
    assert function.told("configuration fault")[0]["fault"].endswith("must be an https URL")
    assert function.told("WebhookFailed")[0]["cause"] == "the host leads to an address that is not public"
    assert receiver.got == []


def test_a_message_is_hidden_in_the_queue_itself(
    environment: dict[str, str], function: Function, sqs: SQSClient, queue: str, receiver: Receiver
) -> None:
    function.clients_are(shop=section(receiver.url))
    receiver.status = 500
    sqs.send_message(QueueUrl=queue, MessageBody=event())
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=1)
    told = batch(event(), attempt=ATTEMPTS)  # the last: shown again at once
    told["Records"][0]["receiptHandle"] = message["ReceiptHandle"]
    assert webhook_edge(function.container)(told, Context()) == {
        "batchItemFailures": [{"itemIdentifier": "message-0"}]
    }
    assert len(sqs.receive_message(QueueUrl=queue)["Messages"]) == 1
