"""Secrets that change in the middle of a request, or between two that belong together."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.gateway import CLIENTS, PEPPER, VENDORS, VERIFICATIONS, Gateway
from tests.support.vendors import (
    ESMS_BAD_KEY,
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_OK,
    ESMS_VERIFIED,
    MC_TOKEN,
    Vendors,
)

from .conftest import Aws
from .test_pepper_rotation import FINISHED, OURS, ROTATED, Make, document

# The pepper -----------------------------------------------------------------------------------


def at_call(gateway: Gateway, place: int, act: Callable[[], object]) -> None:
    """Before the container's call to DynamoDB in that place from here, something happens."""
    left = [place]

    def counts(**_: object) -> None:
        left[0] -= 1
        if left[0] == -1:
            act()

    gateway.container.dynamodb.meta.events.register("before-call", counts)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("written", [ROTATED, FINISHED])
def test_a_start_in_whose_middle_the_secret_changes_is_one_start(
    aws: Aws, make_gateway: Make, vendors: Vendors, place: int, written: dict[str, Any]
) -> None:
    gateway = make_gateway(SECRET_TTL_SECONDS="0")  # so that it sees the change at once
    at_call(gateway, place, lambda: aws.put_clients(written))
    made = gateway.start(client=OURS, key="order-17")
    assert made.status == 201
    code = vendors.code_sent()
    called = len(vendors.urls)
    aws.put_clients(ROTATED)
    other = make_gateway()
    assert other.start(client=OURS, key="order-17").id == made.id
    assert len(vendors.urls) == called
    assert other.check(made.id, code, client=OURS).status == 200
    assert other.check(made.id, code, client=OURS).status == 409


@pytest.mark.parametrize("place", range(5))
def test_a_resend_in_whose_middle_the_secret_changes_carries_the_same_code(
    aws: Aws, make_gateway: Make, vendors: Vendors, place: int
) -> None:
    gateway = make_gateway(SECRET_TTL_SECONDS="0")
    made = gateway.start(client=OURS)
    code = vendors.code_sent()
    gateway.clock.advance(60)
    at_call(gateway, place, lambda: aws.put_clients(ROTATED))
    assert gateway.resend(made.id, client=OURS, key="again").status == 200
    called = len(vendors.urls)
    assert gateway.resend(made.id, client=OURS, key="again").status == 200
    assert len(vendors.urls) == called
    assert vendors.code_sent() == code
    assert make_gateway().check(made.id, code, client=OURS).status == 200


@pytest.mark.parametrize("place", range(3))
def test_a_check_at_a_vendor_in_whose_middle_the_secret_changes_counts_once(
    aws: Aws, make_gateway: Make, vendors: Vendors, place: int
) -> None:
    gateway = make_gateway(SECRET_TTL_SECONDS="0")
    made = gateway.start()
    at_call(gateway, place, lambda: aws.put_clients(ROTATED))
    assert gateway.check(made.id, "123456").status == 200
    assert vendors.urls.count(ESMS_CHECK) == 1
    assert "&Phone=84901888484&" in str(vendors.last(ESMS_CHECK).url)


@pytest.mark.parametrize(("written", "fetched"), [(ROTATED, 1), (FINISHED, 2)])
def test_a_vendors_token_is_shared_while_there_are_two_peppers_and_fetched_anew_after_it(
    aws: Aws, make_gateway: Make, vendors: Vendors, written: dict[str, Any], fetched: int
) -> None:
    first = make_gateway().start("+919876543210")
    assert (first.status, first.body["provider"]) == (201, "message_central")
    aws.put_clients(written)
    second = make_gateway().start("+919876543211")
    assert (second.status, second.body["provider"]) == (201, "message_central")
    assert vendors.urls.count(MC_TOKEN) == fetched


# The other secrets ----------------------------------------------------------------------------


def test_what_was_started_with_one_secret_is_checked_with_the_next(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    made = gateway.start(client=OURS)
    gateway.clock.advance(60)
    ours = CLIENTS["clients"][OURS]
    path = f"{VERIFICATIONS}/{made.id}/check"
    aws.put_clients(document(PEPPER, **{OURS: ours | {"secrets": ["fresh", "demo-secret"]}}))
    wrong = gateway.request("POST", path, {"code": "000000"}, client=OURS, secret="fresh")
    assert (wrong.status, wrong.body["attempts_left"]) == (400, 4)
    aws.put_clients(document(PEPPER, **{OURS: ours | {"secrets": ["fresh"]}}))
    gateway.clock.advance(200)
    code = vendors.code_sent()
    right = gateway.request("POST", path, {"code": code}, client=OURS, secret="fresh")
    assert right.status == 200
    gateway.clock.advance(300)
    assert gateway.check(made.id, code, client=OURS).status == 401


def fresh_vendors() -> dict[str, Any]:
    return VENDORS | {"esms": VENDORS["esms"] | {"api_key": "canary-fresh-key"}}


def test_a_vendors_credential_that_changes_between_send_and_check_costs_one_look_and_one_attempt(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    made = gateway.start()
    gateway.clock.advance(60)
    aws.put_vendors(fresh_vendors())
    seen = only_the_fresh_key(vendors, ESMS_CHECK, ESMS_VERIFIED)
    gateway.counted()
    checked = gateway.check(made.id, "123456")
    assert checked.status == 200
    [item] = [item for item in aws.items() if item["pk"]["S"].startswith("V#")]
    assert item["attempts"] == {"N": "1"}
    assert seen == ["canary-esms-key", "canary-fresh-key"]
    assert gateway.counted()["secrets-manager.GetSecretValue"] == 1


def test_a_vendors_credential_that_changes_in_the_middle_of_a_send_is_one_text(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    gateway.start("+84901888485")
    gateway.clock.advance(60)
    seen = only_the_fresh_key(
        vendors, ESMS_GENCODE, ESMS_OK, meanwhile=lambda: aws.put_vendors(fresh_vendors())
    )
    made = gateway.start()
    assert (made.status, made.body["provider"]) == (201, "esms")
    assert seen == ["canary-esms-key", "canary-fresh-key"]


def only_the_fresh_key(
    vendors: Vendors, url: str, says: object, *, meanwhile: Callable[[], object] = lambda: None
) -> list[str]:
    """From now on eSMS takes the fresh key alone; the keys that it saw. `meanwhile`: at the first call."""
    seen: list[str] = []

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        key = "canary-fresh-key" if "canary-fresh-key" in request.url else "canary-esms-key"
        if not seen:
            meanwhile()
        seen.append(key)
        right = key == "canary-fresh-key"
        return 200, {"Content-Type": "application/json"}, json.dumps(says if right else ESMS_BAD_KEY)

    vendors.wire.remove("GET", url)
    vendors.wire.add_callback("GET", url, callback=answer)
    return seen
