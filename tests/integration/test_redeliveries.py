"""An undelivered text on its way back: from the table's stream over the queue to the next vendor."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from countersign.bootstrap.receipts import receiver_of
from countersign.intake import MOST_RECEIVES
from countersign.model import Receipt
from countersign.reports import Owner, Report
from tests.support.callbacks import SMS_ID
from tests.support.clock import NOON
from tests.support.gateway import CLIENTS, Answer, Gateway, policy
from tests.support.mailbox import Mailbox
from tests.support.messages import Record, again, message
from tests.support.publishing import Outlets, Publishing
from tests.support.stream import failed, items, record
from tests.support.vendors import ENGAGELAB_CODES, ENGAGELAB_REFUSED, ESMS_NO_BALANCE, ESMS_RAW, Vendors

from .conftest import Aws

COOLDOWN_SECONDS = 60
CODE_SECONDS = 300
TWO_TEXTS = [ESMS_RAW, ENGAGELAB_CODES]


def wanting(**settings: object) -> dict[str, Any]:
    """The clients, with one whose undelivered texts are sent again."""
    clients = deepcopy(CLIENTS)
    its = policy(routes="gateway", on_undelivered="next_provider", **settings)
    clients["clients"]["again"] = {"secrets": ["demo-secret"], "policy": its}
    return clients


class Desk:
    """A client's verification, its vendor's reports, and the messages about it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.mailbox = Mailbox(gateway)
        self.started = gateway.start(client="again")
        assert self.started.body["provider"] == "esms", self.started

    @property
    def id(self) -> str:
        return self.started.id

    def report(self, receipt: Receipt) -> None:
        receiver = receiver_of(self.gateway.container)
        receiver.linked("esms", SMS_ID, owner=Owner("again", self.id, "VN"))
        receiver.reported(Report("esms", SMS_ID, receipt))

    def message(self, **changes: Any) -> Record:
        body = {"client": "again", "resend": self.id, "sends": 1}
        return message(body, **({"sent_at": self.gateway.clock.now()} | changes))

    def outcomes(self, event: str = "MessageServed") -> list[object]:
        return [line["outcome"] for line in self.mailbox.told(event)]

    def read(self) -> Answer:
        return self.gateway.read(self.id, client="again")


@pytest.fixture
def make_desk(aws: Aws, make_gateway: Callable[..., Gateway]) -> Callable[..., Desk]:
    """A text that did not arrive, reported while its cooldown lasts; settings are of the policy."""

    def make(receipt: Receipt = Receipt.UNDELIVERED, **settings: object) -> Desk:
        aws.put_clients(wanting(**settings))
        desk = Desk(make_gateway())
        desk.report(receipt)
        return desk

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


def test_an_undelivered_text_goes_from_the_stream_over_the_queue_to_the_next_vendor(
    desk: Desk, aws: Aws, vendors: Vendors, publishing: Publishing, outlets: Outlets
) -> None:
    code = vendors.code_sent()
    [shown] = items(aws.dynamodb, "V#").values()
    before = {name: value for name, value in shown.items() if not name.startswith("receipt")}
    publishing.clock.advance(COOLDOWN_SECONDS)  # then the message is due at once
    assert failed(publishing({"Records": [record(before, shown, at=NOON)]})) == []
    [body] = outlets.requests()
    assert json.loads(body) == {"client": "again", "resend": desk.id, "sends": 1}
    assert "901888" not in body
    desk.gateway.clock.advance(COOLDOWN_SECONDS)
    assert desk.mailbox.hand_on(message(body, sent_at=NOON + 50)) == []
    assert vendors.urls == TWO_TEXTS
    assert vendors.code_sent() == code
    [line] = desk.mailbox.told("MessageServed")
    wanted = {"outcome": "resent", "way": "queue", "client": "again", "provider": "engagelab"}
    assert {name: line[name] for name in wanted} == wanted
    assert (line["verification_id"], line["country"], line["age_seconds"]) == (desk.id, "VN", 10)
    read = desk.read().body
    assert (read["provider"], read["status"], read.get("receipt")) == ("engagelab", "pending", None)
    assert desk.gateway.check(desk.id, code, client="again").body["status"] == "approved"


