"""The Message Central simulator answers as the vendor documents and as its users recorded."""

from __future__ import annotations

import base64
import json

import pytest

from tests.local.conftest import Vendors
from tests.local.message_central_customer import CUSTOMER, KEY, NUMBER, TO, send, token, validate, wrong


@pytest.fixture
def auth(vendors: Vendors) -> dict[str, str]:
    return {"authToken": token(vendors)["token"]}


def test_the_token_is_an_hs512_jwt_of_the_customer_for_a_week(vendors: Vendors) -> None:
    answer = token(vendors)
    assert answer["status"] == 200
    header, claims, signature = (
        base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in answer["token"].split(".")
    )
    assert json.loads(header)["alg"] == "HS512"
    now = int(vendors.clock())
    assert json.loads(claims) == {"sub": CUSTOMER, "iat": now, "exp": now + 604_800}
    assert len(signature) == 64


def test_wrong_credentials_get_an_error_under_http_200(vendors: Vendors) -> None:
    assert token(vendors, customer="C-NOBODY") == {"status": 400, "error": "customerId is invalid"}
    assert token(vendors, key="d3Jvbmc=") == {"status": 400, "error": "password is wrong"}
    assert token(vendors, key="no base64!") == {"status": 400, "error": "password is wrong"}


def test_a_key_whose_plus_became_a_space_is_accepted(vendors: Vendors) -> None:
    assert "+" in KEY
    assert token(vendors, key=KEY.replace("+", " "))["status"] == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/auth/v1/authentication/token", 405),
        ("GET", "/verification/v3/send", 405),
        ("POST", "/verification/v3/validateOtp", 405),
        ("GET", "/verification/v3/nothing", 404),
    ],
)
def test_wrong_methods_and_paths_are_told_apart(
    vendors: Vendors, method: str, path: str, status: int
) -> None:
    assert vendors.call("message_central", method, path).status_code == status


def test_a_send_delivers_a_code_of_four_digits_and_answers_as_recorded(
    vendors: Vendors, auth: dict[str, str]
) -> None:
    status, body = send(vendors, auth)
    assert status == 200
    assert (body["responseCode"], body["message"]) == (200, "SUCCESS")
    data = body["data"]
    assert isinstance(data["verificationId"], str)
    assert data["verificationId"].isdigit()
    assert (data["mobileNumber"], data["responseCode"]) == ("8838087085", "200")
    assert (data["errorMessage"], data["smCLI"]) == (None, None)
    assert float(data["timeout"]) == 60
    [message] = vendors.messages(TO)
    assert message["vendor"] == "message_central"
    assert len(message["code"]) == 4
    assert message["code"] in message["text"]


@pytest.mark.parametrize("length", ["4", "5", "6", "7", "8"])
def test_the_caller_chooses_the_length(vendors: Vendors, auth: dict[str, str], length: str) -> None:
    send(vendors, auth, otpLength=length)
    assert len(vendors.code(TO)) == int(length)


def test_the_header_name_may_have_any_case(vendors: Vendors, auth: dict[str, str]) -> None:
    assert send(vendors, {"AUTHTOKEN": auth["authToken"]})[0] == 200


def test_a_missing_forged_or_expired_token_gets_401_without_a_body(
    vendors: Vendors, auth: dict[str, str]
) -> None:
    signed, _, signature = auth["authToken"].rpartition(".")
    forged = f"{signed}.{signature[::-1]}"
    expired = auth["authToken"]
    for value in ("", "no.token.here", "nonsense", forged):
        answer = vendors.call(
            "message_central", "POST", "/verification/v3/send", params=NUMBER, headers={"authToken": value}
        )
        assert (answer.status_code, answer.content) == (401, b"")
    vendors.clock.move(604_800)
    answer = vendors.call("message_central", "POST", "/verification/v3/send", headers={"authToken": expired})
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"countryCode": "000"}, 511),
        ({"countryCode": ""}, 511),
        ({"countryCode": "IN"}, 511),
        ({"customerId": "C-NOBODY"}, 501),
        ({"mobileNumber": "12ab"}, 400),
        ({"flowType": "PIGEON"}, 400),
        ({"otpLength": "3"}, 400),
        ({"otpLength": "9"}, 400),
    ],
)
def test_what_is_wrong_with_a_send_is_told_by_the_response_code(
    vendors: Vendors, auth: dict[str, str], query: dict[str, str], code: int
) -> None:
    status, body = send(vendors, auth, **query)
    assert (status, body["responseCode"], body["data"]) == (400, code, None)
    assert vendors.messages() == []


