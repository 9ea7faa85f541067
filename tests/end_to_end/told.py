"""What callers were told, in whatever dialect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.matrix.callers import (
    VERIFIED,
    CamaraCaller,
    DialectCaller,
    EngagelabCaller,
    EsmsDigitsCaller,
    MessageCentralCaller,
    NativeCaller,
    Sent,
)
from tests.support.gateway import HttpAnswer

DONE = "done"
# CAMARA's second word is that of the last guess and of every later one.
_WRONG_OR_REFUSED = frozenset({EsmsDigitsCaller.wrong, "400 ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED"})
# A start that a newer one overtook. EngageLab has one word for that and for a code that lives.
_OVERTAKEN = frozenset({"409 canceled", "400 409", "124", "400 3004", "409 ABORTED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer: `verified`, `done`, or the dialect's refusal."""

    kind: str  # start, check, resend, cancel or read
    number: str
    dialect: str
    result: str
    verification_id: str = ""  # empty where nothing was started; and always in eSMS's protocol

    @property
    def sent(self) -> Sent:
        """Of a start: what its checks are about."""
        return Sent(self.verification_id)

    @property
    def is_wrong(self) -> bool:
        """A wrong guess for sure, which was counted."""
        return self.result == _WRONG[self.dialect] and not self.may_be_wrong

    @property
    def may_be_wrong(self) -> bool:
        """A wrong guess, or one that was refused unseen: the dialect has one word for both."""
        return self.kind == "check" and self.result in _WRONG_OR_REFUSED

    @property
    def may_stay_counted(self) -> bool:
        """It sent nothing, and its send is counted for the number all the same, as ADR 10 has it."""
        if self.kind == "resend":
            return self.result != DONE
        return self.kind == "start" and self.result in _OVERTAKEN


def by_number(told: Iterable[Told], which: Callable[[Told], bool]) -> Counter[str]:
    return Counter(one.number for one in told if which(one))


def by_verification(told: Iterable[Told], which: Callable[[Told], bool]) -> Counter[str]:
    return Counter(one.verification_id for one in told if which(one) and one.verification_id)


class NativeClient(NativeCaller):
    """The native API with what only it has."""

    def keyed_start(self, number: str, key: str) -> Told:
        headers = self._headers() | {"Idempotency-Key": key}
        answer = self._post("/otp/v1/verifications", {"to": number}, headers)
        id_ = str(answer.json["id"]) if answer.status == 201 else ""
        return self._told("start", number, answer, id_)

    def resend(self, sent: Sent, number: str) -> Told:
        return self._manage("resend", "POST", sent, number, action="/resend")

    def cancel(self, sent: Sent, number: str) -> Told:
        return self._manage("cancel", "DELETE", sent, number)

    def read(self, sent: Sent, number: str) -> Told:
        return self._manage("read", "GET", sent, number)

    def _manage(self, kind: str, method: str, sent: Sent, number: str, *, action: str = "") -> Told:
        path = f"/otp/v1/verifications/{sent.id}{action}"
        answer = self.gateway.http(method, path, headers=self._headers())
        return self._told(kind, number, answer, str(sent.id))

    def _told(self, kind: str, number: str, answer: HttpAnswer, id_: str) -> Told:
        result = DONE if answer.status in (200, 201) else f"{answer.status} {answer.json['code']}"
        return Told(kind=kind, number=number, dialect=self.name, result=result, verification_id=id_)


def start(caller: DialectCaller, number: str) -> Told:
    """Have a code sent, and what it came to."""
    sent = caller.send(number)
    return Told(
        kind="start",
        number=number,
        dialect=caller.name,
        result=sent.refusal or DONE,
        verification_id=str(sent.id or ""),
    )


def check(caller: DialectCaller, sent: Sent, number: str, *, code: str) -> Told:
    """Check a code, and what it came to."""
    verdict = caller.check(sent, number, code)
    return Told(
        kind="check", number=number, dialect=caller.name, result=verdict, verification_id=str(sent.id)
    )


DIALECTS: Sequence[type[DialectCaller]] = (
    NativeClient,
    MessageCentralCaller,
    EsmsDigitsCaller,
    EngagelabCaller,
    CamaraCaller,
)
_WRONG = {dialect.name: dialect.wrong for dialect in DIALECTS}


def verified(one: Told) -> bool:
    return one.result == VERIFIED
