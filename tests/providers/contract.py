"""How the contract suite asks a provider, and the answers that every one of them gets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

import pytest
import responses

from countersign.model import Alphabet, MessageText
from countersign.orders import CheckResult, SendOrder, SendResult
from countersign.providers.transport import VendorHttp

from .cases import BASE, CHECKS, SENDS, Case, CheckCase, Json, make
from .fakes import (
    VIETNAM,
    check_order,
    real_deadline,
    send_order,
)
from .raw_server import Script, answer, drips, is_silent, replies, resets

every_send = pytest.mark.parametrize("case", SENDS, ids=lambda case: case.id)
every_check = pytest.mark.parametrize("case", CHECKS, ids=lambda case: case.id)

UNREADABLE = {
    "html": b"<html>OK</html>",
    "empty": b"",
    "array": b"[]",
    "string": b'"100"',
    "latin": b'{"a":"\xe9"}',
    "nan": b'{"a":NaN}',
    "deep": b"[" * 60_000,
    "long number": b'{"a":' + b"9" * 5_000 + b"}",
    "cut": b'{"CodeResult":"100"',
    "two": b'{"CodeResult":"100"}{}',
}


def order_of(
    case: Case,
    *,
    number: tuple[str, str] = VIETNAM,
    alphabet: Alphabet = Alphabet.DIGITS,
    code_length: int = 6,
    text: MessageText | None = None,
) -> SendOrder:
    return send_order(
        custody=case.custody,
        channel=case.channel,
        number=number,
        alphabet=alphabet,
        code_length=code_length,
        text=text,
    )


def send(case: Case, http: VendorHttp, *, base_url: str = BASE, seconds: float = 5) -> SendResult:
    provider = make(case.vendor, http=http, base_url=base_url)
    return provider.send(order_of(case), deadline=real_deadline(seconds))


def check(case: CheckCase, http: VendorHttp, *, base_url: str = BASE, seconds: float = 5) -> CheckResult:
    return make(case.id, http=http, base_url=base_url).check(check_order(), deadline=real_deadline(seconds))


def answered(
    wire: responses.RequestsMock, case: Case | CheckCase, body: bytes | Json, *, status: int = 200
) -> None:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    wire.add(case.method, BASE + case.path, body=text, status=status)


def with_login(wire: responses.RequestsMock) -> None:
    """Message Central gives out a token to whoever asks."""
    wire.add("GET", f"{BASE}/auth/v1/authentication/token", json={"status": 200, "token": "a.b.c"})


def refuse_credentials(wire: responses.RequestsMock, case: Case | CheckCase, status: int) -> None:
    answered(wire, case, b"", status=status)
    with_login(wire)


FAULTS: Mapping[str, Script] = {
    "timeout": is_silent,
    "reset": resets,
    "drip": drips(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n", b" ", times=88, tail=b"{}"),
    "half": replies(b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"CodeResult":"100"}'),
    "redirect": replies(answer(status="307 Temporary Redirect", headers="Location: /elsewhere\r\n")),
    "huge": replies(answer(b'{"CodeResult":"100"}' + b" " * 70_000)),
    "50 MB": drips(
        b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n", b" " * 10_000_000, times=5, seconds=0
    ),
    "gzip bomb": replies(
        answer(gzip.compress(b" " * 50_000_000, compresslevel=1), headers="Content-Encoding: gzip\r\n")
    ),
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
