"""EngageLab's protocol at the front door: what is sent, what is checked, and the answers to the byte."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.engagelab import TO, App, clients, order_of, refused, stored
from tests.support.gateway import Gateway
from tests.support.vendors import (
    ENGAGELAB_MESSAGES,
    ENGAGELAB_VERIFY,
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    ESMS_WRONG,
    Vendors,
)
from tests.support.world import another

from .conftest import Aws


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway) -> App:
    return App(gateway)


def test_a_message_is_sent_and_answered_as_the_vendor_does(app: App, vendors: Vendors) -> None:
    answer = app.message()
    assert answer.status == 200
    message_id = answer.json["message_id"]
    assert answer.text == f'{{"message_id":"{message_id}","send_channel":"sms"}}'
    assert re.fullmatch(r"[1-9][0-9]{18}", message_id)
    assert int(message_id) < 2**63
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert vendors.urls == [ESMS_RAW]
    assert vendors.code_sent() not in answer.text


def test_a_right_code_is_verified_once(app: App, vendors: Vendors) -> None:
    message_id, code = app.sent(), vendors.code_sent()
    right = app.verify(message_id, code)
    assert (right.status, right.text) == (
        200,
        f'{{"message_id":"{message_id}","verify_code":"{code}","verified":true}}',
    )
    refused(app.verify(message_id, code), 400, 3003, "verify code has expired")


def test_a_wrong_code_is_answered_with_200_and_false(app: App, vendors: Vendors) -> None:
    message_id, code = app.sent(), vendors.code_sent()
    wrong = app.verify(message_id, another(code))
    assert (wrong.status, wrong.text) == (
        200,
        f'{{"message_id":"{message_id}","verify_code":"{another(code)}","verified":false}}',
    )
    assert app.verify(message_id, code).json["verified"] is True


def test_the_fifth_wrong_code_is_the_last_that_is_compared(app: App, vendors: Vendors) -> None:
    message_id, code = app.sent(), vendors.code_sent()
    for _ in range(5):
        assert app.verify(message_id, another(code)).json["verified"] is False
    refused(app.verify(message_id, code), 400, 3003, "verify code has expired")


@pytest.mark.parametrize("guess", ["0", "%s", "x" * 10, "<script>", '"},{"', "{{code}}", "'--"])
def test_whatever_a_user_types_is_a_guess(app: App, guess: str, aws: Aws) -> None:
    message_id = app.sent()
    wrong = app.verify(message_id, guess)
    assert (wrong.status, wrong.json) == (
        200,
        {"message_id": message_id, "verify_code": guess, "verified": False},
    )
    assert stored(aws.items(), message_id)["attempts"] == "1"


def test_a_code_lives_as_long_as_its_template_says(app: App, vendors: Vendors) -> None:
    message_id, code = app.sent("short"), vendors.code_sent()[:4]
    app.gateway.clock.advance(59)
    assert app.verify(message_id, code).json["verified"] is True
    message_id, code = app.sent("short", to="+84901888485"), vendors.code_sent()[:4]
    app.gateway.clock.advance(60)
    refused(app.verify(message_id, code), 400, 3003, "verify code has expired")


@pytest.mark.parametrize(("template", "length"), [("short", 4), ("plain", 6), ("long", 10)])
def test_a_code_is_as_long_as_its_template_says(
    app: App, vendors: Vendors, template: str, length: int
) -> None:
    app.sent(template)
    content = order_of(vendors, ESMS_RAW)["Content"]
    assert re.fullmatch(rf"[0-9]{{{length}}} is your code", content)


def test_a_code_of_a_vendor_is_verified_there(gateway: Gateway, vendors: Vendors) -> None:
    app = App(gateway, "app-vendor")
    message_id = app.sent()
    vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    assert app.verify(message_id, "654321").json["verified"] is False
    vendors.now_answers("GET", ESMS_CHECK, {"CodeResult": "100", "ErrorMessage": "Success!"})
    assert app.verify(message_id, "123456").json == {
        "message_id": message_id,
        "verify_code": "123456",
        "verified": True,
    }
    refused(app.verify(message_id, "123456"), 400, 3003, "verify code has expired")
    assert vendors.urls == [ESMS_GENCODE, ESMS_CHECK, ESMS_CHECK]


def test_engagelab_itself_can_carry_it(gateway: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_NO_BALANCE)
    app = App(gateway, "app-vendor")
    message_id = app.sent(language="zh_HK")
    assert order_of(vendors, ENGAGELAB_MESSAGES) == {
        "to": TO,
        "template": {"id": "t1", "language": "zh_HK"},
    }
    assert message_id != "1725407449772531712"  # the vendor's id stays between it and us
    assert app.verify(message_id, "123456").json["verified"] is True
    assert order_of(vendors, ENGAGELAB_VERIFY)["message_id"] == "1725407449772531712"


# Leniency -------------------------------------------------------------------------------


def test_members_that_are_not_documented_are_ignored(app: App) -> None:
    body = {
        "to": TO,
        "code": "000000",
        "custom_args": {"a": [1, None]},
        "template": {"id": "plain", "language": None, "params": None, "extra": 1},
    }
    message_id = app.post("/v1/messages", body).json["message_id"]
    guess = {"message_id": message_id, "verify_code": "000000", "remark": True}
    assert app.post("/v1/verifications", guess).status == 200


def test_a_code_beside_a_message_of_ours_is_not_what_is_sent(app: App, vendors: Vendors) -> None:
    app.post("/v1/messages", {"to": TO, "code": "4711-not-a-code", "template": {"id": "plain"}})
    assert re.fullmatch(r"[0-9]{6} is your code", order_of(vendors, ESMS_RAW)["Content"])


@pytest.mark.parametrize(
    "spelling", ["+84 901 888 484", "+84-901-888-484", "+84(901)888484", "+840901888484"]
)
def test_the_usual_spellings_of_a_number_are_one(app: App, spelling: str) -> None:
    assert app.message(to=spelling).status == 200
    assert app.message().json["code"] == 3004


@pytest.mark.parametrize("content_type", [None, "application/json; charset=utf-8", "Application/JSON"])
def test_json_may_be_declared_in_several_ways(gateway: Gateway, content_type: str | None) -> None:
    app = App(gateway)
    app.headers.pop("content-type")
    if content_type is not None:
        app.headers["content-type"] = content_type
    assert app.message().status == 200


# Costs and logs -------------------------------------------------------------------------


def test_a_send_is_three_writes_and_a_look_at_the_limits_and_a_check_is_one(
    app: App, vendors: Vendors
) -> None:
    gateway = app.gateway
    app.sent(to="+84901888480")
    gateway.counted()
    message_id = app.sent()
    assert sum(gateway.counted().values()) == 4
    app.verify(message_id, another(vendors.code_sent()))
    assert gateway.counted() == {"dynamodb.UpdateItem": 2}  # a wrong code is counted for the number
    app.verify(message_id, vendors.code_sent())
    assert gateway.counted() == {"dynamodb.UpdateItem": 1}


def test_a_wrong_code_leaves_its_line_in_the_log_without_the_code(app: App, vendors: Vendors) -> None:
    message_id, code = app.sent(), vendors.code_sent()
    app.verify(message_id, another(code))
    [line] = app.gateway.lines("RequestRefused")
    assert (line["dialect"], line["outcome"], line["verification_id"], line["client"]) == (
        "engagelab",
        "wrong_code",
        message_id,
        "app",
    )


def test_no_code_and_no_number_is_in_log_table_or_the_answer_to_a_send(
    app: App, aws: Aws, vendors: Vendors
) -> None:
    own = app.code("aB3x9Qz", to="+84901888485").text
    sent = app.message(to="+84901888486")
    code = vendors.code_sent()
    app.message()
    text = own + sent.text + app.gateway.log.getvalue() + json.dumps(aws.items())
    for secret in ("aB3x9Qz", f'"{code}"', "901888484", "901888485", "901888486", "demo-secret"):
        assert secret not in text


def test_what_is_no_guess_costs_no_attempt(app: App, aws: Aws) -> None:
    message_id = app.sent()
    for nonsense in ("", "12345678901", "12 34", "١٢٣٤٥٦", 123456, None):
        assert app.verify(message_id, nonsense).json["code"] == 3002
    assert stored(aws.items(), message_id)["attempts"] == "0"
