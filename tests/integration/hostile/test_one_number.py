"""One number in many spellings, in every dialect: one record, one cooldown, one limit.

What a dialect does not take for a number it refuses; no spelling leads to a second record.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.hostile.doors import doors
from tests.integration.hostile.refusals import allowed, word_of
from tests.integration.hostile.shop import CLIENT, CLIENTS
from tests.integration.hostile.siege import Siege
from tests.integration.hostile.wire import Door, Role
from tests.support.spellings import INTERNATIONAL, NOT_TAKEN, VIETNAMESE

STRICT = ("+84901888484", "+840901888484")  # all that CAMARA's pattern lets through
BEHIND_A_COUNTRY = ("901888484", "0901888484")  # Message Central has the calling code in a field of its own
EVERY = tuple(dict.fromkeys(INTERNATIONAL + VIETNAMESE + BEHIND_A_COUNTRY + NOT_TAKEN))
COOLDOWN, WINDOW, LIFE = 60, 600, 300  # seconds
NUMBERS_OF_THE_DOORS = 5


@dataclass(frozen=True)
class Speller:
    """How a dialect's sends are spelt, and what a second and a sixth one are answered with."""

    door: str
    field: str
    taken: tuple[str, ...]
    second: str
    sixth: str


SPELLERS = {
    "native": Speller("start", "to", INTERNATIONAL, "429 cooldown", "429 send_limit"),
    "message_central": Speller("messageCentralSend", "mobileNumber", BEHIND_A_COUNTRY, "400 506", "400 800"),
    "esms": Speller(
        "esmsGencode",
        "Phone",
        VIETNAMESE + INTERNATIONAL,
        "200 99 A code was sent to this number a moment ago.",
        "200 99 Too many codes were sent to this number.",
    ),
    "engagelab": Speller("engagelabMessage", "to", INTERNATIONAL, "400 3004", "400 5015"),
    "camara": Speller(
        "camaraSendCode",
        "phoneNumber",
        STRICT,
        "429 TOO_MANY_REQUESTS",
        "403 ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED",
    ),
}


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    clients: Any = copy.deepcopy(CLIENTS)
    # With one guess each, no limit of guesses comes before that of sends.
    clients["clients"][CLIENT]["policy"] |= {"cooldown_seconds": COOLDOWN, "attempts": 1}
    return besieged_with(clients)


@pytest.fixture(scope="module")
def every_door(siege: Siege) -> Mapping[str, Door]:
    return doors(siege.gateway, siege.vendors)


@pytest.fixture(autouse=True)
def then_the_windows_pass(siege: Siege) -> Iterator[None]:
    """Six times, which is less than the hour that a token lives."""
    yield
    siege.gateway.clock.advance(WINDOW)


def records(siege: Siege) -> int:
    """How many numbers the table knows, beside those of the doors' own codes."""
    return sum(str(item["pk"]["S"]).startswith("N#") for item in siege.items()) - NUMBERS_OF_THE_DOORS


def send(siege: Siege, every_door: Mapping[str, Door], dialect: str, spelling: str) -> str:
    """`taken`, or the status, the protocol's code, and what eSMS says beside it."""
    speller = SPELLERS[dialect]
    answer = siege.answer(every_door[speller.door].wire(speller.field, spelling))
    word = word_of(answer, dialect=dialect)
    if dialect == "esms":
        return "taken" if word == "200 100" else f"{word} {answer.json['ErrorMessage']}"
    return "taken" if answer.status < 300 else word


@pytest.mark.parametrize("dialect", SPELLERS)
def test_every_spelling_of_a_number_meets_the_same_cooldown(
    siege: Siege, every_door: Mapping[str, Door], dialect: str
) -> None:
    speller = SPELLERS[dialect]
    first, *others = speller.taken
    assert send(siege, every_door, dialect, first) == "taken"
    met = {spelling: send(siege, every_door, dialect, spelling) for spelling in EVERY if spelling != first}
    assert {spelling: word for spelling, word in met.items() if spelling in others} == dict.fromkeys(
        others, speller.second
    )
    refused = {" ".join(word.split()[:2]) for spelling, word in met.items() if spelling not in others}
    assert refused <= allowed(Role.NUMBER, dialect=dialect)
    assert records(siege) == 1
    assert len(met) >= 17


def test_a_number_has_its_five_sends_in_whatever_dialects_and_spellings(
    siege: Siege, every_door: Mapping[str, Door]
) -> None:
    for dialect in ("engagelab", "camara", "esms", "native", "message_central"):  # the longest life first
        assert send(siege, every_door, dialect, SPELLERS[dialect].taken[-1]) == "taken"
        siege.gateway.clock.advance(COOLDOWN)
    assert 5 * COOLDOWN >= LIFE
    met = {
        (dialect, spelling): send(siege, every_door, dialect, spelling)
        for dialect, speller in SPELLERS.items()
        for spelling in speller.taken[:2]
    }
    assert met == {(dialect, spelling): SPELLERS[dialect].sixth for dialect, spelling in met}
    assert records(siege) == 1
