"""The send function over an emulated AWS, with batches of the queue of requests."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from mypy_boto3_sqs import SQSClient

from countersign.bootstrap import Container
from countersign.dialects.dialect import UseCases
from countersign.dialects.native import Native
from countersign.intake import MOST_RECEIVES, Intake, UnreadableBatchError
from countersign.service.check import Checker
from countersign.service.resend import Resender
from countersign.service.start import Starter
from functions.send import app as send_app
from tests.support.clock import NOON
from tests.support.gateway import Context, Gateway
from tests.support.messages import (
    Record,
    RememberingQueue,
    batch,
    by_the_bus,
    failed,
    message,
    sample,
)
from tests.support.vendors import ENGAGELAB_MESSAGES, ESMS_GENCODE, Vendors

from .conftest import Aws

BLOCKED = {"CodeResult": "99", "CountRegenerate": 0, "ErrorMessage": "blocked"}


class Mailbox:
    """A gateway whose send function takes batches; what it puts back is remembered."""

    def __init__(self, gateway: Gateway, *, use_cases: UseCases | None = None) -> None:
        self.gateway = gateway
        self.clock = gateway.clock
        self.queue = RememberingQueue()
        self.intake = Intake(
            native=Native(use_cases or gateway.container),
            queue=lambda _arn: self.queue,
            telemetry=gateway.container.telemetry,
            clock=gateway.clock,
            draw=lambda below: below - 1,
        )

    def hand_on(self, *records: Record, milliseconds: int = 25_000) -> list[str]:
        """The ids of the messages that are not done."""
        answer = self.intake(batch(*records), Context(milliseconds=milliseconds))
        json.dumps(answer)  # what Lambda does with it
        self.gateway.container.telemetry.flush()
        return failed(answer)

    def again(self, record: Record) -> Record:
        """The same message, as it is handed on the next time."""
        attributes = record["attributes"]
        receives = str(int(attributes["ApproximateReceiveCount"]) + 1)
        return record | {"attributes": attributes | {"ApproximateReceiveCount": receives}}

    def told(self, event: str) -> list[dict[str, Any]]:
        return self.gateway.lines(event)


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
    assert mailbox.hand_on(mailbox.again(sent)) == []
    assert vendors.urls == [ESMS_GENCODE]


# Poison.

POISON = {
    "not JSON": "to=+84901888485",
    "no object": "[]",
    "too large": json.dumps({"client": "demo", "to": "+84901888485", "reference": "x" * 9_000}),
    "half a character": json.dumps({"client": "demo", "to": "\ud800"}, ensure_ascii=False),
    "no client": {"to": "+84901888485"},
    "two names": {"client": "demo", "client_id": "demo", "to": "+84901888485"},
    "unknown client": {"client": "nobody", "to": "+84901888485"},
    "disabled client": {"client": "off", "to": "+84901888485"},
    "no number": {"client": "demo", "to": "12345"},
    "unknown member": {"client": "demo", "to": "+84901888485", "colour": "red"},
    "another operation": {"client": "demo", "to": "+84901888485", "operation": "resend"},
    "a premium number": {"client": "demo", "to": "+841900123456"},
    "another event": by_the_bus() | {"detail-type": "VerificationSent"},
    "no detail": by_the_bus() | {"detail": "x"},
    "no time": by_the_bus() | {"time": "noon"},
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
        bad = mailbox.again(bad)
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


# Waiting.


def test_a_number_in_its_cooldown_waits_for_its_end_and_is_served_then(
    mailbox: Mailbox, vendors: Vendors
) -> None:
    mailbox.gateway.start()
    mailbox.clock.advance(20)
    sent = message(sent_at=NOON + 20)
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    wait = mailbox.queue.wait_of(sent)
    assert 40 < wait <= 40 * 1.2 + 1  # what the refusal says, and up to a fifth more
    [line] = mailbox.told("MessageDeferred")
    assert (line["outcome"], line["wait_seconds"], line["client"]) == ("cooldown", wait, "demo")
    mailbox.clock.advance(wait)
    assert mailbox.hand_on(mailbox.again(sent)) == []
    assert len(vendors.urls) == 2


def test_a_throttled_vendor_puts_the_message_back_until_it_takes_it(
    mailbox: Mailbox, vendors: Vendors, aws: Aws
) -> None:
    for method, url in (("GET", ESMS_GENCODE), ("POST", ENGAGELAB_MESSAGES)):
        vendors.wire.remove(method, url)
        vendors.wire.add(method, url, status=429, headers={"Retry-After": "30"}, json={})
    sent = message()
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    waits = [mailbox.queue.wait_of(sent)]
    assert vendors.urls == [ESMS_GENCODE, ENGAGELAB_MESSAGES]
    mailbox.clock.advance(waits[-1])
    sent = mailbox.again(sent)
    assert mailbox.hand_on(sent) == [sent["messageId"]]  # the circuits keep the vendors from it
    waits.append(mailbox.queue.wait_of(sent))
    assert [line["outcome"] for line in mailbox.told("MessageDeferred")] == [
        "undeliverable",
        "service_unavailable",
    ]
    assert 5 <= waits[0] < 10
    assert waits[1] >= 30 - waits[0]
    mailbox.clock.advance(waits[-1])
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "s1"})
    for _ in range(3):  # and however often it comes after that, it is one text
        sent = mailbox.again(sent)
        assert mailbox.hand_on(sent) == []
    assert vendors.urls == [ESMS_GENCODE, ENGAGELAB_MESSAGES, ESMS_GENCODE]
    [*_, line] = mailbox.told("MessageServed")
    assert line["outcome"] == "replayed"
    assert verifications(aws) == 2  # the one that was provably not sent, and the one that was


def test_a_vendor_that_wants_no_message_to_the_number_is_asked_once(
    mailbox: Mailbox, vendors: Vendors
) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, BLOCKED)
    assert mailbox.hand_on(message()) == []
    assert vendors.urls == [ESMS_GENCODE]
    [line] = mailbox.told("MessageServed")
    assert line["outcome"] == "undeliverable"
    assert line["verification_id"]


@pytest.mark.parametrize(("receives", "most"), [(1, 7), (2, 14), (3, 28), (4, 56)])
def test_without_a_word_on_how_long_each_try_waits_twice_as_long(
    receives: int, most: int, mailbox: Mailbox, vendors: Vendors
) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "104"})
    vendors.now_answers("POST", ENGAGELAB_MESSAGES, {"code": 5012}, status=400)
    sent = message(receives=receives)
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    assert most * 0.7 <= mailbox.queue.wait_of(sent) <= most


def test_the_last_try_is_given_up_at_once_whatever_the_refusal(mailbox: Mailbox) -> None:
    mailbox.gateway.start()
    sent = message(receives=MOST_RECEIVES)
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    assert mailbox.queue.wait_of(sent) == 0
    assert [line["outcome"] for line in mailbox.told("MessageGivenUp")] == ["cooldown"]


def test_a_wait_beyond_the_messages_life_is_none(mailbox: Mailbox, vendors: Vendors) -> None:
    mailbox.gateway.start()
    sent = message(sent_at=NOON - 545)  # 55 seconds left, and 60 to wait
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    assert mailbox.queue.wait_of(sent) == 0
    assert mailbox.told("MessageDeferred") == []
    assert len(vendors.urls) == 1


@pytest.mark.parametrize(
    "sent",
    [
        message(sent_at=NOON - 600),
        message(requested_at="2025-06-15T14:56:40Z"),
        message(by_the_bus(time="2025-06-15T16:56:40+02:00")),
    ],
    ids=["queue", "said by the sender", "bus"],
)
def test_a_request_of_ten_minutes_ago_is_not_sent_any_more(
    sent: Record, mailbox: Mailbox, vendors: Vendors, aws: Aws
) -> None:
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    assert (vendors.urls, aws.items(), mailbox.queue.wait_of(sent)) == ([], [], 0)
    assert [line["outcome"] for line in mailbox.told("message refused")] == ["too_late"]


@pytest.mark.parametrize(
    "sent",
    [
        message(sent_at=NOON - 599),
        message(requested_at="2025-06-15T14:56:41Z"),
        message(requested_at="2099-01-01T00:00:00Z"),
        message(by_the_bus(time="2025-06-15T14:56:41Z")),
    ],
    ids=["queue", "said by the sender", "a sender with another clock", "bus"],
)
def test_a_request_of_just_under_ten_minutes_ago_is_sent(
    sent: Record, mailbox: Mailbox, vendors: Vendors
) -> None:
    assert mailbox.hand_on(sent) == []
    assert vendors.urls == [ESMS_GENCODE]


# Time.


def test_what_there_is_no_time_for_goes_back_untouched(mailbox: Mailbox, vendors: Vendors, aws: Aws) -> None:
    sent = [message(), message(to="+84901888485")]
    assert mailbox.hand_on(*sent, milliseconds=13_900) == [one["messageId"] for one in sent]
    assert (vendors.urls, aws.items()) == ([], [])
    assert set(mailbox.queue.waits.values()) == {0}
    assert [line["wait_seconds"] for line in mailbox.told("MessageDeferred")] == [0, 0]


def test_a_slow_message_leaves_the_next_one_its_time(mailbox: Mailbox, vendors: Vendors) -> None:
    def slowly(_request: object) -> tuple[int, dict[str, str], str]:
        mailbox.clock.advance(8)  # a vendor's longest answer
        return 200, {}, json.dumps({"CodeResult": "100", "CountRegenerate": 0, "SMSID": "s1"})

    vendors.wire.remove("GET", ESMS_GENCODE)
    vendors.wire.add_callback("GET", ESMS_GENCODE, callback=slowly)
    sent = [message(to=f"+8490188848{place}") for place in range(3)]
    assert mailbox.hand_on(*sent) == [sent[2]["messageId"]]  # of three; a batch of the template's has two
    assert len(vendors.urls) == 2


# Faults.


def test_a_secret_that_is_broken_defers_every_message(mailbox: Mailbox, aws: Aws) -> None:
    aws.put_clients("no JSON")
    sent = [message(), message(to="+84901888485")]
    assert mailbox.hand_on(*sent) == [one["messageId"] for one in sent]
    assert all(60 <= wait <= 75 for wait in mailbox.queue.waits.values())
    assert len(mailbox.told("configuration fault")) == 2


class FailsOnce:
    """A container whose use case of starting is not there at first."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self.clients, self.clock = container.clients, container.clock
        self._asked = 0

    @property
    def starter(self) -> Starter:
        self._asked += 1
        if self._asked == 1:
            raise LookupError("canary +84901888484")
        return self._container.starter

    @property
    def resender(self) -> Resender:
        raise NotImplementedError

    @property
    def checker(self) -> Checker:
        raise NotImplementedError