def test_a_second_send_within_the_minute_gets_506_with_the_live_id_and_no_message(
    vendors: Vendors, auth: dict[str, str]
) -> None:
    _, first = send(vendors, auth)
    vendors.clock.move(59)
    status, second = send(vendors, auth)
    assert (status, second["responseCode"], second["message"]) == (400, 506, "REQUEST_ALREADY_EXISTS")
    assert second["data"]["verificationId"] == first["data"]["verificationId"]
    assert len(vendors.messages(TO)) == 1
    assert send(vendors, auth, mobileNumber="8838087086")[0] == 200
    vendors.clock.move(1)
    status, third = send(vendors, auth)
    assert status == 200
    assert third["data"]["verificationId"] != first["data"]["verificationId"]


def test_the_right_code_verifies_once(vendors: Vendors, auth: dict[str, str]) -> None:
    number = send(vendors, auth)[1]["data"]["verificationId"]
    code = vendors.code(TO)
    status, body = validate(vendors, auth, number, code)
    assert (status, body["responseCode"]) == (200, 200)
    assert body["data"]["verificationId"] == int(number)
    assert body["data"]["verificationStatus"] == "VERIFICATION_COMPLETED"
    assert body["data"]["mobileNumber"] == "8838087085"
    status, body = validate(vendors, auth, number, code)
    assert (status, body["responseCode"], body["message"]) == (400, 703, "ALREADY_VERIFIED")
    assert send(vendors, auth)[0] == 200  # nothing is live any more


def test_a_wrong_code_gets_702_under_http_200_and_the_sixth_guess_800(
    vendors: Vendors, auth: dict[str, str]
) -> None:
    number = send(vendors, auth)[1]["data"]["verificationId"]
    code = vendors.code(TO)
    for _ in range(5):
        status, body = validate(vendors, auth, number, wrong(code))
        assert (status, body) == (200, {"responseCode": 702, "message": "WRONG_OTP_PROVIDED", "data": None})
    assert validate(vendors, auth, number, code)[1]["responseCode"] == 800


def test_a_late_code_gets_705_and_an_unknown_id_505(vendors: Vendors, auth: dict[str, str]) -> None:
    number = send(vendors, auth)[1]["data"]["verificationId"]
    code = vendors.code(TO)
    vendors.clock.move(60)
    assert validate(vendors, auth, number, code)[1]["responseCode"] == 705
    assert validate(vendors, auth, "1", code)[1]["responseCode"] == 505


def test_the_vendors_own_curl_with_its_empty_pair_and_slash_works(
    vendors: Vendors, auth: dict[str, str]
) -> None:
    number = send(vendors, auth)[1]["data"]["verificationId"]
    path = f"/verification/v3/validateOtp/?&verificationId={number}&code={vendors.code(TO)}"
    assert vendors.call("message_central", "GET", path, headers=auth).json()["responseCode"] == 200


def test_silent_authentication_puts_nothing_on_the_handset(vendors: Vendors, auth: dict[str, str]) -> None:
    assert send(vendors, auth, flowType="SAUTH")[0] == 200
    assert vendors.messages() == []


def test_a_voice_call_reads_the_digits_out(vendors: Vendors, auth: dict[str, str]) -> None:
    send(vendors, auth, flowType="AUDIO")
    [message] = vendors.messages(TO)
    assert ", ".join(message["code"]) in message["text"]
