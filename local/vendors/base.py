"""What every simulator shares: a call, an answer, and the vendor's own words for trouble."""

from __future__ import annotations

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from local.vendors.handset import Handset, WallClock
from local.vendors.reports import Outgoing, SentText, State


class Kind(StrEnum):
    """What a call is for; faults strike sends and checks."""

    SEND = "send"
    CHECK = "check"
    TOKEN = "token"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP request. Header names are in lower case; of a repeated parameter the last one counts."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json_object(self) -> dict[str, object] | None:
        """The body as a JSON object, or None."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return None
        return parsed if isinstance(parsed, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer."""

    status: int
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: object, *, status: int = 200) -> Answer:
        return cls(status=status, body=json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())


@dataclass(slots=True, kw_only=True)
class LiveCode:
    """A code that a vendor made and can check."""

    id: str
    to: str
    code: str
    expires_at: float
    national: str = ""  # the number as the vendor's client wrote it
    used: bool = False
    wrong: int = 0


def digits(length: int) -> str:
    """A random decimal code; a leading zero is as likely as any digit."""
    return "".join(secrets.choice("0123456789") for _ in range(length))


class Simulator(ABC):
    """One vendor. Pure of HTTP serving: a call in, an answer out."""

    name: ClassVar[str]
    base_path: ClassVar[str] = ""  # what a client's base URL has after host and port

    def __init__(self, *, handset: Handset, clock: WallClock) -> None:
        self._handset = handset
        self._clock = clock
        self._taken: list[SentText] = []

    @abstractmethod
    def kind(self, call: Call) -> Kind:
        """What the call is for."""

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """Do what the vendor does."""

    @abstractmethod
    def refusal(self, kind: Kind) -> Answer:
        """The vendor's documented definite refusal."""

    @abstractmethod
    def no_balance(self) -> Answer:
        """The vendor's answer to an account that cannot pay."""

    @abstractmethod
    def unauthorized(self) -> Answer:
        """The vendor's answer to wrong credentials."""

    def token_refused(self) -> Answer:
        """The answer of its token call, if it has one, to wrong credentials."""
        return self.unauthorized()

    @abstractmethod
    def server_error(self) -> Answer:
        """The vendor's own HTTP 500."""

    def taken(self) -> list[SentText]:
        """The texts that were taken since the last look, for their reports."""
        taken, self._taken = self._taken, []
        return taken

    def report(self, text: SentText, state: State, url: str) -> Outgoing | None:
        """The call that tells a customer this; None where this vendor tells no such thing."""
        del text, state, url
        return None

    def _deliver(self, *, to: str, text: str, code: str) -> None:
        self._handset.deliver(vendor=self.name, to=to, text=text, code=code)
