"""The eSMS dialect as it works: what is sent, which code is right, what it costs."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.esms_caller import (
    CHECKCODE,
    HEADERS,
    MESSAGE,
    PHONE,
    Caller,
    accepted,
    clients,
    invalid,
    section,
    success,
)
from tests.support.gateway import Gateway
from tests.support.vendors import (
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_RAW,
    ESMS_WRONG,
    Vendors,
)
from tests.support.world import another

from .conftest import Aws

LOOK = {"dynamodb.BatchGetItem": 1}  # at the limits


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are ours."""
    aws.put_clients(clients())
    return Caller(gateway, vendors)


@pytest.fixture
def branch(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are the vendors'."""
    aws.put_clients(clients())
    return Caller(gateway, vendors, client="branch")


def test_a_send_answers_with_an_id_of_its_own(shop: Caller) -> None:
    assert accepted(shop.send()) != accepted(shop.send())
    assert shop.vendors.urls == [ESMS_RAW, ESMS_RAW]


def test_the_id_is_the_verifications(shop: Caller, aws: Aws) -> None:
    sms_id = accepted(shop.send())
    assert any(sms_id in item["pk"]["S"] for item in aws.items())


def test_the_text_is_the_callers_own(shop: Caller) -> None:
    accepted(shop.send(message="Ma {OTP}\ncua ban: {OTP}!"))
    assert re.fullmatch(r"Ma ([0-9]{6})\ncua ban: \1!", shop.text_sent())


def test_a_text_in_vietnamese_stays_as_it_is(shop: Caller) -> None:
    accepted(shop.send(message="{OTP} là mã xác minh của bạn"))
    assert shop.text_sent().endswith(" là mã xác minh của bạn")


def test_the_right_code_is_accepted_once(shop: Caller) -> None:
    accepted(shop.send())
    code = shop.code_sent()
    right = shop.check(code)
    assert (right.status, right.headers) == (200, HEADERS)
    assert right.text == (
        '{"CodeResult":"100","CountRegenerate":0,'
        '"ErrorMessage":"0901888484, Content: Success!","Content":"Success!"}'
    )
    assert shop.check(code).json == invalid()


def test_a_wrong_code_is_refused_and_not_repeated(shop: Caller) -> None:
    accepted(shop.send())
    code = shop.code_sent()
    wrong = shop.check(another(code))
    assert (wrong.status, wrong.headers) == (200, HEADERS)
    assert wrong.text == (
        '{"CodeResult":"117","CountRegenerate":0,'
        '"ErrorMessage":"0901888484, Content: Code Invalid","Content":"Code Invalid"}'
    )
    assert shop.check(code).json == success()


def test_a_late_code_is_refused(shop: Caller) -> None:
    accepted(shop.send(TimeAlive="2"))
    code = shop.code_sent()
    shop.gateway.clock.advance(120)
    assert shop.check(code).json == invalid()


def test_a_code_lives_as_long_as_it_was_wished_to(shop: Caller) -> None:
    accepted(shop.send(TimeAlive="2"))
    shop.gateway.clock.advance(119)
    assert shop.check(shop.code_sent()).json == success()


def test_after_five_wrong_codes_the_right_one_is_refused(shop: Caller) -> None:
    accepted(shop.send())
    code = shop.code_sent()
    for _ in range(5):
        assert shop.check(another(code)).json == invalid()
    assert shop.check(code).json == invalid()


def test_a_code_that_cannot_be_one_is_refused_and_costs_nothing(shop: Caller, aws: Aws) -> None:
    accepted(shop.send())
    before = aws.items()
    for typed in ("12345678901", "12 456", "１２３４５６", "123456\n", "1234\x00"):
        answer = shop.check(typed)
        assert (answer.status, answer.json) == (200, invalid())
    assert aws.items() == before


def test_an_odd_guess_is_counted(shop: Caller) -> None:
    accepted(shop.send())
    code = shop.code_sent()
    for typed in ("1", "%", "{OTP}", "a-b_c", "~~~~~~~~~~"):
        assert shop.check(typed).json == invalid()
    assert shop.check(code).json == invalid()


def test_a_number_that_got_no_code_has_none(shop: Caller) -> None:
    assert shop.check("123456").json == invalid()
    accepted(shop.send())
    assert shop.check(shop.code_sent(), phone="0901888485").json == invalid("0901888485")


def test_a_newer_send_supersedes_at_once(shop: Caller) -> None:
    accepted(shop.send())
    older = shop.code_sent()
    accepted(shop.send())
    newer = shop.code_sent()
    assert older == newer or shop.check(older).json == invalid()
    assert shop.check(newer).json == success()


def test_another_client_has_codes_of_its_own(shop: Caller, aws: Aws, vendors: Vendors) -> None:
    aws.put_clients(clients(other=section()))
    gateway = shop.gateway
    other = Caller(gateway, vendors, client="other")
    accepted(shop.send())
    code = shop.code_sent()
    assert other.check(code).json == invalid()
    accepted(other.send())
    assert shop.check(code).json == success()


def test_a_code_of_the_native_api_is_none_of_this_dialect(shop: Caller, aws: Aws) -> None:
    document = clients()
    document["clients"]["shop"]["dialects"]["native"] = {}
    aws.put_clients(document)
    assert shop.gateway.start(client="shop").status == 201
    code = shop.vendors.code_sent()
    assert shop.check(code).json == invalid()
    assert accepted(shop.send())


@pytest.mark.parametrize("phone", [PHONE, "84901888484", "+84901888484", "84 901 888 484", " 84901888484 "])
def test_a_check_finds_the_number_in_any_spelling(shop: Caller, phone: str) -> None:
    accepted(shop.send(Phone="0901888484"))
    assert shop.check(shop.code_sent(), phone=phone).json == success(phone.strip())


def test_a_plus_that_was_not_encoded_arrives_as_a_space(shop: Caller) -> None:
    accepted(shop.send())
    query = f"ApiKey=shop&SecretKey=demo-secret&Phone=+84901888484&Code={shop.code_sent()}"
    assert shop.gateway.http("GET", CHECKCODE, query=query).json == success("84901888484")


def test_numbers_of_other_countries_are_international(shop: Caller) -> None:
    accepted(shop.send(Phone="6591234567"))
    assert json.loads(shop.vendors.last(ESMS_RAW).body or "")["Phone"] == "6591234567"
    assert shop.check(shop.code_sent(), phone="+65 9123 4567").json == success("+65 9123 4567")


# Vendors' codes ------------------------------------------------------------------------------------


def test_a_vendors_code_is_wished_for_and_checked_there(branch: Caller) -> None:
    accepted(branch.send(IsNumber="0", NumCharOfCode="8", TimeAlive="10"))
    asked = parse_qs(urlsplit(str(branch.vendors.last(ESMS_GENCODE).url)).query)
    wished = {name: asked[name] for name in ("IsNumber", "NumCharOfCode", "TimeAlive", "message")}
    assert wished == {"IsNumber": ["0"], "NumCharOfCode": ["8"], "TimeAlive": ["10"], "message": [MESSAGE]}
    assert branch.check("1NTTJ68A").json == success()
    assert branch.vendors.urls == [ESMS_GENCODE, ESMS_CHECK]


def test_a_code_that_the_vendor_refuses_is_refused(branch: Caller) -> None:
    branch.vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
    accepted(branch.send())
    assert branch.check("123456").json == invalid()


def test_a_newer_send_supersedes_at_the_vendor_too(branch: Caller) -> None:
    accepted(branch.send())
    accepted(branch.send())
    assert branch.vendors.urls == [ESMS_GENCODE, ESMS_GENCODE]
    assert branch.check("123456").json == success()
    assert branch.check("123456").json == invalid()


def test_a_send_of_unknown_fate_is_accepted(shop: Caller) -> None:
    shop.vendors.now_answers("POST", ESMS_RAW, {"error": "down"}, status=500)
    accepted(shop.send())
    assert shop.check(shop.code_sent()).json == success()


# Calls ------------------------------------------------------------------------------------


def test_a_check_of_a_code_of_ours_is_two_calls(shop: Caller) -> None:
    accepted(shop.send())
    code = shop.code_sent()
    shop.check(another(code))
    shop.gateway.counted()
    vendors_calls = len(shop.vendors.urls)
    assert shop.check(another(code)).json == invalid()
    # A wrong code is counted for the number, too.
    assert shop.gateway.counted() == {"dynamodb.GetItem": 1, "dynamodb.UpdateItem": 2}
    assert shop.check(code).json == success()
    assert shop.gateway.counted() == {"dynamodb.GetItem": 1, "dynamodb.UpdateItem": 1}
    assert len(shop.vendors.urls) == vendors_calls


def test_a_send_is_three_calls_and_a_look_at_the_limits(shop: Caller) -> None:
    accepted(shop.send())
    shop.gateway.counted()
    accepted(shop.send(Phone="0901888485"))
    assert shop.gateway.counted() == {"dynamodb.BatchGetItem": 1} | {
        "dynamodb.UpdateItem": 2,
        "dynamodb.PutItem": 1,
    }
    accepted(shop.send())
    assert shop.gateway.counted() == {"dynamodb.BatchGetItem": 1} | {
        "dynamodb.UpdateItem": 2,
        "dynamodb.TransactWriteItems": 1,
    }


def test_nothing_secret_is_logged_stored_or_answered(shop: Caller, aws: Aws) -> None:
    accepted(shop.send(IsNumber="0"))
    code = shop.code_sent()
    shop.check("canary-1")
    shop.check(code)
    shop.check(code, phone="0901")
    shop.send(message="canary-2")
    kept = shop.gateway.log.getvalue() + json.dumps(aws.items())
    said = "".join(shop.gateway.answers)
    for canary in (code, "canary-1", "canary-2", "demo-secret", "901888484", "SecretKey", MESSAGE[5:]):
        assert canary not in kept
        assert canary not in said.replace(PHONE, "")
    refused = [
        (line["dialect"], line["client"], line["outcome"]) for line in shop.gateway.lines("RequestRefused")
    ]
    assert refused == [
        ("esms", "shop", "wrong_code"),
        ("esms", "shop", "invalid_number"),
        ("esms", "shop", "invalid_request"),
    ]
