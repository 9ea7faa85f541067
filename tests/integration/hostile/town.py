"""Clients of every dialect, and codes of theirs that live."""

from __future__ import annotations

import copy
import itertools
from dataclasses import dataclass
from typing import Any

from tests.integration.hostile.shop import CLIENT, CLIENTS, SECRET, last_code
from tests.integration.hostile.siege import Siege
from tests.matrix.callers import (
    CamaraCaller,
    DialectCaller,
    EngagelabCaller,
    EsmsDigitsCaller,
    MessageCentralCaller,
    NativeCaller,
    Sent,
)

OTHER, RENEWING = "other", "renewing"
BOUND = "bound"  # its codes have 6 characters at least, and live for 120 seconds at most
OFF, MUTE, THREE = "off", "mute", "three"  # switched off; without a dialect; with three secrets


@dataclass(frozen=True)
class Words:
    """A dialect's client, and what it is told."""

    caller: type[DialectCaller]
    unknown: str  # of an id that there is none of
    replaced: str  # of a verification whose code was followed by a newer one
    wait_seconds: int  # before a second code can be sent to a number


DIALECTS = {
    "native": Words(NativeCaller, "404 not_found", "409 canceled", 60),
    "message_central": Words(MessageCentralCaller, "400 505", "400 705", 60),
    "esms": Words(EsmsDigitsCaller, "117", "117", 0),
    "engagelab": Words(EngagelabCaller, "400 4001", "400 3003", 300),
    "camara": Words(CamaraCaller, "404 NOT_FOUND", "400 ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED", 0),
}
_numbers = itertools.count(1_000)


@dataclass(frozen=True)
class Live:
    """A code that lives, and who may check it."""

    caller: DialectCaller
    number: str
    sent: Sent
    code: str

    def check(self, code: str | None = None) -> str:
        return self.caller.check(self.sent, self.number, self.code if code is None else code)


class Town:
    """Clients of every dialect, each of them twice."""

    def __init__(self, siege: Siege) -> None:
        self.siege = siege

    def caller(self, dialect: str, client: str = CLIENT) -> DialectCaller:
        return DIALECTS[dialect].caller(self.siege.gateway, client=client)

    def number(self) -> str:
        return f"+8491234{next(_numbers)}"

    def live(self, dialect: str, *, number: str = "", client: str = CLIENT, unlike: str = "") -> Live:
        """A code that was sent; `unlike`: another one than that (to another number, if it must be)."""
        for to in itertools.chain([number or self.number()], iter(self.number, "")):
            caller = self.caller(dialect, client)
            sent = caller.send(to)
            assert sent.refusal == ""
            live = Live(caller, to, sent, last_code(self.siege.vendors))
            if live.code != unlike:
                return live
        raise AssertionError


def townspeople() -> Any:
    """The clients' secret: each of these may speak every dialect, with the same settings."""
    document: Any = copy.deepcopy(CLIENTS)
    section = document["clients"][CLIENT]
    policy = section["policy"]
    document["clients"] |= {
        OTHER: section,
        RENEWING: section | {"policy": policy | {"resend": "new_code"}},
        BOUND: section | {"policy": policy | {"code_length": 6, "ttl_seconds": 120}},
        OFF: section | {"disabled": True},
        MUTE: section | {"dialects": {}},
        THREE: section | {"secrets": [SECRET, "another-secret", "a-third-secret"]},
    }
    return document
