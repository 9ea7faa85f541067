"""Proofs: signed statements that a verification was approved. Pure; docs/proof.md shows one.

JSON Web Tokens (RFC 7519), ES256. The header names the algorithm that they are always signed
with; `typ` is plain JWT, for the key signs nothing else and many verifiers take nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from countersign.access_tokens import base64url, encoded
from countersign.es256 import ALGORITHM

TYPE = "JWT"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a proof says."""

    issuer: str
    audience: str  # who it is made out to; nobody else may take it
    subject: str  # the number's key for this client, or the number, as the client's policy says
    client_id: str
    purpose: str
    verification_id: str
    proof_id: str
    issued_at: int
    expires_at: int
    rehearsed: bool = False  # of a test number, to which nothing was sent

    def __repr__(self) -> str:
        return f"Claims({self.verification_id})"

    def as_members(self) -> dict[str, object]:
        """The claims by their names in the token."""
        members: dict[str, object] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": self.subject,
            "client_id": self.client_id,
            "purpose": self.purpose,
            "verification_id": self.verification_id,
            "jti": self.proof_id,
            "iat": self.issued_at,
            "exp": self.expires_at,
        }
        if self.rehearsed:
            members["test"] = True
        return members


def unsigned(claims: Claims, *, key_id: str) -> str:
    """What is signed: header and claims."""
    header = {"alg": ALGORITHM, "typ": TYPE, "kid": key_id}
    return f"{encoded(header)}.{encoded(claims.as_members())}"


def signed(text: str, *, signature: bytes) -> str:
    """The token, of what was signed and the 64 bytes of its signature."""
    return f"{text}.{base64url(signature)}"
