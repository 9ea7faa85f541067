"""The send function over an emulated AWS, with batches of the queue of requests."""

from __future__ import annotations

import json

import boto3
import pytest
from mypy_boto3_sqs import SQSClient

from countersign.intake import MOST_RECEIVES, UnreadableBatchError
from functions.send import app as send_app
from tests.support.clock import NOON
from tests.support.gateway import Context, Gateway
from tests.support.mailbox import Mailbox
from tests.support.messages import (
    again,
    batch,
    by_the_bus,
    failed,
    message,
    sample,
)
from tests.support.vendors import ESMS_GENCODE, Vendors

from .conftest import Aws


@pytest.fixture
def mailbox(gateway: Gateway) -> Mailbox:
    return Mailbox(gateway)


@pytest.fixture
def sqs(aws: Aws) -> SQSClient:
    return boto3.client("sqs")


def verifications(aws: Aws) -> int:
    return sum(item["pk"]["S"].startswith("V#") for item in aws.items())


def test_a_message_is_a_text(mailbox: Mailbox, vendors: Vendors) -> None:
    sent = message(purpose="login", reference="order-17", sent_at=NOON - 3)
    assert mailbox.hand_on(sent) == []
    assert vendors.urls == [ESMS_GENCODE]
    [line] = mailbox.told("MessageServed")
    [started] = mailbox.told("VerificationStarted")
    assert line["verification_id"] == started["verification_id"]
    assert {name: line[name] for name in ("message_id", "way", "outcome", "client", "country")} == {
        "message_id": sent["messageId"],
        "way": "queue",
        "outcome": "started",
        "client": "demo",
        "country": "VN",
    }
    assert (line["receives"], line["age_seconds"]) == (1, 3)
    assert mailbox.queue.waits == {}


def test_the_client_may_be_named_as_in_a_direct_invocation(mailbox: Mailbox, vendors: Vendors) -> None:
    assert mailbox.hand_on(message({"client_id": "demo", "operation": "start", "to": "+84901888484"})) == []
    assert vendors.urls == [ESMS_GENCODE]


def test_the_same_message_three_times_is_one_text(mailbox: Mailbox, vendors: Vendors, aws: Aws) -> None:
    sent = message()
    for later in (0, 70, 300):  # within the cooldown, after it, and after the code's life
        mailbox.clock.advance(later)
        assert mailbox.hand_on(sent) == []
    assert vendors.urls == [ESMS_GENCODE]
    assert verifications(aws) == 1
    assert [line["outcome"] for line in mailbox.told("MessageServed")] == ["started", "replayed", "replayed"]


def test_the_same_message_twice_in_one_batch_is_one_text(mailbox: Mailbox, vendors: Vendors) -> None:
    sent = message()
    assert mailbox.hand_on(sent, sent) == []
    assert vendors.urls == [ESMS_GENCODE]


def test_an_event_of_the_bus_is_a_text_and_once_only_whatever_the_message(
    mailbox: Mailbox, vendors: Vendors
) -> None:
    for _ in range(3):
        assert mailbox.hand_on(message(by_the_bus())) == []
    assert vendors.urls == [ESMS_GENCODE]
    assert {line["way"] for line in mailbox.told("MessageServed")} == {"bus"}


def test_a_key_of_the_senders_goes_before_the_messages_id(mailbox: Mailbox, vendors: Vendors) -> None:
    detail = {"client": "demo", "to": "+84901888484", "idempotency_key": "order-17"}
    assert mailbox.hand_on(message(idempotency_key="order-17"), message(detail)) == []
    assert mailbox.hand_on(message(by_the_bus(detail, id="another"))) == []
    assert vendors.urls == [ESMS_GENCODE]


def test_a_sender_that_asks_again_by_the_messages_id_is_told_the_verification(
    mailbox: Mailbox, vendors: Vendors
) -> None:
    sent = message()
    mailbox.hand_on(sent)
    started = mailbox.gateway.start(key=sent["messageId"])
    assert started.headers["Idempotent-Replayed"] == "true"
    assert started.id == mailbox.told("MessageServed")[0]["verification_id"]
    assert vendors.urls == [ESMS_GENCODE]


