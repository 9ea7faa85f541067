"""What a change of a verification adds to the counters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from countersign.changes import Change
from countersign.counting import Count, Step, Tally, counts, scopes, steps
from countersign.model import CHECKED_ELSEWHERE, Delivery, Reason, Status, Verification
from countersign.usage import Kind, Span, bucket_name
from tests.support.builders import CODE_HASH, WRONG_HASH, vendor_held, verification
from tests.support.clock import NOON

SENT = Delivery.ACCEPTED, Delivery.UNKNOWN
LATER = NOON + 4_000  # when the table tells of it; another ten minutes and another hour


def change(old: Verification | None, new: Verification | None, *, at: int = LATER) -> Change:
    return Change(old, new, at)


def counted(old: Verification | None, new: Verification | None) -> list[Count]:
    return list(counts(change(old, new)))


def started(**changes: Any) -> Verification:
    return verification(**changes)


def accepted(**changes: Any) -> Verification:
    return verification(**{"delivery": Delivery.ACCEPTED} | changes)


def test_an_intent_to_send_is_a_text_of_the_moment_of_the_start() -> None:
    assert counted(None, started()) == [Count(Kind.SENT, 1, NOON)]


def test_something_that_is_written_whole_and_was_never_sending_is_no_text() -> None:
    assert counted(None, accepted()) == []


@pytest.mark.parametrize("delivery", SENT)
def test_what_was_sent_or_may_have_been_stays_counted(delivery: Delivery) -> None:
    assert counted(started(), started(delivery=delivery)) == []


def test_a_start_that_nobody_took_is_given_back_where_it_was_counted() -> None:
    refused = started(
        delivery=Delivery.REJECTED, stored_status=Status.FAILED, stored_reason=Reason.UNDELIVERABLE
    )
    assert counted(started(), refused) == [Count(Kind.SENT, -1, NOON)]
    assert counted(refused, replace(refused, superseded_by="v2", superseded_at=NOON + 60)) == []


def test_a_text_whose_code_is_checked_elsewhere_is_counted_as_such_too_and_given_back_as_such() -> None:
    elsewhere = {"purpose": CHECKED_ELSEWHERE}
    assert counted(None, started(**elsewhere)) == [Count(Kind.SENT, 1, NOON), Count(Kind.UNTOLD, 1, NOON)]
    refused = started(
        delivery=Delivery.REJECTED,
        stored_status=Status.FAILED,
        stored_reason=Reason.UNDELIVERABLE,
        **elsewhere,
    )
    gone = [Count(Kind.SENT, -1, NOON), Count(Kind.UNTOLD, -1, NOON)]
    assert counted(started(**elsewhere), refused) == gone


def test_such_a_text_is_one_of_every_scope_and_of_the_guards_scopes_alone_as_such() -> None:
    tally = Tally()
    tally.add(change(None, started(purpose=CHECKED_ELSEWHERE, prefix_key="p", address_key="a")))
    names = {scope: sorted(name[:2] for name in sums) for scope, sums in tally.buckets.items()}
    both, sent = ["sh", "st", "uh", "ut"], ["sh", "st"]
    assert {scope.partition("#")[0]: found for scope, found in names.items()} == {
        "total": sent,
        "client": sent,
        "country": both,
        "prefix": both,
    }
    assert tally.addresses == {"a": {"k_VN": NOON}}


def test_a_resends_intent_is_a_text_of_the_moment_it_was_written() -> None:
    assert counted(accepted(), started(sends=2)) == [Count(Kind.SENT, 1, LATER)]
    assert counted(started(sends=2), accepted(sends=2)) == []


@pytest.mark.parametrize("before", Delivery)
def test_a_resend_that_nobody_took_is_given_back_at_the_moment_of_its_refusal(before: Delivery) -> None:
    assert counted(started(sends=2), started(sends=1, delivery=before)) == [Count(Kind.SENT, -1, LATER)]


def test_a_right_code_is_an_approval_of_the_moment_it_was_typed() -> None:
    approved = accepted(guess=CODE_HASH, attempts=1, checked_at=NOON + 9)
    assert counted(accepted(), approved) == [Count(Kind.APPROVED, 1, NOON + 9)]


def test_a_vendors_verdict_is_an_approval_of_the_moment_it_came() -> None:
    asked = vendor_held(delivery=Delivery.ACCEPTED, attempts=1, checking=1, checked_at=NOON + 9)
    verified = replace(
        asked,
        checking=0,
        checked_at=NOON + 11,
        stored_status=Status.APPROVED,
        stored_reason=Reason.CORRECT_CODE,
    )
    assert counted(accepted(), asked) == []
    assert counted(asked, verified) == [Count(Kind.APPROVED, 1, NOON + 11)]
    assert counted(asked, replace(verified, checked_at=None)) == [Count(Kind.APPROVED, 1, LATER)]


def test_an_approval_counts_once_whatever_is_written_afterwards() -> None:
    approved = accepted(guess=CODE_HASH, attempts=1, checked_at=NOON + 9)
    assert counted(approved, replace(approved, superseded_by="v2", superseded_at=NOON + 60)) == []


def test_a_right_code_that_overtakes_the_vendors_answer_counts_beside_the_text() -> None:
    approved = started(guess=CODE_HASH, attempts=1, checked_at=NOON + 1)
    assert counted(started(), approved) == [Count(Kind.APPROVED, 1, NOON + 1)]
    assert counted(approved, replace(approved, delivery=Delivery.ACCEPTED)) == []


@pytest.mark.parametrize(
    "new",
    [
        accepted(guess=WRONG_HASH, attempts=1, checked_at=NOON + 9),
        accepted(guess=WRONG_HASH, attempts=5, checked_at=NOON + 9),
        accepted(stored_status=Status.CANCELED, stored_reason=Reason.CANCELED_BY_CLIENT),
        accepted(superseded_by="v2", superseded_at=NOON + 9),
        accepted(provider="two"),
    ],
)
def test_a_wrong_code_an_end_and_a_redirection_count_nothing(new: Verification) -> None:
    assert counted(accepted(), new) == []


def test_a_code_that_expires_unanswered_counts_nothing() -> None:
    assert counted(accepted(), None) == []  # what TTL deletes
    assert counted(accepted(), accepted(checked_at=NOON + 9)) == []  # told of after its expiry


def test_a_mark_without_an_id_counts_nothing() -> None:
    assert counted(None, None) == []


def test_test_numbers_count_nowhere() -> None:
    approved = started(provider="test", guess=CODE_HASH, attempts=1, checked_at=NOON + 9)
    tally = Tally()
    for old, new in [(None, started(provider="test")), (started(provider="test"), approved)]:
        assert counted(old, new) == []
        tally.add(change(old, new))
    assert (tally.buckets, tally.addresses, tally.steps) == ({}, {}, {})


def test_a_verification_counts_for_all_for_its_client_its_country_and_its_prefix() -> None:
    known = verification(prefix_key="p1")
    assert scopes(known, kind=Kind.SENT) == ("total", "client#demo", "country#VN", "prefix#p1")
    assert scopes(known, kind=Kind.APPROVED) == ("country#VN", "prefix#p1")  # what the guard looks at
    of_before_there_were_prefixes = verification()
    assert scopes(of_before_there_were_prefixes, kind=Kind.SENT) == ("total", "client#demo", "country#VN")


def test_every_scope_gets_a_text_in_its_ten_minutes_and_its_hour() -> None:
    tally = Tally()
    tally.add(change(None, started(prefix_key="p1")))
    names = {bucket_name(Kind.SENT, span, at=NOON): 1 for span in (Span.TEN_MINUTES, Span.HOUR)}
    assert len(names) == 2
    assert tally.buckets == dict.fromkeys(("total", "client#demo", "country#VN", "prefix#p1"), names)


def test_a_country_and_a_prefix_get_an_approval_in_its_ten_minutes_its_hour_and_its_day() -> None:
    tally = Tally()
    known = accepted(prefix_key="p1")
    tally.add(change(known, replace(known, guess=CODE_HASH, attempts=1, checked_at=NOON)))
    names = {bucket_name(Kind.APPROVED, span, at=NOON): 1 for span in Span}
    assert len(names) == 3
    assert tally.buckets == dict.fromkeys(("country#VN", "prefix#p1"), names)


def test_an_address_is_noted_with_its_last_text_to_a_country_and_its_last_approval_there() -> None:
    tally = Tally()
    known = {"address_key": "a1"}
    approved = accepted(guess=CODE_HASH, attempts=1, checked_at=NOON + 9, **known)
    tally.add(change(None, started(**known)))
    tally.add(change(None, started(created_at=NOON + 5, **known)))
    tally.add(change(None, started(created_at=NOON + 3, **known)))
    tally.add(change(accepted(**known), approved))
    tally.add(change(None, started(country="SG", **known)))
    tally.add(change(None, started()))
    assert tally.addresses == {"a1": {"k_VN": NOON + 5, "v_VN": NOON + 9, "k_SG": NOON}}


def test_a_text_that_is_given_back_leaves_the_note_of_its_address() -> None:
    tally = Tally()
    known = {"address_key": "a1"}
    tally.add(change(None, started(**known)))
    tally.add(change(started(**known), started(delivery=Delivery.REJECTED, **known), at=NOON + 60))
    tally.add(change(started(sends=2, **known), accepted(sends=1, **known), at=NOON + 90))
    assert tally.addresses == {"a1": {"k_VN": NOON}}
    assert -1 in tally.buckets["total"].values()


def test_what_is_given_back_in_the_same_batch_adds_up_to_nothing() -> None:
    tally = Tally()
    tally.add(change(None, started()))
    tally.add(change(started(), started(delivery=Delivery.REJECTED), at=LATER))
    assert set(tally.buckets["total"].values()) == {0}


def test_the_steps_are_sent_taken_and_approved_by_country_and_vendor() -> None:
    tally = Tally()
    tally.add(change(None, started()))
    tally.add(change(started(), accepted(provider="two")))
    tally.add(change(accepted(provider="two"), accepted(provider="two", guess=CODE_HASH, attempts=1)))
    assert tally.steps == {
        ("VN", "one"): {Step.TEXTS: 1},
        ("VN", "two"): {Step.ACCEPTED: 1, Step.APPROVALS: 1},
    }


def test_a_refused_resend_is_a_text_that_nobody_took() -> None:
    assert list(steps(change(accepted(), started(sends=2)))) == [Step.TEXTS]
    assert list(steps(change(started(sends=2), accepted(sends=1)))) == []
    assert list(steps(change(started(sends=2), accepted(sends=2)))) == [Step.ACCEPTED]
