"""Fixtures of the provider tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import responses

from countersign.clock import SystemClock
from countersign.providers.transport import VendorHttp


@pytest.fixture
def http() -> Iterator[VendorHttp]:
    client = VendorHttp(clock=SystemClock(), connect_timeout_seconds=0.5)
    yield client
    client.close()


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock
