"""Tokens of Message Central, and containers that need one."""

from __future__ import annotations

import base64
import json

import requests
import responses

from countersign.clock import Deadline
from countersign.orders import SendResult
from countersign.providers.transport import VendorHttp

from .cases import BASE, SENDS, make
from .fakes import NOW, FakeAccounts, FakeClock, FakeTokens, send_order

LOGIN = f"{BASE}/auth/v1/authentication/token"
SEND = f"{BASE}/verification/v3/send"
ACCEPTED = SENDS[0].accepted
DAY = 86_400


def jwt(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"aGVhZGVy.{payload}.c2lnbmF0dXJl"


FRESH = jwt({"sub": "C-CANARY1", "iat": NOW, "exp": NOW + DAY})
NEWER = jwt({"sub": "C-CANARY1", "iat": NOW + 1, "exp": NOW + DAY})


class Container:
    """One Lambda container: a provider with a memory of its own."""

    def __init__(
        self,
        http: VendorHttp,
        tokens: FakeTokens,
        *,
        clock: FakeClock | None = None,
        base_url: str = BASE,
        accounts: FakeAccounts | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.provider = make(
            "message_central",
            http=http,
            tokens=tokens,
            clock=self.clock,
            base_url=base_url,
            accounts=accounts,
        )

    def send(self, *, seconds: float = 8.0) -> SendResult:
        return self.provider.send(send_order(), deadline=Deadline(seconds, clock=self.clock))


def accepts_only(wire: responses.RequestsMock, token: str) -> None:
    """The vendor's send: 401 with an empty body for every other token."""

    def answer_to(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        known = request.headers["authToken"] == token
        return (200, {}, json.dumps(ACCEPTED)) if known else (401, {}, "")

    wire.add_callback("POST", SEND, callback=answer_to)


def logins(wire: responses.RequestsMock) -> int:
    return sum(str(call.request.url).startswith(LOGIN) for call in wire.calls)