def test_what_may_have_been_sent_is_done(mailbox: Mailbox, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, {}, status=500)
    sent = message()
    assert mailbox.hand_on(sent) == []
    assert mailbox.hand_on(again(sent)) == []
    assert vendors.urls == [ESMS_GENCODE]


# Poison.

POISON = {
    "not JSON": "to=+84901888485",
    "no object": "[]",
    "too large": json.dumps({"client": "demo", "to": "+84901888485", "reference": "x" * 9_000}),
    "half a character": json.dumps({"client": "demo", "to": "\ud800"}, ensure_ascii=False),
    "no client": {"to": "+84901888485"},
    "two names": {"client": "demo", "client_id": "demo", "to": "+84901888485"},
    "no number": {"client": "demo", "to": "12345"},
    "unknown member": {"client": "demo", "to": "+84901888485", "colour": "red"},
    "another operation": {"client": "demo", "to": "+84901888485", "operation": "resend"},
    "a premium number": {"client": "demo", "to": "+841900123456"},
    "another event": by_the_bus() | {"detail-type": "VerificationSent"},
    "no detail": by_the_bus() | {"detail": "x"},
    "no time": by_the_bus() | {"time": "noon"},
    "a resend of no id": {"client": "demo", "resend": "V#demo", "sends": 1},
    "a resend of no text": {"client": "demo", "resend": "k2v7xq4mzt3hw6ynpbc5jd7r2a"},
    "a resend of too many texts": {"client": "demo", "resend": "k2v7xq4mzt3hw6ynpbc5jd7r2a", "sends": 11},
    "a resend to a number": {
        "client": "demo",
        "resend": "k2v7xq4mzt3hw6ynpbc5jd7r2a",
        "sends": 1,
        "to": "+84901888485",
    },
    "a resend by the bus": by_the_bus({"client": "demo", "resend": "k2v7xq4mzt3hw6ynpbc5jd7r2a", "sends": 1}),
    "a time of no zone": {"client": "demo", "to": "+84901888485", "requested_at": "2025-06-15T15:06:40"},
}


