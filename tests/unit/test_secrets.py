"""Secrets are cached, kept through an outage, and looked at again sparingly."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.secrets import SecretVendorAccounts
from countersign.errors import ConfigurationError, ServiceUnavailableError
from tests.support.aws import client_error
from tests.support.clock import FakeClock
from tests.support.manager import FakeManager
from tests.support.telemetry import RecordingTelemetry


@pytest.fixture
def manager() -> FakeManager:
    return FakeManager()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def telemetry() -> RecordingTelemetry:
    return RecordingTelemetry()


@pytest.fixture
def secret(manager: FakeManager, clock: FakeClock, telemetry: RecordingTelemetry) -> CachedSecret:
    return CachedSecret(
        "arn",
        label="clients",
        client=lambda: manager.as_client,
        ttl_seconds=300,
        clock=clock,
        telemetry=telemetry,
    )


AWAY = [
    client_error("ThrottlingException"),
    client_error("InternalServiceError"),
    EndpointConnectionError(endpoint_url="https://nowhere"),
]
OPERATORS_FAULT = [
    client_error("ResourceNotFoundException"),
    client_error("AccessDeniedException"),
    client_error("DecryptionFailure"),
]


def test_a_secret_is_read_once_in_its_life(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    for _ in range(3):
        assert secret.value() == {"a": 1}
    clock.advance(299)
    secret.value()
    assert manager.calls == 1
    manager.says = '{"a":2}'
    clock.advance(1)
    assert secret.value() == {"a": 2}
    assert manager.calls == 2


@pytest.mark.parametrize("error", AWAY)
def test_without_secrets_manager_a_cold_container_refuses(
    secret: CachedSecret, manager: FakeManager, error: Exception
) -> None:
    manager.says = error
    with pytest.raises(ServiceUnavailableError) as refused:
        secret.value()
    assert refused.value.retry_after_seconds == 1


@pytest.mark.parametrize("error", OPERATORS_FAULT)
def test_what_an_operator_must_mend_is_said_by_its_code(
    secret: CachedSecret, manager: FakeManager, error: Any
) -> None:
    manager.says = error
    with pytest.raises(ConfigurationError) as refused:
        secret.value()
    assert str(refused.value) == f"the clients secret cannot be read: {error.response['Error']['Code']}"


@pytest.mark.parametrize("text", [None, "", "{", "[]", "null", "7"])
def test_what_is_no_object_is_said(secret: CachedSecret, manager: FakeManager, text: str | None) -> None:
    manager.says = text
    with pytest.raises(ConfigurationError, match=r"^the clients secret (is not JSON|must be a JSON object)$"):
        secret.value()


def test_looks_for_a_rotation_do_not_make_an_old_secret_last_longer(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    secret.value()
    manager.says = AWAY[0]
    for _ in range(361):
        clock.advance(10)
        with pytest.raises(ServiceUnavailableError):
            secret.renewed()
    with pytest.raises(ServiceUnavailableError):
        secret.value()


@pytest.mark.parametrize("error", [*AWAY, *OPERATORS_FAULT])
def test_a_warm_container_goes_on_for_an_hour(
    secret: CachedSecret,
    manager: FakeManager,
    clock: FakeClock,
    telemetry: RecordingTelemetry,
    error: Exception,
) -> None:
    secret.value()
    manager.says = error
    for _ in range(12):
        clock.advance(300)
        assert secret.value() == {"a": 1}
    assert len(telemetry.warnings) == 12
    assert manager.calls == 13
    clock.advance(300)
    with pytest.raises((ServiceUnavailableError, ConfigurationError)):
        secret.value()


def test_a_failed_refresh_is_not_repeated_with_every_request(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    secret.value()
    manager.says = AWAY[0]
    clock.advance(300)
    for _ in range(5):
        secret.value()
    assert manager.calls == 2


def test_a_fresh_look_says_whether_something_has_changed(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    secret.value()
    clock.advance(10)
    assert secret.renewed() is None
    manager.says = '{"a":2}'
    assert secret.renewed() is None  # a moment after the last look
    clock.advance(10)
    assert secret.renewed() == {"a": 2}
    assert secret.value() == {"a": 2}
    assert manager.calls == 3


def test_a_fresh_look_that_fails_keeps_what_there_is(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    secret.value()
    clock.advance(10)
    manager.says = AWAY[0]
    with pytest.raises(ServiceUnavailableError):
        secret.renewed()
    assert secret.value() == {"a": 1}


def test_a_vendors_account_is_renewed_where_it_differs(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    manager.says = '{"esms":{"key":1},"broken":[]}'
    accounts = SecretVendorAccounts(secret)
    old = accounts.get("esms")
    assert old == {"key": 1}
    assert accounts.get("engagelab") is None
    with pytest.raises(ConfigurationError, match="broken must be a JSON object"):
        accounts.get("broken")
    clock.advance(10)
    assert accounts.renew("esms", refused=old) is None
    clock.advance(10)
    manager.says = '{"esms":{"key":2}}'
    assert accounts.renew("esms", refused=old) == {"key": 2}


def test_a_container_whose_account_was_renewed_elsewhere_meanwhile_takes_it(
    secret: CachedSecret, manager: FakeManager, clock: FakeClock
) -> None:
    manager.says = '{"esms":{"key":2}}'
    accounts = SecretVendorAccounts(secret)
    accounts.get("esms")
    assert accounts.renew("esms", refused={"key": 1}) == {"key": 2}
    assert manager.calls == 1
