"""Every code of eSMS's table that can arise here, and when it does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.esms_caller import (
    BRANDNAME,
    CHECKCODE,
    GENCODE,
    HEADERS,
    UNAUTHORIZED,
    Caller,
    accepted,
    clients,
    invalid,
    refusal,
    section,
    success,
)
from tests.support.gateway import ROUTES, Gateway, HttpAnswer
from tests.support.vendors import ESMS_NO_BALANCE, ESMS_RAW, Vendors

from .conftest import Aws

NO_NETWORK = "Network not registered: no vendor"
NOT_CARRIED = refusal(
    "146", "No vendor of the route carries such a code: its text, length, letters or channel"
)
MOMENT = "A code was sent to this number a moment ago."


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are ours."""
    aws.put_clients(clients())
    return Caller(gateway, vendors)


def routed(make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws, table: dict[str, Any]) -> Caller:
    """A client with a table of routes of its own."""
    aws.put_clients(clients(routed=section(policy={"routes": "own"})))
    gateway = make_gateway(ROUTES=json.dumps(ROUTES | {"own": table}))
    return Caller(gateway, vendors, client="routed")


def is_refused(answer: HttpAnswer, body: dict[str, Any], *, retry_after: str | None = None) -> None:
    """The whole answer, at HTTP 200."""
    assert (answer.status, answer.json) == (200, body)
    waits = {"Retry-After": retry_after} if retry_after else {}
    assert answer.headers == HEADERS | waits


# Who calls -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "credentials",
    [
        {"ApiKey": None},
        {"SecretKey": None},
        {"ApiKey": ""},
        {"SecretKey": ""},
        {"ApiKey": "stranger"},
        {"SecretKey": "demo-secreT"},
        {"SecretKey": "demo-secret "},
        {"ApiKey": "SHOP"},
        {"ApiKey": "elsewhere"},
        {"ApiKey": "off", "SecretKey": "wrong"},
        {"ApiKey": "pepper"},
    ],
)
def test_101_is_for_whoever_is_not_let_in(shop: Caller, aws: Aws, credentials: dict[str, Any]) -> None:
    kept = {name: value for name, value in credentials.items() if value is not None}
    check = {**shop.credentials(), "Phone": "0901888484", "Code": "123456"} | kept
    check = {name: value for name, value in check.items() if credentials.get(name, value) is not None}
    answers = [
        shop.send(**credentials),
        shop.post(GENCODE, shop.gencode(**credentials)),
        shop.send_multichannel(**credentials),
        shop.get(CHECKCODE, check),
        shop.post(CHECKCODE, check),
    ]
    for answer in answers:
        is_refused(answer, UNAUTHORIZED)
        assert answer.text == '{"CodeResult":"101","CountRegenerate":0,"ErrorMessage":"Authorize Failed"}'
    assert (aws.items(), shop.vendors.urls) == ([], [])


def test_101_comes_before_anything_else_is_looked_at(shop: Caller) -> None:
    is_refused(shop.send(ApiKey="stranger", Phone="1", Brandname=None, TimeAlive="x"), UNAUTHORIZED)


def test_143_is_for_a_client_that_is_switched_off(shop: Caller) -> None:
    for answer in (
        shop.send(ApiKey="off"),
        shop.send_multichannel(ApiKey="off"),
        shop.get(CHECKCODE, {"ApiKey": "off", "SecretKey": "demo-secret", "Phone": "1", "Code": "1"}),
    ):
        is_refused(answer, refusal("143", "Account is locked"))


# What is wished for ----------------------------------------------------------------------------


@pytest.mark.parametrize("brandname", [None, "", "Unregistered", BRANDNAME.lower(), f" {BRANDNAME}"])
def test_104_is_for_a_name_that_the_operator_has_not_listed(shop: Caller, brandname: str | None) -> None:
    answer = shop.send(Brandname=brandname)
    is_refused(answer, refusal("104", "Brand name code is not exist"))
    assert answer.text == (
        '{"CodeResult":"104","CountRegenerate":0,"ErrorMessage":"Brand name code is not exist"}'
    )


