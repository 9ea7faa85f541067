"""Reading requests of Message Central's protocol."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from countersign.client import Client
from countersign.dialects import message_central_parsing as parsing
from countersign.dialects.message_central_answers import InvalidCountryError, InvalidCustomerError
from countersign.errors import (
    ConfigurationError,
    InvalidNumberError,
    InvalidRequestError,
    NotFoundError,
    UnauthenticatedError,
)
from countersign.model import Alphabet, Channel, Secret
from countersign.policy import Policy

ID = "4242424242424242"
SLOW = {"phonenumbers", "countersign.phone", "countersign.service.wish", "requests"}
WISH = {"countryCode": "91", "mobileNumber": "8838087085", "flowType": "SMS"}


def client(**policy: Any) -> Client:
    return Client(id="shop", policy=Policy(**policy))


def test_a_send_is_read_whole() -> None:
    request = parsing.parse_send(WISH, client=client())
    assert request.phone.e164 == Secret("+918838087085")
    assert (request.phone.country, request.phone.calling_code) == ("IN", "91")
    assert (request.channels, request.purpose) == ((Channel.SMS,), "dialect:message_central")
    assert (request.code_length, request.ttl_seconds, request.cooldown_seconds) == (4, 60, 0)
    assert (request.alphabet, request.text, request.code) == (Alphabet.DIGITS, None, None)
    assert (request.locale, request.reference, request.idempotency_key) == (None, None, None)
    assert request.one_at_a_time


def test_the_policys_numbers_bind() -> None:
    bound = client(code_length=7, ttl_seconds=600, cooldown_seconds=90)
    request = parsing.parse_send(WISH, client=bound)
    assert (request.code_length, request.ttl_seconds, request.cooldown_seconds) == (7, 600, 90)
    assert parsing.parse_send(WISH | {"otpLength": "8"}, client=bound).code_length == 8
    with pytest.raises(InvalidRequestError, match="`otpLength` must be from 7 to 8"):
        parsing.parse_send(WISH | {"otpLength": "6"}, client=bound)


@pytest.mark.parametrize("code_length", [9, 10])
def test_where_the_policy_is_above_the_protocol_a_length_cannot_be_asked_for(code_length: int) -> None:
    bound = client(code_length=code_length)
    assert parsing.parse_send(WISH, client=bound).code_length == code_length
    for asked in ("4", "8", str(code_length)):
        with pytest.raises(InvalidRequestError, match="`otpLength` cannot be chosen"):
            parsing.parse_send(WISH | {"otpLength": asked}, client=bound)


@pytest.mark.parametrize("otp_length", ["4", "5", "6", "7", "8", "06"])
def test_a_length_is_four_to_eight(otp_length: str) -> None:
    request = parsing.parse_send(WISH | {"otpLength": otp_length}, client=client())
    assert request.code_length == int(otp_length)


@pytest.mark.parametrize(
    ("flow_type", "channel"),
    [
        ("SMS", Channel.SMS),
        ("sms", Channel.SMS),
        ("WHATSAPP", Channel.WHATSAPP),
        ("WhatsApp", Channel.WHATSAPP),
        ("RCS", Channel.RCS),
        ("AUDIO", Channel.VOICE),
        ("SAUTH", Channel.SILENT),
    ],
)
def test_flow_types_are_channels(flow_type: str, channel: Channel) -> None:
    assert parsing.parse_send(WISH | {"flowType": flow_type}, client=client()).channels == (channel,)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"customerId": "other"}, InvalidCustomerError, "customerId"),
        ({"countryCode": ""}, InvalidCountryError, "countryCode"),
        ({"countryCode": "IN"}, InvalidCountryError, "countryCode"),
        ({"countryCode": "091"}, InvalidCountryError, "countryCode"),
        ({"countryCode": "210"}, InvalidCountryError, "countryCode"),
        ({"mobileNumber": ""}, InvalidRequestError, "mobileNumber"),
        ({"mobileNumber": "12"}, InvalidRequestError, "mobileNumber"),
        ({"mobileNumber": "1234567"}, InvalidNumberError, "mobileNumber"),
        ({"flowType": ""}, InvalidRequestError, "flowType"),
        ({"flowType": "ſMS"}, InvalidRequestError, "flowType"),
        ({"otpLength": "3"}, InvalidRequestError, "otpLength"),
    ],
)
def test_what_is_wrong_is_named_and_not_repeated(
    changes: dict[str, str], error: type[InvalidRequestError], field: str
) -> None:
    with pytest.raises(error) as caught:
        parsing.parse_send(WISH | changes, client=client())
    assert type(caught.value) is error
    assert caught.value.field == field
    assert caught.value.detail.startswith(f"`{field}` ")
    [value] = changes.values()
    assert len(value) < 4 or value not in caught.value.detail


def test_ids_have_sixteen_digits_and_are_exact_in_javascript() -> None:
    ids = {parsing.new_id() for _ in range(500)}
    assert len(ids) == 500
    assert all(len(one) == 16 and int(float(one)) == int(one) < 2**53 for one in ids)
    assert all(parsing.parse_guess({"verificationId": one, "code": "1"})[0] == one for one in ids)
    assert len({one[0] for one in ids}) >= 8


def test_a_guess_is_read() -> None:
    assert parsing.parse_guess({"verificationId": ID, "code": "1476"}) == (ID, Secret("1476"))


@pytest.mark.parametrize("code", ["1", "0" * 10, "~!@#", "AbC"])
def test_a_guess_is_kept_as_it_was_typed(code: str) -> None:
    assert parsing.parse_guess({"verificationId": ID, "code": code})[1] == Secret(code)


@pytest.mark.parametrize("code", ["", "0" * 11, "12 34", "１２３４", "12\n"])
def test_what_cannot_be_a_code_is_malformed(code: str) -> None:
    with pytest.raises(InvalidRequestError):
        parsing.parse_guess({"verificationId": ID, "code": code})


@pytest.mark.parametrize("verification_id", ["1", "x", f"{ID}0", f"0{ID[1:]}", f"{ID}\n", f" {ID}"])
def test_what_cannot_be_an_id_is_not_found(verification_id: str) -> None:
    with pytest.raises(NotFoundError):
        parsing.parse_guess({"verificationId": verification_id, "code": "1476"})


@pytest.mark.parametrize("key", ["Pz8+", "Pz8 ", "Pz8-", "Pz8+===", "Pz8+\n", "Pz8+\r\n"])
def test_a_key_is_base64_in_any_spelling(key: str) -> None:
    assert parsing.parse_credentials({"customerId": "shop", "key": key}) == ("shop", "??>")


@pytest.mark.parametrize("key", ["A", "Pz8*", "Pz=8", "/w==", "\ud800", "é"])
def test_a_key_that_is_no_text_in_base64_is_refused(key: str) -> None:
    with pytest.raises(UnauthenticatedError):
        parsing.parse_credentials({"customerId": "shop", "key": key})


@pytest.mark.parametrize("customer_id", ["", "x" * 65, "a\nb", "\ud800"])
def test_a_customer_that_cannot_be_is_refused_first(customer_id: str) -> None:
    with pytest.raises(InvalidCustomerError):
        parsing.parse_credentials({"customerId": customer_id, "key": "*"})


def configured(**settings: object) -> Client:
    return Client(id="shop", policy=Policy(), dialects={"message_central": settings})


@pytest.mark.parametrize(
    ("settings", "days"), [({}, 7), ({"token_days": 1}, 1), ({"token_days": 1825}, 1825)]
)
def test_a_token_lives_for_days(settings: dict[str, object], days: int) -> None:
    assert parsing.token_seconds(configured(**settings)) == days * 86_400
    assert parsing.token_seconds(client()) == 604_800


@pytest.mark.parametrize("days", [0, 1826, -1, "7", 7.5, True, None, []])
def test_days_outside_the_bounds_are_the_operators_fault(days: object) -> None:
    with pytest.raises(ConfigurationError, match=r"client shop: dialects\.message_central\.token_days must"):
        parsing.token_seconds(configured(token_days=days))


def test_an_unknown_setting_is_the_operators_fault() -> None:
    with pytest.raises(ConfigurationError, match=r"client shop: dialects\.message_central\.days is not"):
        parsing.token_seconds(configured(days=7))


def test_a_validation_loads_nothing_of_a_send() -> None:
    program = (
        "import sys\n"
        "import countersign.dialects.message_central as module\n"
        f"module.parsing.parse_guess({{'verificationId': '{ID}', 'code': '1476'}})\n"
        f"print(sorted(set(sys.modules) & {SLOW}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env={"PYTHONPATH": str(Path(parsing.__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout == "[]\n"
