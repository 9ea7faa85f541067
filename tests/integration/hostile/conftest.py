"""What the tests of hostile requests start from."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.hostile.siege import Siege
from tests.integration.hostile.town import Town, townspeople


@pytest.fixture(scope="module")
def town(besieged_with: Callable[[object], Siege]) -> Town:
    return Town(besieged_with(townspeople()))
