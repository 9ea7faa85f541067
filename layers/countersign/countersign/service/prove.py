"""Checking a code for a proof: a signed statement of the approval, made out to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from countersign.client import Client
from countersign.clock import Clock, Deadline
from countersign.codes import random_id
from countersign.errors import PermissionDeniedError, ServiceUnavailableError
from countersign.es256 import PublicKey
from countersign.model import ProofSubject, Secret, Verification
from countersign.ports import Peppers, SigningKey, Telemetry
from countersign.proof import Claims, signed, unsigned
from countersign.service.check import Checker
from countersign.service.made_with import made_with
from countersign.service.refusal import refusal

LEAST_SECONDS = 7.0  # for the guess; the table's client gives up in nine, and the function has two of its own


@final
@dataclass(frozen=True, slots=True)
class Proved:
    """An approved verification, and the proof of it."""

    verification: Verification
    proof: str

    def __repr__(self) -> str:
        return f"Proved({self.verification.id})"


@final
class Prover:
    """The use case around a proof.

    The proof is signed before the guess is counted, and released by the approval: so there is no
    approval that lacks its proof, and trouble with the key costs no attempt (docs/adr/0019-proofs.md).
    """

    def __init__(
        self,
        *,
        checker: Checker,
        key: SigningKey,
        peppers: Peppers,
        telemetry: Telemetry,
        clock: Clock,
        issuer: str,
        ttl_seconds: int,
    ) -> None:
        self._checker = checker
        self._key = key
        self._peppers = peppers
        self._telemetry = telemetry
        self._clock = clock
        self._issuer = issuer
        self._ttl_seconds = ttl_seconds

    def check(
        self, client: Client, *, verification_id: str, code: Secret, audience: str, deadline: Deadline
    ) -> Proved:
        """Approve as `Checker.check` does, and raise what it raises; any return means approved, now.

        Raises PermissionDeniedError where the client's policy lacks the audience. That, and a
        ServiceUnavailableError or ConfigurationError about the key or the time that it took, come before an
        attempt is counted: an approval that the function has no time to tell of would be lost.
        """
        if not client.policy.may_prove_to(audience):
            raise PermissionDeniedError("The client may not have proofs made out to this audience.")
        asked = self._checker.read(client, verification_id=verification_id)
        ended = refusal(asked, now=self._clock.now())
        if ended is not None:
            raise ended
        proof = self._signed(client, verification=asked, audience=audience)
        if deadline.remaining() < LEAST_SECONDS:
            raise ServiceUnavailableError("Too little time is left to check.", retry_after_seconds=1)
        approved = self._checker.check(client, verification_id=verification_id, code=code, deadline=deadline)
        return Proved(approved, proof)

    def public_keys(self) -> tuple[PublicKey, ...]:
        """The keys that proofs are signed with. Raises ConfigurationError or ServiceUnavailableError."""
        return (self._key.public(),)

    def _signed(self, client: Client, *, verification: Verification, audience: str) -> str:
        now = self._clock.now()
        claims = Claims(
            issuer=self._issuer,
            audience=audience,
            subject=self._subject(client, verification=verification, now=now),
            client_id=client.id,
            purpose=verification.purpose,
            verification_id=verification.id,
            proof_id=random_id(),
            issued_at=now,
            expires_at=now + self._ttl_seconds,
            rehearsed=verification.rehearsed,
        )
        text = unsigned(claims, key_id=self._key.public().key_id)
        return signed(text, signature=self._key.sign(text.encode("ascii")))

    def _subject(self, client: Client, *, verification: Verification, now: int) -> str:
        """By the present pepper, whichever the verification was made with: one number has one subject."""
        keys = made_with(verification, peppers=self._peppers, telemetry=self._telemetry, now=now)
        number = keys.unseal(verification.to_sealed, context=verification.id)
        if number is None:  # somebody has altered the table
            raise ServiceUnavailableError
        if client.policy.proof_subject is ProofSubject.NUMBER:
            return number.reveal()
        return self._peppers.ring().current.proof_subject(client.id, number=number)
