"""One deployed stack for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.accounts import DEMO_CLIENTS
from local.stack import Stack

# The demo clients, and the same without a cooldown, so that a test need not wait a minute to resend.
CLIENTS = {
    **DEMO_CLIENTS,
    "quick": {"secrets": ["demo-secret"], "policy": {"routes": "default", "cooldown_seconds": 0}},
    "quick-gateway": {"secrets": ["demo-secret"], "policy": {"routes": "gateway", "cooldown_seconds": 0}},
}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(port=0) as running:
        running.put_clients(CLIENTS)
        running.recycle()
        yield running
