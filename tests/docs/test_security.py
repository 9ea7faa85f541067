"""docs/security.md and docs/faults.md name tests that there are."""

from __future__ import annotations

import re

import pytest

from tests.docs.markdown import DOCS, ROOT, names, table

PAGES = {"attack": DOCS / "security.md", "fault": DOCS / "faults.md"}
ROWS = [(row[kind], row["test"]) for kind, page in PAGES.items() for row in table(page, kind)]


@pytest.mark.parametrize(
    ("what", "test"), ROWS, ids=[f"{place}-{what}" for place, (what, _) in enumerate(ROWS)]
)
def test_every_attack_and_every_fault_names_a_test_that_there_is(what: str, test: str) -> None:
    places = [name for name in names(test) if name.startswith("tests/")]
    assert places or "the same" in test, what
    for place in places:
        path, _, name = place.partition("::")
        assert (ROOT / path).exists(), path
        if name:
            text = (ROOT / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE), name


@pytest.mark.parametrize("kind", PAGES)
def test_the_same_is_never_the_first_of_a_table(kind: str) -> None:
    assert "the same" not in table(PAGES[kind], kind)[0]["test"]
