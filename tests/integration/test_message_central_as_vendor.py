"""The gateway as its own vendor: our Message Central provider speaks to our dialect over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.gateway import VENDORS, Answer, Gateway, problem
from tests.support.message_central import App, clients, section
from tests.support.served import served
from tests.support.vendors import ENGAGELAB_CODES, ENGAGELAB_REFUSED, ESMS_NO_BALANCE, ESMS_RAW, Vendors
from tests.support.world import another

from .conftest import Aws

ACCOUNT = VENDORS["message_central"]
INDIA = "+918838087085"  # which the default route gives to Message Central first, then to eSMS


@pytest.fixture
def carrier(gateway: Gateway, vendors: Vendors, aws: Aws) -> App:
    """The second instance. Its client is the first one's vendor account; its codes are its own."""
    own = section() | {"secrets": [ACCOUNT["password"]]}
    aws.put_clients(clients(**{ACCOUNT["customer_id"]: own}))
    return App(gateway, vendors, client=ACCOUNT["customer_id"], secret=ACCOUNT["password"])


@pytest.fixture
def front(carrier: App, make_gateway: Callable[..., Gateway], vendors: Vendors) -> Iterator[Gateway]:
    """The first instance, whose vendor Message Central is the second one."""
    with served(carrier.gateway) as base_url:
        vendors.wire.add_passthru(base_url)
        yield make_gateway(MESSAGE_CENTRAL_URL=base_url)


def started(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.body["provider"], answer.body["delivery"]


def test_a_code_goes_out_and_comes_back_through_both(front: Gateway, carrier: App) -> None:
    first = front.start(INDIA)
    assert started(first) == (201, "message_central", "accepted")
    code = carrier.code_sent()
    assert len(code) == 6
    problem(front.check(first.id, another(code)), 400, "wrong_code")
    assert front.check(first.id, code).body["status"] == "approved"
    problem(front.check(first.id, code), 409, "already_approved")
    assert carrier.told().count(ESMS_RAW) == 1


def test_a_code_lives_as_long_as_the_second_says(front: Gateway, carrier: App) -> None:
    first = front.start(INDIA)
    front.clock.advance(60)
    carrier.gateway.clock.advance(60)
    problem(front.check(first.id, carrier.code_sent()), 410, "expired")


def test_a_token_is_fetched_once_and_again_when_it_is_refused(front: Gateway, carrier: App, aws: Aws) -> None:
    for number in (INDIA, "+918838087086"):
        assert started(front.start(number)) == (201, "message_central", "accepted")
    assert tokens_issued(carrier) == 1
    carrier.gateway.clock.advance(8 * 86_400)
    assert started(front.start("+918838087087")) == (201, "message_central", "accepted")
    assert tokens_issued(carrier) == 2


def tokens_issued(carrier: App) -> int:
    return sum('\\"token\\":' in answer for answer in carrier.gateway.answers)


def test_a_number_that_is_busy_at_the_second_goes_to_the_next_of_the_first(
    front: Gateway, carrier: App
) -> None:
    carrier.sent()
    assert started(front.start(INDIA)) == (201, "esms", "accepted")


def test_what_no_vendor_of_the_second_took_is_not_known_to_the_first(front: Gateway, carrier: App) -> None:
    """The protocol has one word for all trouble: SERVER_ERROR."""
    carrier.vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    carrier.vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    assert started(front.start(INDIA)) == (201, "message_central", "unknown")


def test_trouble_of_the_second_at_a_check_costs_no_attempt(front: Gateway, carrier: App) -> None:
    first = front.start(INDIA)
    code = carrier.code_sent()

    def fail(**_: object) -> None:
        raise RuntimeError

    events = carrier.gateway.container.dynamodb.meta.events
    events.register("before-call", fail)
    trouble = front.check(first.id, code)
    problem(trouble, 503, "vendor_unavailable")
    assert trouble.body["attempts_left"] == 5
    events.unregister("before-call", fail)
    assert front.check(first.id, code).body["status"] == "approved"


def test_wrong_credentials_at_the_second_go_to_the_next_of_the_first(
    front: Gateway, carrier: App, aws: Aws
) -> None:
    aws.put_vendors(VENDORS | {"message_central": {"customer_id": "shop", "password": "wrong"}})
    assert started(front.start(INDIA)) == (201, "esms", "accepted")
    assert tokens_issued(carrier) == 0  # the refusal is HTTP 200, and is not taken for a token
