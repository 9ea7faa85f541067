"""The eSMS simulator answers as the vendor documents: HTTP 200 and a string in CodeResult."""

from __future__ import annotations

import pytest

from tests.local.conftest import Vendors
from tests.local.esms_customer import CODE_ORDER, GENERATE, KEYS, TO, answer, check, generate, text


def test_gencode_delivers_the_message_with_the_code_in_it(vendors: Vendors) -> None:
    body = generate(vendors)
    assert (body["CodeResult"], body["CountRegenerate"]) == ("100", 0)
    assert 31 <= len(body["SMSID"]) <= 34
    assert "ErrorMessage" not in body
    [message] = vendors.messages(TO)
    assert message["text"] == f"{message['code']} la ma xac minh"
    assert len(message["code"]) == 6
    assert message["code"].isdigit()


def test_without_isnumber_the_code_has_upper_case_letters_and_digits(vendors: Vendors) -> None:
    generate(vendors, IsNumber="", NumCharOfCode="20")
    code = vendors.code(TO)
    assert len(code) == 20
    assert code == code.upper()
    assert code.isalnum()
    assert not code.isdigit()


@pytest.mark.parametrize(
    "path", [GENERATE, GENERATE + "/", "/" + GENERATE, "/SendMessageAutoGenCode_V4_post_json"]
)
def test_gencode_takes_a_json_body_and_sloppy_slashes(vendors: Vendors, path: str) -> None:
    assert answer(vendors, "POST", path, json=CODE_ORDER)["CodeResult"] == "100"


def test_field_names_may_have_any_case(vendors: Vendors) -> None:
    fields = {name.upper(): value for name, value in CODE_ORDER.items()}
    assert answer(vendors, "GET", GENERATE, params=fields)["CodeResult"] == "100"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ApiKey": "wrong"}, "101"),
        ({"SecretKey": ""}, "101"),
        ({"Brandname": "Nobody"}, "104"),
        ({"Phone": "123"}, "108"),
        ({"Phone": "+84901888484"}, "108"),
        ({"Phone": ""}, "108"),
        ({"message": "no placeholder"}, "146"),
        ({"Type": ""}, "300"),
        ({"Type": "9"}, "301"),
    ],
)
def test_what_is_wrong_with_gencode_is_told_under_http_200(
    vendors: Vendors, fields: dict[str, str], code: str
) -> None:
    assert generate(vendors, **fields)["CodeResult"] == code
    assert vendors.messages() == []


def test_the_documented_error_bodies_are_exact(vendors: Vendors) -> None:
    unauthorized = {"CodeResult": "101", "CountRegenerate": 0, "ErrorMessage": "Authorize Failed"}
    assert generate(vendors, ApiKey="wrong") == unauthorized
    brand = {"CodeResult": "104", "CountRegenerate": 0, "ErrorMessage": "Brand name code is not exist"}
    assert generate(vendors, Brandname="Nobody") == brand
    broken = vendors.call("esms", "POST", GENERATE, data="{not json")
    assert (broken.status_code, broken.json()) == (200, {"error": "Invalid request"})


def test_the_right_code_is_good_once_and_under_both_spellings_of_the_phone(vendors: Vendors) -> None:
    generate(vendors)
    code = vendors.code(TO)
    ok = {"CodeResult": "100", "CountRegenerate": 0, "ErrorMessage": "84901888484, Content: Success!"}
    assert check(vendors, code, phone="84901888484") == ok
    invalid = {"CodeResult": "117", "CountRegenerate": 0}
    assert check(vendors, code) == {**invalid, "ErrorMessage": f"0901888484, Content: {code} Code Invalid"}


def test_a_wrong_code_or_another_phone_is_117_and_costs_nothing(vendors: Vendors) -> None:
    generate(vendors)
    code = vendors.code(TO)
    assert check(vendors, "not-it")["CodeResult"] == "117"
    assert check(vendors, code, phone="0901888485")["CodeResult"] == "117"
    assert check(vendors, code)["CodeResult"] == "100"


