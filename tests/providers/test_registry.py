"""The registry: which vendors can be used, what is said of the others, and what is imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from countersign.providers.registry import ProviderRegistry

from .cases import with_token
from .fakes import SECTIONS, FakeAccounts, FakeClock, FakeTelemetry, real_deadline, send_order
from .raw_server import refused_url

URLS = dict.fromkeys(SECTIONS, "https://vendor.test")


class Deployment:
    """A registry over fakes, and what it said."""

    def __init__(self, *, accounts: FakeAccounts | None = None, urls: dict[str, str] | None = None) -> None:
        self.accounts = accounts or FakeAccounts()
        self.telemetry = FakeTelemetry()
        self.registry = ProviderRegistry(
            base_urls=URLS if urls is None else urls,
            accounts=self.accounts,
            tokens=with_token(),
            clock=FakeClock(),
            telemetry=self.telemetry,
        )


@pytest.mark.parametrize("name", SECTIONS)
def test_a_provider_is_built_once(name: str) -> None:
    deployment = Deployment()
    provider = deployment.registry.get(name)
    assert provider is not None
    assert provider.name == name
    assert deployment.registry.get(name) is provider
    assert deployment.telemetry.warnings == []


@pytest.mark.parametrize("name", SECTIONS)
def test_a_provider_from_the_registry_calls_the_configured_url(name: str) -> None:
    provider = Deployment(urls={name: refused_url()}).registry.get(name)
    assert provider is not None
    assert provider.send(send_order(), deadline=real_deadline()).detail == "no connection"


def test_providers_share_one_http_client() -> None:
    registry = Deployment().registry
    clients = {id(getattr(registry.get(name), "_http")) for name in SECTIONS}  # noqa: B009  # not of the port
    assert len(clients) == 1


@pytest.mark.parametrize("name", ["twilio", "", "../esms", "base", "registry"])
def test_an_unknown_vendor_is_said_once(name: str) -> None:
    deployment = Deployment()
    assert [deployment.registry.get(name) for _ in range(3)] == [None, None, None]
    assert deployment.telemetry.warnings == [
        ("vendor left out of routes", {"vendor": name, "reason": "no such vendor"})
    ]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_vendor_without_an_account_is_said_once_and_the_others_work(name: str) -> None:
    sections = {vendor: section for vendor, section in SECTIONS.items() if vendor != name}
    deployment = Deployment(accounts=FakeAccounts(sections=sections))
    for _ in range(2):
        assert [vendor for vendor in SECTIONS if deployment.registry.get(vendor) is None] == [name]
    reason = f"the vendors' secret has no section {name}"
    assert deployment.telemetry.warnings == [
        ("vendor left out of routes", {"vendor": name, "reason": reason})
    ]


def test_a_malformed_account_is_named_without_its_values() -> None:
    sections = {**SECTIONS, "esms": {**SECTIONS["esms"], "brandname": 7}}
    deployment = Deployment(accounts=FakeAccounts(sections=sections))
    assert deployment.registry.get("esms") is None
    ((_, fields),) = deployment.telemetry.warnings
    assert "esms.brandname" in str(fields["reason"])
    assert "CANARY" not in str(fields)


def test_a_broken_secret_leaves_every_vendor_out() -> None:
    deployment = Deployment(accounts=FakeAccounts(broken=True))
    assert [deployment.registry.get(name) for name in SECTIONS] == [None, None, None]
    assert len(deployment.telemetry.warnings) == len(SECTIONS)


def test_an_account_that_is_put_right_can_be_used_from_then_on() -> None:
    deployment = Deployment(accounts=FakeAccounts(sections={}))
    assert deployment.registry.get("esms") is None
    deployment.accounts.sections["esms"] = SECTIONS["esms"]
    assert deployment.registry.get("esms") is not None


@pytest.mark.parametrize(
    "url",
    [None, "", "vendor.test", "ftp://vendor.test", "https://", "https://vendor.test?a=b", "https://v/#f"],
)
def test_a_base_url_that_is_none_leaves_the_vendor_out(url: str | None) -> None:
    deployment = Deployment(urls={} if url is None else {"esms": url})
    assert deployment.registry.get("esms") is None
    assert "base URL" in str(deployment.telemetry.warnings)


HEAVY = ("requests", "urllib3", "ssl", "countersign.providers.base", "countersign.providers.transport")


def test_importing_the_registry_imports_no_http_library_and_no_vendor() -> None:
    script = (
        f"import sys, countersign.providers.registry as r; print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert _python(script) == "[]"


def test_a_vendor_is_imported_when_it_is_asked_for() -> None:
    script = (
        "import sys; from countersign.providers.registry import ProviderRegistry as R; "
        "r = R(base_urls={'esms': 'https://v'}, accounts=None, tokens=None, clock=None, telemetry=None)\n"
        "try: r.get('esms')\n"
        "except AttributeError: pass\n"
        "print([m in sys.modules for m in ('requests', 'countersign.providers.esms',"
        " 'countersign.providers.engagelab')])"
    )
    assert _python(script) == "[True, True, False]"


def _python(script: str) -> str:
    path = ":".join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()
