"""A client of one dialect before a gateway over one table, and a witness: what it sends, checks, is told.

The same promises as of the service are asked for, from what stands in the table and goes over the wire.
"""

from __future__ import annotations

import json

import requests

from countersign.codes import Keys
from countersign.errors import ServiceUnavailableError, WrongCodeError
from countersign.model import Custody, Secret, Verification
from tests.matrix.callers import (
    VERIFIED,
    CamaraCaller,
    DialectCaller,
    EngagelabCaller,
    EsmsCaller,
    MessageCentralCaller,
    NativeCaller,
    Sent,
)
from tests.support.books import Books, table_books
from tests.support.gateway import PEPPER, VERIFICATIONS, Gateway, basic
from tests.support.invariants import intent_precedes
from tests.support.vendors import ENGAGELAB_CODES, ESMS_CHECK, ESMS_GENCODE, ESMS_RAW, ESMS_WRONG, Vendors
from tests.support.wire import Wire
from tests.support.witness import Text, Witness

TO = "+84901888484"
KEYED = frozenset({"esms"})
SENDS = {
    ESMS_GENCODE: ("esms", Custody.VENDOR),
    ESMS_RAW: ("esms", Custody.GATEWAY),
    ENGAGELAB_CODES: ("engagelab", Custody.GATEWAY),
}


class NativeKeyCaller(NativeCaller):
    """The same, with an Idempotency-Key."""

    key = "order-17"

    def send(self, number: str) -> Sent:
        headers = {"authorization": basic(self.client, "demo-secret"), "idempotency-key": self.key}
        answer = self._post(VERIFICATIONS, {"to": number}, headers)
        refused = answer.status not in {200, 201}
        return Sent(None, f"{answer.status} {answer.json['code']}") if refused else Sent(answer.json["id"])


# How each dialect says that the service cannot answer now.
UNAVAILABLE: dict[type[DialectCaller], str] = {
    NativeKeyCaller: "503 service_unavailable",
    MessageCentralCaller: "503 500",
    EsmsCaller: "99",
    EngagelabCaller: "500 1000",
    CamaraCaller: "503 UNAVAILABLE",
}


class Scene:
    """A gateway over one table, a client of one dialect, and whoever watches."""

    def __init__(
        self, gateway: Gateway, wire: Wire, vendors: Vendors, *, caller: type[DialectCaller]
    ) -> None:
        self.gateway = gateway
        self.wire = wire
        self.vendors = vendors
        self.caller = caller(gateway, client=caller.name)
        self.sent = Sent(None)
        self.texts: list[Text] = []
        self.code = ""  # in the newest text
        self.broken: list[Exception] = []
        self.witness = Witness(
            self.books, clock=gateway.clock, keys=lambda: Keys(PEPPER), sent=lambda: self.texts
        )

    def books(self) -> Books:
        return table_books(self.wire.items())

    def stored(self) -> Verification:
        """The newest verification."""
        found = self.books().verifications.values()
        return max(found, key=lambda one: (one.created_at, one.superseded_by is None))

    def vendor_is_called(self, request: requests.PreparedRequest) -> None:
        """Whoever checks the code later must find it; what is wrong is kept, for nobody here may raise."""
        url = str(request.url).partition("?")[0]
        if url not in SENDS:
            return
        try:
            self._see_the_intent(request, url=url)
        except Exception as error:
            self.broken.append(error)

    def _see_the_intent(self, request: requests.PreparedRequest, *, url: str) -> None:
        provider, custody = SENDS[url]
        books, now = self.books(), self.gateway.clock.now()
        stored = self.stored()
        code_hash = ""
        if custody is Custody.GATEWAY:
            self.code = _code_in(request)
            code = Secret(self.code)
            self.witness.hidden.add(code.reveal())
            code_hash = Keys(PEPPER).code_hash(stored.client_id, verification_id=stored.id, code=code)
        keyed = provider in KEYED
        intent_precedes(
            books, stored, provider=provider, custody=custody, code_hash=code_hash, keyed=keyed, now=now
        )
        self.texts.append((stored.id, stored.sends))

    # What the client does; the answer is in its protocol's words ------------------------------------

    def send(self, *, faulty: bool = False) -> str:
        def act() -> Verification:
            self.sent = self.caller.send(TO)
            if self.sent.id is None:
                raise ServiceUnavailableError(self.sent.refusal)
            return self.stored()

        key = self.caller.key if isinstance(self.caller, NativeKeyCaller) else None
        self.witness.sees(act, key=key, faulty=faulty)
        return self.sent.refusal or "sent"

    def resend(self, *, faulty: bool = False) -> str:
        told: list[str] = []

        def act() -> Verification:
            answer = self.gateway.resend(str(self.sent.id), client=self.caller.client, key="click-1")
            told.append("sent" if answer.status == 200 else f"{answer.status} {answer.code}")
            if answer.status != 200:
                raise ServiceUnavailableError(told[0])
            return self.stored()

        self.witness.sees(act, key=f"resend {self.sent.id}", faulty=faulty)
        return told[0]

    def check(self, code: str | None = None) -> str:
        told: list[str] = []

        def act() -> Verification:
            told.append(self.caller.check(self.sent, TO, code or self.code))
            if told[0] == VERIFIED:
                return self.stored()
            if told[0] == self.caller.wrong != self.caller.used:
                raise WrongCodeError(verification=self.stored())
            raise ServiceUnavailableError(told[0])

        self.witness.checks(act)
        return told[0]

    def wrong(self) -> str:
        self.vendors.now_answers("GET", ESMS_CHECK, ESMS_WRONG)
        return "0" * len(self.code) if self.code.strip("0") else "1" * len(self.code)

    def told_to_wait(self) -> int | None:
        """The seconds of the last answer's Retry-After."""
        headers = json.loads(self.gateway.answers[-1])["headers"]
        return int(headers["Retry-After"]) if "Retry-After" in headers else None

    def gets_in(self) -> None:
        """A client that waits as long as it is told to gets a code, which is good once."""
        for _ in range(5):
            if self.send() == "sent":
                assert self.check() == VERIFIED
                assert self.check() != VERIFIED
                return
            self.gateway.clock.advance(self.told_to_wait() or 60)
        raise AssertionError("a client that waits gets nowhere")

    def is_let_in_once(self) -> None:
        """The right code after a check that may have failed: good, or spent without anybody being told."""
        self.check()
        assert self.check() != VERIFIED
        if isinstance(self.caller, NativeKeyCaller):
            self.caller.key = "order-18"


def _code_in(request: requests.PreparedRequest) -> str:
    body = json.loads(request.body or "{}")
    return str(body["Content"].split()[0] if "Content" in body else body["code"])