@pytest.mark.parametrize(("alive", "seconds"), [("", 300), ("2", 120), ("10", 600), ("1", 120), ("99", 600)])
def test_a_code_lives_for_timealive_minutes_within_the_vendors_bounds(
    vendors: Vendors, alive: str, seconds: int
) -> None:
    generate(vendors, TimeAlive=alive)
    first = vendors.code(TO)
    vendors.clock.move(seconds - 1)
    assert check(vendors, first)["CodeResult"] == "100"
    generate(vendors, TimeAlive=alive)
    second = vendors.code(TO)
    vendors.clock.move(seconds)
    assert check(vendors, second)["CodeResult"] == "117"


def test_a_newer_code_kills_the_older_one(vendors: Vendors) -> None:
    generate(vendors, NumCharOfCode="9")
    older = vendors.code(TO)
    generate(vendors, NumCharOfCode="9")
    assert check(vendors, older)["CodeResult"] == "117"
    assert check(vendors, vendors.code(TO))["CodeResult"] == "100"


def test_v5_creates_the_code_and_sends_it_when_asked(vendors: Vendors) -> None:
    order = {**KEYS, "Phone": "0901888484", "TimeAlive": "5", "MultiChannelTempId": "7"}
    path = "/SendMessageAutoGenCode_V5"
    assert answer(vendors, "POST", path, json={**order, "TypeId": "1"})["CodeResult"] == "100"
    assert vendors.messages() == []
    assert (
        answer(vendors, "POST", path, json={**order, "TypeId": "2", "IsNumber": "1"})["CodeResult"] == "100"
    )
    assert check(vendors, vendors.code(TO))["CodeResult"] == "100"
    assert answer(vendors, "POST", path, json={**order, "TypeId": "3"})["CodeResult"] == "301"


def test_a_text_of_our_own_is_delivered_as_it_is(vendors: Vendors) -> None:
    assert text(vendors)["CodeResult"] == "100"
    [message] = vendors.messages(TO)
    assert (message["text"], message["code"]) == ("482913 is your code", "482913")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("7K2PXA is your code", "7K2PXA"),
        ("Ma: K7PX, het han sau 5 phut", "K7PX"),
        ("Shop 24: KXPQRS is your code", "KXPQRS"),
        ("SHOP2 says 482913", "482913"),
        ("G-482913 is your code", "482913"),
        ("ma482913", "482913"),
        ("no code in 123 words", ""),
    ],
)
def test_the_handset_finds_the_code_in_a_text_of_our_own(vendors: Vendors, content: str, code: str) -> None:
    text(vendors, Content=content)
    [message] = vendors.messages(TO)
    assert (message["text"], message["code"]) == (content, code)


def test_a_request_id_is_refused_for_a_day(vendors: Vendors) -> None:
    assert text(vendors, RequestId="r-1")["CodeResult"] == "100"
    vendors.clock.move(24 * 3600 - 1)
    duplicate = {
        "CodeResult": "124",
        "CountRegenerate": 0,
        "ErrorMessage": "Request exist 1",
        "SendStatus": "5",
    }
    assert text(vendors, RequestId="r-1") == duplicate
    assert text(vendors, RequestId="r-2")["CodeResult"] == "100"
    vendors.clock.move(1)
    assert text(vendors, RequestId="r-1")["CodeResult"] == "100"
    assert len(vendors.messages(TO)) == 3


def test_a_sandbox_text_is_accepted_and_not_delivered(vendors: Vendors) -> None:
    assert text(vendors, Sandbox="1")["CodeResult"] == "100"
    assert vendors.messages() == []


def test_balance_and_status_use_coderesponse(vendors: Vendors) -> None:
    balance = answer(vendors, "POST", "/GetBalance_json", json=KEYS)
    assert balance == {"Balance": 36693, "CodeResponse": "100", "UserID": 9999}
    sent = text(vendors)["SMSID"]
    status = answer(vendors, "GET", "/GetSendStatus", params={**KEYS, "RefId": sent})
    assert (status["CodeResponse"], status["SMSID"], status["SendSuccess"]) == ("100", sent, 1)
    refused = answer(vendors, "POST", "/GetBalance_json", json={**KEYS, "ApiKey": "x"})
    assert refused["CodeResponse"] == "101"


def test_unknown_operations_and_methods_are_http_errors(vendors: Vendors) -> None:
    assert vendors.call("esms", "GET", "/Nothing").status_code == 404
    assert vendors.call("esms", "POST", "/CheckCodeGen_V4_get", json=KEYS).status_code == 405
