"""Requests of the queue that cannot be served now: back for a while, or no more."""

from __future__ import annotations

import json

import pytest

from countersign.clock import Deadline
from countersign.errors import CanceledError, ServiceUnavailableError
from countersign.intake import MOST_RECEIVES
from countersign.service.wish import Started
from tests.support.aws import client_error
from tests.support.builders import verification
from tests.support.clock import NOON
from tests.support.gateway import CLIENTS, Gateway
from tests.support.mailbox import Mailbox, Stand
from tests.support.messages import (
    Record,
    again,
    by_the_bus,
    message,
)
from tests.support.vendors import ENGAGELAB_MESSAGES, ESMS_GENCODE, Vendors

from .conftest import Aws

BLOCKED = {"CodeResult": "99", "CountRegenerate": 0, "ErrorMessage": "blocked"}


@pytest.fixture
def mailbox(gateway: Gateway) -> Mailbox:
    return Mailbox(gateway)


def verifications(aws: Aws) -> int:
    return sum(item["pk"]["S"].startswith("V#") for item in aws.items())


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
    assert mailbox.hand_on(again(sent)) == []
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
    sent = again(sent)
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
        sent = again(sent)
        assert mailbox.hand_on(sent) == []
    assert vendors.urls == [ESMS_GENCODE, ENGAGELAB_MESSAGES, ESMS_GENCODE]
    [*_, line] = mailbox.told("MessageServed")
    assert line["outcome"] == "replayed"
    assert verifications(aws) == 2  # the one that was provably not sent, and the one that was


@pytest.mark.parametrize("client", ["new", "off"])
def test_a_client_that_was_let_in_a_moment_ago_is_looked_for_once_more(
    client: str, mailbox: Mailbox, vendors: Vendors, aws: Aws
) -> None:
    """A container that has just read the secret does not read it again for ten seconds."""
    mailbox.hand_on(message())
    aws.put_clients(CLIENTS | {"clients": CLIENTS["clients"] | {client: CLIENTS["clients"]["demo"]}})
    mailbox.clock.advance(1)
    sent = message(client=client, to="+84901888499")
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    assert [line["outcome"] for line in mailbox.told("MessageDeferred")] == ["unauthenticated"]
    mailbox.clock.advance(mailbox.queue.wait_of(sent))
    assert mailbox.hand_on(again(sent)) == []
    assert vendors.urls == [ESMS_GENCODE] * 2


@pytest.mark.parametrize("client", ["nobody", "off"])
def test_a_client_that_there_is_not_is_looked_for_twice_and_then_given_up_in_seconds(
    client: str, mailbox: Mailbox, vendors: Vendors, aws: Aws
) -> None:
    sent = message(client=client)
    waits = []
    for _ in range(MOST_RECEIVES):
        assert mailbox.hand_on(sent) == [sent["messageId"]]
        waits.append(mailbox.queue.wait_of(sent))
        mailbox.clock.advance(waits[-1])
        sent = again(sent)
    assert 10 < waits[0] < 20
    assert waits[1:] == [0] * (MOST_RECEIVES - 1)
    assert [line["outcome"] for line in mailbox.told("MessageGivenUp")] == ["unauthenticated"]
    assert (vendors.urls, verifications(aws)) == ([], 0)
    assert "nobody" not in mailbox.gateway.log.getvalue()


@pytest.mark.parametrize("mark", ["~1", "~2", "-1", ".1", "/1"])
def test_no_key_that_a_caller_can_choose_is_that_of_a_further_try(
    mark: str, mailbox: Mailbox, vendors: Vendors
) -> None:
    mailbox.gateway.start(to="+84901888499", key=f"order-17{mark}")
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "104"})
    vendors.now_answers("POST", ENGAGELAB_MESSAGES, {"code": 5012}, status=400)
    sent = message(idempotency_key="order-17")
    for _ in range(2):
        assert mailbox.hand_on(sent) == [sent["messageId"]]
        mailbox.clock.advance(mailbox.queue.wait_of(sent))
        sent = again(sent)
    assert [line["outcome"] for line in mailbox.told("MessageDeferred")] == ["undeliverable"] * 2
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "100", "CountRegenerate": 0, "SMSID": "s1"})
    assert mailbox.hand_on(sent) == []


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
        message(sent_at=NOON - 600, requested_at="2099-01-01T00:00:00Z"),
        message(requested_at="2025-06-15T14:56:40Z"),
        message(by_the_bus(time="2025-06-15T16:56:40+02:00")),
    ],
    ids=["queue", "a sender with another clock", "said by the sender", "bus"],
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


def test_the_time_is_shared_out_over_what_is_left_of_the_batch(gateway: Gateway) -> None:
    given = []

    def start(deadline: Deadline) -> Started:
        given.append(deadline.remaining())
        gateway.clock.advance(1)
        return Started(verification("v1"), replayed=False)

    mailbox = Mailbox(gateway, use_cases=Stand(gateway.container, start=start))
    assert mailbox.hand_on(message(), message()) == []
    assert mailbox.hand_on(message()) == []
    assert given == [10.5, 20.0, 20.0]  # of 21; an operation never has more than 20


def test_a_message_that_a_newer_start_overtook_is_done(gateway: Gateway) -> None:
    def start(_deadline: Deadline) -> Started:
        raise CanceledError

    mailbox = Mailbox(gateway, use_cases=Stand(gateway.container, start=start))
    assert mailbox.hand_on(message()) == []
    assert [line["outcome"] for line in mailbox.told("MessageServed")] == ["canceled"]


# Faults.


def test_a_secret_that_is_broken_defers_every_message(mailbox: Mailbox, aws: Aws) -> None:
    aws.put_clients("no JSON")
    sent = [message(), message(to="+84901888485")]
    assert mailbox.hand_on(*sent) == [one["messageId"] for one in sent]
    assert all(60 <= wait <= 75 for wait in mailbox.queue.waits.values())
    assert len(mailbox.told("configuration fault")) == 2


def test_a_fault_that_nobody_expected_fails_its_message_alone(gateway: Gateway) -> None:
    faults = [LookupError("canary +84901888484")]

    def start(_deadline: Deadline) -> Started:
        if faults:
            raise faults.pop()
        return Started(verification("v1"), replayed=False)

    mailbox = Mailbox(gateway, use_cases=Stand(gateway.container, start=start))
    bad, good = message(), message()
    assert mailbox.hand_on(bad, good) == [bad["messageId"]]
    assert 5 <= mailbox.queue.wait_of(bad) <= 7
    [line] = mailbox.told("unexpected failure")
    assert line["error_type"] == "LookupError"
    assert "canary" not in gateway.log.getvalue()


def test_what_aws_refused_is_named_where_a_message_is_put_back(gateway: Gateway) -> None:
    def start(_deadline: Deadline) -> Started:
        raise ServiceUnavailableError(retry_after_seconds=1) from client_error("AccessDeniedException")

    mailbox, sent = Mailbox(gateway, use_cases=Stand(gateway.container, start=start)), message()
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    [line] = mailbox.told("MessageDeferred")
    assert (line["outcome"], line["cause"]) == ("service_unavailable", "AccessDeniedException")


def test_a_queue_that_takes_nothing_back_costs_time_and_nothing_else(mailbox: Mailbox) -> None:
    mailbox.queue.broken = True
    bad, good = message("poison"), message()
    assert mailbox.hand_on(bad, good) == [bad["messageId"]]
    [line] = mailbox.told("messages come back later than asked")
    assert line["messages"] == 1
