"""Keys of P-256 that a test can hold both halves of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from countersign.es256 import PublicKey, raw_signature


class HeldKey:
    """A countersign.ports.SigningKey whose private half lies here.

    `fault`: what the next calls raise. `takes`: called with each signature, to take time.
    """

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.fault: Exception | None = None
        self.signed: list[bytes] = []
        self.takes: Callable[[], object] = lambda: None

    @property
    def spki(self) -> bytes:
        return self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def public(self) -> PublicKey:
        if self.fault is not None:
            raise self.fault
        return PublicKey.from_spki(self.spki)

    def sign(self, message: bytes) -> bytes:
        if self.fault is not None:
            raise self.fault
        self.signed.append(message)
        self.takes()
        return raw_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))


def verified(proof: str, *, key: dict[str, str], audience: str, issuer: str) -> dict[str, Any]:
    """The claims of a proof, whatever the time, by a library that is not ours; raises jwt.PyJWTError."""
    claims: dict[str, Any] = jwt.decode(
        proof,
        jwt.PyJWK(key),
        algorithms=["ES256"],
        audience=audience,
        issuer=issuer,
        options={
            "require": ["iss", "aud", "sub", "jti", "iat", "exp"],
            "verify_exp": False,
            "verify_iat": False,
        },
    )
    return claims
