"""The HS512 JSON Web Token that Message Central hands out (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def sign_token(subject: str, *, now: int, seconds: int, key: bytes) -> str:
    """A token for `subject`, good from `now` (epoch seconds) for `seconds`."""
    header = _encode(json.dumps({"alg": "HS512"}, separators=(",", ":")).encode())
    claims = {"sub": subject, "iat": now, "exp": now + seconds}
    signed = f"{header}.{_encode(json.dumps(claims, separators=(',', ':')).encode())}"
    return f"{signed}.{_encode(hmac.digest(key, signed.encode(), hashlib.sha512))}"


def token_subject(token: str, *, now: float, key: bytes) -> str | None:
    """Whose token it is, or None where it is malformed, forged or expired."""
    signed, _, signature = token.rpartition(".")
    try:
        if not hmac.compare_digest(_decode(signature), hmac.digest(key, signed.encode(), hashlib.sha512)):
            return None
        claims = json.loads(_decode(signed.partition(".")[2]))
    except ValueError:
        return None
    return str(claims["sub"]) if now < claims["exp"] else None
