"""Access tokens that carry their own proof: JSON Web Tokens, HS512. Pure.

Compact serialisation of RFC 7515 with HMAC-SHA512 (RFC 7518, 3.2), the format that
Message Central's clients know. A library would cost every cold start more than these
few lines (see docs/adr/0009-access-tokens.md).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

ALGORITHM = "HS512"
LONGEST_TOKEN = 2_048  # characters

_HEADER = {"alg": ALGORITHM}


@dataclass(frozen=True, slots=True)
class ClaimedToken:
    """A token whose signature nobody has looked at: it says who must have signed it, no more."""

    subject: str
    claims: Mapping[str, object]
    signed: bytes
    signature: str

    def __repr__(self) -> str:
        return "ClaimedToken(***)"

    def is_signed_with(self, key: bytes) -> bool:
        """In constant time, and as text: a signature has one spelling (base64 has several)."""
        return hmac.compare_digest(self.signature, _signature(self.signed, key=key))

    def is_alive(self, now: int) -> bool:
        """Is `now` (epoch seconds) before its `exp`?"""
        expires_at = self.claims.get("exp")
        return type(expires_at) is int and now < expires_at


def sign(claims: Mapping[str, object], *, key: bytes) -> str:
    """The token."""
    signed = f"{encoded(_HEADER)}.{encoded(claims)}"
    return f"{signed}.{_signature(signed.encode('ascii'), key=key)}"


def read(token: str) -> ClaimedToken | None:
    """The parts of a token of ours, or None where it is none: another algorithm, no subject, not a JWT."""
    parts = token.split(".")
    if len(token) > LONGEST_TOKEN or len(parts) != 3 or not token.isascii():
        return None
    try:
        header, claims = (_object(_decoded(part)) for part in parts[:2])
        subject = claims.get("sub")
        if header.get("alg") != ALGORITHM or not isinstance(subject, str):
            return None
        subject.encode("utf-8")  # JSON can spell a lone surrogate, by which nothing can be keyed
        return ClaimedToken(subject, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), parts[2])
    except (binascii.Error, ValueError, RecursionError):
        return None


def _signature(signed: bytes, *, key: bytes) -> str:
    return base64url(hmac.digest(key, signed, "sha512"))


def _object(data: bytes) -> Mapping[str, object]:
    """The JSON object in `data`; an empty one, which lacks everything, for other JSON."""
    value = json.loads(data)
    return value if isinstance(value, dict) else {}


def encoded(part: Mapping[str, object]) -> str:
    """A header, or claims, as a token holds them."""
    return base64url(json.dumps(part, separators=(",", ":")).encode("utf-8"))


def base64url(data: bytes) -> str:
    """Base64 as RFC 7515 has it: for URLs, without padding."""
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