def test_a_fault_that_nobody_expected_fails_its_message_alone(gateway: Gateway, vendors: Vendors) -> None:
    mailbox = Mailbox(gateway, use_cases=FailsOnce(gateway.container))
    bad, good = message(), message()
    assert mailbox.hand_on(bad, good) == [bad["messageId"]]
    assert 5 <= mailbox.queue.wait_of(bad) <= 7
    assert vendors.urls == [ESMS_GENCODE]
    [line] = mailbox.told("unexpected failure")
    assert line["error_type"] == "LookupError"
    assert "canary" not in gateway.log.getvalue()


def test_a_queue_that_takes_nothing_back_costs_time_and_nothing_else(mailbox: Mailbox) -> None:
    mailbox.queue.broken = True
    bad, good = message("poison"), message()
    assert mailbox.hand_on(bad, good) == [bad["messageId"]]
    [line] = mailbox.told("messages come back later than asked")
    assert line["messages"] == 1


@pytest.mark.parametrize(
    "records",
    [None, 1, [1], [{}], [{"eventSource": "aws:sns"}], [message() | {"attributes": {}}]],
    ids=["none", "a number", "numbers", "empty", "another source", "no attributes"],
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
    assert [one["Body"] for one in seen] == [one["body"] for one in records[1:4]]


@pytest.mark.usefixtures("entry_points")
def test_the_sample_event_is_a_text_when_the_rule_has_put_it_on_the_queue(vendors: Vendors) -> None:
    sent = message(json.dumps(sample("eventbridge_request")), sent_at=4_102_444_800)
    assert failed(send_app.handler(batch(sent), Context())) == []
    assert vendors.urls == [ESMS_GENCODE]
