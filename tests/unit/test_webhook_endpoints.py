"""What a client's `webhook` may be, and what is said of one that may not."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.peppers import SecretPeppers
from countersign.aws.secrets import SecretClients
from countersign.aws.webhooks import SecretEndpoints
from countersign.errors import ConfigurationError
from countersign.webhooks.endpoint import Endpoint, parse_endpoint
from countersign.webhooks.message import TYPES
from tests.support.builders import PEPPER
from tests.support.clock import FakeClock
from tests.support.manager import FakeManager
from tests.support.telemetry import RecordingTelemetry

URL = "https://shop.example/hooks/countersign?token=canary"


def secret(length: int = 32, letter: bytes = b"k") -> str:
    return "whsec_" + base64.b64encode(letter * length).decode()


def parsed(*, loopback: bool = False, **changes: object) -> Endpoint:
    section = {"url": URL, "secrets": [secret()]} | changes
    return parse_endpoint(section, client_id="shop", loopback=loopback)


def fault(*, loopback: bool = False, **changes: object) -> str:
    with pytest.raises(ConfigurationError) as refused:
        parsed(loopback=loopback, **changes)
    return str(refused.value)


def test_an_endpoint_without_a_list_of_events_wants_all_of_them() -> None:
    endpoint = parsed()
    assert (endpoint.client_id, endpoint.url, endpoint.keys) == ("shop", URL, (b"k" * 32,))
    assert all(endpoint.wants(event) for event in TYPES)
    assert len(TYPES) == 7


def test_an_endpoint_gets_the_events_that_it_lists() -> None:
    endpoint = parsed(events=["VerificationApproved", "VerificationFailed"])
    assert endpoint.wants("VerificationFailed")
    assert not endpoint.wants("VerificationSent")


@pytest.mark.parametrize("length", [24, 64])
def test_secrets_of_24_to_64_bytes_are_taken(length: int) -> None:
    assert parsed(secrets=[secret(length), secret(length, b"o")]).keys == (b"k" * length, b"o" * length)


def test_what_is_shown_of_an_endpoint_holds_neither_its_url_nor_its_keys() -> None:
    assert "canary" not in repr(parsed())
    assert "kkkk" not in repr(parsed())


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example:443/",
        "https://shop.example:8443/a/b?c=d%20e",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/hook",
        "https://[2606:4700:4700::1111]/hook",
    ],
)
def test_a_public_https_url_is_taken(url: str) -> None:
    assert parsed(url=url).url == url


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (None, "must be a string"),
        ("", "must be a string"),
        ("https://shop.example/" + "a" * 2028, "at most 2048"),
        ("http://shop.example/", "https"),
        ("HTTP://127.0.0.1/", "https"),
        ("ftp://shop.example/", "https"),
        ("//shop.example/", "https"),
        ("https:shop.example", "a host"),
        ("https:///hook", "a host"),
        ("https://:443/", "a host"),
        ("https://user:password@shop.example/", "credentials"),
        ("https://user@shop.example/", "credentials"),
        ("https://shop.example@127.0.0.1/", "credentials"),
        ("https://shop.example/#fragment", "fragment"),
        ("https://shop.example/#", "fragment"),
        ("https://shop.example:80/", "port"),
        ("https://shop.example:22/", "port"),
        ("https://shop.example:0/", "port"),
        ("https://shop.example:70000/", "not a URL"),
        ("https://shop.example:x/", "not a URL"),
        ("https://[::1/", "not a URL"),
        ("https://shop.example/\r\nX-Injected: 1", "ASCII"),
        ("https://shop.example/a b", "ASCII"),
        ("https://shop.example\\@127.0.0.1/", "ASCII"),
        ("https://bücher.example/", "ASCII"),
        ("https://shop%2eexample/", "a host"),
        ("https://127.0.0.1/", "public"),
        ("https://10.0.0.1:8443/", "public"),
        ("https://169.254.169.254/latest/meta-data/", "public"),
        ("https://[::1]/", "public"),
        ("https://[::ffff:10.0.0.1]/", "public"),
        ("https://[fe80::1%25eth0]/", "a host"),
    ],
)
def test_another_url_is_refused_and_not_repeated(url: object, said: str) -> None:
    told = fault(url=url)
    assert told.startswith("client shop: webhook.url ")
    assert said in told
    assert "example" not in told


@pytest.mark.parametrize("url", ["http://127.0.0.1:4010/hook", "http://127.0.0.1"])
def test_loopback_is_taken_where_it_is_switched_on_and_only_there(url: str) -> None:
    assert parsed(url=url, loopback=True).url == url
    assert "https" in fault(url=url)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:4010/",
        "http://127.0.0.2/",
        "http://127.1/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1.shop.example/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "https://127.0.0.1/",
    ],
)
def test_nothing_else_is_taken_for_loopback(url: str) -> None:
    assert "webhook.url" in fault(url=url, loopback=True)


@pytest.mark.parametrize(
    "secrets",
    [
        None,
        [],
        secret(),
        [secret()] * 3,
        [secret(23)],
        [secret(65)],
        [secret(), secret(1)],
        [secret().removeprefix("whsec_")],
        ["whsec_" + "!" * 44],
        ["whsec_" + "a" * 33],
        ["whsec_é"],
        [secret()[:20] + "\n" + secret()[20:]],
        [secret()[:20] + "****" + secret()[20:]],
        ["whsec_"],
        ["whsk_" + secret().removeprefix("whsec_")],
        [7],
    ],
)
def test_other_secrets_are_refused_and_not_repeated(secrets: object) -> None:
    told = fault(secrets=secrets)
    assert told.startswith("client shop: webhook.secrets must ")
    assert secret().removeprefix("whsec_") not in told


@pytest.mark.parametrize("events", [[], "VerificationApproved", ["verification.approved"], [1], None])
def test_other_events_are_refused(events: object) -> None:
    assert fault(events=events).startswith("client shop: webhook.events must list some of VerificationSent")


@pytest.mark.parametrize("value", [None, URL, [], True])
def test_something_that_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"^client shop: webhook must be a JSON object$"):
        parse_endpoint(value, client_id="shop", loopback=False)


def test_a_member_that_is_none_is_named() -> None:
    assert fault(uri=URL) == "client shop: webhook.uri is not a setting"


class Clients:
    """The clients' secret, as the webhook function and as the functions that callers meet read it."""

    def __init__(self, clients: object) -> None:
        self.manager = FakeManager(json.dumps({"pepper": PEPPER, "clients": clients}))
        self.clock = FakeClock()
        self.secret = CachedSecret(
            "arn",
            label="clients",
            client=lambda: self.manager.as_client,
            ttl_seconds=300,
            clock=self.clock,
            telemetry=RecordingTelemetry(),
        )
        self.endpoints = SecretEndpoints(self.secret, loopback=False)
        self.callers = SecretClients(self.secret, peppers=SecretPeppers(self.secret), dialects=frozenset())

    def now_hold(self, clients: object) -> None:
        self.manager.says = json.dumps({"pepper": PEPPER, "clients": clients})


