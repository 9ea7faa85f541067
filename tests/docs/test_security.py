"""docs/security.md names tests that there are."""

from __future__ import annotations

import re

import pytest

from tests.docs.markdown import DOCS, ROOT, names, table

PAGE = DOCS / "security.md"
SECTIONS = ("Guessing", "Replay and mix-up", "Money", "Bad input and leaks")
ROWS = [row for section in SECTIONS for row in table(PAGE, "attack", under=section)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["attack"])
def test_every_attack_names_a_test_that_there_is(row: dict[str, str]) -> None:
    places = [name for name in names(row["test"]) if name.startswith("tests/")]
    assert places
    for place in places:
        path, _, test = place.partition("::")
        assert (ROOT / path).exists(), path
        if test:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {re.escape(test)}\(", text, re.MULTILINE), test
