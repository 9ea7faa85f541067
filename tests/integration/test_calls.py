"""How many calls each operation makes: counted at the AWS clients and on the vendors' wire."""

from __future__ import annotations

import pytest

from tests.support.gateway import Context, Gateway
from tests.support.vendors import ENGAGELAB_VERIFY, ESMS_GENCODE, ESMS_NO_BALANCE, ESMS_RAW, Vendors

from .conftest import Aws

START = {"dynamodb.BatchGetItem": 1, "dynamodb.UpdateItem": 2, "dynamodb.PutItem": 1}
SUPERSEDE = {"dynamodb.BatchGetItem": 1, "dynamodb.UpdateItem": 2, "dynamodb.TransactWriteItems": 1}


@pytest.fixture
def warm(gateway: Gateway) -> Gateway:
    """A container that has served every kind of request before."""
    started = gateway.start("+6598765432", client="demo")
    gateway.check(started.id, "123456")
    gateway.start("+6598765433", client="demo-gateway")
    gateway.counted()
    return gateway


def test_a_cold_start_reads_each_secret_once(gateway: Gateway) -> None:
    gateway.start()
    assert gateway.counted() == START | {"secrets-manager.GetSecretValue": 2}


def test_a_cold_check_of_a_code_of_ours_reads_one_secret(
    gateway: Gateway, vendors: Vendors, environment: dict[str, str]
) -> None:
    started = gateway.start(client="demo-gateway")
    other = Gateway(environment)
    other.check(started.id, vendors.code_sent(), client="demo-gateway")
    assert other.counted() == {"dynamodb.UpdateItem": 1, "secrets-manager.GetSecretValue": 1}


def test_a_start_is_three_writes_a_look_at_the_limits_and_one_call_to_the_vendor(
    warm: Gateway, vendors: Vendors
) -> None:
    called = len(vendors.urls)
    assert warm.start().status == 201
    assert warm.counted() == START
    assert vendors.urls[called:] == [ESMS_GENCODE]


def test_a_start_that_supersedes_is_no_call_more(warm: Gateway) -> None:
    warm.start()
    warm.clock.advance(60)
    warm.counted()
    assert warm.start().status == 201
    assert warm.counted() == SUPERSEDE


def test_a_start_after_an_expired_one_is_as_cheap_as_the_first(warm: Gateway) -> None:
    warm.start()
    warm.clock.advance(299)
    warm.read("a" * 26)  # the secrets are refreshed here, not below
    warm.clock.advance(1)
    warm.counted()
    assert warm.start().status == 201
    assert warm.counted()["dynamodb.PutItem"] == 1
    assert "dynamodb.TransactWriteItems" not in warm.counted()


def test_a_failover_of_a_vendors_code_is_one_call_more(warm: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_NO_BALANCE)
    assert warm.start().body["provider"] == "engagelab"
    assert warm.counted() == {**START, "dynamodb.UpdateItem": START["dynamodb.UpdateItem"] + 1}


def test_a_start_that_nobody_takes_is_as_many_calls(warm: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "99"})
    assert warm.start().status == 502
    assert warm.counted() == {
        "dynamodb.BatchGetItem": 1,
        "dynamodb.UpdateItem": 1,
        "dynamodb.PutItem": 1,
        "dynamodb.TransactWriteItems": 1,
    }


def test_a_check_of_a_code_of_ours_is_one_call(warm: Gateway, vendors: Vendors) -> None:
    started = warm.start(client="demo-gateway")
    warm.counted()
    called = len(vendors.urls)
    assert warm.check(started.id, "000000", client="demo-gateway").status == 400
    assert warm.counted() == {"dynamodb.UpdateItem": 2}  # a wrong code is counted for the number
    assert warm.check(started.id, vendors.code_sent(), client="demo-gateway").status == 200
    assert warm.counted() == {"dynamodb.UpdateItem": 1}
    assert warm.check(started.id, vendors.code_sent(), client="demo-gateway").status == 409
    assert warm.counted() == {"dynamodb.UpdateItem": 1}
    assert vendors.urls[called:] == []


def test_a_check_of_a_vendors_code_is_two_calls_and_one_to_the_vendor(
    warm: Gateway, vendors: Vendors
) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_NO_BALANCE)
    started = warm.start()
    warm.counted()
    called = len(vendors.urls)
    assert warm.check(started.id, "123456").status == 200
    assert warm.counted() == {"dynamodb.UpdateItem": 2}
    assert vendors.urls[called:] == [ENGAGELAB_VERIFY]


