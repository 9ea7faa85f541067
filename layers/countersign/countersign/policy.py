"""The numbers that a client may set, inside hard bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from countersign.errors import ConfigurationError
from countersign.model import ANY, ResendMode, is_region


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
SENDS_PER_10_MINUTES = Bound(1, 10)
SENDS_PER_DAY = Bound(1, 20)
FAILURES_PER_HOUR = Bound(1, 15)
FAILURES_PER_DAY = Bound(1, 25)

DEFAULT_CODE_LENGTH = 6
DEFAULT_TTL_SECONDS = 300
DEFAULT_COOLDOWN_SECONDS = 60

_NUMBERS = {
    "code_length": CODE_LENGTH,
    "ttl_seconds": TTL_SECONDS,
    "attempts": ATTEMPTS,
    "cooldown_seconds": COOLDOWN_SECONDS,
    "sends": SENDS,
    "sends_per_10_minutes": SENDS_PER_10_MINUTES,
    "sends_per_day": SENDS_PER_DAY,
    "failures_per_hour": FAILURES_PER_HOUR,
    "failures_per_day": FAILURES_PER_DAY,
}


# Where codes go unless a client's policy says otherwise: the European Economic Area with Switzerland and the
# United Kingdom, the United States and Canada, and around the Pacific and the Indian Ocean the countries with
# many users of the three vendors. Whoever pumps texts prefers the rest of the world.
_EUROPE = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
_OVERSEAS = "AU CA HK IN JP KR MY NZ PH SG TH TW US VN"
DEFAULT_COUNTRIES = frozenset(f"{_EUROPE} {_OVERSEAS}".split())


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` of something within any `seconds`."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One client's numbers; the defaults are the service's.

    None: not set. Then the native API takes the service's default, and another dialect
    what its own clients expect.
    """

    code_length: int | None = None
    ttl_seconds: int | None = None
    attempts: int = 5
    cooldown_seconds: int | None = None
    sends: int = 5
    sends_per_10_minutes: int = 5
    sends_per_day: int = 10
    failures_per_hour: int = 15
    failures_per_day: int = 25
    resend: ResendMode = ResendMode.SAME_CODE
    routes: str = "default"
    countries: frozenset[str] = DEFAULT_COUNTRIES  # ISO 3166-1 alpha-2, or "*"

    def allows(self, country: str) -> bool:
        """May codes go to numbers of this country?"""
        return country in self.countries or ANY in self.countries

    @property
    def send_limits(self) -> tuple[Limit, ...]:
        """The limits of one number, whoever sends to it and in whatever dialect."""
        return Limit(self.sends_per_10_minutes, 600), Limit(self.sends_per_day, 86_400)

    @property
    def failure_limits(self) -> tuple[Limit, ...]:
        """How many wrong codes one number takes, whoever tries them and in whatever dialect."""
        return Limit(self.failures_per_hour, 3_600), Limit(self.failures_per_day, 86_400)

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
            elif name == "countries":
                _check_countries(value, where=where)
            else:
                raise ConfigurationError(f"{where} is not a setting")
            values[name] = _READ[name](value) if name in _READ else value
        return cls(**values)  # type: ignore[arg-type]  # each value was checked against its field above


def _check_countries(value: object, *, where: str) -> None:
    if not isinstance(value, list) or not value:
        raise ConfigurationError(f'{where} must be a list of countries such as ["VN"], or ["*"]')
    for country in value:
        if not isinstance(country, str) or not is_region(country):
            raise ConfigurationError(f"{where}: a country is two capital letters (VN), 001, or *")


_READ: Mapping[str, Callable[[Any], object]] = {"resend": ResendMode, "countries": frozenset}
