"""Peppers that a test rotates."""

from __future__ import annotations

from countersign.codes import Keyring, Keys
from countersign.errors import ServiceUnavailableError
from tests.support.builders import PEPPER, keys

NEXT_PEPPER = "the pepper that comes next, 43 characters ..."


class FakePeppers:
    """A countersign.ports.Peppers: what one container knows, and what a fresh look would show it.

    `away`: the secret cannot be looked at now.
    """

    def __init__(self) -> None:
        self.known = self.written = Keyring(keys())
        self.away = False
        self.looks = 0

    def rotate(self, pepper: str, *, previous: str | None = PEPPER, seen: bool = True) -> None:
        """The operator writes the secret; this container has `seen` it, or goes on with what it had."""
        self.written = Keyring(Keys(pepper), Keys(previous) if previous is not None else None)
        if seen:
            self.known = self.written

    def ring(self) -> Keyring:
        return self.known

    def of(self, name: str | None) -> Keys | None:
        return self.known.of(name) or self._looked_at().of(name)

    def renewed(self, known: Keyring) -> Keyring | None:
        ring = self._looked_at()
        return None if ring is known else ring

    def _looked_at(self) -> Keyring:
        self.looks += 1
        if self.away:
            raise ServiceUnavailableError(retry_after_seconds=1)
        self.known = self.written
        return self.known
