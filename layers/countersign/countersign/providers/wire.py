"""What goes to a vendor and what comes back: requests, answers, and the two ways to get none.

    TransportError
    ├── NotSentError       provably: not one byte of the request reached the vendor
    │   └── NotTriedError  nor was that the vendor's doing: no time left, nothing to send
    └── MaybeSentError     it may have reached the vendor, and no usable answer came back

Their texts are constants of ours: no URL, no vendor text, for both carry secrets and codes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Never
from urllib.parse import quote, urlencode

from countersign.circuits import LONGEST_HOLD_SECONDS
from countersign.reports import is_reference

UNREADABLE_WAIT_SECONDS = 30

_SECONDS = re.compile(r"[0-9]{1,9}")


class TransportError(Exception):
    """No usable answer; `reason` is a short constant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSentError(TransportError):
    """The vendor provably did not get the request."""


class NotTriedError(NotSentError):
    """For a reason of ours the vendor was not asked; this says nothing about it."""


class MaybeSentError(TransportError):
    """The vendor may have got the request and acted on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRequest:
    """One HTTP request. The URL, the headers and the body hold secrets, so `repr` hides them."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorAnswer:
    """One whole HTTP answer, decompressed and at most 64 KiB."""

    status: int
    body: bytes = field(repr=False)
    retry_after_seconds: int | None = None  # what its Retry-After says, between bounds; None: it has none

    def json_object(self) -> dict[str, object]:
        """The body as a JSON object.

        Raises MaybeSentError for everything else: HTML, an array, a duplicate name, NaN.
        """
        parsed = self.json_object_or_none()
        if parsed is None:
            raise MaybeSentError("unreadable answer")
        return parsed

    def json_object_or_none(self) -> dict[str, object] | None:
        """The body as a JSON object, or None where it is none."""
        try:
            parsed = json.loads(
                self.body.decode("utf-8-sig"),
                object_pairs_hook=_members_once,
                parse_constant=_refuse_constant,
            )
        except (ValueError, RecursionError):
            return None
        return parsed if isinstance(parsed, dict) else None


def get(url: str, *, query: Mapping[str, str], headers: Mapping[str, str] | None = None) -> VendorRequest:
    """A GET whose parameters are percent-encoded in the order given."""
    return VendorRequest(method="GET", url=with_query(url, query), headers=headers or {})


def post_json(
    url: str, *, body: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> VendorRequest:
    """A POST of one compact, pure ASCII JSON object."""
    return VendorRequest(
        method="POST",
        url=url,
        headers={"Content-Type": "application/json", **(headers or {})},
        body=json.dumps(body, separators=(",", ":")).encode("ascii"),
    )


def with_query(url: str, query: Mapping[str, str]) -> str:
    """`url` and the parameters, every reserved character percent-encoded (a space is `%20`)."""
    return f"{url}?{urlencode(query, quote_via=quote, errors='replace')}"


def wait_of(header: str | None) -> int | None:
    """The seconds of a Retry-After (RFC 9110, 10.2.3), at least one and at most as many as we wait.

    A date or nonsense asks us to wait too, but not for how long in a way that we rely on.
    """
    if header is None:
        return None
    seconds = header.strip()
    if _SECONDS.fullmatch(seconds) is None:
        return UNREADABLE_WAIT_SECONDS
    return min(LONGEST_HOLD_SECONDS, max(1, int(seconds)))


def code_of(value: object) -> str:
    """A vendor's result code, which comes as a number or as a string; "" where it is neither."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value)


def reference_of(value: object) -> str | None:
    """A vendor's id for a message where it is a string that is fit to be stored, else None."""
    return value if isinstance(value, str) and is_reference(value) else None


def _members_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name is used twice in one object")
    return members


def _refuse_constant(_: str) -> Never:
    raise ValueError("not a JSON number")
