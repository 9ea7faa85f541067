"""Making, hashing and comparing codes, and every other keyed value. Pure.

One secret, the pepper, keys everything; each use has a key of its own (its label),
and parts are length-prefixed, so that no two uses or splits can yield the same value.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import final

from countersign.model import Alphabet, Secret

PEPPER_MINIMUM_LENGTH = 32

_BLOCK = 32  # bytes of HMAC-SHA256
_WORD = 8  # bytes of one draw for a code
_DRAWS = _BLOCK // _WORD

_CHARACTERS = {
    Alphabet.DIGITS: "0123456789",
    Alphabet.LETTERS_AND_DIGITS: "23456789ABCDEFGHJKLMNPQRSTUVWXYZ",  # without those that look alike
}


def _text(digest: bytes) -> str:
    return base64.b32encode(digest).decode("ascii").rstrip("=").lower()


def random_id() -> str:
    """130 random bits as 26 characters of `a-z2-7`."""
    return _text(secrets.token_bytes(17))[:26]


def random_seed() -> str:
    """80 random bits as 16 characters, from which (with the pepper) a code is derived."""
    return _text(secrets.token_bytes(10))


def slot_of(client_id: str, *, purpose: str) -> str:
    """Name of (client, purpose) within a number's record, 16 characters; no secret, and the same for ever.

    Under no pepper, so that the record of a number can be moved to another pepper's key as it is.
    """
    return _text(hashlib.sha256(_join((client_id, purpose))).digest()[:10])


def _join(parts: tuple[str, ...]) -> bytes:
    encoded = [part.encode("utf-8") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


@final
class Keys:
    """The keyed functions of one pepper. `name` says which pepper, and nothing of it (8 characters)."""

    __slots__ = ("_pepper", "_subkeys", "name")

    def __init__(self, pepper: str) -> None:
        self._pepper = pepper.encode("utf-8")
        self._subkeys: dict[str, bytes] = {}
        self.name = _text(self._mac("name")[:5])

    def __repr__(self) -> str:
        return "Keys(***)"

    def _mac(self, label: str, *parts: str) -> bytes:
        key = self._subkeys.get(label)
        if key is None:
            key = self._subkeys[label] = hmac.digest(self._pepper, label.encode("ascii"), "sha256")
        return hmac.digest(key, _join(parts), "sha256")

    def number_key(self, number: Secret) -> str:
        """Storage key of a number, 32 characters."""
        return _text(self._mac("number", number.reveal())[:20])

    def prefix_key(self, prefix: Secret) -> str:
        """What a block of numbers is counted under, 16 characters."""
        return _text(self._mac("prefix", prefix.reveal())[:10])

    def address_key(self, address: str) -> str:
        """What a source address is counted under, 16 characters."""
        return _text(self._mac("address", address)[:10])

    def verification_id(self, client_id: str, *, idempotency_key: str) -> str:
        """The id that an Idempotency-Key stands for, in the form of `random_id`."""
        return _text(self._mac("id", client_id, idempotency_key))[:26]

    def fingerprint(self, *parts: str) -> str:
        """A keyed digest by which a repeated request is recognised, 32 characters."""
        return _text(self._mac("request", *parts)[:20])

    def derive_code(
        self, verification_id: str, *, seed: str, length: int, alphabet: Alphabet = Alphabet.DIGITS
    ) -> Secret:
        """The code of `length` characters that belongs to a verification and a seed.

        Every code is equally likely: draws that would favour the low ones are dropped.
        """
        characters = _CHARACTERS[alphabet]
        choices = len(characters) ** length
        fair = (1 << 8 * _WORD) // choices * choices
        block = 0
        while True:
            stream = self._mac("code", verification_id, seed, str(length), str(block))
            for draw in range(_DRAWS):
                number = int.from_bytes(stream[draw * _WORD : (draw + 1) * _WORD], "big")
                if number < fair:
                    return Secret(_spelled(number % choices, characters=characters, length=length))
            block += 1

    def code_hash(self, client_id: str, *, verification_id: str, code: Secret) -> str:
        """What is stored of a code, and of a guess: equal exactly if the codes are."""
        return _text(self._mac("guess", client_id, verification_id, code.reveal()))

    def proof_subject(self, client_id: str, *, number: Secret) -> str:
        """What a proof calls a number: no storage key, and another one for each client; 32 characters."""
        return _text(self._mac("proof", client_id, number.reveal())[:20])

    def token_key(self, use: str, *, client_id: str, secret: str) -> bytes:
        """The 64-byte key that signs a client's tokens of one use; it dies with the client's secret."""
        return b"".join(self._mac("token", use, client_id, secret, half) for half in ("1", "2"))

    def seal(self, plain: Secret, *, context: str) -> str:
        """Encrypt a short text for storage; `context` is stored beside it and bound to it.

        HMAC-SHA256 in counter mode under a random nonce, then an HMAC over the whole
        (encrypt-then-MAC); see docs/adr/0004-sealed-numbers.md.
        """
        nonce = _text(secrets.token_bytes(10))
        body = self._stream_xor(plain.reveal().encode("utf-8"), nonce=nonce, context=context)
        sealed = base64.urlsafe_b64encode(body).decode("ascii")
        tag = _text(self._mac("seal-tag", context, nonce, sealed)[:15])
        return f"{nonce}.{sealed}.{tag}"

    def unseal(self, sealed: str, *, context: str) -> Secret | None:
        """The plain text, or None where it was sealed otherwise (another pepper or context, or altered)."""
        nonce, _, rest = sealed.partition(".")
        body, _, tag = rest.partition(".")
        expected = _text(self._mac("seal-tag", context, nonce, body)[:15])
        if not hmac.compare_digest(expected.encode(), tag.encode()):
            return None
        plain = self._stream_xor(base64.urlsafe_b64decode(body), nonce=nonce, context=context)
        return Secret(plain.decode("utf-8"))

    def _stream_xor(self, data: bytes, *, nonce: str, context: str) -> bytes:
        blocks = range((len(data) + _BLOCK - 1) // _BLOCK)
        stream = b"".join(self._mac("seal", context, nonce, str(block)) for block in blocks)
        return bytes(byte ^ key for byte, key in zip(data, stream, strict=False))


@final
@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys in use, and while the pepper is rotated those of the one before."""

    current: Keys
    previous: Keys | None = None

    @property
    def all(self) -> tuple[Keys, ...]:
        """The current ones first."""
        return (self.current,) if self.previous is None else (self.current, self.previous)

    def of(self, name: str | None) -> Keys | None:
        """The keys of the pepper with that name; None where it is neither. No name: the current ones."""
        if name is None:
            return self.current
        return next((keys for keys in self.all if keys.name == name), None)


def _spelled(number: int, *, characters: str, length: int) -> str:
    """A number in the base that has these characters as its digits."""
    spelled = ""
    for _ in range(length):
        number, digit = divmod(number, len(characters))
        spelled = characters[digit] + spelled
    return spelled
