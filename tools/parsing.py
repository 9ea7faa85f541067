"""What the service itself makes of a secret: the layer's own parsers, on a document that is not live yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.peppers import SecretPeppers
from countersign.aws.secrets import SecretClients, SecretVendorAccounts
from countersign.callbacks.engagelab import callback_keys
from countersign.client import Client
from countersign.clock import SystemClock
from countersign.codes import Keyring
from countersign.dialects.registry import CLIENT_DIALECTS
from countersign.errors import ConfigurationError
from countersign.model import ANY, Channel
from countersign.ports import Field, SharedToken
from countersign.providers.registry import _VENDORS, ProviderRegistry
from countersign.routing import Routes
from countersign.webhooks.endpoint import parse_endpoint

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

VENDORS = tuple(_VENDORS)

type Document = Mapping[str, Any]


class _Held:
    """As much of a Secrets Manager client as a CachedSecret needs, over a document at hand."""

    def __init__(self, document: Document) -> None:
        self._text = json.dumps(document)

    def get_secret_value(self, **_arguments: str) -> dict[str, str]:
        return {"SecretString": self._text}


class _Listener:
    """A Telemetry that keeps why a vendor is left out."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def outcome(self, event: str, **fields: Field) -> None:
        raise NotImplementedError(event, fields)

    def warning(self, message: str, **fields: Field) -> None:
        self.reasons.append(str(fields.get("reason", message)))


class _NoTokens:
    """A TokenStore that nobody asks, for no vendor is called."""

    def load(self, name: str) -> SharedToken | None:
        raise NotImplementedError(name)

    def begin_refresh(self, name: str, *, lease_seconds: int) -> bool:
        raise NotImplementedError(name, lease_seconds)

    def save(self, name: str, *, token: SharedToken) -> None:
        raise NotImplementedError(name, token)

    def abandon_refresh(self, name: str) -> None:
        raise NotImplementedError(name)


def _cached(document: Document, *, label: str) -> CachedSecret:
    return CachedSecret(
        "at hand",
        label=label,
        client=lambda: cast("SecretsManagerClient", _Held(document)),
        ttl_seconds=300,
        clock=SystemClock(),
        telemetry=_Listener(),
    )


def keyring(document: Document) -> Keyring:
    """The peppers of the clients' secret. Raises ConfigurationError."""
    return SecretPeppers(_cached(document, label="clients")).ring()


def client_of(document: Document, client_id: str) -> Client:
    """A client as the functions will see it, once it is enabled. Raises ConfigurationError."""
    section = document.get("clients", {}).get(client_id)
    if isinstance(section, dict) and "disabled" in section:
        section = {name: value for name, value in section.items() if name != "disabled"}
        document = {**document, "clients": {**document["clients"], client_id: section}}
    secret = _cached(document, label="clients")
    clients = SecretClients(secret, peppers=SecretPeppers(secret), dialects=CLIENT_DIALECTS)
    secrets = section.get("secrets") if isinstance(section, dict) else None
    first = secrets[0] if isinstance(secrets, list) and secrets and isinstance(secrets[0], str) else ""
    return clients.authenticate(client_id, secret=first)


def check_webhook(document: Document, client_id: str, *, loopback: bool) -> None:
    """Raises ConfigurationError where the webhook function could not read the client's receiver."""
    section = document["clients"][client_id]
    if "webhook" in section:
        parse_endpoint(section["webhook"], client_id=client_id, loopback=loopback)


def client_faults(
    document: Document, *, routes: Routes | None = None, loopback: bool = False
) -> Iterator[str]:
    """What is wrong with the clients' secret, one sentence for each fault; no value of it."""
    try:
        keyring(document)
    except ConfigurationError as error:
        yield str(error)
    clients = document.get("clients")
    if not isinstance(clients, dict):
        yield "clients secret: `clients` must be a JSON object"
        return
    for client_id in clients:
        try:
            client = client_of(document, client_id)
            check_webhook(document, client_id, loopback=loopback)
            if routes is not None:
                routes.steps(client.policy.routes, country=ANY, channel=Channel.SMS)  # is there such a table?
        except ConfigurationError as error:
            text = str(error)
            yield text if f"client {client_id}:" in text else f"client {client_id}: {text}"


def callback_fault(document: Document) -> str | None:
    """Why the receipts function could not take a vendor's reports, as far as the routes do not show it."""
    section = document.get("engagelab")
    try:
        callback_keys(section if isinstance(section, dict) else None)
    except ConfigurationError as error:
        return str(error)
    return None


def vendor_fault(document: Document, vendor: str) -> str | None:
    """Why the functions leave a vendor out of routes, or None where they do not."""
    if vendor not in VENDORS:
        return "no such vendor"
    listener = _Listener()
    registry = ProviderRegistry(
        base_urls=dict.fromkeys(VENDORS, "https://not.called"),
        accounts=SecretVendorAccounts(_cached(document, label="vendors")),
        tokens=_NoTokens(),
        clock=SystemClock(),
        telemetry=listener,
    )
    return None if registry.get(vendor) is not None else listener.reasons[0]
