"""CAMARA's One Time Password SMS over codes that a vendor makes and checks."""

from __future__ import annotations

import json

import pytest
import requests

from tests.support.camara import EXPIRED, FAILED, HEADERS, INVALID_OTP, MESSAGE, App, clients, refused
from tests.support.gateway import Gateway, HttpAnswer
from tests.support.vendors import ESMS_CHECK, ESMS_GENCODE, ESMS_WRONG, Vendors

from .conftest import Aws


@pytest.fixture
def held(aws: Aws, gateway: Gateway) -> App:
    aws.put_clients(clients())
    return App(gateway, client="vendor-held")


def test_a_vendors_placeholder_in_the_message_is_no_code_of_the_vendor(held: App, vendors: Vendors) -> None:
    refused(
        held.send(message="{{code}} or {OTP}"),
        (
            400,
            "INVALID_ARGUMENT",
            "No vendor that serves this number can send a text of your own with such a code.",
        ),
    )
    assert vendors.urls == []


def test_a_code_of_a_vendor_is_sent_and_validated(held: App, vendors: Vendors) -> None:
    authentication_id = held.sent()
    request = vendors.last(ESMS_GENCODE)
    assert request.params["message"] == MESSAGE.replace("{{code}}", "{OTP}")  # type: ignore[attr-defined]
    answer = held.validate(authentication_id, "123456")
    assert (answer.status, answer.text, dict(answer.headers)) == (204, "", HEADERS)
    refused(held.validate(authentication_id, "123456"), EXPIRED)
    assert vendors.urls == [ESMS_GENCODE, ESMS_CHECK]


def test_the_last_wrong_attempt_at_a_vendor_fails(held: App, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    authentication_id = held.sent()
    for _ in range(4):
        refused(held.validate(authentication_id, "123456"), INVALID_OTP)
    refused(held.validate(authentication_id, "123456"), FAILED)
    refused(held.validate(authentication_id, "123456"), FAILED)
    assert vendors.urls.count(ESMS_CHECK) == 5


def test_a_vendor_that_does_not_answer_costs_no_attempt(held: App, vendors: Vendors) -> None:
    authentication_id = held.sent()
    vendors.now_answers("GET", ESMS_CHECK, requests.exceptions.ReadTimeout("CANARY"))
    refused(
        held.validate(authentication_id, "123456"),
        (503, "UNAVAILABLE", "The service cannot answer now."),
        Retry_After="2",
    )
    vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    told = [held.validate(authentication_id, "123456").json["code"] for _ in range(5)]
    assert told == [INVALID_OTP[1]] * 4 + [FAILED[1]]


def test_a_second_code_of_a_vendor_supersedes_the_first(held: App, vendors: Vendors) -> None:
    first, second = held.sent(), held.sent()
    refused(held.validate(first, "123456"), EXPIRED)
    assert held.validate(second, "123456").status == 204
    assert vendors.urls == [ESMS_GENCODE, ESMS_GENCODE, ESMS_CHECK]


def test_of_two_guesses_at_a_vendor_the_one_that_is_answered_last_is_the_last(
    held: App, vendors: Vendors
) -> None:
    """The fifth guess comes, and is answered, while the fourth is with the vendor."""
    vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    authentication_id = held.sent()
    for _ in range(3):
        held.validate(authentication_id, "123456")
    meanwhile: list[HttpAnswer] = []

    def fourth(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
        meanwhile.append(held.validate(authentication_id, "222222"))
        return 200, {}, json.dumps(ESMS_WRONG)

    vendors.wire.remove("GET", ESMS_CHECK)
    vendors.wire.add_callback("GET", ESMS_CHECK, callback=fourth)
    refused(held.validate(authentication_id, "111111"), FAILED)
    refused(meanwhile[0], INVALID_OTP)
