"""Failover and resends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from countersign.claims import Claimed, ClaimRefused
from countersign.model import GUESS_NONE, Channel, Custody, Delivery, RouteStep, Status
from countersign.ports import Store
from tests.support.builders import (
    CODE_HASH,
    WRONG_HASH,
    claim,
    claim_at,
    resend_intent,
    settlement,
    vendor_held,
    verification,
)
from tests.support.clock import NOON
from tests.support.stored import accepted, created, stored

NEXT = RouteStep("two", Custody.GATEWAY)


def test_a_redirect_writes_who_is_tried_next(store: Store) -> None:
    intent = created(store, vendor_held())
    assert store.redirect(intent, step=NEXT, code=CODE_HASH, claim=claim())
    assert stored(store) == replace(intent, provider="two", custody=Custody.GATEWAY, code=CODE_HASH)
    assert store.guess("demo", "v1", guess=CODE_HASH, now=NOON).applied
    assert stored(store).status(NOON)[0] is Status.APPROVED


def test_a_redirect_to_the_vendor_makes_attempts_reservations(store: Store) -> None:
    intent = created(store, verification())
    assert store.redirect(intent, step=RouteStep("two", Custody.VENDOR), code="", claim=claim())
    store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    assert stored(store).checking == 1
    assert stored(store).status(NOON)[0] is Status.PENDING


def test_a_redirect_takes_the_next_vendors_lock(store: Store) -> None:
    intent = created(store, vendor_held())
    moved = claim("v1", vendor_lock="esms")
    assert store.redirect(intent, step=RouteStep("esms", Custody.VENDOR), code="", claim=moved)
    wish = claim("v2", slot="slot2", vendor_lock="esms")
    assert store.claim_number(wish) == ClaimRefused(held=None, locked_until=NOON + 570)


@pytest.mark.parametrize(("now", "taken"), [(NOON + 299, False), (NOON + 569, False), (NOON + 570, True)])
def test_a_redirect_is_refused_while_another_slot_has_the_lock(
    store: Store, now: int, *, taken: bool
) -> None:
    store.claim_number(claim("v0", slot="slot2", vendor_lock="esms"))
    intent = created(store, vendor_held())
    moved = claim_at(now, "v1", vendor_lock="esms")
    assert store.redirect(intent, step=RouteStep("esms", Custody.VENDOR), code="", claim=moved) is taken
    assert stored(store).provider == ("esms" if taken else "one")


def test_a_redirect_of_a_settled_delivery_is_refused_and_takes_no_lock(store: Store) -> None:
    intent = accepted(store, vendor_held())
    moved = claim("v1", vendor_lock="esms")
    assert not store.redirect(intent, step=RouteStep("esms", Custody.VENDOR), code="", claim=moved)
    assert isinstance(store.claim_number(claim("v2", slot="slot2", vendor_lock="esms")), Claimed)


def test_a_redirect_of_a_canceled_or_solved_one_is_refused(store: Store) -> None:
    canceled = created(store, verification("v1"))
    store.cancel("demo", "v1", now=NOON)
    solved = created(store, verification("v2"))
    store.guess("demo", "v2", guess=CODE_HASH, now=NOON)
    for one in (canceled, solved):
        assert not store.redirect(one, step=NEXT, code="another", claim=claim(one.id))
    assert stored(store, "v2").status(NOON)[0] is Status.APPROVED


def test_a_resend_is_written_before_it_is_sent(store: Store) -> None:
    intent = created(store, vendor_held())
    done = settlement(intent, vendor_reference="ref-1")
    before = store.settle_delivery(intent, settlement=done, release=None).verification
    assert before is not None
    wish = resend_intent(
        before, channel=Channel.VOICE, custody=Custody.GATEWAY, code="new", code_seed="new-seed",
        resend_key="key", expires_at=NOON + 360,
    )  # fmt: skip
    counted = store.begin_resend(before, intent=wish)
    assert counted.applied
    assert counted.verification == stored(store)
    assert stored(store) == replace(
        before,
        sends=2,
        delivery=Delivery.SENDING,
        resend_at=NOON + 120,
        expires_at=NOON + 360,
        provider="two",
        custody=Custody.GATEWAY,
        channel=Channel.VOICE,
        code="new",
        code_seed="new-seed",
        resend_key="key",
        vendor_reference=None,
    )


def test_a_guess_at_the_old_code_says_nothing_of_the_new_one(store: Store) -> None:
    before = accepted(store, verification())
    store.guess("demo", "v1", guess=WRONG_HASH, now=NOON)
    store.begin_resend(before, intent=resend_intent(before, code=WRONG_HASH))
    assert stored(store).guess == GUESS_NONE
    assert stored(store).status(NOON)[0] is Status.PENDING
    assert stored(store).attempts == 1


@pytest.mark.parametrize(("now", "applied"), [(NOON + 299, True), (NOON + 300, False)])
def test_a_resend_needs_a_living_verification(store: Store, now: int, *, applied: bool) -> None:
    before = accepted(store, verification())
    assert store.begin_resend(before, intent=resend_intent(before, now=now)).applied is applied


def test_two_resends_of_the_same_count_are_one(store: Store) -> None:
    before = accepted(store, verification())
    assert store.begin_resend(before, intent=resend_intent(before)).applied
    second = store.begin_resend(before, intent=resend_intent(before))
    assert not second.applied
    assert second.verification == stored(store)
    assert stored(store).sends == 2


@pytest.mark.parametrize("ended_by", ["cancel", "supersede", "solve", "exhaust"])
def test_a_verification_that_has_ended_is_not_sent_again(store: Store, ended_by: str) -> None:
    before = accepted(store, verification(attempts_max=1))
    match ended_by:
        case "cancel":
            store.cancel("demo", "v1", now=NOON)
        case "supersede":
            store.create(verification("v2"), supersedes=("v1",))
        case _:
            guess = CODE_HASH if ended_by == "solve" else WRONG_HASH
            store.guess("demo", "v1", guess=guess, now=NOON)
    was = stored(store)
    assert not store.begin_resend(before, intent=resend_intent(before)).applied
    assert stored(store) == was


def test_a_resend_of_nothing_is_refused(store: Store) -> None:
    counted = store.begin_resend(verification(), intent=resend_intent(verification()))
    assert (counted.applied, counted.verification) == (False, None)


def test_one_that_was_overtaken_can_still_end_what_came_before_it(store: Store) -> None:
    created(store, verification("v1"))
    created(store, verification("v2", slot="slot2"))
    store.supersede(verification("v3"), older=("v1", "v2", "v0"))
    assert stored(store, "v1").superseded_by == "v3"
    assert stored(store, "v2").superseded_by is None
    assert store.get("demo", "v3") is None
    late = store.create(verification("v0"), supersedes=())
    assert (late.applied, late.verification) == (False, None)


def test_a_settlement_may_give_back_the_channel_and_the_key_of_before(store: Store) -> None:
    before = accepted(store, verification())
    intent = resend_intent(before, channel=Channel.VOICE, resend_key="key-2")
    sending = store.begin_resend(before, intent=intent).verification
    assert sending is not None
    as_before = settlement(sending, sends=1, provider="one", channel=Channel.SMS, resend_key="key-1")
    assert store.settle_delivery(sending, settlement=as_before, release=None).applied
    after = stored(store)
    assert (after.channel, after.resend_key) == (Channel.SMS, "key-1")
    assert (after.sends, after.provider) == (1, "one")


def test_a_settlement_leaves_the_channel_and_the_key_where_it_names_none(store: Store) -> None:
    before = accepted(store, verification())
    intent = resend_intent(before, channel=Channel.VOICE, resend_key="key-2")
    sending = store.begin_resend(before, intent=intent).verification
    assert sending is not None
    store.settle_delivery(sending, settlement=settlement(sending), release=None)
    assert (stored(store).channel, stored(store).resend_key) == (Channel.VOICE, "key-2")
