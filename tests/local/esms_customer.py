"""The calls of an eSMS customer, written from the vendor's documentation."""

from __future__ import annotations

from typing import Any

from tests.local.conftest import Vendors

KEYS = {"ApiKey": "LOCALAPIKEY0000000000000000000", "SecretKey": "LOCALSECRETKEY000000000000000"}
TO = "+84901888484"
CODE_ORDER = {
    **KEYS,
    "Phone": "0901888484",
    "Brandname": "Countersign",
    "Type": "2",
    "message": "{OTP} la ma xac minh",
    "IsNumber": "1",
}
TEXT_ORDER = {
    **KEYS,
    "Phone": "84901888484",
    "Brandname": "Countersign",
    "SmsType": "2",
    "Content": "482913 is your code",
}
GENERATE = "/SendMessageAutoGenCode_V4_get"
TEXT = "/SendMultipleMessage_V4_post_json/"


def generate(vendors: Vendors, **fields: str) -> dict[str, Any]:
    return answer(vendors, "GET", GENERATE, params={**CODE_ORDER, **fields})


def check(vendors: Vendors, code: str, phone: str = "0901888484") -> dict[str, Any]:
    query = {**KEYS, "Phone": phone, "Code": code}
    return answer(vendors, "GET", "/CheckCodeGen_V4_get", params=query)


def text(vendors: Vendors, **fields: str) -> dict[str, Any]:
    return answer(vendors, "POST", TEXT, json={**TEXT_ORDER, **fields})


def answer(vendors: Vendors, method: str, path: str, **options: Any) -> dict[str, Any]:
    response = vendors.call("esms", method, path, **options)
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found
