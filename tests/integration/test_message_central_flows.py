"""Message Central's protocol as it works: what is sent, which code is right, what lives how long."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.gateway import Gateway
from tests.support.message_central import (
    HEADERS,
    MOBILE,
    App,
    Completed,
    Sent,
    clients,
    exists,
    refused,
    section,
)
from tests.support.vendors import (
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_RAW,
    MC_SEND,
    MC_SENT,
    MC_TOKEN,
    MC_VALIDATE,
    Vendors,
)
from tests.support.world import another

from .conftest import Aws


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway, vendors: Vendors) -> App:
    """A client whose codes are ours."""
    return App(gateway, vendors)


@pytest.fixture
def branch(gateway: Gateway, vendors: Vendors) -> App:
    """A client whose codes are the vendors'."""
    return App(gateway, vendors, client="branch")


# The answers --------------------------------------------------------------------------------


def test_a_send_answers_as_documented(app: App) -> None:
    answer = app.send()
    data = answer.json["data"]
    assert answer.text == (
        '{"responseCode":200,"message":"SUCCESS","data":{'
        f'"verificationId":"{data["verificationId"]}","mobileNumber":"8838087085","responseCode":"200",'
        f'"errorMessage":null,"timeout":"60","smCLI":null,"transactionId":"{data["transactionId"]}"}}}}'
    )
    assert (answer.status, answer.headers) == (200, HEADERS)
    assert app.told() == [ESMS_RAW]


def test_a_validation_answers_as_documented_and_as_recorded(app: App) -> None:
    verification_id = app.sent()
    answer = app.validate(verification_id, app.code_sent())
    assert answer.text == (
        '{"responseCode":200,"message":"SUCCESS","data":{'
        f'"verficationId":"{verification_id}","verificationId":{verification_id},'
        '"mobileNumber":"8838087085","responseCode":"200","errorMessage":null,'
        '"verificationStatus":"VERIFICATION_COMPLETED","authToken":null,'
        f'"transactionId":"{answer.json["data"]["transactionId"]}"}}}}'
    )
    assert (answer.status, answer.headers) == (200, HEADERS)


def test_a_strictly_typed_client_reads_both_answers(app: App) -> None:
    sent = Sent.read(app.send())
    completed = Completed.read(app.validate(sent.verification_id, app.code_sent()))
    assert completed.verification_id == int(sent.verification_id)
    assert completed.mobile_number == sent.mobile_number == MOBILE
    assert float(sent.timeout) == 60.0


def test_every_answer_is_a_transaction_of_its_own(app: App) -> None:
    sent = Sent.read(app.send())
    again = app.send().json["data"]["transactionId"]
    completed = Completed.read(app.validate(sent.verification_id, app.code_sent()))
    assert len({sent.transaction_id, again, completed.transaction_id}) == 3


def test_an_answer_to_a_send_holds_no_code(app: App) -> None:
    answer = app.send(otpLength="8")
    assert app.code_sent() not in answer.text.replace(answer.json["data"]["verificationId"], "")
    assert app.code_sent() not in str(dict(answer.headers))


# Codes ---------------------------------------------------------------------------------------


def test_a_code_has_four_digits(app: App) -> None:
    app.sent()
    assert app.code_sent().isdigit()
    assert len(app.code_sent()) == 4


@pytest.mark.parametrize("length", ["4", "5", "6", "7", "8"])
def test_a_code_has_the_length_that_is_asked_for(app: App, length: str) -> None:
    app.sent(otpLength=length)
    assert len(app.code_sent()) == int(length)


def test_the_policys_length_is_the_default_and_the_least(app: App, aws: Aws) -> None:
    aws.put_clients(clients(shop=section(policy={"code_length": 6})))
    app.sent()
    assert len(app.code_sent()) == 6
    app.sent(mobileNumber="8838087086", otpLength="8")
    assert len(app.code_sent()) == 8


def test_a_policy_above_the_protocols_lengths_binds_all_the_same(app: App, aws: Aws) -> None:
    aws.put_clients(clients(shop=section(policy={"code_length": 9})))
    app.sent()
    assert len(app.code_sent()) == 9


