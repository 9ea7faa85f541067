"""The calls of an EngageLab customer, written from the vendor's documentation."""

from __future__ import annotations

from typing import Any

from tests.local.conftest import Vendors

AUTH = ("local-dev-key", "local-dev-secret")
TO = "+6591234567"
ORDER: dict[str, Any] = {"to": TO, "template": {"id": "t-sms", "language": "default"}}


def post(vendors: Vendors, path: str, body: object) -> tuple[int, dict[str, Any]]:
    answer = vendors.call("engagelab", "POST", path, json=body, auth=AUTH)
    return answer.status_code, answer.json()


def send(vendors: Vendors, **fields: object) -> tuple[int, dict[str, Any]]:
    return post(vendors, "/v1/messages", {**ORDER, **fields})


def verify(vendors: Vendors, message_id: object, code: object) -> tuple[int, dict[str, Any]]:
    return post(vendors, "/v1/verifications", {"message_id": message_id, "verify_code": code})
