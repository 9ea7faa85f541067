"""The deployed gateway's front door, which remembers every answer that left it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import requests

from countersign.dialects.http import HttpResponse
from local.stack import Stack
from tests.docs.openapi import Operation, document, operations
from tests.end_to_end.calling import CALL_SECONDS
from tests.support.gateway import HttpAnswer

# What servers and the emulator add to every answer; all other headers are ours.
_INFRASTRUCTURE = frozenset({"apigw-requestid", "connection", "content-length", "date", "server"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and its answer. `began` and `ended` are of the monotonic clock."""

    method: str
    path: str
    answer: HttpAnswer
    began: float
    ended: float

    def faults(self) -> Iterator[str]:
        """How the answer differs from what openapi.json says of it."""
        operation = _operation(self.method, self.path)
        response = HttpResponse(status=self.answer.status, headers=self.answer.headers, body=self.answer.text)
        for fault in operation.faults(response):
            yield f"{operation.key}: {fault}"

    @property
    def told(self) -> tuple[str, str] | None:
        """A verification's id and the status that a native answer tells of it."""
        if not self.path.startswith("/otp/v1/") or not self.answer.text:
            return None
        body: Any = self.answer.json
        # A refusal's own `status` is HTTP's.
        status = body.get("verification_status") if "code" in body else body.get("status")
        return (str(body["id"]), str(status)) if status is not None and "id" in body else None


class RememberingDoor:
    """Calls from any thread, exactly as they are given."""

    def __init__(self, stack: Stack) -> None:
        self._url = stack.url
        self.exchanges: list[Exchange] = []

    def http(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        began = time.monotonic()
        response = requests.request(
            method,
            f"{self._url}{path}?{query}" if query else f"{self._url}{path}",
            data=body,
            headers=headers,
            timeout=CALL_SECONDS,
        )
        ours = {
            name: value for name, value in response.headers.items() if name.lower() not in _INFRASTRUCTURE
        }
        answer = HttpAnswer(response.status_code, ours, response.text)
        self.exchanges.append(
            Exchange(method=method, path=path, answer=answer, began=began, ended=time.monotonic())
        )
        return answer


@cache
def _operations() -> list[tuple[re.Pattern[str], Operation]]:
    return [
        (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))), operation)
        for operation in operations(document())
    ]


def _operation(method: str, path: str) -> Operation:
    return next(
        operation
        for pattern, operation in _operations()
        if operation.method == method and pattern.fullmatch(path)
    )
