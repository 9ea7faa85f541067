"""What becomes of a client's test numbers in place of a send. Pure.

They stand in the client's section of the clients' secret:

    "test_numbers": {"+12025550123": {"outcome": "approved", "code": "123456", "until": "2026-12-31"}}
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from countersign.errors import ConfigurationError
from countersign.model import Secret
from countersign.policy import CODE_LENGTH

MOST_TEST_NUMBERS: Final = 20  # of one client
SECONDS_OF_A_DAY: Final = 86_400

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_CODE = re.compile(rf"[0-9A-Za-z]{{{CODE_LENGTH.low},{CODE_LENGTH.high}}}")  # what every dialect takes
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # date.fromisoformat takes weeks and other spellings too
_EPOCH = date(1970, 1, 1)
_MEMBERS = ("outcome", "code", "until")


class ScriptedOutcome(StrEnum):
    """How the story of a test number goes."""

    APPROVED = "approved"  # one fixed code is right, nothing else
    WRONG = "wrong"  # as if sent; no code is right
    EXPIRED = "expired"  # as if sent; the code is dead by the time it is checked
    UNDELIVERABLE = "undeliverable"  # as if every vendor had refused
    VENDOR_ERROR = "vendor_error"  # as if a vendor had not said whether it sent; no code is right


@dataclass(frozen=True, slots=True)
class Script:
    """What is to happen to one test number."""

    outcome: ScriptedOutcome
    code: Secret | None  # set with outcome `approved`, and with no other
    ends_at: int  # epoch seconds: when its last day (UTC) is over

    def has_ended(self, now: int) -> bool:
        return now >= self.ends_at


type Scripts = Mapping[Secret, Script]  # by number, E.164


def parse_scripts(section: object, *, client_id: str) -> Scripts:
    """Read a client's `test_numbers`.

    Raises ConfigurationError that names the client, the entry by its place (never the number) and the
    setting. Whether anybody can have such a number is not looked at: that takes libphonenumber, which a
    check must not load.
    """
    where = f"client {client_id}: test_numbers"
    if not isinstance(section, dict):
        raise ConfigurationError(f"{where} must be a JSON object")
    if len(section) > MOST_TEST_NUMBERS:
        raise ConfigurationError(f"{where} may hold {MOST_TEST_NUMBERS} numbers at most")
    scripts = {}
    for place, (number, entry) in enumerate(section.items(), start=1):
        entry_is = f"{where}, entry {place}"
        if not _NUMBER.fullmatch(number):
            raise ConfigurationError(f"{entry_is}: its name must be a number in E.164, such as +12025550123")
        scripts[Secret(number)] = _script(entry, where=entry_is)
    return scripts


def _script(entry: object, *, where: str) -> Script:
    if not isinstance(entry, dict):
        raise ConfigurationError(f"{where} must be a JSON object")
    unknown = set(entry).difference(_MEMBERS)
    if unknown:
        raise ConfigurationError(f"{where}: {min(unknown)} is not a setting")
    outcome = entry.get("outcome")
    if outcome not in tuple(ScriptedOutcome):
        raise ConfigurationError(f"{where}: outcome must be one of {', '.join(ScriptedOutcome)}")
    code = entry.get("code")
    if outcome != ScriptedOutcome.APPROVED:
        if code is not None:
            raise ConfigurationError(f"{where}: code has a meaning with the outcome approved only")
    elif not isinstance(code, str) or not _CODE.fullmatch(code):
        length = f"{CODE_LENGTH.low} to {CODE_LENGTH.high}"
        raise ConfigurationError(f"{where}: code must be a string of {length} ASCII digits or letters")
    return Script(
        ScriptedOutcome(outcome),
        code=Secret(code) if code is not None else None,
        ends_at=_end_of(entry.get("until"), where=where),
    )


def _end_of(day: object, *, where: str) -> int:
    """The first second (epoch) after a day of UTC that is written YYYY-MM-DD."""
    try:
        if not isinstance(day, str) or not _DAY.fullmatch(day):
            raise ValueError
        last = date.fromisoformat(day)
    except ValueError:
        raise ConfigurationError(f'{where}: until must be a date such as "2026-12-31"') from None
    return ((last - _EPOCH).days + 1) * SECONDS_OF_A_DAY
