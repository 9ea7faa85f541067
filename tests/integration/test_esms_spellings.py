"""The spellings of paths, names and bodies that eSMS's clients use."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.esms_caller import (
    CHECKCODE,
    GENCODE,
    GENCODE_POST,
    MULTICHANNEL,
    PHONE,
    Caller,
    accepted,
    clients,
    invalid,
    success,
)
from tests.support.gateway import Gateway
from tests.support.vendors import (
    Vendors,
)
from tests.support.world import another

from .conftest import Aws


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are ours."""
    aws.put_clients(clients())
    return Caller(gateway, vendors)


@pytest.mark.parametrize(
    "path",
    [
        GENCODE,
        GENCODE + "/",
        "/MainService.svc/json//SendMessageAutoGenCode_V4_get",
        "/MainService.svc//json///SendMessageAutoGenCode_V4_get//",
        "/MainService.svc/json/sendmessageautogencode_v4_get",
        "/MainService.svc/JSON/SENDMESSAGEAUTOGENCODE_V4_GET",
    ],
)
def test_a_send_is_found_by_every_spelling_of_its_path(shop: Caller, path: str) -> None:
    accepted(shop.get(path, shop.gencode()))
    accepted(shop.post(path, shop.gencode()))


@pytest.mark.parametrize(
    "path", [GENCODE_POST, GENCODE_POST + "/", MULTICHANNEL + "/", MULTICHANNEL.replace("/j", "//j")]
)
def test_a_posted_send_is_found_by_every_spelling_of_its_path(shop: Caller, path: str) -> None:
    is_multichannel = "V5" in path
    accepted(shop.post(path, shop.multichannel() if is_multichannel else shop.gencode()))


@pytest.mark.parametrize(
    "path",
    [
        CHECKCODE,
        CHECKCODE + "/",
        "/MainService.svc/json//CheckCodeGen_V4_get",
        "/MainService.svc/json/checkcodegen_v4_GET",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_check_is_found_by_every_spelling_of_its_path(shop: Caller, path: str, method: str) -> None:
    accepted(shop.send())
    about = {**shop.credentials(), "Phone": PHONE}
    asked = shop.get if method == "GET" else shop.post
    assert asked(path, {**about, "Code": another(shop.code_sent())}).json == invalid()
    assert asked(path, {**about, "Code": shop.code_sent()}).json == success()


@pytest.mark.parametrize("spelt", [str.lower, str.upper, str.title, str.swapcase])
def test_names_are_found_in_any_letter_case(shop: Caller, spelt: Any) -> None:
    def spell(parameters: dict[str, Any]) -> dict[str, Any]:
        return {spelt(name): value for name, value in parameters.items()}

    accepted(shop.get(GENCODE, spell(shop.gencode(Sandbox="0"))))
    accepted(shop.post(GENCODE_POST, spell(shop.gencode(SandBox="0"))))
    about = {**shop.credentials(), "Phone": PHONE, "Code": shop.code_sent()}
    assert shop.get(CHECKCODE, spell(about)).json == success()


@pytest.mark.parametrize(
    "changes",
    [
        {"TimeAlive": 2, "NumCharOfCode": 6, "IsNumber": 1, "Type": 2, "Sandbox": 0},
        {"TimeAlive": None, "NumCharOfCode": None},
        {"TimeAlive": "", "NumCharOfCode": "", "Sandbox": ""},
        {"RequestId": "order-17", "CallbackUrl": "https://example.com", "colour": ["red", {"a": None}]},
    ],
)
def test_a_posted_send_may_have_numbers_blanks_and_more(shop: Caller, changes: dict[str, Any]) -> None:
    accepted(shop.post(GENCODE, shop.gencode(**changes)))
    assert re.fullmatch("[0-9]{6}", shop.code_sent())


def test_null_is_as_good_as_nothing(shop: Caller) -> None:
    body = json.dumps(shop.gencode() | {"TimeAlive": None, "NumCharOfCode": None, "IsNumber": None})
    accepted(shop.gateway.http("POST", GENCODE, body=body))
    assert len(shop.code_sent()) == 6


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_a_body_may_have_any_type(shop: Caller, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    accepted(shop.gateway.http("POST", GENCODE, body=json.dumps(shop.gencode()), headers=headers))


def test_a_post_may_have_all_in_its_query(shop: Caller) -> None:
    for body in (None, ""):
        accepted(shop.gateway.http("POST", GENCODE, query=urlencode(shop.gencode()), body=body))
    accepted(
        shop.gateway.http(
            "POST",
            GENCODE,
            query=urlencode(shop.credentials()),
            body=json.dumps(shop.gencode(ApiKey=None, SecretKey=None)),
        )
    )