def test_the_right_code_is_good_once(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    Completed.read(app.validate(verification_id, code))
    refused(app.validate(verification_id, code), 703, "ALREADY_VERIFIED")


def test_after_a_wrong_code_the_right_one_is_right(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    refused(app.validate(verification_id, another(code)), 702, "WRONG_OTP_PROVIDED")
    Completed.read(app.validate(verification_id, code))


def test_an_odd_guess_is_counted(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    for typed in ("1", "%", "OTP", "a-b_c", "~~~~~~~~~~"):
        refused(app.validate(verification_id, typed), 702, "WRONG_OTP_PROVIDED")
    refused(app.validate(verification_id, code), 800, "MAXIMUM_LIMIT_REACHED")


def test_each_client_has_a_live_code_of_its_own(app: App, gateway: Gateway, vendors: Vendors) -> None:
    other = App(gateway, vendors, client="other")
    assert app.sent() != other.sent()


# While a code lives --------------------------------------------------------------------------


def test_a_second_send_is_506_with_the_same_id_and_sends_nothing(app: App) -> None:
    verification_id = app.sent()
    exists(app.send(), verification_id, timeout=60)
    app.gateway.clock.advance(59)
    exists(app.send(), verification_id, timeout=1)
    assert app.told() == [ESMS_RAW]
    Completed.read(app.validate(verification_id, app.code_sent()))


def test_a_number_is_one_number_with_its_trunk_prefix_and_without(app: App) -> None:
    verification_id = app.sent(countryCode="84", mobileNumber="0901888484")
    answer = app.send(countryCode="84", mobileNumber="901888484")
    exists(answer, verification_id, timeout=60, mobile="901888484")


@pytest.mark.parametrize("changes", [{"flowType": "WHATSAPP"}, {"otpLength": "8"}])
def test_a_second_send_with_other_wishes_is_506_too(branch: App, changes: dict[str, str]) -> None:
    verification_id = branch.sent()
    exists(branch.send(**changes), verification_id, timeout=60)


def test_after_sixty_seconds_a_send_is_a_new_one(app: App) -> None:
    first, code = app.sent(), app.code_sent()
    app.gateway.clock.advance(60)
    second = app.sent()
    assert first != second
    refused(app.validate(first, code), 705, "VERIFICATION_EXPIRED")
    Completed.read(app.validate(second, app.code_sent()))


def test_after_a_success_a_send_is_a_new_one_at_once(app: App) -> None:
    first = app.sent()
    Completed.read(app.validate(first, app.code_sent()))
    assert app.sent() != first


def test_after_the_last_attempt_a_send_is_a_new_one_at_once(app: App) -> None:
    first, code = app.sent(), app.code_sent()
    for _ in range(5):
        app.validate(first, another(code))
    assert app.sent() != first


def test_the_policys_life_is_the_default(app: App, aws: Aws) -> None:
    aws.put_clients(clients(shop=section(policy={"ttl_seconds": 300})))
    sent = Sent.read(app.send())
    assert sent.timeout == "300"
    app.gateway.clock.advance(299)
    exists(app.send(), sent.verification_id, timeout=1)
    Completed.read(app.validate(sent.verification_id, app.code_sent()))


# Vendors' codes ------------------------------------------------------------------------------


def test_the_vendor_of_this_protocol_carries_its_own_codes(branch: App) -> None:
    sent = Sent.read(branch.send(otpLength="5"))
    asked = parse_qs(urlsplit(str(branch.vendors.last(MC_SEND).url)).query)
    assert asked == {
        "countryCode": ["91"],
        "mobileNumber": [MOBILE],
        "flowType": ["SMS"],
        "otpLength": ["5"],
    }
    completed = Completed.read(branch.validate(sent.verification_id, "12345"))
    assert completed.mobile_number == MOBILE
    assert branch.told() == [MC_TOKEN, MC_SEND, MC_VALIDATE]


def test_another_vendor_carries_the_codes_of_other_countries(branch: App) -> None:
    sent = Sent.read(branch.send(countryCode="84", mobileNumber="901888484"))
    Completed.read(branch.validate(sent.verification_id, "1234"))
    assert branch.told() == [ESMS_GENCODE, ESMS_CHECK]


def test_a_vendors_shorter_life_is_the_codes(branch: App) -> None:
    shorter = json.loads(json.dumps(MC_SENT))
    shorter["data"]["timeout"] = "45.0"
    branch.vendors.now_answers("POST", MC_SEND, shorter)
    sent = Sent.read(branch.send())
    assert sent.timeout == "45"
    branch.gateway.clock.advance(45)
    refused(branch.validate(sent.verification_id, "1234"), 705, "VERIFICATION_EXPIRED")


def test_a_send_of_unknown_fate_is_a_success(app: App) -> None:
    app.vendors.now_answers("POST", ESMS_RAW, {"error": "down"}, status=500)
    verification_id = app.sent()
    Completed.read(app.validate(verification_id, app.code_sent()))


# Calls and logs ------------------------------------------------------------------------------


def test_a_check_of_a_code_of_ours_is_one_call(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    app.validate(verification_id, another(code))
    app.gateway.counted()
    Completed.read(app.validate(verification_id, code))
    assert app.gateway.counted() == {"dynamodb.UpdateItem": 1}


def test_a_token_asks_nobody_but_the_secret(app: App) -> None:
    assert app.token
    app.gateway.counted()
    app.get_token()
    assert app.gateway.counted() == {}


def test_the_log_holds_no_code_no_token_no_secret_and_no_number(app: App) -> None:
    verification_id = app.sent(otpLength="8")
    code = app.code_sent()
    app.send()
    app.validate(verification_id, another(code))
    app.validate(verification_id, code)
    app.get_token(key="d3JvbmctcGFzc3dvcmQ=")
    app.send(otpLength="3")
    log = app.gateway.log.getvalue()
    assert len(app.gateway.lines("RequestRefused")) == 4
    assert {line["dialect"] for line in app.gateway.lines("RequestRefused")} == {"message_central"}
    for hidden in (code, another(code), app.token, "demo-secret", "ZGVtby1zZWNyZXQ", MOBILE, "d3Jvbmct"):
        assert hidden not in log
