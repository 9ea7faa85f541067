"""The pepper is replaced while containers serve, some of which have not seen it: what they call and say."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.support.camara import token_for
from tests.support.esms_caller import Caller, clients
from tests.support.gateway import CLIENTS, PEPPER, VERIFICATIONS, Gateway, problem
from tests.support.vendors import Vendors

from .conftest import Aws

NEXT_PEPPER = "canary-pepper-of-the-integration-tests-0002"
OURS = "demo-gateway"
LOOK = {"dynamodb.BatchGetItem": 1}  # at the limits
START = LOOK | {"dynamodb.UpdateItem": 2, "dynamodb.PutItem": 1}
MOVES = LOOK | {"dynamodb.UpdateItem": 4, "dynamodb.PutItem": 2}

type Make = Callable[..., Gateway]


def document(*peppers: str, **sections: Any) -> dict[str, Any]:
    """The clients' secret with a pepper, and perhaps the one before it."""
    named = dict(zip(("pepper", "previous_pepper"), peppers, strict=False))
    return {**deepcopy(CLIENTS), **named} | ({"clients": sections} if sections else {})


ROTATED = document(NEXT_PEPPER, PEPPER)
FINISHED = document(NEXT_PEPPER)


@pytest.fixture
def behind(make_gateway: Make) -> Gateway:
    """A container that has read the secret before the rotation."""
    gateway = make_gateway()
    gateway.read("a" * 26)
    gateway.clock.advance(1)
    gateway.counted()
    return gateway


@pytest.fixture
def ahead(behind: Gateway, aws: Aws, make_gateway: Make) -> Gateway:
    """A container that starts after it."""
    aws.put_clients(ROTATED)
    gateway = make_gateway()
    gateway.start("+6598765432", client=OURS)
    gateway.clock.advance(1)
    gateway.counted()
    return gateway


# Calls ----------------------------------------------------------------------------------------


def test_a_check_is_one_call_and_two_for_a_code_of_the_previous_pepper(
    behind: Gateway, ahead: Gateway, vendors: Vendors
) -> None:
    old = behind.start(client=OURS)
    code = vendors.code_sent()
    new = ahead.start("+6591234567", client=OURS)
    ahead.counted()
    assert ahead.check(new.id, vendors.code_sent(), client=OURS).status == 200
    assert ahead.counted() == {"dynamodb.UpdateItem": 1}
    assert ahead.check(old.id, code, client=OURS).status == 200
    assert ahead.counted() == {"dynamodb.UpdateItem": 2}


def test_a_start_moves_the_numbers_record_once(behind: Gateway, ahead: Gateway) -> None:
    behind.start(client=OURS)
    for gateway in (behind, ahead):
        gateway.clock.advance(60)
    ahead.counted()
    assert ahead.start(client=OURS).status == 201
    assert ahead.counted() == LOOK | {
        "dynamodb.UpdateItem": 4,
        "dynamodb.PutItem": 1,
        "dynamodb.TransactWriteItems": 1,
    }
    assert ahead.start("+6591234567", client=OURS).status == 201
    assert ahead.counted() == MOVES
    ahead.clock.advance(600)
    ahead.start("+6598765432", client=OURS)  # the secrets are refreshed here, not below
    ahead.counted()
    assert ahead.start("+6591234567", client=OURS).status == 201
    assert ahead.counted() == START


def test_a_key_costs_a_read_and_a_mark_while_there_are_two_peppers(ahead: Gateway) -> None:
    ahead.start("+6591234567", client=OURS)
    ahead.clock.advance(600)
    ahead.start("+6598765432", client=OURS)  # the secrets are refreshed here, not below
    ahead.counted()
    assert ahead.start("+6591234567", client=OURS, key="order-17").status == 201
    assert ahead.counted() == LOOK | {
        "dynamodb.GetItem": 1,
        "dynamodb.UpdateItem": 2,
        "dynamodb.TransactWriteItems": 1,
    }


def test_without_a_previous_pepper_nothing_costs_more(
    behind: Gateway, aws: Aws, make_gateway: Make, vendors: Vendors
) -> None:
    aws.put_clients(FINISHED)
    gateway = make_gateway()
    gateway.start("+6598765432", client=OURS)
    gateway.counted()
    made = gateway.start(client=OURS, key="order-17")
    assert gateway.counted() == START
    gateway.check(made.id, vendors.code_sent(), client=OURS)
    assert gateway.counted() == {"dynamodb.UpdateItem": 1}


# Containers that see it at different times ----------------------------------------------------