@pytest.mark.parametrize("is_first", [True, False])
def test_the_stream_links_a_text_so_that_a_report_finds_its_verification_whichever_comes_first(
    gateway: Gateway,
    aws: Aws,
    publishing: Publishing,
    capsys: pytest.CaptureFixture[str],
    is_first: bool,
) -> None:
    started = gateway.start(client="demo-gateway")
    [taken] = items(aws.dynamodb, "V#").values()
    sending = {name: value for name, value in taken.items() if name != "vendor_reference"}
    if is_first:
        receiver_of(gateway.container).reported(Report("esms", SMS_ID, Receipt.DELIVERED))
    change = record(sending | {"delivery": {"S": "sending"}}, taken, at=NOON)
    for _ in range(2):
        assert failed(publishing({"Records": [change]})) == []
    if not is_first:
        receiver_of(gateway.container).reported(Report("esms", SMS_ID, Receipt.DELIVERED))
        gateway.container.telemetry.flush()
    assert gateway.read(started.id, client="demo-gateway").body["receipt"] == "delivered"
    assert capsys.readouterr().out.count('"TextsDelivered":[1.0]') == 1


def test_the_same_message_twice_is_one_text(desk: Desk, vendors: Vendors) -> None:
    desk.gateway.clock.advance(COOLDOWN_SECONDS)
    sent = desk.message()
    for _ in range(2):
        assert desk.mailbox.hand_on(sent, sent) == []
        desk.gateway.clock.advance(COOLDOWN_SECONDS)
    assert vendors.urls == TWO_TEXTS
    assert desk.outcomes() == ["resent", "not_wanted", "not_wanted", "not_wanted"]


def test_a_message_that_comes_too_early_waits_for_the_end_of_the_cooldown(
    desk: Desk, vendors: Vendors
) -> None:
    desk.gateway.clock.advance(20)
    sent = desk.message()
    assert desk.mailbox.hand_on(sent) == [sent["messageId"]]
    wait = desk.mailbox.queue.wait_of(sent)
    assert 40 < wait <= 40 * 1.2 + 1
    desk.gateway.clock.advance(wait)
    assert desk.mailbox.hand_on(again(sent)) == []
    assert (desk.outcomes("MessageDeferred"), desk.outcomes()) == (["cooldown"], ["resent"])
    assert vendors.urls == TWO_TEXTS


@pytest.mark.parametrize("seconds", [CODE_SECONDS, 599, 600, 86_000])
def test_when_the_code_is_over_nothing_is_sent_and_nobody_need_look(
    desk: Desk, vendors: Vendors, seconds: int
) -> None:
    sent = desk.message(receives=MOST_RECEIVES)
    desk.gateway.clock.advance(seconds)
    assert desk.mailbox.hand_on(sent) == []
    assert (desk.outcomes(), vendors.urls) == (["not_wanted"], [ESMS_RAW])


def _approved(desk: Desk, vendors: Vendors) -> None:
    desk.gateway.check(desk.id, vendors.code_sent(), client="again")


def _canceled(desk: Desk, _vendors: Vendors) -> None:
    desk.gateway.cancel(desk.id, client="again")


def _replaced(desk: Desk, _vendors: Vendors) -> None:
    assert desk.gateway.start(client="again").status == 201


def _resent(desk: Desk, _vendors: Vendors) -> None:
    assert desk.gateway.resend(desk.id, client="again").status == 200


def _arrived(desk: Desk, _vendors: Vendors) -> None:
    desk.report(Receipt.DELIVERED)


@pytest.mark.parametrize("happens", [_approved, _canceled, _replaced, _resent, _arrived])
def test_what_has_happened_since_makes_it_unwanted(
    desk: Desk, vendors: Vendors, happens: Callable[[Desk, Vendors], None]
) -> None:
    desk.gateway.clock.advance(COOLDOWN_SECONDS)
    happens(desk, vendors)
    desk.gateway.clock.advance(COOLDOWN_SECONDS)
    texts = len(vendors.urls)
    assert desk.mailbox.hand_on(desk.message()) == []
    assert (desk.outcomes(), len(vendors.urls)) == (["not_wanted"], texts)


