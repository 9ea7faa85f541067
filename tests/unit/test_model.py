"""The status of a verification follows from what is stored."""

from __future__ import annotations

from typing import Any

import phonenumbers
import pytest

from countersign.model import GUESS_NONE, Custody, MessageText, Reason, Status
from countersign.phone import parse_phone
from tests.support.builders import CODE_HASH, WRONG_HASH, vendor_held, verification
from tests.support.clock import NOON

SOLVED = {"guess": CODE_HASH, "attempts": 1}
REPLACED: dict[str, Any] = {"superseded_by": "v2"}
USED_UP: dict[str, Any] = {"attempts": 5, "guess": WRONG_HASH}
LAST_AT_10, LAST_AT_20 = {"checked_at": NOON + 10}, {"checked_at": NOON + 20}
REPLACED_AT_10 = REPLACED | {"superseded_at": NOON + 10}
REPLACED_AT_20 = REPLACED | {"superseded_at": NOON + 20}
APPROVED = {"stored_status": Status.APPROVED, "stored_reason": Reason.CORRECT_CODE}
CANCELED = {"stored_status": Status.CANCELED, "stored_reason": Reason.CANCELED_BY_CLIENT}
UNDELIVERABLE = {"stored_status": Status.FAILED, "stored_reason": Reason.UNDELIVERABLE}
AT_VENDOR = {"custody": Custody.VENDOR, "code": ""}
LATE = 300

TRUTH: list[tuple[dict[str, Any], int, Status, Reason | None]] = [
    ({}, 0, Status.PENDING, None),
    ({}, 299, Status.PENDING, None),
    ({}, LATE, Status.EXPIRED, Reason.TIMED_OUT),
    ({}, 9_999, Status.EXPIRED, Reason.TIMED_OUT),
    ({"guess": WRONG_HASH, "attempts": 4}, 0, Status.PENDING, None),
    (SOLVED, 0, Status.APPROVED, Reason.CORRECT_CODE),
    (SOLVED, LATE, Status.APPROVED, Reason.CORRECT_CODE),
    (SOLVED | REPLACED, 0, Status.APPROVED, Reason.CORRECT_CODE),
    (SOLVED | {"attempts": 5}, LATE, Status.APPROVED, Reason.CORRECT_CODE),
    (REPLACED, 0, Status.CANCELED, Reason.SUPERSEDED),
    (REPLACED, LATE, Status.CANCELED, Reason.SUPERSEDED),
    (USED_UP, 0, Status.FAILED, Reason.ATTEMPTS_EXHAUSTED),
    (USED_UP, LATE, Status.FAILED, Reason.ATTEMPTS_EXHAUSTED),
    (USED_UP | {"checking": 1}, 0, Status.PENDING, None),
    (USED_UP | {"checking": 1}, LATE, Status.EXPIRED, Reason.TIMED_OUT),
    (USED_UP | LAST_AT_10 | REPLACED_AT_20, LATE, Status.FAILED, Reason.ATTEMPTS_EXHAUSTED),
    # A vendor may answer late; a code of ours is not guessed at once it is replaced, so two clocks differ.
    (USED_UP | LAST_AT_20 | REPLACED_AT_10 | AT_VENDOR, LATE, Status.CANCELED, Reason.SUPERSEDED),
    (USED_UP | LAST_AT_20 | REPLACED_AT_10, 0, Status.FAILED, Reason.ATTEMPTS_EXHAUSTED),
    (REPLACED_AT_20, LATE, Status.CANCELED, Reason.SUPERSEDED),
    (REPLACED | {"superseded_at": NOON + 301}, LATE, Status.EXPIRED, Reason.TIMED_OUT),
    (REPLACED | {"superseded_at": NOON + 301}, 0, Status.CANCELED, Reason.SUPERSEDED),
    (USED_UP | {"checked_at": NOON + 301}, LATE, Status.EXPIRED, Reason.TIMED_OUT),
    (APPROVED, LATE, Status.APPROVED, Reason.CORRECT_CODE),
    (APPROVED | REPLACED, LATE, Status.APPROVED, Reason.CORRECT_CODE),
    (APPROVED | USED_UP, 0, Status.APPROVED, Reason.CORRECT_CODE),
    (CANCELED, 0, Status.CANCELED, Reason.CANCELED_BY_CLIENT),
    (CANCELED | REPLACED, LATE, Status.CANCELED, Reason.CANCELED_BY_CLIENT),
    (CANCELED | SOLVED, 0, Status.CANCELED, Reason.CANCELED_BY_CLIENT),
    (UNDELIVERABLE, LATE, Status.FAILED, Reason.UNDELIVERABLE),
    (UNDELIVERABLE | SOLVED, 0, Status.FAILED, Reason.UNDELIVERABLE),
]


@pytest.mark.parametrize(("stored", "passed", "status", "reason"), TRUTH)
def test_the_status_follows_from_what_is_stored(
    stored: dict[str, Any], passed: int, status: Status, reason: Reason | None
) -> None:
    assert verification(**stored).status(NOON + passed) == (status, reason)


@pytest.mark.parametrize("guess", [GUESS_NONE, "", CODE_HASH])
def test_no_guess_solves_what_a_vendor_holds(guess: str) -> None:
    assert not vendor_held(guess=guess).solved
    assert vendor_held(guess=guess).status(NOON)[0] is Status.PENDING


def test_what_has_never_been_guessed_is_not_solved() -> None:
    assert not verification().solved
    assert verification().guess == GUESS_NONE


@pytest.mark.parametrize(("attempts", "left"), [(0, 5), (4, 1), (5, 0), (6, 0)])
def test_attempts_left_are_never_negative(attempts: int, left: int) -> None:
    assert verification(attempts=attempts).attempts_left == left


@pytest.mark.parametrize(("sends", "left"), [(1, 4), (5, 0), (6, 0)])
def test_sends_left_are_never_negative(sends: int, left: int) -> None:
    assert verification(sends=sends).sends_left == left


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_a_verification_knows_its_calling_code_though_its_number_is_masked(region: str) -> None:
    example = phonenumbers.example_number(region)
    assert example is not None
    e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
    phone = parse_phone(e164, field="to")
    assert verification(to_masked=phone.masked).calling_code == phone.calling_code


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("Your code is ", "."), "Your code is 0123."),
        (("", ""), "0123"),
        (("a", "b", "c"), "a0123b0123c"),
        (("no place",), "no place"),
    ],
)
def test_a_code_stands_in_all_its_places_of_a_text(parts: tuple[str, ...], text: str) -> None:
    assert MessageText(parts).with_code("0123") == text