@pytest.mark.parametrize("body", POISON.values(), ids=POISON)
def test_poison_fails_at_once_without_any_work_and_its_neighbours_are_served(
    body: object, mailbox: Mailbox, vendors: Vendors, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = message(body)
    good = [message(to=f"+8490188848{place}") for place in range(2)]
    assert mailbox.hand_on(good[0], bad, good[1]) == [bad["messageId"]]
    assert vendors.urls == [ESMS_GENCODE, ESMS_GENCODE]
    assert verifications(aws) == 2
    assert mailbox.queue.waits == {bad["receiptHandle"]: 0}
    assert [line["message_id"] for line in mailbox.told("message refused")] == [bad["messageId"]]
    metrics = capsys.readouterr().out
    assert '"MessageServed":[1.0,1.0]' in metrics
    assert "MessageGivenUp" not in metrics
    assert "MessageDeferred" not in metrics


def test_poison_costs_no_call_and_is_counted_once_when_it_is_given_up(
    mailbox: Mailbox, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = message("to=+84901888485")
    mailbox.gateway.counted()
    for _ in range(MOST_RECEIVES):
        assert mailbox.hand_on(bad) == [bad["messageId"]]
        assert mailbox.queue.wait_of(bad) == 0
        bad = again(bad)
    assert mailbox.gateway.counted() == {}
    [line] = mailbox.told("MessageGivenUp")
    assert (line["outcome"], line["receives"]) == ("invalid_request", MOST_RECEIVES)
    assert capsys.readouterr().out.count('"MessageGivenUp":[1.0]') == 1


def test_what_is_refused_is_told_without_what_was_asked(mailbox: Mailbox) -> None:
    for body in POISON.values():
        mailbox.hand_on(message(body, receives=MOST_RECEIVES))
    mailbox.hand_on(message())
    log = mailbox.gateway.log.getvalue()
    assert len(mailbox.told("MessageGivenUp")) == len(POISON)
    for secret in ("901888", "nobody", "colour", "1900123456", "order"):
        assert (secret in log) == (secret == "colour")  # a member's name, which says what to correct


@pytest.mark.parametrize("name", ["84901888484", "+84901888484", "code843211"])
def test_a_number_or_a_code_in_the_place_of_a_members_name_is_not_logged(mailbox: Mailbox, name: str) -> None:
    # Twice in one message: such a name is refused where the document is read, too.
    for body in (
        json.dumps({"client": "demo", "to": "+84901888484", name: "x"}),
        f'{{"{name}":1,"{name}":2}}',
    ):
        given_up = message(body, receives=MOST_RECEIVES)
        mailbox.hand_on(message(body), given_up)
    [line, _] = mailbox.told("MessageGivenUp")
    assert line["field"] == "?"
    log = mailbox.gateway.log.getvalue()
    assert "901888484" not in log
    assert "843211" not in log


# What is no message.


@pytest.mark.parametrize(
    "records",
    [
        None,
        1,
        [1],
        [{}],
        [{"eventSource": "aws:sns"}],
        [message() | {"attributes": {}}],
        [message() | {"eventSource": "aws:mq"}],
    ],
    ids=[
        "none",
        "a number",
        "numbers",
        "empty",
        "another source",
        "no attributes",
        "a record of another queue",
    ],
)
def test_what_is_no_batch_of_the_queue_is_refused_without_a_word_of_it(
    records: object, gateway: Gateway
) -> None:
    with pytest.raises(UnreadableBatchError) as raised:
        gateway.send({"Records": records}, Context())
    assert raised.value.__suppress_context__
    assert [line["message"] for line in gateway.lines()] == ["unexpected failure"]


def test_an_empty_batch_is_done(mailbox: Mailbox) -> None:
    assert mailbox.hand_on() == []


def test_the_verify_function_takes_no_batches(gateway: Gateway) -> None:
    answer = gateway.event(gateway.verify, batch(message()))
    assert (answer.status, answer.code) == (400, "invalid_request")


# The sample events, through the function's own entry.


@pytest.mark.usefixtures("entry_points")
def test_the_sample_message_is_a_text(vendors: Vendors) -> None:
    assert failed(send_app.handler(sample("sqs_request"), Context())) == []
    assert vendors.urls == [ESMS_GENCODE]


@pytest.mark.usefixtures("entry_points")
def test_of_the_sample_batch_the_poison_alone_fails_and_is_seen_again_at_once(
    vendors: Vendors, sqs: SQSClient
) -> None:
    url = sqs.create_queue(QueueName="requests", Attributes={"VisibilityTimeout": "150"})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    records = sample("sqs_batch_with_poison")["Records"]
    for record in records:
        sqs.send_message(QueueUrl=url, MessageBody=record["body"])
    received = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    for record, one in zip(records, received, strict=True):
        record |= {"receiptHandle": one["ReceiptHandle"], "eventSourceARN": arn}
    assert failed(send_app.handler(batch(*records), Context())) == [one["messageId"] for one in records[1:4]]
    assert vendors.urls == [ESMS_GENCODE, ESMS_GENCODE]
    seen = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    # The client that there is not is looked for once more, a while later.
    assert [one["Body"] for one in seen] == [records[place]["body"] for place in (1, 3)]


@pytest.mark.usefixtures("entry_points")
def test_the_sample_event_is_a_text_when_the_rule_has_put_it_on_the_queue(vendors: Vendors) -> None:
    sent = message(json.dumps(sample("eventbridge_request")), sent_at=4_102_444_800)
    assert failed(send_app.handler(batch(sent), Context())) == []
    assert vendors.urls == [ESMS_GENCODE]
