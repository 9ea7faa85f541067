"""One deployed stack for the whole folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.stack import Stack
from tests.end_to_end.clients import CLIENTS
from tests.end_to_end.pool import UserPool, made_at

_pools: list[UserPool] = []


def _with_a_user_pool(endpoint: str) -> dict[str, str]:
    _pools.append(made_at(endpoint))
    return _pools[-1].settings


@pytest.fixture(scope="session")
def user_pool(stack: Stack) -> UserPool:
    """The user pool whose triggers the stack has."""
    return _pools[-1]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with Stack(port=0, settings=_with_a_user_pool) as running:
        running.put_clients(CLIENTS)
        running.recycle()
        yield running


@pytest.fixture(scope="session")
def provoked_denials() -> list[str]:
    """The log lines about refusals of IAM's that a test wanted to see."""
    return []
