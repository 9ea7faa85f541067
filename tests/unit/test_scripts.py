"""Test numbers are read whole, or the client and the place of what is wrong are said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from countersign.errors import ConfigurationError
from countersign.model import TEST_PROVIDER, Secret
from countersign.phone import is_e164
from countersign.providers.registry import _VENDORS
from countersign.scripts import Script, ScriptedOutcome, parse_scripts
from tests.support.door import SECRETS, Door

NUMBER = "+12025550123"
UNTIL = "2026-12-31"
NEW_YEAR = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())


def entry(**changes: object) -> dict[str, Any]:
    """A number whose fixed code is right; members of None are left out."""
    whole: dict[str, object] = {"outcome": "approved", "code": "123456", "until": UNTIL} | changes
    return {name: value for name, value in whole.items() if value is not None}


def test_a_fixed_code_is_read_with_the_end_of_its_last_day() -> None:
    scripts = parse_scripts({NUMBER: entry()}, client_id="demo")
    assert scripts == {Secret(NUMBER): Script(ScriptedOutcome.APPROVED, Secret("123456"), NEW_YEAR)}


def test_the_last_day_is_over_at_midnight_utc() -> None:
    script = Script(ScriptedOutcome.WRONG, None, NEW_YEAR)
    assert [script.has_ended(NEW_YEAR + after) for after in (-86_400, -1, 0, 1)] == [False, False, True, True]


@pytest.mark.parametrize("outcome", [one for one in ScriptedOutcome if one is not ScriptedOutcome.APPROVED])
def test_every_other_outcome_has_no_code(outcome: ScriptedOutcome) -> None:
    scripts = parse_scripts({NUMBER: entry(outcome=outcome.value, code=None)}, client_id="demo")
    assert scripts[Secret(NUMBER)] == Script(outcome, None, NEW_YEAR)


@pytest.mark.parametrize("code", ["0000", "aB3456", "ABCDEFGHJ9"])
def test_a_code_is_what_every_dialect_takes(code: str) -> None:
    [script] = parse_scripts({NUMBER: entry(code=code)}, client_id="demo").values()
    assert script.code == Secret(code)


def test_twenty_numbers_are_read_and_one_more_is_refused() -> None:
    numbers = {f"+120255501{place:02d}": entry() for place in range(21)}
    with pytest.raises(ConfigurationError) as refused:
        parse_scripts(numbers, client_id="demo")
    assert str(refused.value) == "client demo: test_numbers may hold 20 numbers at most"
    numbers.popitem()
    assert len(parse_scripts(numbers, client_id="demo")) == 20


NOT_E164 = [
    "12025550123",
    "+0122555012",
    "+1 202 555 0123",
    "+1-2025550123",
    "+120255",
    "+1" * 9,
    "",
    "+１2025550123",
]
NO_NUMBER = "its name must be a number in E.164, such as +12025550123"
NO_OUTCOME = "outcome must be one of approved, wrong, expired, undeliverable, vendor_error"
NO_CODE = "code must be a string of 4 to 10 ASCII digits or letters"
CODE_OF_NO_USE = "code has a meaning with the outcome approved only"
NO_DATE = 'until must be a date such as "2026-12-31"'
NO_OUTCOMES: list[object] = [None, "APPROVED", "ok", "", 1, [], {}, True]
NO_CODES: list[object] = [None, 123456, "123", "12345678901", "12 34", "", "１２３４"]
NO_DATES: list[object] = [None, 20261231, "20261231", "2026-W53-4", "2026-02-29", "31.12.2026", "", True, []]
NO_DATES += ["2026-12-31T00:00:00Z", "2026-12-31 ", "２０２６-12-31"]


@pytest.mark.parametrize("number", NOT_E164)
def test_a_number_in_another_spelling_is_said_and_not_repeated(number: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scripts({NUMBER: entry(), number: entry()}, client_id="demo")
    assert str(refused.value) == f"client demo: test_numbers, entry 2: {NO_NUMBER}"


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        *((entry(outcome=value), NO_OUTCOME) for value in NO_OUTCOMES),
        *((entry(code=value), NO_CODE) for value in NO_CODES),
        *(
            (entry(outcome=one), CODE_OF_NO_USE)
            for one in ("wrong", "expired", "undeliverable", "vendor_error")
        ),
        *((entry(until=value), NO_DATE) for value in NO_DATES),
        (entry(attempts=9), "attempts is not a setting"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(broken: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scripts({NUMBER: broken}, client_id="demo")
    assert str(refused.value) == f"client demo: test_numbers, entry 1: {message}"


@pytest.mark.parametrize("section", [[], None, "x", 7, True, [NUMBER]])
def test_what_is_no_object_is_said(section: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scripts(section, client_id="demo")
    assert str(refused.value) == "client demo: test_numbers must be a JSON object"


@pytest.mark.parametrize("value", [None, [], "approved", 1])
def test_an_entry_that_is_no_object_is_said(value: object) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_scripts({NUMBER: value}, client_id="demo")
    assert str(refused.value) == "client demo: test_numbers, entry 1 must be a JSON object"


def test_a_client_brings_its_test_numbers_and_its_repr_tells_none() -> None:
    client = Door(demo={"secrets": SECRETS, "test_numbers": {NUMBER: entry()}}).enter()
    assert client.test_numbers == {
        Secret(NUMBER): Script(ScriptedOutcome.APPROVED, Secret("123456"), NEW_YEAR)
    }
    assert "2025550123" not in repr(client)
    assert "123456" not in repr(client)


def test_a_client_without_any_has_none() -> None:
    assert Door().enter().test_numbers == {}


def test_a_client_with_broken_ones_is_not_let_in() -> None:
    with pytest.raises(ConfigurationError, match=r"^client demo: test_numbers must be a JSON object$"):
        Door(demo={"secrets": SECRETS, "test_numbers": None}).enter()


@pytest.mark.parametrize(
    ("number", "is_one"),
    [
        (NUMBER, True),
        ("+61491570006", True),
        ("+61491570110", True),
        ("+46701740605", True),
        ("+84901234567", True),
        ("+840901234567", False),  # with the trunk prefix, which no parsed number has
        ("+4402071838750", False),
        ("+447700900123", False),  # kept for fiction, and not valid to libphonenumber
        ("+99999999999", False),
    ],
)
def test_a_number_is_e164_where_it_is_valid_and_spelt_as_parsed(number: str, is_one: bool) -> None:
    assert is_e164(Secret(number)) is is_one


def test_no_vendor_has_the_name_that_stands_for_a_rehearsal() -> None:
    assert TEST_PROVIDER not in _VENDORS