@pytest.mark.parametrize("esms", [{}, {"brandnames": []}, None])
def test_104_is_for_everything_where_no_name_is_listed(
    shop: Caller, aws: Aws, esms: dict[str, Any] | None
) -> None:
    own = {"secrets": ["demo-secret"]} | ({"dialects": {"esms": esms}} if esms is not None else {})
    aws.put_clients(clients(own=own))
    is_refused(shop.send(ApiKey="own"), refusal("104", "Brand name code is not exist"))


@pytest.mark.parametrize(
    "phone", [None, "", "0901", "nobody", "+999123456789", "0901888484;ext=1", "19001234"]
)
def test_108_is_for_what_is_no_number(shop: Caller, phone: str | None) -> None:
    answers = [shop.send(Phone=phone), shop.send_multichannel(Phone=phone)]
    if phone is not None:
        answers.append(shop.check("123456", phone=phone))
    for answer in answers:
        assert (answer.status, answer.json["CodeResult"]) == (200, "108")
        assert set(answer.json) == {"CodeResult", "CountRegenerate", "ErrorMessage"}
        assert answer.json["ErrorMessage"].startswith("`Phone` ")


def test_108_is_for_a_landline(shop: Caller) -> None:
    is_refused(
        shop.send(Phone="02838221234"), refusal("108", "The number cannot receive codes over this channel.")
    )


def test_118_300_and_301_are_for_types(shop: Caller) -> None:
    is_refused(shop.send(Type=None), refusal("300", "`Type` is missing."))
    is_refused(shop.send(Type="1"), refusal("118", "`Type` must be 2."))
    is_refused(shop.send_multichannel(TypeId=None), refusal("300", "`TypeId` is missing."))
    is_refused(shop.send_multichannel(TypeId="1"), refusal("301", "`TypeId` must be 2."))
    is_refused(shop.send_multichannel(TypeId=3), refusal("301", "`TypeId` must be 2."))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (None, "`message` must hold {OTP}."),
        ("your code", "`message` must hold {OTP}."),
        ("{otp} is your code", "`message` must hold {OTP}."),
        ("{OTP}" + "x" * 476, "`message` must have at most 480 characters."),
        ("{OTP}\r\n", "`message` holds characters that cannot be printed."),
        ("{OTP}\x1b[2J", "`message` holds characters that cannot be printed."),
    ],
)
def test_146_is_for_a_text_that_cannot_be(shop: Caller, message: str | None, words: str) -> None:
    is_refused(shop.send(message=message), refusal("146", words))


def test_a_text_of_480_characters_is_taken(shop: Caller) -> None:
    accepted(shop.send(message="{OTP}" + "x" * 475))


@pytest.mark.parametrize(
    ("template", "esms"),
    [
        (None, {"multichannel_templates": ["12345"]}),
        ("", {"multichannel_templates": ["12345"]}),
        ("7", {"multichannel_templates": ["12345"]}),
        ("12345", {"multichannel_templates": []}),
        ("12345", {}),
    ],
)
def test_146_is_for_a_template_that_is_missing_or_not_listed(
    shop: Caller, aws: Aws, template: str | None, esms: dict[str, Any]
) -> None:
    aws.put_clients(clients(own=section(esms=esms)))
    answer = shop.send_multichannel(ApiKey="own", MultiChannelTempId=template)
    is_refused(answer, refusal("146", "`MultiChannelTempId` is missing, or no template of this account."))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TimeAlive": "1"}, "`TimeAlive` must be from 2 to 10."),
        ({"TimeAlive": "11"}, "`TimeAlive` must be from 2 to 10."),
        ({"NumCharOfCode": "3"}, "`NumCharOfCode` must be from 4 to 10."),
        ({"NumCharOfCode": "11"}, "`NumCharOfCode` must be from 4 to 10."),
        ({"IsNumber": "2"}, "`IsNumber` must be 0 or 1."),
        ({"Sandbox": "1"}, "`Sandbox` is not offered."),
    ],
)
def test_99_is_for_what_is_not_offered(shop: Caller, changes: dict[str, str], words: str) -> None:
    is_refused(shop.send(**changes), refusal("99", words))
    if "Sandbox" in changes or "TimeAlive" in changes:
        is_refused(shop.send_multichannel(**changes), refusal("99", words))
    assert shop.vendors.urls == []


