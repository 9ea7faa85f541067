"""One deployed stack for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.end_to_end.clients import CLIENTS


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(port=0) as running:
        running.put_clients(CLIENTS)
        running.recycle()
        yield running


@pytest.fixture(scope="session")
def provoked_denials() -> list[str]:
    """The log lines about refusals of IAM's that a test wanted to see."""
    return []
