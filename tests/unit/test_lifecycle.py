"""Which events a change of a verification tells, and what they say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from countersign.changes import Change
from countersign.lifecycle import Event, Happening, ending, events
from countersign.model import Custody, Delivery, Reason, Receipt, Status, Verification
from tests.support.builders import CODE_HASH, WRONG_HASH, vendor_held, verification
from tests.support.clock import NOON
from tests.support.lifecycle import delivered

AT = NOON + 20
TAKEN = verification(delivery=Delivery.ACCEPTED)
SOLVED: dict[str, Any] = {"guess": CODE_HASH, "attempts": 1, "checked_at": NOON + 19}
USED_UP: dict[str, Any] = {"guess": WRONG_HASH, "attempts": 5, "checked_at": NOON + 19}
REPLACED: dict[str, Any] = {"superseded_by": "v2", "superseded_at": NOON + 18}
EXPIRED: dict[str, Any] = {"stored_status": Status.EXPIRED, "stored_reason": Reason.TIMED_OUT}
UNDELIVERABLE: dict[str, Any] = {
    "delivery": Delivery.REJECTED,
    "stored_status": Status.FAILED,
    "stored_reason": Reason.UNDELIVERABLE,
}
CANCELED: dict[str, Any] = {"stored_status": Status.CANCELED, "stored_reason": Reason.CANCELED_BY_CLIENT}


def told(old: Verification | None, new: Verification | None, *, number: str = "7") -> list[Event]:
    return list(events(Change(old, new, AT, number)))


def names(old: Verification | None, **changes: Any) -> list[str]:
    """What a change of a verification tells, without `Verification`."""
    new = replace(old, **changes) if old is not None else verification(**changes)
    return [delivered(event)["detail-type"].removeprefix("Verification") for event in told(old, new)]


@pytest.mark.parametrize("outcome", [Delivery.ACCEPTED, Delivery.UNKNOWN])
def test_a_text_that_a_vendor_took_or_may_have_taken_is_sent(outcome: Delivery) -> None:
    assert names(verification(), delivery=outcome) == ["Sent"]


@pytest.mark.parametrize(
    ("old", "changes"),
    [
        (None, {}),  # only the intent
        (verification(), {"provider": "two"}),  # the next vendor is asked
        (TAKEN, {"delivery": Delivery.SENDING, "sends": 2}),  # the intent of a resend
        (verification(sends=2), {"delivery": Delivery.ACCEPTED, "sends": 1}),  # nobody took the resend
        (TAKEN, {"attempts": 1, "guess": WRONG_HASH, "checked_at": AT}),
        (TAKEN, {"resend_at": AT}),
        (TAKEN, {"receipt": Receipt.SENT, "receipt_at": AT}),
    ],
)
def test_what_changes_nothing_for_a_listener_tells_nothing(
    old: Verification | None, changes: dict[str, Any]
) -> None:
    assert names(old, **changes) == []


def test_a_resend_that_was_taken_is_sent_once_more() -> None:
    resent = verification(sends=2)
    assert names(resent, delivery=Delivery.ACCEPTED) == ["Sent"]


@pytest.mark.parametrize(("receipt", "name"), [("delivered", "Delivered"), ("undelivered", "Undelivered")])
def test_a_vendors_report_is_told_once_and_at_its_own_time(receipt: str, name: str) -> None:
    changes: dict[str, Any] = {"receipt": Receipt(receipt), "receipt_at": NOON + 9}
    assert names(TAKEN, **changes) == [name]
    [event] = told(TAKEN, replace(TAKEN, **changes))
    assert event.detail()["seconds"] == 9
    assert names(replace(TAKEN, **changes), receipt_at=NOON + 30) == []


@pytest.mark.parametrize("receipt", [Receipt.DELIVERED, Receipt.UNDELIVERED])
def test_a_report_is_not_told_again_when_nobody_took_a_resend(receipt: Receipt) -> None:
    resending = verification(sends=2)  # which has no receipt yet
    before: dict[str, Any] = {"delivery": Delivery.ACCEPTED, "sends": 1, "receipt": receipt}
    assert names(resending, **before) == []


def test_a_report_that_is_corrected_is_told_too() -> None:
    assert names(replace(TAKEN, receipt=Receipt.UNDELIVERED), receipt=Receipt.DELIVERED) == ["Delivered"]


@pytest.mark.parametrize(
    ("changes", "name", "reason", "seconds"),
    [
        (SOLVED, "Approved", Reason.CORRECT_CODE, 19),
        (USED_UP, "Failed", Reason.ATTEMPTS_EXHAUSTED, 19),
        (REPLACED, "Canceled", Reason.SUPERSEDED, 18),
        (EXPIRED, "Expired", Reason.TIMED_OUT, 300),
        (UNDELIVERABLE, "Failed", Reason.UNDELIVERABLE, 20),
        (CANCELED, "Canceled", Reason.CANCELED_BY_CLIENT, 20),
    ],
)
def test_an_end_is_told_with_its_reason_and_its_time(
    changes: dict[str, Any], name: str, reason: Reason, seconds: int
) -> None:
    assert names(TAKEN, **changes) == [name]
    [event] = told(TAKEN, replace(TAKEN, **changes))
    detail = event.detail()
    assert (detail["reason"], detail["seconds"]) == (reason, seconds)
    assert detail["status"] == {"Approved": "approved", "Failed": "failed", "Expired": "expired"}.get(
        name, "canceled"
    )


def test_a_vendors_approval_is_told() -> None:
    held = vendor_held(delivery=Delivery.ACCEPTED, attempts=1, checking=1, checked_at=NOON + 5)
    approved = replace(
        held,
        checking=0,
        checked_at=NOON + 6,
        stored_status=Status.APPROVED,
        stored_reason=Reason.CORRECT_CODE,
    )
    [event] = told(held, approved)
    assert (event.happening, event.occurred_at) == (Happening.APPROVED, NOON + 6)


def test_the_last_attempt_at_a_vendor_ends_it_when_the_vendor_has_answered() -> None:
    asked = vendor_held(delivery=Delivery.ACCEPTED, attempts=5, checking=1, checked_at=NOON + 5)
    assert ending(asked) is None
    [event] = told(asked, replace(asked, checking=0, checked_at=NOON + 6))
    assert event.happening is Happening.FAILED


@pytest.mark.parametrize("first", [SOLVED, USED_UP, REPLACED, EXPIRED, UNDELIVERABLE, CANCELED])
@pytest.mark.parametrize("then", [REPLACED, USED_UP | {"checked_at": NOON + 1}, EXPIRED])
def test_it_ends_once(first: dict[str, Any], then: dict[str, Any]) -> None:
    ended = replace(TAKEN, **first)
    assert {event.happening for event in told(ended, replace(ended, **then))} == set()


def test_a_code_that_ran_out_has_not_ended_until_that_is_written() -> None:
    late = replace(TAKEN, superseded_by="v2", superseded_at=NOON + 301)
    assert late.status(NOON + 400) == (Status.EXPIRED, Reason.TIMED_OUT)
    assert told(TAKEN, late) == []
    [event] = told(late, replace(late, **EXPIRED))
    assert event.happening is Happening.EXPIRED


def test_a_text_that_is_known_to_be_sent_after_the_right_code_is_told_with_that_status() -> None:
    solved = verification(**SOLVED)
    [event] = told(solved, replace(solved, delivery=Delivery.ACCEPTED))
    assert (event.happening, event.detail()["status"]) == (Happening.SENT, "approved")


def test_one_write_can_tell_two_things_in_order() -> None:
    rehearsed = verification(provider="test")
    both = told(rehearsed, replace(rehearsed, delivery=Delivery.ACCEPTED, **USED_UP))
    assert [event.happening for event in both] == [Happening.SENT, Happening.FAILED]
    assert both[0].sequence < both[1].sequence
    assert len({event.id for event in both}) == 2


@pytest.mark.parametrize(("old", "new"), [(None, None), (TAKEN, None)])
def test_marks_and_what_ttl_deletes_tell_nothing(old: Verification | None, new: Verification | None) -> None:
    assert told(old, new) == []


def test_an_event_that_comes_again_is_the_same_and_no_other_one_is() -> None:
    def sent(number: str, **changes: Any) -> Event:
        [event] = told(
            verification(**changes), verification(delivery=Delivery.ACCEPTED, **changes), number=number
        )
        return event

    first = sent("7")
    assert sent("7").detail() == first.detail()
    others = [sent("8"), sent("7", verification_id="v2"), sent("7", client_id="shop")]
    assert len({first.id, *(other.id for other in others)}) == 4


def test_sequences_compare_as_the_streams_numbers_do() -> None:
    numbers = [str(10**21 + place) for place in range(-40, 40)]
    assert len({len(number) for number in numbers}) > 1  # as texts they would not
    sequences = [
        told(verification(), verification(delivery=Delivery.ACCEPTED), number=number)[0].sequence
        for number in numbers
    ]
    assert sequences == sorted(sequences)


def test_an_event_says_what_may_be_said_and_nothing_else() -> None:
    secret = verification(
        reference="order-17",
        to_sealed="SEALED",
        number_key="KEYED",
        prefix_key="KEYED",
        address_key="KEYED",
        code="KEYED",
        code_seed="KEYED",
        guess="KEYED-TOO",
        request="KEYED",
        vendor_reference="OF-THE-VENDOR",
        attempts=2,
        custody=Custody.GATEWAY,
    )
    [event] = told(secret, replace(secret, delivery=Delivery.ACCEPTED))
    detail = delivered(event)["detail"]
    text = json.dumps(detail)
    for kept in ("SEALED", "KEYED", "OF-THE-VENDOR", "4901888484"):
        assert kept not in text
    assert detail == {
        "event_id": event.id,
        "sequence": f"{7:040}-0",
        "occurred_at": "2025-06-15T15:07:00Z",
        "id": "v1",
        "client": "demo",
        "reference": "order-17",
        "to": "+84•••••8484",
        "country": "VN",
        "channel": "sms",
        "purpose": "login",
        "provider": "one",
        "status": "pending",
        "reason": None,
        "attempts": 2,
        "sends": 1,
        "created_at": "2025-06-15T15:06:40Z",
        "seconds": 20,
    }


def test_a_clock_that_is_behind_makes_no_negative_time() -> None:
    [event] = events(Change(verification(), TAKEN, NOON - 3, "7"))
    assert event.detail()["seconds"] == 0
