"""Secrets Manager: two secrets, cached, fetched again when a credential is refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.access_tokens import read, sign
from countersign.client import Bearer, Client, TokenUse
from countersign.clock import Clock
from countersign.codes import PEPPER_MINIMUM_LENGTH, Keys
from countersign.errors import (
    ClientDisabledError,
    ConfigurationError,
    ServiceUnavailableError,
    UnauthenticatedError,
)
from countersign.policy import Policy
from countersign.ports import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from countersign.scripts import Scripts

type Dialects = Mapping[str, Mapping[str, object]] | None

# Wrong credentials are free to send, and each fetch costs money and quota: one container
# fetches again at most once in this time, however many wrong credentials arrive.
RENEW_PAUSE_SECONDS = 10
STALE_SECONDS = 3_600  # how long a cached secret outlives an outage of Secrets Manager
SECRETS_OF_A_CLIENT = 3

_OPERATORS_FAULT = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
    }
)


@final
class CachedSecret:
    """One secret whose value is a JSON object."""

    def __init__(
        self,
        arn: str,
        *,
        label: str,
        client: Callable[[], SecretsManagerClient],
        ttl_seconds: int,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._arn = arn
        self._label = label
        self._client = client
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._telemetry = telemetry
        self._value: dict[str, object] | None = None
        self._fetched_at = 0
        self._tried_at = 0

    def value(self) -> dict[str, object]:
        """The secret, at most `ttl_seconds` old (an hour while Secrets Manager is away).

        Raises ConfigurationError (missing, not allowed, malformed) or ServiceUnavailableError.
        """
        now = self._clock.now()
        held = self._value if now - self._fetched_at <= STALE_SECONDS else None
        if held is not None and now - max(self._fetched_at, self._tried_at) < self._ttl_seconds:
            return held
        self._tried_at = now
        try:
            self._value = self._fetch()
        except (ConfigurationError, ServiceUnavailableError) as error:
            if held is None:
                raise
            self._telemetry.warning("a secret could not be refreshed", secret=self._label, cause=str(error))
            return held
        self._fetched_at = now
        return self._value

    def renewed(self) -> dict[str, object] | None:
        """The secret fetched again, or None where it is unchanged or was fetched a moment ago."""
        now = self._clock.now()
        if now - max(self._fetched_at, self._tried_at) < RENEW_PAUSE_SECONDS:
            return None
        before = self._value
        self._tried_at = now
        fresh = self._fetch()
        self._value, self._fetched_at = fresh, now
        return None if fresh == before else fresh

    def _fetch(self) -> dict[str, object]:
        try:
            answer = self._client().get_secret_value(SecretId=self._arn)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _OPERATORS_FAULT:
                raise ConfigurationError(f"the {self._label} secret cannot be read: {code}") from error
            raise ServiceUnavailableError(retry_after_seconds=1) from error
        except BotoCoreError as error:
            raise ServiceUnavailableError(retry_after_seconds=1) from error
        try:
            document = json.loads(answer.get("SecretString", ""))
        except ValueError as error:
            raise ConfigurationError(f"the {self._label} secret is not JSON") from error
        if not isinstance(document, dict):
            raise ConfigurationError(f"the {self._label} secret must be a JSON object")
        return document


@final
class SecretClients:
    """ports.Clients over the clients' secret: `{"pepper": "…", "clients": {"<id>": {…}}}`."""

    def __init__(self, secret: CachedSecret, *, dialects: frozenset[str]) -> None:
        """`dialects`: the names that a client's section may list."""
        self._secret = secret
        self._dialects = dialects
        self._keys: tuple[str, Keys] | None = None

    def authenticate(self, client_id: str, *, secret: str) -> Client:
        """The client whose secret this is. A refused secret makes one fresh look (rotation)."""
        offered = _digest(secret)

        def is_right(one: str) -> bool:
            return hmac.compare_digest(offered, _digest(one))

        return self._accepted(client_id, is_right=is_right)

    def trusted(self, client_id: str) -> Client:
        section = _client_section(self._secret.value(), client_id=client_id)
        if section is None or _is_disabled(section):
            renewed = self._secret.renewed()
            section = _client_section(renewed, client_id=client_id) if renewed is not None else None
        if section is None or _is_disabled(section):
            raise UnauthenticatedError("There is no such client.")
        return self._client(client_id, section=section)

    def issue_token(
        self, client: Client, *, secret: str, use: TokenUse, now: int, lifetime_seconds: int, scope: str = ""
    ) -> str:
        claims: dict[str, object] = {"sub": client.id, "iat": now, "exp": now + lifetime_seconds}
        if scope:
            claims["scope"] = scope
        return sign(claims, key=self.keys().token_key(use, client_id=client.id, secret=secret))

    def bearer(self, token: str, *, use: TokenUse, now: int) -> Bearer:
        """The client that one of its secrets has signed for. A refused token makes one fresh look."""
        claimed = read(token)
        if claimed is None or not claimed.is_alive(now):
            raise UnauthenticatedError("The token is not one of ours, or has expired.")

        def has_signed(one: str) -> bool:
            return claimed.is_signed_with(self.keys().token_key(use, client_id=claimed.subject, secret=one))

        client = self._accepted(claimed.subject, is_right=has_signed)
        return Bearer(client, frozenset(str(claimed.claims.get("scope", "")).split()))

    def _accepted(self, client_id: str, *, is_right: Callable[[str], bool]) -> Client:
        """The client one of whose secrets is right. Raises UnauthenticatedError or ClientDisabledError."""
        section = self._matching(self._secret.value(), client_id=client_id, is_right=is_right)
        if section is None or _is_disabled(section):
            renewed = self._secret.renewed()
            if renewed is not None:
                section = self._matching(renewed, client_id=client_id, is_right=is_right)
        if section is None:
            raise UnauthenticatedError
        if _is_disabled(section):
            raise ClientDisabledError
        return self._client(client_id, section=section)

    def _matching(
        self, document: Mapping[str, object], *, client_id: str, is_right: Callable[[str], bool]
    ) -> Mapping[str, object] | None:
        section = _client_section(document, client_id=client_id)
        # An unknown client costs a comparison as well, so that time does not tell which ids exist.
        accepted = _accepted_secrets(section, client_id=client_id) if section is not None else ("",)
        matches = [is_right(one) for one in accepted]
        return section if section is not None and any(matches) else None

    def _client(self, client_id: str, *, section: Mapping[str, object]) -> Client:
        policy = section.get("policy", {})
        if not isinstance(policy, dict):
            raise ConfigurationError(f"client {client_id}: policy must be a JSON object")
        unknown = set(section) - {"secrets", "policy", "disabled", "dialects", "test_numbers"}
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

    def keys(self) -> Keys:
        """Raises ConfigurationError where the pepper is missing or short."""
        pepper = self._secret.value().get("pepper")
        if not isinstance(pepper, str) or len(pepper) < PEPPER_MINIMUM_LENGTH:
            raise ConfigurationError(
                f"clients secret: pepper must have {PEPPER_MINIMUM_LENGTH} characters or more"
            )
        if self._keys is None or self._keys[0] != pepper:
            self._keys = (pepper, Keys(pepper))
        return self._keys[1]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8")).digest()


def _client_section(document: Mapping[str, object], *, client_id: str) -> Mapping[str, object] | None:
    clients = document.get("clients")
    if not isinstance(clients, dict):
        raise ConfigurationError("clients secret: `clients` must be a JSON object")
    section = clients.get(client_id)
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigurationError(f"client {client_id}: must be a JSON object")
    return section


def _is_disabled(section: Mapping[str, object]) -> bool:
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