def test_99_is_for_a_check_without_a_code(shop: Caller) -> None:
    is_refused(shop.get(CHECKCODE, shop.multichannel()), refusal("99", "`Code` is missing."))


# Limits and vendors ----------------------------------------------------------------------------


def test_99_is_for_a_number_that_has_had_its_sends(shop: Caller) -> None:
    for _ in range(5):
        accepted(shop.send())
        shop.gateway.clock.advance(10)
    words = "Too many codes were sent to this number."
    is_refused(shop.send(), refusal("99", words), retry_after="550")
    is_refused(shop.send_multichannel(), refusal("99", words), retry_after="550")


def test_99_is_for_a_cooldown_where_the_policy_has_one(shop: Caller, aws: Aws) -> None:
    aws.put_clients(clients(own=section(policy={"cooldown_seconds": 60})))
    accepted(shop.send(ApiKey="own"))
    shop.gateway.clock.advance(59)
    is_refused(shop.send(ApiKey="own"), refusal("99", MOMENT), retry_after="1")
    shop.gateway.clock.advance(1)
    accepted(shop.send(ApiKey="own"))


def test_99_is_for_a_number_that_another_client_keeps_busy_at_the_vendor(shop: Caller, aws: Aws) -> None:
    aws.put_clients(clients(other=section(policy={"routes": "default"})))
    accepted(shop.send(ApiKey="branch", TimeAlive="5"))
    busy = shop.send(ApiKey="other")
    assert (busy.status, busy.json) == (200, refusal("99", MOMENT))
    assert busy.headers["Retry-After"] == "570"  # until that code is dead at the vendor as well


def test_99_is_for_a_number_that_a_vendor_has_blocked(shop: Caller, aws: Aws) -> None:
    shop.vendors.now_answers("POST", ESMS_RAW, {"error": "Invalid request"})
    words = "Number blocked: a vendor says that it gets no such message"
    is_refused(shop.send(), refusal("99", words))


def test_177_is_for_a_message_that_no_vendor_took(shop: Caller) -> None:
    shop.vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    is_refused(shop.send(), refusal("177", f"{NO_NETWORK} took the message, nothing was sent"))
    assert shop.check(shop.code_sent()).json == invalid()


def test_177_is_for_a_country_that_nobody_is_configured_for(
    make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws
) -> None:
    caller = routed(make_gateway, vendors, aws, {"VN": {"sms": ["esms:gateway"]}})
    accepted(caller.send())
    words = f"{NO_NETWORK} is configured for this country and channel"
    is_refused(caller.send(Phone="6591234567"), refusal("177", words))


@pytest.mark.parametrize("step", ["engagelab:gateway", "engagelab:vendor", "message_central:vendor"])
def test_146_is_for_a_text_that_no_vendor_of_the_route_carries(
    make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws, step: str
) -> None:
    caller = routed(make_gateway, vendors, aws, {"*": {"*": [step]}})
    is_refused(caller.send(NumCharOfCode="4"), NOT_CARRIED)
    assert (vendors.urls, aws.items()) == ([], [])


def test_146_is_for_letters_that_no_vendor_of_the_route_makes(
    make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws
) -> None:
    caller = routed(make_gateway, vendors, aws, {"*": {"*": ["engagelab:vendor"]}})
    aws.put_clients(
        clients(
            routed=section(
                policy={"routes": "own"}, esms={"brandnames": [BRANDNAME], "own_text": "preferred"}
            )
        )
    )
    is_refused(caller.send(IsNumber="0"), NOT_CARRIED)
    accepted(caller.send(IsNumber="1"))


def test_124_is_for_a_send_that_a_newer_one_overtook(shop: Caller) -> None:
    newer: list[HttpAnswer] = []
    events = shop.gateway.container.dynamodb.meta.events

    def overtake(**_: object) -> None:
        """Between the claim of the number and the intent, as another container would."""
        events.unregister("before-call.dynamodb.PutItem", overtake)
        newer.append(shop.send())

    events.register("before-call.dynamodb.PutItem", overtake)
    overtaken = shop.send()
    accepted(newer[0])
    words = "Request exist: a newer request for this number overtook this one"
    is_refused(overtaken, refusal("124", words))
    assert shop.vendors.urls == [ESMS_RAW]
    assert shop.check(shop.code_sent()).json == success()
