"""The pepper in the clients' secret, and while it is being rotated the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import final

from countersign.aws.cached_secret import CachedSecret
from countersign.codes import PEPPER_MINIMUM_LENGTH, Keyring, Keys
from countersign.errors import ConfigurationError, ServiceUnavailableError

# Which pepper a stored thing was made with is no caller's to say, so looks for one need no long pause.
LOOK_PAUSE_SECONDS = 1


@final
class SecretPeppers:
    """ports.Peppers over the clients' secret: `{"pepper": "…", "previous_pepper": "…", …}`."""

    def __init__(self, secret: CachedSecret) -> None:
        self._secret = secret
        self._held: tuple[tuple[str, str | None], Keyring] | None = None
        self._gone: set[str] = set()  # names that the secret did not know when it was read for them

    def ring(self) -> Keyring:
        """Raises ConfigurationError where a pepper is missing or short."""
        document = self._secret.value()
        current = _pepper(document, "pepper")
        previous = _pepper(document, "previous_pepper") if "previous_pepper" in document else None
        if self._held is None or self._held[0] != (current, previous):
            ring = Keyring(Keys(current), Keys(previous) if previous is not None else None)
            self._held = ((current, previous), ring)
            self._gone.clear()
        return self._held[1]

    def of(self, name: str | None) -> Keys | None:
        keys = self.ring().of(name)
        if keys is not None or name is None or name in self._gone:
            return keys
        if not self._secret.look(pause_seconds=LOOK_PAUSE_SECONDS):
            raise ServiceUnavailableError(retry_after_seconds=LOOK_PAUSE_SECONDS)
        keys = self.ring().of(name)
        if keys is None:
            self._gone.add(name)
        return keys

    def renewed(self, known: Keyring) -> Keyring | None:
        if self.ring() is known:
            self._secret.look(pause_seconds=LOOK_PAUSE_SECONDS)
        ring = self.ring()
        return None if ring is known else ring


def _pepper(document: Mapping[str, object], name: str) -> str:
    pepper = document.get(name)
    if not isinstance(pepper, str) or len(pepper) < PEPPER_MINIMUM_LENGTH:
        raise ConfigurationError(
            f"clients secret: {name} must have {PEPPER_MINIMUM_LENGTH} characters or more"
        )
    return pepper
