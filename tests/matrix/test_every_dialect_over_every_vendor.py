"""Any dialect over any vendor, whoever holds the code: it works to the end, or the client is told why not.

docs/dialects.md shows which is which; this module holds the page to what happens.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from countersign.dialects.registry import CLIENT_DIALECTS
from tests.docs.markdown import DOCS, table
from tests.matrix.callers import (
    VERIFIED,
    CamaraCaller,
    DialectCaller,
    EngagelabCaller,
    EngagelabTextCaller,
    EsmsCaller,
    EsmsDigitsCaller,
    MessageCentralCaller,
    NativeCaller,
)
from tests.matrix.conftest import WAYS, Everything

_numbers = itertools.count()


@dataclass(frozen=True)
class Wish:
    """A caller of a dialect with a client of certain settings: one row of the page's table."""

    caller: type[DialectCaller]
    settings: Mapping[str, object] = field(default_factory=dict)
    policy: Mapping[str, object] = field(default_factory=dict)


# The rows of the table "Any dialect over any vendor" on the page.
WISHES: dict[str, Wish] = {
    "`native`": Wish(NativeCaller),
    "`message_central`, 4 digits": Wish(MessageCentralCaller),
    "`message_central`, policy `code_length` 6": Wish(MessageCentralCaller, policy={"code_length": 6}),
    "`esms`, letters and digits": Wish(EsmsCaller, EsmsCaller.settings),
    "`esms`, digits": Wish(EsmsDigitsCaller, EsmsCaller.settings),
    "`esms`, digits, `own_text` preferred": Wish(EsmsDigitsCaller, EsmsCaller.lenient),
    "`engagelab`, template without a text": Wish(EngagelabCaller, EngagelabCaller.settings),
    "`engagelab`, template with a text": Wish(EngagelabTextCaller, EngagelabCaller.settings),
    "`camara`": Wish(CamaraCaller),
    "`camara`, `own_text` preferred": Wish(CamaraCaller, CamaraCaller.lenient),
}
ROWS = {
    row["dialect"]: row for row in table(DOCS / "dialects.md", "dialect", under="Any dialect over any vendor")
}
CELLS = [(name, way) for name in WISHES for way in WAYS]


def another(code: str) -> str:
    """A code of the same length and alphabet that is wrong."""
    return code[:-1] + ("3" if code[-1] == "2" else "2")


def number_of_nobody() -> str:
    return f"+8490188{next(_numbers):04d}"


def test_the_page_has_a_row_for_every_wish_and_a_column_for_every_way() -> None:
    assert list(ROWS) == list(WISHES)
    for row in ROWS.values():
        assert [column.strip("`") for column in row if column != "dialect"] == list(WAYS)


def test_every_dialect_is_in_the_matrix() -> None:
    assert {wish.caller.name for wish in WISHES.values()} == CLIENT_DIALECTS


@pytest.mark.parametrize(("name", "way"), CELLS, ids=[f"{name} over {way}" for name, way in CELLS])
def test_a_dialect_over_a_vendor_works_to_the_end_or_says_that_it_cannot(
    name: str, way: str, everything: Everything
) -> None:
    wish = WISHES[name]
    number = number_of_nobody()
    client = everything.client(
        f"c{CELLS.index((name, way))}",
        dialect=wish.caller.name,
        settings=dict(wish.settings),
        way=way,
        **wish.policy,
    )
    caller = wish.caller(everything.gateway, client=client)
    sent = caller.send(number)
    if ROWS[name][f"`{way}`"] != "yes":
        assert sent.refusal == caller.not_carried
        assert everything.handset.messages(to=number) == []
        return
    assert sent.refusal == ""
    assert [message.vendor for message in everything.handset.messages(to=number)] == [way.partition(":")[0]]
    code = everything.code_on(number)
    assert caller.check(sent, number, another(code)) == caller.wrong
    assert caller.check(sent, number, code) == VERIFIED
    assert caller.check(sent, number, code) == caller.used
    told = "".join(everything.gateway.answers)
    assert code not in everything.gateway.log.getvalue()
    assert number not in everything.gateway.log.getvalue()
    if wish.caller.name != "engagelab":  # whose answer to a check repeats what the caller sent
        assert f'"{code}"' not in told
