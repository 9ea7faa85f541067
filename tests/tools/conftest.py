"""One stack in the emulator for a module, its secrets and table as new for each test."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from tests.support.emulated import empty_aws
from tests.tools.desk import CLIENTS, VENDORS, Desk, desk_at


@pytest.fixture(scope="module")
def desk_of_the_module(emulator: str) -> Iterator[Desk]:
    with empty_aws(emulator), desk_at(emulator) as desk:
        yield desk


@pytest.fixture
def desk(desk_of_the_module: Desk) -> Iterator[Desk]:
    desk = dataclasses.replace(desk_of_the_module)
    desk.put("ClientsSecretArn", CLIENTS)
    desk.put("VendorsSecretArn", VENDORS)
    yield desk
    for pk in desk.items():
        desk.dynamodb.delete_item(TableName=desk.table, Key={"pk": {"S": pk}})
