"""The gateway as its own vendor: our eSMS provider speaks to our eSMS dialect over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.esms_caller import Caller, clients, section
from tests.support.gateway import VENDORS, Gateway, problem
from tests.support.served import served
from tests.support.vendors import ESMS_NO_BALANCE, ESMS_RAW, Vendors
from tests.support.world import another

from .conftest import Aws

ACCOUNT = VENDORS["esms"]


@pytest.fixture
def carrier(gateway: Gateway, vendors: Vendors, aws: Aws) -> Caller:
    """The second instance. Its client is the first one's vendor account; its codes are its own."""
    own = section(esms={"brandnames": [ACCOUNT["brandname"]]}) | {"secrets": [ACCOUNT["secret_key"]]}
    aws.put_clients(clients(**{ACCOUNT["api_key"]: own}))
    return Caller(gateway, vendors, client=ACCOUNT["api_key"])


@pytest.fixture
def front(carrier: Caller, make_gateway: Callable[..., Gateway], vendors: Vendors) -> Iterator[Gateway]:
    """The first instance, whose vendor eSMS is the second one."""
    with served(carrier.gateway) as base_url:
        vendors.wire.add_passthru(base_url)
        yield make_gateway(ESMS_URL=f"{base_url}/MainService.svc/json")


def test_a_code_goes_out_and_comes_back_through_both(front: Gateway, carrier: Caller) -> None:
    started = front.start()
    assert (started.status, started.body["provider"], started.body["delivery"]) == (201, "esms", "accepted")
    assert carrier.text_sent().endswith(" is your code")
    code = carrier.code_sent()
    problem(front.check(started.id, another(code)), 400, "wrong_code")
    assert front.check(started.id, code).body["status"] == "approved"
    problem(front.check(started.id, code), 409, "already_approved")


def test_what_no_vendor_of_the_second_took_goes_to_the_next_of_the_first(
    front: Gateway, carrier: Caller
) -> None:
    carrier.vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    started = front.start()
    assert (started.status, started.body["provider"]) == (201, "engagelab")


def test_a_fate_that_the_second_does_not_know_is_not_known_to_the_first(
    front: Gateway, carrier: Caller
) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError

    carrier.gateway.container.dynamodb.meta.events.register("before-call.dynamodb.UpdateItem", fail)
    started = front.start()
    assert (started.status, started.body["delivery"]) == (201, "unknown")


def test_trouble_of_the_second_at_a_check_costs_no_attempt(front: Gateway, carrier: Caller) -> None:
    started = front.start()
    code = carrier.code_sent()

    def fail(**_: object) -> None:
        raise RuntimeError

    events = carrier.gateway.container.dynamodb.meta.events
    events.register("before-call", fail)
    trouble = front.check(started.id, code)
    problem(trouble, 503, "vendor_unavailable")
    assert trouble.body["attempts_left"] == 5
    events.unregister("before-call", fail)
    assert front.check(started.id, code).body["status"] == "approved"