def test_a_container_that_is_behind_checks_after_one_look_and_then_knows(
    behind: Gateway, ahead: Gateway, vendors: Vendors
) -> None:
    made = ahead.start(client=OURS)
    wrong = behind.check(made.id, "000000", client=OURS)
    assert (wrong.status, wrong.body["attempts_left"]) == (400, 4)
    assert behind.counted() == {"secrets-manager.GetSecretValue": 1, "dynamodb.UpdateItem": 3}
    assert behind.check(made.id, vendors.code_sent(), client=OURS).status == 200
    assert behind.counted() == {"dynamodb.UpdateItem": 1}


def test_a_container_that_cannot_look_refuses_and_counts_nothing(
    behind: Gateway, ahead: Gateway, vendors: Vendors
) -> None:
    made = ahead.start(client=OURS)
    away = EndpointConnectionError(endpoint_url="https://nowhere")

    def out_of_reach(**_: object) -> None:
        raise away

    events = behind.container.secrets_manager.meta.events
    events.register_first("before-call", out_of_reach)
    answer = behind.check(made.id, vendors.code_sent(), client=OURS)
    problem(answer, 503, "service_unavailable")
    assert answer.headers["Retry-After"] == "1"
    events.unregister("before-call", out_of_reach)
    assert ahead.read(made.id, client=OURS).body["attempts_left"] == 5
    behind.clock.advance(1)
    assert behind.check(made.id, vendors.code_sent(), client=OURS).status == 200


def test_a_key_that_one_container_has_served_is_not_served_anew_by_another(
    behind: Gateway, ahead: Gateway, vendors: Vendors
) -> None:
    before = behind.start(client=OURS, key="before")
    after = ahead.start("+6591234567", client=OURS, key="after")
    called = len(vendors.urls)
    assert ahead.start(client=OURS, key="before").id == before.id
    assert behind.start("+6591234567", client=OURS, key="after").id == after.id
    assert len(vendors.urls) == called


def test_a_token_of_either_container_is_good_at_the_other(behind: Gateway, ahead: Gateway) -> None:
    old, new = token_for(behind, client="demo"), token_for(ahead, client="demo")
    behind.clock.advance(10)
    for gateway in (behind, ahead):
        for token in (old, new):
            bearer = {"authorization": f"Bearer {token}"}
            problem(gateway.request("GET", f"{VERIFICATIONS}/{'a' * 26}", headers=bearer), 404, "not_found")


def test_a_code_is_found_by_its_number_in_every_container(
    behind: Gateway, aws: Aws, make_gateway: Make, vendors: Vendors
) -> None:
    aws.put_clients(clients())
    behind.clock.advance(10)
    old = Caller(behind, vendors)
    old.send()
    aws.put_clients(clients() | {"pepper": NEXT_PEPPER, "previous_pepper": PEPPER})
    new = Caller(make_gateway(), vendors)
    assert new.check(vendors.code_sent()).json["CodeResult"] == "100"
    for caller in (old, new):
        caller.gateway.clock.advance(60)
    new.send()
    assert old.check(vendors.code_sent()).json["CodeResult"] == "100"


def test_when_it_is_over_nothing_of_the_first_pepper_is_good_and_everything_since_is(
    behind: Gateway, ahead: Gateway, aws: Aws, vendors: Vendors
) -> None:
    old = behind.start(client=OURS)
    old_code = vendors.code_sent()
    new = ahead.start("+6591234567", client=OURS, key="order-17")
    aws.put_clients(FINISHED)
    for gateway in (behind, ahead):
        gateway.clock.advance(298)
    assert behind.check(old.id, old_code, client=OURS).status == 200  # it has not seen the end of it
    ahead.clock.advance(2)
    answer = ahead.check(ahead.start("+6591234567", client=OURS, key="order-17").id, "000000", client=OURS)
    assert (answer.status, answer.body["code"]) == (410, "expired")
    assert ahead.start("+6591234567", client=OURS, key="order-17").id == new.id


def test_a_pepper_that_was_replaced_at_once_leaves_its_codes_refused_and_said(
    behind: Gateway, aws: Aws, make_gateway: Make, vendors: Vendors
) -> None:
    old = behind.start(client=OURS)
    aws.put_clients(FINISHED)
    gateway = make_gateway()
    gateway.read("a" * 26)
    gateway.clock.advance(1)
    for _ in range(3):
        problem(gateway.check(old.id, vendors.code_sent(), client=OURS), 410, "expired")
    lines = gateway.lines("made with a pepper that is gone")
    assert [(line["level"], line["verification_id"]) for line in lines] == [("WARNING", old.id)] * 3
    assert PEPPER not in gateway.log.getvalue()
    assert gateway.counted()["secrets-manager.GetSecretValue"] == 2
    assert gateway.start(client=OURS).status == 201
