"""The two secrets: who may call us, and how we call the vendors. Read again when a credential is refused."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast, final

from countersign.access_tokens import read, sign
from countersign.aws.cached_secret import CachedSecret
from countersign.client import Bearer, Client, TokenUse
from countersign.errors import ClientDisabledError, ConfigurationError, UnauthenticatedError
from countersign.policy import Policy
from countersign.ports import Peppers

if TYPE_CHECKING:
    from countersign.scripts import Scripts

type Dialects = Mapping[str, Mapping[str, object]] | None

SECRETS_OF_A_CLIENT = 3


@final
class SecretClients:
    """ports.Clients over the clients' secret: `{"pepper": "…", "clients": {"<id>": {…}}}`."""

    def __init__(self, secret: CachedSecret, *, peppers: Peppers, dialects: frozenset[str]) -> None:
        """`dialects`: the names that a client's section may list."""
        self._secret = secret
        self._peppers = peppers
        self._dialects = dialects

    def authenticate(self, client_id: str, *, secret: str) -> Client:
        """The client whose secret this is. A refused secret makes one fresh look (rotation)."""
        offered = _digest(secret)

        def is_right(one: str) -> bool:
            return hmac.compare_digest(offered, _digest(one))

        return self._accepted(client_id, is_right=is_right)

    def trusted(self, client_id: str) -> Client:
        section = client_section(self._secret.value(), client_id=client_id)
        if section is None or is_disabled(section):
            renewed = self._secret.renewed()
            section = client_section(renewed, client_id=client_id) if renewed is not None else None
        if section is None or is_disabled(section):
            raise UnauthenticatedError("There is no such client.")
        return self._client(client_id, section=section)

    def issue_token(
        self, client: Client, *, secret: str, use: TokenUse, now: int, lifetime_seconds: int, scope: str = ""
    ) -> str:
        claims: dict[str, object] = {"sub": client.id, "iat": now, "exp": now + lifetime_seconds}
        if scope:
            claims["scope"] = scope
        key = self._peppers.ring().current.token_key(use, client_id=client.id, secret=secret)
        return sign(claims, key=key)

    def bearer(self, token: str, *, use: TokenUse, now: int) -> Bearer:
        """The client that one of its secrets has signed for. A refused token makes one fresh look."""
        claimed = read(token)
        if claimed is None or not claimed.is_alive(now):
            raise UnauthenticatedError("The token is not one of ours, or has expired.")

        def has_signed(one: str) -> bool:
            ring = self._peppers.ring()  # a token of the previous pepper is good while there is one
            return any(
                claimed.is_signed_with(keys.token_key(use, client_id=claimed.subject, secret=one))
                for keys in ring.all
            )

        client = self._accepted(claimed.subject, is_right=has_signed)
        return Bearer(client, frozenset(str(claimed.claims.get("scope", "")).split()))

    def _accepted(self, client_id: str, *, is_right: Callable[[str], bool]) -> Client:
        """The client one of whose secrets is right. Raises UnauthenticatedError or ClientDisabledError."""
        section = self._matching(self._secret.value(), client_id=client_id, is_right=is_right)
        if section is None or is_disabled(section):
            renewed = self._secret.renewed()
            if renewed is not None:
                section = self._matching(renewed, client_id=client_id, is_right=is_right)
        if section is None:
            raise UnauthenticatedError
        if is_disabled(section):
            raise ClientDisabledError
        return self._client(client_id, section=section)

    def _matching(
        self, document: Mapping[str, object], *, client_id: str, is_right: Callable[[str], bool]
    ) -> Mapping[str, object] | None:
        section = client_section(document, client_id=client_id)
        # An unknown client costs a comparison as well, so that time does not tell which ids exist.
        accepted = _accepted_secrets(section, client_id=client_id) if section is not None else ("",)
        matches = [is_right(one) for one in accepted]
        return section if section is not None and any(matches) else None

    def _client(self, client_id: str, *, section: Mapping[str, object]) -> Client:
        policy = section.get("policy", {})
        if not isinstance(policy, dict):
            raise ConfigurationError(f"client {client_id}: policy must be a JSON object")
        unknown = set(section) - {"secrets", "policy", "disabled", "dialects", "test_numbers", "webhook"}
        if unknown:
            raise ConfigurationError(f"client {client_id}: {min(unknown)} is not a setting")
        dialects = section.get("dialects")
        if "dialects" in section:
            _check_dialects(dialects, known=self._dialects, client_id=client_id)
        return Client(
            id=client_id,
            policy=Policy.parse(policy, client_id=client_id),
            dialects=cast("Dialects", dialects),  # which _check_dialects has looked through
            test_numbers=_scripts(section, client_id=client_id),
        )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8")).digest()


def client_section(document: Mapping[str, object], *, client_id: str) -> Mapping[str, object] | None:
    """What the clients' secret says of a client. Its `webhook` is read by nobody but aws/webhooks.py."""
    clients = document.get("clients")
    if not isinstance(clients, dict):
        raise ConfigurationError("clients secret: `clients` must be a JSON object")
    section = clients.get(client_id)
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigurationError(f"client {client_id}: must be a JSON object")
    return section


def is_disabled(section: Mapping[str, object]) -> bool:
    """Whether a client is switched off."""
    return section.get("disabled", False) is not False


def _check_dialects(value: object, *, known: frozenset[str], client_id: str) -> None:
    """Raises ConfigurationError unless it is an object of known dialects, each with an object of settings."""
    if not isinstance(value, dict):
        raise ConfigurationError(f"client {client_id}: dialects must be a JSON object")
    for name, settings in value.items():
        if name not in known:
            raise ConfigurationError(f"client {client_id}: dialects may name {', '.join(sorted(known))} only")
        if not isinstance(settings, dict):
            raise ConfigurationError(f"client {client_id}: dialects.{name} must be a JSON object")


def _scripts(section: Mapping[str, object], *, client_id: str) -> Scripts:
    if "test_numbers" not in section:
        return {}
    from countersign.scripts import parse_scripts  # few clients have any

    return parse_scripts(section["test_numbers"], client_id=client_id)


def _accepted_secrets(section: Mapping[str, object], *, client_id: str) -> tuple[str, ...]:
    secrets = section.get("secrets")
    accepted = (
        tuple(one for one in secrets if isinstance(one, str) and one) if isinstance(secrets, list) else ()
    )
    if (
        not isinstance(secrets, list)
        or len(accepted) != len(secrets)
        or not 0 < len(accepted) <= SECRETS_OF_A_CLIENT
    ):
        raise ConfigurationError(f"client {client_id}: secrets must list 1 to {SECRETS_OF_A_CLIENT} strings")
    return accepted


@final
class SecretVendorAccounts:
    """ports.VendorAccounts over the vendors' secret: one JSON object per vendor."""

    def __init__(self, secret: CachedSecret) -> None:
        self._secret = secret

    def get(self, vendor: str) -> Mapping[str, object] | None:
        return _vendor_section(self._secret.value(), vendor=vendor)

    def renew(self, vendor: str, *, refused: Mapping[str, object]) -> Mapping[str, object] | None:
        """The section after one fresh look, where it differs from the refused one."""
        self._secret.renewed()
        section = _vendor_section(self._secret.value(), vendor=vendor)
        return None if section == refused else section


def _vendor_section(document: Mapping[str, object], *, vendor: str) -> Mapping[str, object] | None:
    section = document.get(vendor)
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigurationError(f"vendors secret: {vendor} must be a JSON object")
    return section
