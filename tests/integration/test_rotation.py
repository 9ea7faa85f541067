"""Secrets that change while containers live."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.support.gateway import (
    CLIENTS,
    PEPPER,
    VENDORS,
    VERIFICATIONS,
    Gateway,
    unavailable,
)
from tests.support.vendors import (
    ENGAGELAB_MESSAGES,
    ESMS_BAD_KEY,
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_OK,
    Vendors,
)

from .conftest import Aws


def rotated(secret: str) -> dict[str, Any]:
    return {"pepper": PEPPER, "clients": {"demo": {"secrets": [secret]}}}


def test_a_new_client_secret_is_found_with_one_fresh_look(gateway: Gateway, aws: Aws) -> None:
    gateway.start()
    aws.put_clients(rotated("fresh-secret"))
    gateway.clock.advance(60)
    gateway.counted()
    answer = gateway.request("POST", VERIFICATIONS, {"to": "+6591234567"}, secret="fresh-secret")
    assert answer.status == 201
    assert gateway.counted()["secrets-manager.GetSecretValue"] == 1
    assert gateway.request("GET", f"{VERIFICATIONS}/{answer.id}", secret="fresh-secret").status == 200
    assert "secrets-manager.GetSecretValue" not in gateway.counted()
    assert gateway.start("+6598765432").status == 401


def test_two_secrets_are_good_while_one_replaces_the_other(gateway: Gateway, aws: Aws) -> None:
    aws.put_clients({"pepper": PEPPER, "clients": {"demo": {"secrets": ["demo-secret", "fresh-secret"]}}})
    assert gateway.start().status == 201
    assert gateway.request("POST", VERIFICATIONS, {"to": "+6591234567"}, secret="fresh-secret").status == 201


def test_a_new_client_is_found_with_one_fresh_look(gateway: Gateway, aws: Aws) -> None:
    gateway.start()
    aws.put_clients({"pepper": PEPPER, "clients": {"newcomer": {"secrets": ["demo-secret"]}}})
    gateway.clock.advance(10)
    assert gateway.start("+6591234567", client="newcomer").status == 201
    direct = gateway.direct(gateway.send, client_id="newcomer", to="+6598765432")
    assert direct.status == 201


def test_wrong_credentials_make_a_fresh_look_at_most_every_ten_seconds(gateway: Gateway) -> None:
    gateway.start()
    gateway.clock.advance(10)
    gateway.counted()
    for _ in range(20):
        assert gateway.start(client="stranger").status == 401
    assert gateway.counted() == {"secrets-manager.GetSecretValue": 1}
    gateway.clock.advance(10)
    for _ in range(20):
        gateway.direct(gateway.send, client_id="stranger", to="+84901888484")
    assert gateway.counted() == {"secrets-manager.GetSecretValue": 1}


def test_a_client_that_is_disabled_is_refused_once_its_secret_is_read_again(
    gateway: Gateway, aws: Aws
) -> None:
    gateway.start()
    section = CLIENTS["clients"]["demo"] | {"disabled": True}
    aws.put_clients({"pepper": PEPPER, "clients": {"demo": section}})
    gateway.clock.advance(300)
    assert gateway.start().status == 401
    assert gateway.direct(gateway.send, client_id="demo", to="+84901888484").status == 401


def test_a_secret_that_breaks_later_is_kept_for_an_hour(gateway: Gateway, aws: Aws) -> None:
    gateway.start()
    aws.put_clients("broken")
    gateway.clock.advance(3_599)
    assert gateway.start("+6591234567").status == 201
    [line] = gateway.lines("a secret could not be refreshed")
    assert (line["level"], line["secret"]) == ("WARNING", "clients")
    gateway.clock.advance(300)
    unavailable(gateway.start("+6598765432"))


def test_a_new_vendor_credential_is_found_with_one_fresh_look(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    gateway.start()
    fresh = VENDORS["esms"] | {"api_key": "canary-fresh-key"}
    aws.put_vendors(VENDORS | {"esms": fresh})
    gateway.clock.advance(60)
    vendors.wire.remove("GET", ESMS_GENCODE)

    def answer(request: Any) -> tuple[int, Mapping[str, str], str]:
        right = "canary-fresh-key" in request.url
        return 200, {"Content-Type": "application/json"}, json.dumps(ESMS_OK if right else ESMS_BAD_KEY)

    vendors.wire.add_callback("GET", ESMS_GENCODE, callback=answer)
    gateway.counted()
    called = len(vendors.urls)
    started = gateway.start("+84901888485")
    assert (started.status, started.body["provider"]) == (201, "esms")
    assert vendors.urls[called:] == [ESMS_GENCODE, ESMS_GENCODE]
    assert gateway.counted()["secrets-manager.GetSecretValue"] == 1


def test_a_vendor_that_refuses_unchanged_credentials_is_asked_once(
    gateway: Gateway, vendors: Vendors
) -> None:
    gateway.start("+84901888485")
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_BAD_KEY)
    gateway.clock.advance(60)
    called = len(vendors.urls)
    assert gateway.start().body["provider"] == "engagelab"
    assert vendors.urls[called:] == [ESMS_GENCODE, ENGAGELAB_MESSAGES]


def test_a_check_at_a_vendor_that_lost_its_section_costs_no_attempt(
    gateway: Gateway, aws: Aws, environment: dict[str, str], vendors: Vendors
) -> None:
    started = gateway.start()
    aws.put_vendors({})
    other = Gateway(environment)
    answer = other.check(started.id, "123456")
    assert (answer.status, answer.code, answer.body["attempts_left"]) == (503, "vendor_unavailable", 5)
    assert ESMS_CHECK not in vendors.urls
