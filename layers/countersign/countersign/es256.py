"""ES256 as JOSE has it, from what KMS speaks: a key in SubjectPublicKeyInfo, a signature in DER. Pure.

P-256 and one encoding of each, or ValueError: RFC 5480 has a key as 26 fixed bytes, 0x04, x and y;
RFC 3279 (2.2.3) a signature as a DER SEQUENCE of two INTEGERs; RFC 7518 (3.4) has it as 32 + 32 bytes.
A library would cost more than these few lines (docs/adr/0019-proofs.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import final

from countersign.access_tokens import base64url

ALGORITHM = "ES256"

_SIZE = 32  # bytes of a coordinate, and of r and s
_ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551  # of the curve's group
# SEQUENCE of AlgorithmIdentifier (id-ecPublicKey, prime256v1) and a BIT STRING; its 0x04: uncompressed.
_BEFORE_THE_POINT = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
_SEQUENCE, _INTEGER = 0x30, 0x02
_SIGN_BIT = 0x80


@final
@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point of P-256; both coordinates as base64url of 32 bytes."""

    x: str
    y: str

    @classmethod
    def from_spki(cls, der: bytes) -> PublicKey:
        """Read a SubjectPublicKeyInfo. Raises ValueError for what is no uncompressed point of P-256."""
        point = der[len(_BEFORE_THE_POINT) :]
        if not der.startswith(_BEFORE_THE_POINT) or len(point) != 2 * _SIZE:
            raise ValueError("not a public key of P-256")
        return cls(base64url(point[:_SIZE]), base64url(point[_SIZE:]))

    @property
    def key_id(self) -> str:
        """The key's thumbprint (RFC 7638, SHA-256), so that a name always means the same key."""
        members = f'{{"crv":"P-256","kty":"EC","x":"{self.x}","y":"{self.y}"}}'
        return base64url(hashlib.sha256(members.encode("ascii")).digest())

    def jwk(self) -> dict[str, str]:
        """The key as a JSON Web Key that is good for checking signatures alone."""
        return {
            "kty": "EC",
            "crv": "P-256",
            "x": self.x,
            "y": self.y,
            "use": "sig",
            "alg": ALGORITHM,
            "kid": self.key_id,
        }


def raw_signature(der: bytes) -> bytes:
    """R and s of a signature in DER, 32 bytes each. Raises ValueError for every other encoding."""
    pair, behind = _value(der, tag=_SEQUENCE)
    r, rest = _value(pair, tag=_INTEGER)
    s, rest = _value(rest, tag=_INTEGER)
    if behind or rest:
        raise ValueError("bytes behind a signature")
    return _scalar(r) + _scalar(s)


def _value(der: bytes, *, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, and what follows it.

    The length is read in its short form: in the long one it says more than two numbers of P-256 have.
    """
    if len(der) < 2 or der[0] != tag or len(der) < 2 + der[1]:
        raise ValueError("not DER")
    end = 2 + der[1]
    return der[2:end], der[end:]


def _scalar(content: bytes) -> bytes:
    """An INTEGER from 1 to the order less 1, in its shortest form, as 32 bytes."""
    padded = len(content) > 1 and content[0] == 0
    if not content or content[0] & _SIGN_BIT or (padded and not content[1] & _SIGN_BIT):
        raise ValueError("an INTEGER that is negative, or longer than it need be")
    number = int.from_bytes(content, "big")
    if not 0 < number < _ORDER:
        raise ValueError("not a number that a signature can have")
    return number.to_bytes(_SIZE, "big")
