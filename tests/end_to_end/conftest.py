"""One deployed stack for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.accounts import DEMO_CLIENTS
from local.stack import Stack

# Without a cooldown, so that a test need not wait a minute to resend, and with as many sends as there may be.
QUICK = {"cooldown_seconds": 0, "sends_per_10_minutes": 10, "sends_per_day": 20}
# The demo clients, and the same with these numbers.
CLIENTS = {
    **DEMO_CLIENTS,
    "quick": {"secrets": ["demo-secret"], "policy": {"routes": "default", **QUICK}},
    # Two that only the tests of the counters use.
    "counted": {"secrets": ["demo-secret"], "policy": {"routes": "gateway"}},
    "given-back": {"secrets": ["demo-secret"], "policy": {"routes": "gateway"}},
    "quick-gateway": {"secrets": ["demo-secret"], "policy": {"routes": "gateway", **QUICK}},
}


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(port=0) as running:
        running.put_clients(CLIENTS)
        running.recycle()
        yield running