def test_a_check_of_what_is_over_asks_no_vendor(warm: Gateway, vendors: Vendors) -> None:
    started = warm.start()
    warm.check(started.id, "123456")
    warm.counted()
    called = len(vendors.urls)
    assert warm.check(started.id, "123456").status == 409
    assert warm.counted() == {"dynamodb.UpdateItem": 1}
    assert vendors.urls[called:] == []


def test_a_resend_is_four_calls_a_look_at_the_limits_and_one_call_to_the_vendor(
    warm: Gateway, vendors: Vendors
) -> None:
    started = warm.start(client="demo-gateway")
    warm.clock.advance(60)
    warm.counted()
    called = len(vendors.urls)
    assert warm.resend(started.id, client="demo-gateway").status == 200
    assert warm.counted() == {
        "dynamodb.BatchGetItem": 1,
        "dynamodb.GetItem": 1,
        "dynamodb.UpdateItem": 3,
    }
    assert len(vendors.urls) == called + 1


def test_a_read_and_a_cancel_are_one_call_each(warm: Gateway) -> None:
    started = warm.start()
    warm.counted()
    assert warm.read(started.id).status == 200
    assert warm.counted() == {"dynamodb.GetItem": 1}
    assert warm.cancel(started.id).status == 200
    assert warm.counted() == {"dynamodb.UpdateItem": 1}


def test_a_replay_sends_nothing_and_costs_three_calls(warm: Gateway, vendors: Vendors) -> None:
    warm.start(key="order-17")
    warm.counted()
    called = len(vendors.urls)
    assert warm.start(key="order-17").status == 201
    assert warm.counted() == {"dynamodb.BatchGetItem": 1, "dynamodb.UpdateItem": 1, "dynamodb.GetItem": 1}
    assert len(vendors.urls) == called


def test_a_start_in_the_cooldown_costs_two_calls(warm: Gateway) -> None:
    warm.start()
    warm.counted()
    assert warm.start().status == 429
    assert warm.counted() == {"dynamodb.BatchGetItem": 1, "dynamodb.UpdateItem": 1}


def test_a_limited_address_costs_no_further_call(warm: Gateway) -> None:
    """Its account is charged in one transaction with the intent."""
    assert warm.start(source="198.51.100.7").status == 201
    assert warm.counted() == {
        "dynamodb.BatchGetItem": 1,
        "dynamodb.UpdateItem": 2,
        "dynamodb.TransactWriteItems": 1,
    }


def test_a_start_that_a_limit_refuses_costs_one_call(warm: Gateway) -> None:
    for number in range(10):
        assert warm.start(f"+8490188{1000 + number}", source="198.51.100.7").status == 201
    warm.counted()
    assert warm.start("+84901889999", source="198.51.100.7").code == "rate_limit"
    assert warm.counted() == {"dynamodb.BatchGetItem": 1}


@pytest.mark.parametrize("what", ["not JSON", "no credentials", "an unknown path", "no number"])
def test_what_is_refused_at_the_door_costs_no_call(warm: Gateway, aws: Aws, what: str) -> None:
    match what:
        case "not JSON":
            warm.request("POST", "/otp/v1/verifications", raw="{")
        case "no credentials":
            warm.request("POST", "/otp/v1/verifications", {}, headers={"authorization": ""})
        case "an unknown path":
            warm.request("GET", "/wp-login.php")
        case _:
            warm.start("12345")
    assert warm.counted() == {}


def test_secrets_are_read_again_when_they_are_five_minutes_old(warm: Gateway) -> None:
    warm.clock.advance(299)
    warm.start()
    assert "secrets-manager.GetSecretValue" not in warm.counted()
    warm.clock.advance(60)
    warm.start()
    assert warm.counted()["secrets-manager.GetSecretValue"] == 2


def test_a_function_that_has_no_time_left_calls_no_vendor(warm: Gateway, vendors: Vendors) -> None:
    called = len(vendors.urls)
    event = {"client_id": "demo", "to": "+84901888484"}
    answer = warm.event(warm.send, event, context=Context(milliseconds=2_500))
    assert answer.status == 502
    assert len(vendors.urls) == called


def test_a_raw_sms_is_one_request(warm: Gateway, vendors: Vendors) -> None:
    called = len(vendors.urls)
    warm.start(client="demo-gateway")
    assert vendors.urls[called:] == [ESMS_RAW]
