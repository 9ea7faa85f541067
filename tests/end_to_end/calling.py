"""A client of the deployed gateway, as a test sees it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import requests

from countersign.aws.circuits import circuit_pk
from local.stack import Stack

CALL_SECONDS = 60.0

# Every number of a run is used once, so that no test meets another one's cooldown.
_numbers = itertools.count(int.from_bytes(os.urandom(2), "big") % 5_000)
_SPACES = {"AU": "+61412{:06d}", "VN": "+8490188{:04d}", "IN": "+919876{:06d}", "SG": "+659123{:04d}"}


def fresh_number(country: str) -> str:
    return _SPACES[country].format(next(_numbers))


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Caller:
    """One client's calls."""

    stack: Stack
    client_id: str
    secret: str = "demo-secret"

    def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        response = requests.request(
            method,
            f"{self.stack.url}{path}",
            json=body,
            headers=headers,
            auth=(self.client_id, self.secret),
            timeout=CALL_SECONDS,
        )
        return Answer(response.status_code, response.headers, response.json())

    def start(self, to: str, *, key: str | None = None, **members: object) -> Answer:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", "/otp/v1/verifications", {"to": to, **members}, headers)

    def check(self, verification_id: str, code: str) -> Answer:
        return self.call("POST", f"/otp/v1/verifications/{verification_id}/check", {"code": code})

    def resend(self, verification_id: str, **members: object) -> Answer:
        return self.call("POST", f"/otp/v1/verifications/{verification_id}/resend", members)

    def read(self, verification_id: str) -> Answer:
        return self.call("GET", f"/otp/v1/verifications/{verification_id}")

    def cancel(self, verification_id: str) -> Answer:
        return self.call("DELETE", f"/otp/v1/verifications/{verification_id}")

    def code_for(self, to: str) -> str:
        """The code of the newest text on the handset."""
        return self.stack.messages(to)[0]["code"]


def forget_outages(stack: Stack) -> None:
    """Close every circuit, so that no test meets what another one's faults have opened."""
    dynamodb = stack.client("dynamodb")
    for vendor in ("message_central", "esms", "engagelab"):
        for country in _SPACES:
            pk = circuit_pk(vendor, country=country)
            dynamodb.delete_item(TableName=stack.table_name, Key={"pk": {"S": pk}})


def other_code(code: str) -> str:
    """A code of the same length that is wrong."""
    return str((int(code) + 1) % 10 ** len(code)).zfill(len(code))


def together[T](calls: Sequence[Callable[[], T]]) -> list[T]:
    """Each call from a thread of its own; the answers in the order of the calls."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def at_once(count: int, call: Callable[[], Answer]) -> list[Answer]:
    """The same call from `count` threads."""
    return together([call] * count)


def sends_at(stack: Stack, vendor: str) -> int:
    """How many requests to send a code a vendor has seen, whatever it made of them."""
    paths = ("/v3/send", "SendMessageAutoGenCode", "SendMultipleMessage", "/v1/messages", "/v1/codes")
    return sum(any(path in request["path"] for path in paths) for request in stack.vendor_requests(vendor))
