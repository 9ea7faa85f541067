"""The numbers that a client may set, inside hard bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_network

from countersign.errors import ConfigurationError
from countersign.model import ANY, OnUndelivered, ProofSubject, PumpingMode, ResendMode, Secret, is_region
from countersign.sources import Network


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
ADDRESS_SENDS_PER_MINUTE = Bound(1, 20)
USAGE = Bound(1, 10_000_000)  # of whatever is counted from the stream

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
    "address_sends_per_minute": ADDRESS_SENDS_PER_MINUTE,
    "prefix_sends_per_hour": USAGE,
    "prefix_sends_per_day": USAGE,
    "country_sends_per_hour": USAGE,
    "country_sends_per_day": USAGE,
    "client_sends_per_hour": USAGE,
    "client_sends_per_day": USAGE,
    "client_sends_per_day_warning": USAGE,
}


# Where codes go unless a client's policy says otherwise: the European Economic Area with Switzerland and the
# United Kingdom, the United States and Canada, and around the Pacific and the Indian Ocean the countries with
# many users of the three vendors. Whoever pumps texts prefers the rest of the world.
_EUROPE = "AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
_OVERSEAS = "AU CA HK IN JP KR MY NZ PH SG TH TW US VN"
DEFAULT_COUNTRIES = frozenset(f"{_EUROPE} {_OVERSEAS}".split())


_NUMBER_OR_BEGINNING = re.compile(r"\+[1-9][0-9]{0,14}\*|\+[1-9][0-9]{6,14}")


# What a proof can be made out to: a name, or an address without a query.
LONGEST_AUDIENCE = 200
_AUDIENCE = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._~:/@-]{{0,{LONGEST_AUDIENCE - 1}}}")


def is_audience(text: str) -> bool:
    """Can a proof be made out to it?"""
    return _AUDIENCE.fullmatch(text) is not None


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
    on_undelivered: OnUndelivered = OnUndelivered.NOTHING
    routes: str = "default"
    countries: frozenset[str] = DEFAULT_COUNTRIES  # ISO 3166-1 alpha-2, or "*"
    address_sends_per_minute: int = 10
    prefix_sends_per_hour: int = 50
    prefix_sends_per_day: int = 200
    country_sends_per_hour: int = 1_000
    country_sends_per_day: int = 5_000
    client_sends_per_hour: int = 1_000
    client_sends_per_day: int = 10_000
    client_sends_per_day_warning: int = 5_000
    pumping: PumpingMode = PumpingMode.RECORD_ONLY
    trusted_networks: tuple[Network, ...] = ()  # the client's own servers, which no address limit is for
    trusted_numbers: tuple[str, ...] = ()  # E.164; with "*" at the end, every number that begins so
    proof_audiences: frozenset[str] = frozenset({ANY})  # to whom proofs may be made out, or "*"
    proof_subject: ProofSubject = ProofSubject.KEY

    def may_prove_to(self, audience: str) -> bool:
        """May the client have proofs made out to this audience?"""
        return audience in self.proof_audiences or ANY in self.proof_audiences

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

    @property
    def address_limit(self) -> Limit:
        """How many texts one source address may have sent."""
        return Limit(self.address_sends_per_minute, 60)

    @property
    def prefix_limits(self) -> tuple[Limit, ...]:
        """How many texts one block of numbers gets, whoever sends them."""
        return Limit(self.prefix_sends_per_hour, 3_600), Limit(self.prefix_sends_per_day, 86_400)

    @property
    def country_limits(self) -> tuple[Limit, ...]:
        """How many texts one country gets, whoever sends them."""
        return Limit(self.country_sends_per_hour, 3_600), Limit(self.country_sends_per_day, 86_400)

    @property
    def client_limits(self) -> tuple[Limit, ...]:
        """How many texts this client may have sent."""
        return Limit(self.client_sends_per_hour, 3_600), Limit(self.client_sends_per_day, 86_400)

    def trusts(self, number: Secret) -> bool:
        """Is the number one that the guard against pumping lets through?"""
        plain = number.reveal()
        return any(
            plain.startswith(one[:-1]) if one.endswith("*") else plain == one for one in self.trusted_numbers
        )

    @classmethod
    def parse(cls, section: Mapping[str, object], *, client_id: str) -> Policy:
        """Read a client's `policy` object.

        Raises ConfigurationError that names the client and the setting.
        """
        values: dict[str, object] = {}
        for name, value in section.items():
            where = f"client {client_id}: policy.{name}"
            read = _READERS.get(name)
            if read is None:
                raise ConfigurationError(f"{where} is not a setting")
            values[name] = read(value, where)
        return cls(**values)  # type: ignore[arg-type]  # each reader returns what its field above holds


type _Reader = Callable[[object, str], object]


def _number(bound: Bound) -> _Reader:
    def read(value: object, where: str) -> int:
        if type(value) is not int or not bound.holds(value):
            raise ConfigurationError(f"{where} must be a whole number from {bound.low} to {bound.high}")
        return value

    return read


def _one_of(choices: type[StrEnum]) -> _Reader:
    def read(value: object, where: str) -> StrEnum:
        if value not in tuple(choices):
            raise ConfigurationError(f"{where} must be one of {', '.join(choices)}")
        return choices(str(value))

    return read


def _routes(value: object, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise ConfigurationError(f"{where} must name a table of the routes")
    return value


def _countries(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise ConfigurationError(f'{where} must be a list of countries such as ["VN"], or ["*"]')
    for country in value:
        if not isinstance(country, str) or not is_region(country):
            raise ConfigurationError(f"{where}: a country is two capital letters (VN), 001, or *")
    return frozenset(value)


def _networks(value: object, where: str) -> tuple[Network, ...]:
    fault = f'{where} must be a list of networks such as ["203.0.113.0/24"]'
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ConfigurationError(fault)
    try:
        return tuple(ip_network(one) for one in value)
    except ValueError as error:
        raise ConfigurationError(fault) from error


def _numbers(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, str) and _NUMBER_OR_BEGINNING.fullmatch(one) for one in value
    ):
        raise ConfigurationError(f'{where} must be a list of numbers such as ["+84901888484", "+8490188*"]')
    return tuple(value)


def _audiences(value: object, where: str) -> frozenset[str]:
    if not isinstance(value, list) or not all(
        isinstance(one, str) and (one == ANY or is_audience(one)) for one in value
    ):
        raise ConfigurationError(
            f'{where} must be a list of audiences such as ["https://shop.example"], or ["*"]'
        )
    return frozenset(value)


_READERS: Mapping[str, _Reader] = {
    **{name: _number(bound) for name, bound in _NUMBERS.items()},
    "resend": _one_of(ResendMode),
    "pumping": _one_of(PumpingMode),
    "on_undelivered": _one_of(OnUndelivered),
    "routes": _routes,
    "countries": _countries,
    "trusted_networks": _networks,
    "trusted_numbers": _numbers,
    "proof_audiences": _audiences,
    "proof_subject": _one_of(ProofSubject),
}