SHOP: dict[str, Any] = {"secrets": ["s"], "webhook": {"url": URL, "secrets": [secret()]}}


def test_an_endpoint_is_read_from_the_clients_section() -> None:
    found = Clients({"shop": SHOP}).endpoints.get("shop")
    assert found is not None
    assert found.url == URL


@pytest.mark.parametrize(
    "clients", [{}, {"shop": {"secrets": ["s"]}}, {"shop": SHOP | {"disabled": True}}, {"other": SHOP}]
)
def test_a_client_without_one_switched_off_or_unknown_has_no_endpoint(clients: object) -> None:
    assert Clients(clients).endpoints.get("shop") is None


def test_a_client_that_is_new_is_looked_for_once() -> None:
    clients = Clients({})
    assert clients.endpoints.get("shop") is None
    clients.now_hold({"shop": SHOP})
    clients.clock.advance(11)
    assert clients.endpoints.get("shop") is not None
    assert clients.manager.calls == 2


def test_a_broken_webhook_breaks_no_call_of_its_client() -> None:
    clients = Clients({"shop": SHOP | {"webhook": {"url": 7}}, "other": SHOP})
    assert clients.callers.authenticate("shop", secret="s").id == "shop"
    assert clients.endpoints.get("other") is not None
    with pytest.raises(ConfigurationError, match=r"client shop: webhook\.url"):
        clients.endpoints.get("shop")
