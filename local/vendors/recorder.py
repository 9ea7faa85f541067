"""What a simulator received, with credentials and codes masked."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterable, Mapping

KEPT_REQUESTS = 10_000

_CREDENTIALS = frozenset({"apikey", "secretkey", "key", "authtoken", "authorization", "password", "cookie"})
_CODES = frozenset({"code", "verify_code"})
_PARTLY = frozenset({"customerid"})
_TEXTS = frozenset({"content"})  # our own wording: only the digits in it can be a code
_MASK = "***"


def masked(name: str, value: object) -> object:
    """`value` of the field `name`, fit to be shown; nested objects field by field."""
    field = name.lower()
    if field in _CREDENTIALS or field in _CODES:
        return _MASK
    if isinstance(value, Mapping):
        return {str(key): masked(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [masked(name, inner) for inner in value]
    if field in _PARTLY:
        return str(value)[:2] + _MASK
    if field in _TEXTS:
        return re.sub(r"[0-9A-Z]{4,}", _MASK, str(value))
    return value


def _masked_body(body: bytes) -> object:
    """JSON field by field; of anything else only its size, as a credential could be anywhere in it."""
    if not body:
        return None
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return f"<{len(body)} bytes that are not JSON>"
    if isinstance(parsed, dict | list):
        return masked("", parsed)
    return f"<{len(body)} bytes of JSON that is no object>"


class RequestLog:
    """The last requests of one vendor, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, object]] = deque(maxlen=KEPT_REQUESTS)

    def add(
        self,
        *,
        method: str,
        path: str,
        query: Iterable[tuple[str, str]],
        headers: Iterable[tuple[str, str]],
        body: bytes,
        mode: str,
    ) -> None:
        """Remember a request. `mode` is the fault that it met, or "ok"."""
        self._entries.append(
            {
                "method": method,
                "path": path,
                "query": {name: masked(name, value) for name, value in query},
                "headers": {name: masked(name, value) for name, value in headers},
                "body": _masked_body(body),
                "mode": mode,
            }
        )

    def entries(self) -> list[dict[str, object]]:
        return list(self._entries)
