"""What each dialect's refusals look like, and which of them answers which fault."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from countersign.dialects.http import HttpResponse
from countersign.dialects.registry import DIALECTS
from tests.docs.openapi import Operation, document, operations
from tests.integration.hostile.wire import Role
from tests.support.gateway import HttpAnswer

# By dialect, then by what is at fault: HTTP status and the protocol's own code.
REFUSALS: Mapping[str, Mapping[Role, frozenset[str]]] = {
    "native": {
        Role.NUMBER: frozenset({"400 invalid_request", "400 invalid_number"}),
        Role.CODE: frozenset({"400 invalid_request"}),
        Role.ID: frozenset({"404 not_found", "405 method_not_allowed"}),
        Role.WORD: frozenset({"400 invalid_request"}),
        Role.TEXT: frozenset({"400 invalid_request"}),
        Role.WHOLE: frozenset({"400 invalid_request"}),
        Role.DOCUMENT: frozenset(
            {"400 invalid_request", "413 payload_too_large", "415 unsupported_media_type"}
        ),
        Role.CALLER: frozenset({"401 unauthenticated"}),
        Role.PLACE: frozenset({"404 not_found", "405 method_not_allowed"}),
    },
    "message_central": {
        Role.NUMBER: frozenset({"400 400", "400 511"}),
        Role.CODE: frozenset({"400 400"}),
        Role.ID: frozenset({"400 505", "400 400"}),
        Role.WORD: frozenset({"400 400", "400 501"}),
        Role.WHOLE: frozenset({"400 400"}),
        Role.DOCUMENT: frozenset({"400 400", "200 customerId is invalid"}),
        Role.CALLER: frozenset({"401 ", "200 customerId is invalid", "200 password is wrong"}),
        Role.PLACE: frozenset({"404 Not Found", "405 Method Not Allowed"}),
    },
    "esms": {
        Role.NUMBER: frozenset({"200 108", "200 99"}),
        Role.CODE: frozenset({"200 117", "200 99"}),
        Role.WORD: frozenset({"200 104", "200 146", "200 99"}),
        Role.TEXT: frozenset({"200 146", "200 99"}),
        Role.WHOLE: frozenset({"200 99", "200 118", "200 300", "200 301"}),
        Role.DOCUMENT: frozenset({"200 99", "200 101", "413 99"}),
        Role.CALLER: frozenset({"200 101"}),
        Role.PLACE: frozenset({"404 99", "405 99"}),
    },
    "engagelab": {
        Role.NUMBER: frozenset({"400 5011", "400 3002"}),
        Role.CODE: frozenset({"400 3002"}),
        Role.ID: frozenset({"400 4001", "400 3002"}),
        Role.WORD: frozenset({"400 4001", "400 3002"}),
        Role.TEXT: frozenset({"400 3002"}),
        Role.DOCUMENT: frozenset({"400 3001", "400 3002"}),
        Role.CALLER: frozenset({"401 2001"}),
        Role.PLACE: frozenset({"404 3001", "405 3001"}),
    },
    "camara": {
        Role.NUMBER: frozenset({"400 INVALID_ARGUMENT"}),
        Role.CODE: frozenset({"400 INVALID_ARGUMENT"}),
        Role.ID: frozenset({"404 NOT_FOUND", "400 INVALID_ARGUMENT"}),
        Role.TEXT: frozenset({"400 INVALID_ARGUMENT"}),
        Role.DOCUMENT: frozenset({"400 INVALID_ARGUMENT", "415 UNSUPPORTED_MEDIA_TYPE"}),
        Role.CALLER: frozenset({"401 UNAUTHENTICATED"}),
        Role.PLACE: frozenset({"404 NOT_FOUND", "405 METHOD_NOT_ALLOWED"}),
    },
    "oauth2": {
        Role.WORD: frozenset({"400 invalid_request", "400 unsupported_grant_type", "400 invalid_scope"}),
        Role.DOCUMENT: frozenset({"400 invalid_request", "413 invalid_request"}),
        Role.CALLER: frozenset({"401 invalid_client", "400 invalid_request"}),
        Role.PLACE: frozenset({"404 invalid_request", "405 invalid_request"}),
    },
}


def allowed(role: Role, *, dialect: str) -> frozenset[str]:
    """The refusals for a fault. What is missing is refused as if it were bad, or as a bad document."""
    refusals = REFUSALS[dialect]
    if role is not Role.MISSING:
        return refusals[role]
    return frozenset().union(*(words for kind, words in refusals.items() if kind is not Role.PLACE))


def word_of(answer: HttpAnswer, *, dialect: str) -> str:
    """The status and the protocol's code of a refusal; what is none has no such code."""
    body: Any = json.loads(answer.text) if answer.text else {}
    match dialect:
        case "native" | "camara" | "engagelab":
            said = body.get("code")
        case "message_central":
            said = body.get("responseCode", body.get("error", "" if not answer.text else "?"))
        case "esms":
            said = body.get("CodeResult")
        case _:
            said = body.get("error")
    return f"{answer.status} {said}"


def dialect_at(path: str) -> str:
    """Whose words answer for a path."""
    return next(name for name, entry in DIALECTS.items() if path.startswith(entry.prefixes))


@cache
def _operations() -> dict[str, Operation]:
    return {operation.id: operation for operation in operations(document())}


_as_documented: set[tuple[str, int, tuple[str, ...], str]] = set()


def faults_of_shape(answer: HttpAnswer, *, operation: str) -> Iterator[str]:
    """How the answer differs from openapi.json. What was found right once is not looked at again."""
    seen = (operation, answer.status, tuple(answer.headers), answer.text)
    if seen in _as_documented:
        return
    faults = list(
        _operations()[operation].faults(
            HttpResponse(status=answer.status, headers=answer.headers, body=answer.text)
        )
    )
    if not faults:
        _as_documented.add(seen)
    yield from faults
