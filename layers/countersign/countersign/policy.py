"""The numbers that a client may set, inside hard bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from countersign.errors import ConfigurationError
from countersign.model import ResendMode


@dataclass(frozen=True, slots=True)
class Bound:
    """Inclusive bounds of a whole number."""

    low: int
    high: int

    def holds(self, value: int) -> bool:
        return self.low <= value <= self.high


CODE_LENGTH = Bound(4, 10)
TTL_SECONDS = Bound(60, 600)
ATTEMPTS = Bound(1, 10)
COOLDOWN_SECONDS = Bound(0, 600)
SENDS = Bound(1, 10)

_NUMBERS = {
    "code_length": CODE_LENGTH,
    "ttl_seconds": TTL_SECONDS,
    "attempts": ATTEMPTS,
    "cooldown_seconds": COOLDOWN_SECONDS,
    "sends": SENDS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One client's numbers; the defaults are the service's."""

    code_length: int = 6
    ttl_seconds: int = 300
    attempts: int = 5
    cooldown_seconds: int = 60
    sends: int = 5
    resend: ResendMode = ResendMode.SAME_CODE
    routes: str = "default"

    @classmethod
    def parse(cls, section: Mapping[str, object], *, client_id: str) -> Policy:
        """Read a client's `policy` object.

        Raises ConfigurationError that names the client and the setting.
        """
        values: dict[str, object] = {}
        for name, value in section.items():
            where = f"client {client_id}: policy.{name}"
            if name in _NUMBERS:
                bound = _NUMBERS[name]
                if type(value) is not int or not bound.holds(value):
                    raise ConfigurationError(
                        f"{where} must be a whole number from {bound.low} to {bound.high}"
                    )
            elif name == "resend":
                if value not in tuple(ResendMode):
                    raise ConfigurationError(f"{where} must be one of {', '.join(ResendMode)}")
            elif name == "routes":
                if not isinstance(value, str) or not value:
                    raise ConfigurationError(f"{where} must name a table of the routes")
            else:
                raise ConfigurationError(f"{where} is not a setting")
            values[name] = ResendMode(str(value)) if name == "resend" else value
        return cls(**values)  # type: ignore[arg-type]  # each value was checked against its field above
