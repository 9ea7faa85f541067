"""Which vendors there are, and which of them can be used now.

Importing this module imports neither `requests` nor any vendor: that happens for the
vendor that is asked for. Adding a vendor adds one line to `_VENDORS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, final
from urllib.parse import urlsplit

from countersign.clock import Clock
from countersign.errors import ConfigurationError
from countersign.ports import Provider, Telemetry, TokenStore, VendorAccounts

if TYPE_CHECKING:
    from countersign.providers.base import VendorProvider

# A module of this package, its class, and what the class needs beyond what all need.
_VENDORS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "message_central": ("MessageCentralProvider", ("tokens",)),
    "esms": ("EsmsProvider", ()),
    "engagelab": ("EngagelabProvider", ()),
}


@final
class ProviderRegistry:
    """Builds each provider once per process, over one HTTP client.

    `base_urls` has one entry per vendor: the part of the URL that stands before the
    documented paths, for esms with its `/MainService.svc/json`.
    """

    def __init__(
        self,
        *,
        base_urls: Mapping[str, str],
        accounts: VendorAccounts,
        tokens: TokenStore,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._base_urls = base_urls
        self._parts: dict[str, Any] = {"accounts": accounts, "clock": clock}
        self._extras: dict[str, Any] = {"tokens": tokens}
        self._clock = clock
        self._telemetry = telemetry
        self._built: dict[str, VendorProvider[Any]] = {}
        self._warned: set[str] = set()

    def get(self, name: str) -> Provider | None:
        """The provider, or None where it cannot be used now; why is in the log, once per vendor.

        A vendor whose account is put right later can be used from then on.
        """
        try:
            provider = self._provider(name)
            provider.account()
        except ConfigurationError as error:
            self._warn_once(name, reason=str(error))
            return None
        return provider

    def _provider(self, name: str) -> VendorProvider[Any]:
        if name not in self._built:
            self._built[name] = self._build(name)
        return self._built[name]

    def _build(self, name: str) -> VendorProvider[Any]:
        if name not in _VENDORS:
            raise ConfigurationError("no such vendor")
        url = urlsplit(self._base_urls.get(name, ""))
        if url.scheme not in ("https", "http") or not url.netloc or url.query or url.fragment:
            raise ConfigurationError("the vendor's base URL must be an http(s) URL without a query")
        class_name, extras = _VENDORS[name]
        if "http" not in self._parts:
            from countersign.providers.transport import VendorHttp  # imports requests

            self._parts["http"] = VendorHttp(clock=self._clock)
        provider_class: type[VendorProvider[Any]] = getattr(
            import_module(f"countersign.providers.{name}"), class_name
        )
        needs = {part: self._extras[part] for part in extras}
        return provider_class(base_url=url.geturl(), **self._parts, **needs)

    def _warn_once(self, name: str, *, reason: str) -> None:
        if name not in self._warned:
            self._warned.add(name)
            self._telemetry.warning("vendor left out of routes", vendor=name, reason=reason)
