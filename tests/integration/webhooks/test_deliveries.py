"""Batches in, POSTs out to a real receiver, and what the queue keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from threading import Barrier, BrokenBarrierError

import pytest

from countersign.webhooks.message import TYPES
from countersign.webhooks.ports import Answer, NoAnswerError
from countersign.webhooks.schedule import ATTEMPTS, WAITS
from functions.webhook import app as webhook_app
from tests.integration.conftest import Aws
from tests.integration.webhooks.container import Function
from tests.providers.raw_server import refused_url
from tests.support.gateway import PEPPER, Context
from tests.support.samples import EVENTS, forget
from tests.support.webhooks import OLD_KEY, Receiver, event, receiving, section


def test_the_sample_goes_through_the_functions_own_entry(
    environment: dict[str, str], aws: Aws, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients = {"demo": {"secrets": ["s"], "webhook": section(receiver.url)}}
    aws.put_clients({"pepper": PEPPER, "clients": clients})
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget()
    sample = json.loads((EVENTS / "sqs_webhook.json").read_text(encoding="utf-8"))
    assert webhook_app.handler(sample, Context()) == {"batchItemFailures": []}
    forget()
    assert sorted(got.verified()["type"] for got in receiver.got) == [
        "verification.approved",
        "verification.sent",
    ]


def test_every_event_is_posted_to_its_clients_own_receiver(function: Function, receiver: Receiver) -> None:
    with receiving() as other:
        function.clients_are(shop=section(receiver.url), other=section(other.url, OLD_KEY))
        assert function(*(event(kind) for kind in TYPES), event(client="other", event_id="evt_o")) == []
    assert {got.verified()["type"] for got in receiver.got} == set(TYPES.values())
    [got] = other.got
    assert (got.path, got.verified(OLD_KEY)["data"]["client"]) == ("/canary-path?token=canary-token", "other")


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_two_hundred_and_something_is_done_with(hooked: Function, receiver: Receiver, status: int) -> None:
    receiver.status = status
    assert hooked(event()) == []
    assert hooked.waiting.seconds == {}
    [line] = hooked.told("WebhookDelivered")
    assert (line["client"], line["event_type"], line["attempt"]) == ("shop", "VerificationApproved", 1)
    assert (line["status"], line["milliseconds"] >= 0) == ("2xx", True)


@pytest.mark.parametrize("status", [199 + 102, 302, 307, 400, 401, 404, 413, 429, 500, 502, 503, 504])
def test_every_other_answer_is_tried_again(hooked: Function, receiver: Receiver, status: int) -> None:
    receiver.answers = [(status, {"Location": receiver.url})]
    assert hooked(event()) == [0]
    assert (hooked.waiting.seconds, len(receiver.got)) == ({"receipt-0": WAITS[0]}, 1)
    [line] = hooked.told("WebhookFailed")
    assert (line["status"], line["wait_seconds"]) == (f"{status // 100}xx", WAITS[0])


def test_a_receiver_that_does_not_answer_is_tried_again(function: Function) -> None:
    function.clients_are(shop=section(f"{refused_url()}/hook"))
    assert function(event()) == [0]
    assert function.told("WebhookFailed")[0]["cause"] == "no connection"


@pytest.mark.parametrize("attempt", range(1, ATTEMPTS))
def test_the_wait_follows_the_schedule(hooked: Function, receiver: Receiver, attempt: int) -> None:
    receiver.status = 500
    assert hooked(event(), attempt=attempt) == [0]
    assert hooked.waiting.seconds == {"receipt-0": WAITS[attempt - 1]}


def test_after_the_last_attempt_it_is_shown_at_once_for_the_queue_to_put_it_away(
    hooked: Function, receiver: Receiver
) -> None:
    receiver.status = 500
    assert hooked(event(), attempt=ATTEMPTS) == [0]
    assert hooked.waiting.seconds == {"receipt-0": 0}
    assert hooked.told("WebhookFailed") == []
    assert hooked.told("WebhookGivenUp")[0]["attempt"] == ATTEMPTS


@pytest.mark.parametrize(("status", "wait"), [(429, 120), (503, 120), (500, 5), (404, 5)])
def test_a_wish_for_later_counts_where_the_specification_says_so(
    hooked: Function, receiver: Receiver, status: int, wait: int
) -> None:
    receiver.answers = [(status, {"Retry-After": "120"})]
    hooked(event())
    assert hooked.waiting.seconds == {"receipt-0": wait}


def test_one_that_fails_keeps_none_of_its_neighbours(hooked: Function, receiver: Receiver) -> None:
    with receiving() as other:
        other.status = 500
        hooked.clients_are(shop=section(receiver.url), other=section(other.url))
        kept = hooked(event(event_id="evt_a"), event(client="other"), "poison", event(event_id="evt_b"))
    assert sorted(kept) == [1, 2]
    assert hooked.waiting.seconds == {"receipt-1": WAITS[0], "receipt-2": 0}
    assert {got.id for got in receiver.got} == {"evt_a", "evt_b"}


def test_a_message_that_comes_again_has_the_same_id_and_body(hooked: Function, receiver: Receiver) -> None:
    receiver.answers = [(500, {})]
    hooked(event())
    hooked(event(), attempt=2)
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)


def test_clients_without_a_webhook_and_events_that_nobody_wants_make_no_call_and_no_line(
    hooked: Function, receiver: Receiver
) -> None:
    hooked.clients_are(shop=section(receiver.url, events=["VerificationFailed"]))
    assert hooked(event(), event(client="nobody")) == []
    assert (receiver.got, hooked.log.getvalue()) == ([], "")


def test_410_switches_the_receiver_off_until_it_has_another_url(
    hooked: Function, receiver: Receiver, aws: Aws
) -> None:
    receiver.answers = [(410, {})]
    assert hooked(event()) == []
    [disabled] = hooked.told("WebhookDisabled")
    assert (disabled["client"], disabled["status"]) == ("shop", "410")
    assert hooked(event(event_id="evt_2"), event(event_id="evt_3")) == []
    assert len(receiver.got) == 1
    assert [line["cause"] for line in hooked.told("WebhookDropped")] == ["the endpoint is gone"] * 2
    hooked.clients_are(shop=section(f"{receiver.url}&new=1"))
    assert hooked(event(event_id="evt_4")) == []
    assert [got.id for got in receiver.got][1:] == ["evt_4"]
    [item] = [item for item in aws.items() if item["pk"]["S"].startswith("W#")]
    assert set(item) == {"pk", "url", "gone_at"}
    assert "canary" not in json.dumps(item)


def test_one_clients_410_switches_off_nobody_elses(hooked: Function, receiver: Receiver) -> None:
    hooked.clients_are(shop=section(receiver.url), other=section(receiver.url))
    receiver.answers = [(410, {})]
    hooked(event())
    hooked(event(client="other"))
    assert len(receiver.got) == 2


def test_all_of_a_batch_is_posted_at_the_same_time(hooked: Function) -> None:
    """Each of these waits for the others: one after the other, none would ever be answered."""

    everybody = Barrier(10)

    def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        try:
            everybody.wait(10)
        except BrokenBarrierError:
            raise NoAnswerError("alone") from None
        return Answer(204)

    hooked.deliverer._post = post
    assert hooked(*(event(event_id=f"evt_{place}") for place in range(10))) == []
