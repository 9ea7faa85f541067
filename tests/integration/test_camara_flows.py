"""CAMARA's One Time Password SMS: what is sent, what is validated, and the answers to the byte."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.camara import (
    EXPIRED,
    FAILED,
    HEADERS,
    INVALID_OTP,
    JSON_HEADERS,
    MESSAGE,
    NOT_FOUND,
    TO,
    UUID,
    App,
    clients,
    refused,
    section,
)
from tests.support.gateway import ROUTES, Gateway
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ESMS_RAW,
    Vendors,
)
from tests.support.world import another

from .conftest import Aws

SINGAPORE = "+6591234567"


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway) -> App:
    return App(gateway)


def text_sent(vendors: Vendors) -> str:
    return str(json.loads(vendors.last(ESMS_RAW).body or "{}")["Content"])


def stored(aws: Aws, authentication_id: str) -> dict[str, Any]:
    [item] = [item for item in aws.items() if authentication_id in item["pk"]["S"]]
    return {name: next(iter(value.values())) for name, value in item.items()}


def attempts(aws: Aws, authentication_id: str) -> int:
    return int(stored(aws, authentication_id)["attempts"])


# Sends ------------------------------------------------------------------------------------------


def test_a_send_is_answered_with_an_id(app: App, vendors: Vendors) -> None:
    answer = app.send()
    assert answer.status == 200
    authentication_id = answer.json["authenticationId"]
    assert answer.text == f'{{"authenticationId":"{authentication_id}"}}'
    assert re.fullmatch(UUID, authentication_id)
    assert dict(answer.headers) == JSON_HEADERS
    assert vendors.urls == [ESMS_RAW]


def test_the_message_is_sent_as_it_is_with_the_code_in_its_place(app: App, vendors: Vendors) -> None:
    app.send(message="{{code}} là mã của bạn. Mã: {{code}}")
    assert re.fullmatch(r"(\d{6}) là mã của bạn. Mã: \1", text_sent(vendors))


@pytest.mark.parametrize(
    "message",
    [
        "{{code}}",
        "{{code}}" + "x" * 152,
        "{{code}}" + "ã" * 152,
        "{{code}} " + "🔑" * 151,
        "{{code}}{{code}}",
        "{{code}} is your code\n\n@shop.example #{{code}}",
        "{{code}} 100% {OTP} ${x} \\n 'quoted' \"twice\" <b>&amp;</b>",
        "{{code}}\u00a0: votre code",
        "{{code}} می\u200cشود",
    ],
)
def test_a_message_that_the_schema_allows_is_sent(app: App, vendors: Vendors, message: str) -> None:
    assert app.send(message=message).status == 200
    assert text_sent(vendors) == message.replace("{{code}}", vendors.code_sent())


def test_a_send_whose_fate_is_unknown_is_a_success(app: App, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, requests.exceptions.ReadTimeout("CANARY"))
    answer = app.send()
    assert answer.status == 200
    assert app.validate(answer.json["authenticationId"], vendors.code_sent()).status == 204


def test_codes_have_6_digits_and_live_for_5_minutes(app: App, aws: Aws, vendors: Vendors) -> None:
    item = stored(aws, app.sent())
    assert re.match(r"\d{6} is", text_sent(vendors))
    assert int(item["expires_at"]) - int(item["created_at"]) == 300
    assert (item["purpose"], item["channel"]) == ("dialect:camara", "sms")


def test_what_the_policy_sets_binds(gateway: Gateway, aws: Aws, vendors: Vendors) -> None:
    aws.put_clients(clients(strict=section(code_length=8, ttl_seconds=120)))
    item = stored(aws, App(gateway, client="strict").sent())
    assert re.match(r"\d{8} is", text_sent(vendors))
    assert int(item["expires_at"]) - int(item["created_at"]) == 120


def test_a_client_may_leave_the_text_to_a_vendor_with_texts_of_its_own(
    make_gateway: Callable[..., Gateway], aws: Aws, vendors: Vendors
) -> None:
    gateway = make_gateway(ROUTES=json.dumps(ROUTES | {"gateway": {"*": {"*": ["engagelab:gateway"]}}}))
    aws.put_clients(clients(easy=section(settings={"own_text": "preferred"})))
    app = App(gateway, client="easy")
    authentication_id = app.sent()
    assert vendors.urls == [ENGAGELAB_CODES]
    assert app.validate(authentication_id, vendors.code_sent()).status == 204


def test_a_client_that_prefers_its_own_text_gets_it_where_it_can_be_sent(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    aws.put_clients(clients(easy=section(settings={"own_text": "preferred"})))
    App(gateway, client="easy").sent()
    assert text_sent(vendors) == MESSAGE.replace("{{code}}", vendors.code_sent())


# Validations ------------------------------------------------------------------------------------


def test_the_right_code_is_204_without_a_body_or_its_type(app: App, vendors: Vendors) -> None:
    answer = app.validate(app.sent(), vendors.code_sent())
    assert (answer.status, answer.text) == (204, "")
    assert dict(answer.headers) == HEADERS


def test_a_wrong_code_is_an_invalid_otp_and_the_right_one_still_counts(app: App, vendors: Vendors) -> None:
    authentication_id = app.sent()
    refused(app.validate(authentication_id, another(vendors.code_sent())), INVALID_OTP)
    assert app.validate(authentication_id, vendors.code_sent()).status == 204


@pytest.mark.parametrize("guess", ["1", "AJY3", "0123456789", "';----", "{{code}}", "*****", "<svg/>"])
def test_whatever_a_user_types_is_a_guess(app: App, aws: Aws, guess: str) -> None:
    authentication_id = app.sent()
    refused(app.validate(authentication_id, guess), INVALID_OTP)
    assert attempts(aws, authentication_id) == 1


def test_a_code_is_good_once(app: App, vendors: Vendors) -> None:
    authentication_id = app.sent()
    assert app.validate(authentication_id, vendors.code_sent()).status == 204
    refused(app.validate(authentication_id, vendors.code_sent()), EXPIRED)
    refused(app.validate(authentication_id, another(vendors.code_sent())), EXPIRED)


def test_a_code_dies_with_its_time(app: App, vendors: Vendors) -> None:
    authentication_id = app.sent()
    app.gateway.clock.advance(300)
    refused(app.validate(authentication_id, vendors.code_sent()), EXPIRED)


def test_a_code_lives_to_its_last_second(app: App, vendors: Vendors) -> None:
    authentication_id = app.sent()
    app.gateway.clock.advance(299)
    assert app.validate(authentication_id, vendors.code_sent()).status == 204


def test_a_second_send_to_a_number_supersedes_the_first(app: App, vendors: Vendors) -> None:
    first = app.sent()
    old = vendors.code_sent()
    second = app.sent()
    refused(app.validate(first, old), EXPIRED)
    assert app.validate(second, vendors.code_sent()).status == 204
    assert vendors.urls == [ESMS_RAW, ESMS_RAW]


def test_a_send_to_another_number_supersedes_nothing(app: App, vendors: Vendors) -> None:
    first = app.sent()
    code = vendors.code_sent()
    app.sent(SINGAPORE)
    assert app.validate(first, code).status == 204


def test_the_native_api_and_this_one_supersede_nothing_of_each_other(app: App, vendors: Vendors) -> None:
    ours = app.sent()
    code = vendors.code_sent()
    native = app.gateway.start(TO, client="shop")
    assert native.status == 201
    assert app.gateway.check(native.id, vendors.code_sent(), client="shop").status == 200
    assert app.validate(ours, code).status == 204


def test_the_last_allowed_wrong_attempt_fails_and_so_does_every_one_after_it(
    app: App, aws: Aws, vendors: Vendors
) -> None:
    authentication_id = app.sent()
    wrong = another(vendors.code_sent())
    for _ in range(4):
        refused(app.validate(authentication_id, wrong), INVALID_OTP)
    refused(app.validate(authentication_id, wrong), FAILED)
    refused(app.validate(authentication_id, wrong), FAILED)
    refused(app.validate(authentication_id, vendors.code_sent()), FAILED)
    app.gateway.clock.advance(400)
    refused(app.validate(authentication_id, vendors.code_sent()), FAILED)
    assert attempts(aws, authentication_id) == 5


def test_the_right_code_at_the_last_attempt_is_right(app: App, vendors: Vendors) -> None:
    authentication_id = app.sent()
    for _ in range(4):
        app.validate(authentication_id, another(vendors.code_sent()))
    assert app.validate(authentication_id, vendors.code_sent()).status == 204


def test_the_only_attempt_of_a_strict_policy_fails_at_once(
    gateway: Gateway, aws: Aws, vendors: Vendors
) -> None:
    aws.put_clients(clients(strict=section(attempts=1)))
    app = App(gateway, client="strict")
    refused(app.validate(app.sent(), another(vendors.code_sent())), FAILED)


@pytest.mark.parametrize(
    "unknown", ["ea0840f3-3663-4149-bd10-c7c6b8912105", "ea0840f3-3663-1149-bd10-c7c6b8912105", "x"]
)
def test_an_unknown_id_is_not_found(app: App, unknown: str) -> None:
    refused(app.validate(unknown, "123456"), NOT_FOUND)


def test_an_id_may_come_back_in_capitals(app: App, vendors: Vendors) -> None:
    assert app.validate(app.sent().upper(), vendors.code_sent()).status == 204


def test_a_native_id_is_unknown_here(app: App, vendors: Vendors) -> None:
    native = app.gateway.start(TO, client="shop")
    refused(app.validate(native.id, vendors.code_sent()), NOT_FOUND)
