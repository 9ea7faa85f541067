"""The calls of a Message Central customer, written from the vendor's documentation."""

from __future__ import annotations

import base64
from typing import Any

from tests.local.conftest import Vendors

CUSTOMER = "C-LOCALDEMO1234"
KEY = base64.b64encode(b"lo~cal-password").decode()
NUMBER = {"countryCode": "91", "mobileNumber": "8838087085"}
TO = "+918838087085"


def token(vendors: Vendors, *, customer: str = CUSTOMER, key: str = KEY) -> dict[str, Any]:
    query = {"customerId": customer, "key": key, "scope": "NEW", "country": "91"}
    answer = vendors.call("message_central", "GET", "/auth/v1/authentication/token", params=query)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def send(vendors: Vendors, auth: dict[str, str], **query: str) -> tuple[int, dict[str, Any]]:
    query = {**NUMBER, "flowType": "SMS", **query}
    answer = vendors.call("message_central", "POST", "/verification/v3/send", params=query, headers=auth)
    return answer.status_code, answer.json()


def validate(vendors: Vendors, auth: dict[str, str], number: str, code: str) -> tuple[int, dict[str, Any]]:
    query = {"verificationId": number, "code": code}
    path = "/verification/v3/validateOtp"
    answer = vendors.call("message_central", "GET", path, params=query, headers=auth)
    return answer.status_code, answer.json()


def wrong(code: str) -> str:
    return str((int(code) + 1) % 10 ** len(code)).zfill(len(code))
