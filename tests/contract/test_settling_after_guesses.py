"""A delivery that failed after somebody has guessed, in both stores."""

from __future__ import annotations

import pytest

from countersign.claims import Claimed, ClaimRefused, Release
from countersign.model import Status
from countersign.policy import Limit
from countersign.ports import Store
from tests.support.builders import (
    CODE_HASH,
    WRONG_HASH,
    claim,
    claim_at,
    resend_intent,
    settlement,
    undeliverable,
    verification,
)
from tests.support.clock import NOON

ONE_A_DAY = (Limit(1, 86_400),)


@pytest.mark.parametrize(
    ("guess", "status"), [(None, Status.FAILED), (WRONG_HASH, Status.FAILED), (CODE_HASH, Status.APPROVED)]
)
def test_a_claim_is_given_back_only_where_nobody_has_guessed(
    store: Store, guess: str | None, status: Status
) -> None:
    ours = claim(limits=ONE_A_DAY)
    assert isinstance(store.claim_number(ours), Claimed)
    intent = verification(code=CODE_HASH)
    store.create(intent, supersedes=())
    if guess is not None:
        store.guess(intent.client_id, intent.id, guess=guess, now=NOON)
    store.settle_delivery(intent, settlement=undeliverable(intent), release=Release(claim=ours, before=None))
    stored = store.get(intent.client_id, intent.id)
    assert stored is not None
    assert stored.status(NOON)[0] is status
    again = store.claim_number(claim_at(NOON + 61, "v2", limits=ONE_A_DAY))
    assert isinstance(again, Claimed if guess is None else ClaimRefused)


@pytest.mark.parametrize("ends", [True, False])
def test_the_time_of_a_refused_resend_is_given_back_unless_it_has_ended_meanwhile(
    store: Store, *, ends: bool
) -> None:
    """Or it would end once more, by a time that was not its own any longer."""
    before = verification(attempts_max=1)
    store.create(before, supersedes=())
    store.settle_delivery(before, settlement=settlement(before), release=None)
    later = before.expires_at + 60
    resent = store.begin_resend(before, intent=resend_intent(before, expires_at=later)).verification
    assert resent is not None
    if ends:
        store.guess("demo", "v1", guess=WRONG_HASH, now=before.expires_at + 5)
    as_before = settlement(resent, sends=before.sends, expires_at=before.expires_at)
    assert store.settle_delivery(resent, settlement=as_before, release=None).applied is not ends
    assert store.expire("demo", "v1", now=later).applied is not ends
    stored = store.get("demo", "v1")
    assert stored is not None
    assert stored.status(later)[0] is (Status.FAILED if ends else Status.EXPIRED)


def test_a_refused_resend_within_its_time_is_taken_back_whatever_has_ended_meanwhile(store: Store) -> None:
    before = verification(attempts_max=1)
    store.create(before, supersedes=())
    store.settle_delivery(before, settlement=settlement(before), release=None)
    resent = store.begin_resend(before, intent=resend_intent(before)).verification
    assert resent is not None
    store.guess("demo", "v1", guess=WRONG_HASH, now=NOON + 5)
    as_before = settlement(resent, sends=before.sends)
    assert store.settle_delivery(resent, settlement=as_before, release=None).applied
