"""Where a client wants its webhooks: `clients.<id>.webhook` of the clients' secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from countersign.errors import ConfigurationError
from countersign.webhooks.addresses import is_public
from countersign.webhooks.message import TYPES

SECRETS_OF_AN_ENDPOINT = 2
LOOPBACK = "127.0.0.1"

_MEMBERS = {"url", "secrets", "events"}
_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)  # "Signature scheme" of the specification: 192 to 512 bits
_LONGEST_URL = 2048
_HTTPS_PORT = 443
_FIRST_PORT = 1024  # below it, but for 443, are services that no webhook is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A client's receiver. Its URL may hold a token and its keys are secret, so `repr` hides them."""

    client_id: str
    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    events: frozenset[str]  # types as on the bus

    def wants(self, event: str) -> bool:
        return event in self.events

    @property
    def digest(self) -> str:
        """What stands for the URL where it is noted."""
        return hashlib.sha256(self.url.encode("ascii")).hexdigest()


def parse_endpoint(value: object, *, client_id: str, loopback: bool) -> Endpoint:
    """The receiver that a client's section sets.

    `loopback` lets `http://127.0.0.1` through, for the local stack and tests. Raises ConfigurationError
    that names the client and the member, and nothing of the value.
    """
    where = f"client {client_id}: webhook"
    if not isinstance(value, dict):
        raise ConfigurationError(f"{where} must be a JSON object")
    unknown = set(value) - _MEMBERS
    if unknown:
        raise ConfigurationError(f"{where}.{min(unknown)} is not a setting")
    fault = url_fault(value.get("url"), loopback=loopback)
    if fault is not None:
        raise ConfigurationError(f"{where}.url {fault}")
    return Endpoint(
        client_id=client_id,
        url=value["url"],
        keys=_keys(value, where=where),
        events=_events(value, where=where),
    )


def url_fault(url: object, *, loopback: bool) -> str | None:
    """What makes it no URL to send webhooks to; None for nothing. What its name leads to is seen later."""
    if not isinstance(url, str) or not 0 < len(url) <= _LONGEST_URL:
        return f"must be a string of at most {_LONGEST_URL} characters"
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' \\"<>^`{|}'):
        return "must be plain ASCII, percent-encoded where it needs to be"
    if "#" in url:
        return "must not have a fragment"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is not a URL"
    if loopback and parts.scheme == "http" and parts.netloc in {LOOPBACK, f"{LOOPBACK}:{port}"}:
        return None
    return _https_fault(parts, port=port)


def _https_fault(parts: SplitResult, *, port: int | None) -> str | None:
    if parts.scheme != "https":
        return "must be an https URL"
    if "@" in parts.netloc:
        return "must not hold credentials"
    if not parts.hostname or "%" in parts.netloc:
        return "must name a host"
    if port is not None and port != _HTTPS_PORT and port < _FIRST_PORT:
        return f"must be on port {_HTTPS_PORT}, or one from {_FIRST_PORT} on"
    return None if _is_name(parts.hostname) or is_public(parts.hostname) else "must be on a public address"


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return True
    return False


def _keys(section: Mapping[str, object], *, where: str) -> tuple[bytes, ...]:
    secrets = section.get("secrets")
    if not isinstance(secrets, list) or not 0 < len(secrets) <= SECRETS_OF_AN_ENDPOINT:
        raise ConfigurationError(f"{where}.secrets must list 1 to {SECRETS_OF_AN_ENDPOINT} strings")
    keys = tuple(_key(secret) for secret in secrets)
    if any(key is None or len(key) not in _KEY_BYTES for key in keys):
        raise ConfigurationError(
            f"{where}.secrets must each be {_PREFIX} and the base64 of "
            f"{_KEY_BYTES[0]} to {_KEY_BYTES[-1]} bytes"
        )
    return tuple(key for key in keys if key is not None)


def _key(secret: object) -> bytes | None:
    if not isinstance(secret, str) or not secret.startswith(_PREFIX):
        return None
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return None


def _events(section: Mapping[str, object], *, where: str) -> frozenset[str]:
    if "events" not in section:
        return frozenset(TYPES)
    events = section["events"]
    if not isinstance(events, list) or not events or not all(one in TYPES for one in map(str, events)):
        raise ConfigurationError(f"{where}.events must list some of {', '.join(TYPES)}")
    return frozenset(map(str, events))