def test_a_message_for_a_client_that_never_wanted_it_sends_nothing(
    make_gateway: Callable[..., Gateway], vendors: Vendors
) -> None:
    gateway = make_gateway()
    started = gateway.start(client="demo-gateway")
    receiver = receiver_of(gateway.container)
    receiver.linked("esms", SMS_ID, owner=Owner("demo-gateway", started.id, "VN"))
    receiver.reported(Report("esms", SMS_ID, Receipt.UNDELIVERED))
    gateway.clock.advance(COOLDOWN_SECONDS)
    mailbox = Mailbox(gateway)
    forged = [
        message({"client": client, "resend": started.id, "sends": 1}, sent_at=gateway.clock.now())
        for client in ("demo-gateway", "demo")  # and one in another client's name
    ]
    assert mailbox.hand_on(*forged) == []
    assert [line["outcome"] for line in mailbox.told("MessageServed")] == ["not_wanted"] * 2
    assert vendors.urls == [ESMS_RAW]


def test_what_nobody_takes_comes_back_and_is_given_up_with_the_last_try(desk: Desk, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    desk.gateway.clock.advance(COOLDOWN_SECONDS)
    sent = desk.message()
    for _ in range(MOST_RECEIVES):
        assert desk.mailbox.hand_on(sent) == [sent["messageId"]]
        desk.gateway.clock.advance(desk.mailbox.queue.wait_of(sent))
        sent = again(sent)
    assert desk.outcomes("MessageDeferred")[:2] == ["undeliverable", "cooldown"]
    assert len(desk.outcomes("MessageGivenUp")) == 1
    assert desk.read().body["receipt"] == "undelivered"
    assert desk.mailbox.queue.wait_of(sent) == 0


def test_what_a_limit_keeps_for_longer_than_its_code_lives_is_done(
    make_desk: Callable[..., Desk], vendors: Vendors
) -> None:
    desk = make_desk(sends_per_10_minutes=1)
    desk.gateway.clock.advance(COOLDOWN_SECONDS)
    assert desk.mailbox.hand_on(desk.message()) == []
    assert (desk.outcomes(), vendors.urls) == (["send_limit"], [ESMS_RAW])


def test_a_country_that_is_not_served_any_more_is_done(
    desk: Desk, aws: Aws, vendors: Vendors, make_gateway: Callable[..., Gateway]
) -> None:
    aws.put_clients(wanting(countries=["DE"]))
    gateway = make_gateway()
    gateway.clock.advance(COOLDOWN_SECONDS)
    mailbox = Mailbox(gateway)
    assert mailbox.hand_on(desk.message(sent_at=NOON)) == []
    assert [line["outcome"] for line in mailbox.told("MessageServed")] == ["country_not_allowed"]
    assert vendors.urls == [ESMS_RAW]


@pytest.mark.parametrize("section", [None, {"disabled": True}])
def test_a_client_that_is_gone_or_disabled_is_refused_for_the_operator_to_see(
    desk: Desk,
    aws: Aws,
    vendors: Vendors,
    make_gateway: Callable[..., Gateway],
    section: dict[str, object] | None,
) -> None:
    clients = wanting()
    if section is None:
        del clients["clients"]["again"]
    else:
        clients["clients"]["again"] |= section
    aws.put_clients(clients)
    gateway = make_gateway()
    gateway.clock.advance(COOLDOWN_SECONDS)
    mailbox, sent = Mailbox(gateway), desk.message(sent_at=NOON)
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    gateway.clock.advance(mailbox.queue.wait_of(sent))  # it may have been put into the secret just now
    assert mailbox.hand_on(again(sent)) == [sent["messageId"]]
    assert mailbox.queue.wait_of(again(sent)) == 0
    assert [line["outcome"] for line in mailbox.told("message refused")] == ["unauthenticated"]
    assert vendors.urls == [ESMS_RAW]


def test_a_client_of_another_api_has_its_texts_sent_again_as_well(
    desk: Desk, aws: Aws, vendors: Vendors, make_gateway: Callable[..., Gateway]
) -> None:
    clients = wanting()
    clients["clients"]["again"]["dialects"] = {"message_central": {}}
    aws.put_clients(clients)
    gateway = make_gateway()
    gateway.clock.advance(COOLDOWN_SECONDS)
    assert Mailbox(gateway).hand_on(desk.message(sent_at=NOON)) == []
    assert vendors.urls == TWO_TEXTS


def test_a_secret_that_is_broken_puts_the_message_off(
    desk: Desk, aws: Aws, make_gateway: Callable[..., Gateway]
) -> None:
    aws.put_clients("no JSON")
    mailbox, sent = Mailbox(make_gateway()), desk.message()
    assert mailbox.hand_on(sent) == [sent["messageId"]]
    assert 60 <= mailbox.queue.wait_of(sent) <= 75
