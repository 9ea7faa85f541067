"""The intent, its settlement, failover and resends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.claims import Claimed, ClaimRefused
from countersign.model import GUESS_NONE, Channel, Custody, Delivery, Reason, RouteStep, Status, Verification
from countersign.ports import Store
from tests.support.builders import (
    CODE_HASH,
    WRONG_HASH,
    claim,
    claim_at,
    release,
    resend_intent,
    settlement,
    undeliverable,
    vendor_held,
    verification,
)
from tests.support.clock import NOON
from tests.support.stored import accepted, created, stored

NEXT = RouteStep("two", Custody.GATEWAY)


# Create -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "what",
    [
        verification(),
        vendor_held(locale="vi", reference="order-17"),
        verification(channel=Channel.ZALO, checking=0, attempts_max=1),
    ],
)
def test_what_is_created_is_read_back_whole(store: Store, what: Verification) -> None:
    assert store.create(what, supersedes=()).verification == what
    assert store.get("demo", "v1") == what


def test_nothing_is_read_where_nothing_is(store: Store) -> None:
    assert store.get("demo", "v1") is None


def test_another_clients_verification_is_not_there(store: Store) -> None:
    created(store, verification())
    assert store.get("other", "v1") is None
    assert store.cancel("other", "v1", now=NOON).verification is None
    guessed = store.guess("other", "v1", guess=CODE_HASH, now=NOON)
    assert (guessed.applied, guessed.verification) == (False, None)


def test_two_clients_may_have_the_same_id(store: Store) -> None:
    created(store, verification())
    assert store.create(verification(client_id="other"), supersedes=()).applied


def test_creating_twice_gives_the_first_one_back(store: Store) -> None:
    first = created(store, verification())
    again = store.create(verification(request="another"), supersedes=())
    assert (again.applied, again.verification) == (False, first)
    assert store.get("demo", "v1") == first


# Supersede ----------------------------------------------------------------------------------


def test_a_newer_one_ends_the_older_ones(store: Store) -> None:
    for older in ("v1", "v2"):
        created(store, verification(older))
    assert store.create(verification("v3"), supersedes=("v1", "v2")).applied
    for older in ("v1", "v2"):
        assert stored(store, older).superseded_by == "v3"
        assert stored(store, older).status(NOON) == (Status.CANCELED, Reason.SUPERSEDED)
    assert stored(store, "v3").superseded_by is None


def test_one_that_is_not_written_yet_can_never_be_written_any_more(store: Store) -> None:
    assert store.create(verification("v2"), supersedes=("v1",)).applied
    late = store.create(verification("v1"), supersedes=())
    assert (late.applied, late.verification) == (False, None)
    assert store.get("demo", "v1") is None


def test_older_ones_can_be_ended_for_one_that_was_never_written(store: Store) -> None:
    created(store, verification("v1"))
    created(store, verification("v0", slot="slot2"))
    store.supersede(verification("v2"), older=("v0", "v1"))
    assert stored(store, "v1").superseded_by == "v2"
    assert stored(store, "v0").superseded_by is None


def test_the_mark_of_one_that_was_never_written_is_no_verification(store: Store) -> None:
    store.create(verification("v2"), supersedes=("v1",))
    assert store.guess("demo", "v1", guess=CODE_HASH, now=NOON).verification is None
    assert store.cancel("demo", "v1", now=NOON).verification is None
    begun = store.begin_resend(verification("v1"), intent=resend_intent(verification("v1")))
    assert (begun.applied, begun.verification) == (False, None)


def test_the_first_to_replace_it_is_remembered(store: Store) -> None:
    created(store, verification("v1"))
    store.create(verification("v2"), supersedes=("v1",))
    assert store.create(verification("v3"), supersedes=("v2", "v1")).applied
    assert stored(store, "v1").superseded_by == "v2"


def test_a_mark_can_be_replaced_too(store: Store) -> None:
    store.create(verification("v2"), supersedes=("v1",))
    assert store.create(verification("v3"), supersedes=("v2", "v1")).applied


def test_a_verification_of_another_slot_is_left_alone(store: Store) -> None:
    created(store, verification("v1", slot="slot2"))
    created(store, verification("v2"))
    assert store.create(verification("v3"), supersedes=("v2", "v1")).applied
    assert stored(store, "v1").superseded_by is None
    assert stored(store, "v2").superseded_by == "v3"
    assert store.get("demo", "v3") is not None


def test_one_that_cannot_be_created_ends_nothing(store: Store) -> None:
    created(store, verification("v1"))
    created(store, verification("v2"))
    assert not store.create(verification("v2"), supersedes=("v1",)).applied
    assert stored(store, "v1").superseded_by is None


def test_a_superseded_one_stays_approved_where_it_was(store: Store) -> None:
    accepted(store, verification("v1"))
    store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    store.create(verification("v2"), supersedes=("v1",))
    assert stored(store, "v1").status(NOON)[0] is Status.APPROVED


# Settle -------------------------------------------------------------------------------------


def test_a_settlement_writes_how_the_delivery_ended(store: Store) -> None:
    intent = created(store, vendor_held())
    ended = settlement(intent, provider="two", vendor_reference="ref-9", expires_at=NOON + 60)
    counted = store.settle_delivery(intent, settlement=ended, release=None)
    assert counted.applied
    assert counted.verification == stored(store)
    assert counted.verification == replace(
        intent,
        delivery=Delivery.ACCEPTED,
        provider="two",
        vendor_reference="ref-9",
        expires_at=NOON + 60,
    )


def test_a_delivery_is_settled_once(store: Store) -> None:
    intent = created(store, verification())
    store.settle_delivery(intent, settlement=settlement(intent), release=None)
    late = store.settle_delivery(intent, settlement=undeliverable(intent), release=None)
    assert not late.applied
    assert late.verification == stored(store)
    assert stored(store).delivery is Delivery.ACCEPTED


def test_the_settlement_of_an_earlier_send_comes_too_late(store: Store) -> None:
    intent = created(store, verification())
    store.begin_resend(intent, intent=resend_intent(intent))
    late = store.settle_delivery(intent, settlement=undeliverable(intent), release=None)
    assert not late.applied
    assert stored(store).delivery is Delivery.SENDING
    assert stored(store).stored_status is Status.PENDING


def test_a_canceled_verification_is_not_settled(store: Store) -> None:
    intent = created(store, verification())
    store.cancel("demo", "v1", now=NOON)
    assert not store.settle_delivery(intent, settlement=settlement(intent), release=None).applied
    assert stored(store).status(NOON)[0] is Status.CANCELED


def test_a_code_that_was_right_before_the_settlement_stays_right(store: Store) -> None:
    intent = created(store, verification())
    store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    store.settle_delivery(intent, settlement=settlement(intent), release=None)
    assert stored(store).status(NOON)[0] is Status.APPROVED


def test_a_settlement_with_another_code_forgets_the_last_guess(store: Store) -> None:
    intent = created(store, vendor_held())
    store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    ended = settlement(intent, custody=Custody.GATEWAY, code=CODE_HASH)
    store.settle_delivery(intent, settlement=ended, release=None)
    assert stored(store).guess == GUESS_NONE
    assert stored(store).status(NOON)[0] is Status.PENDING


def test_an_undeliverable_one_fails_and_frees_its_number(store: Store) -> None:
    wish = claim("v1", vendor_lock="esms")
    store.claim_number(wish)
    intent = created(store, vendor_held())
    counted = store.settle_delivery(intent, settlement=undeliverable(intent), release=release(wish))
    assert counted.applied
    assert counted.verification is not None
    assert counted.verification.status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    assert stored(store).status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    assert stored(store).delivery is Delivery.REJECTED
    assert store.claim_number(claim_at(NOON + 1, "v2", vendor_lock="esms")) == Claimed(before=None)


def test_an_undeliverable_one_fails_also_where_the_slot_has_moved_on(store: Store) -> None:
    wish = claim("v1", resend_at=NOON)
    store.claim_number(wish)
    intent = created(store, verification())
    store.claim_number(claim("v2"))
    counted = store.settle_delivery(intent, settlement=undeliverable(intent), release=release(wish))
    assert counted.applied
    assert stored(store).status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    outcome = store.claim_number(claim_at(NOON + 1, "v3"))
    assert isinstance(outcome, ClaimRefused)


def test_a_superseded_one_does_not_become_undeliverable(store: Store) -> None:
    older, newer = created(store, verification("v1")), verification("v2", created_at=NOON + 1)
    store.create(newer, supersedes=("v1",))
    counted = store.settle_delivery(older, settlement=undeliverable(older), release=None)
    assert not counted.applied
    assert stored(store).status(NOON + 1) == (Status.CANCELED, Reason.SUPERSEDED)


def test_an_exhausted_one_does_not_become_undeliverable(store: Store) -> None:
    intent = created(store, verification(attempts_max=1))
    store.guess("demo", "v1", guess=WRONG_HASH, now=NOON)
    assert not store.settle_delivery(
        intent, settlement=undeliverable(intent), release=release(claim())
    ).applied
    assert stored(store).status(NOON) == (Status.FAILED, Reason.ATTEMPTS_EXHAUSTED)


def test_a_settlement_that_comes_too_late_frees_no_number(store: Store) -> None:
    wish = claim("v1")
    store.claim_number(wish)
    intent = accepted(store, verification())
    assert not store.settle_delivery(intent, settlement=undeliverable(intent), release=release(wish)).applied
    assert isinstance(store.claim_number(claim_at(NOON + 1, "v2")), ClaimRefused)


@pytest.mark.parametrize("ended_by", ["cancel", "expire"])
def test_a_text_that_a_vendor_took_is_kept_beside_an_end_that_came_before(
    store: Store, ended_by: str
) -> None:
    intent = verification(delivery=Delivery.SENDING)
    store.create(intent, supersedes=())
    end = store.cancel if ended_by == "cancel" else store.expire
    ended = end("demo", "v1", now=intent.expires_at if ended_by == "expire" else NOON + 1).verification
    assert ended is not None
    took = settlement(intent, vendor_reference="ref-9", expires_at=NOON + 45)
    counted = store.settle_delivery(intent, settlement=took, release=None)
    assert not counted.applied
    assert counted.verification == stored(store)
    assert stored(store) == replace(ended, delivery=Delivery.ACCEPTED, vendor_reference="ref-9")
    assert store.settle_delivery(intent, settlement=took, release=None).verification == stored(store)


def test_a_refusal_or_another_send_changes_nothing_of_what_has_ended(store: Store) -> None:
    intent = verification(delivery=Delivery.SENDING)
    store.create(intent, supersedes=())
    ended = store.cancel("demo", "v1", now=NOON + 1).verification
    for settled in (undeliverable(intent), settlement(intent, sends=0)):
        store.settle_delivery(intent, settlement=settled, release=None)
    other = replace(intent, sends=2)
    store.settle_delivery(other, settlement=settlement(other), release=None)
    assert stored(store) == ended
