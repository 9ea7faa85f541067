"""A delivery that failed after somebody has guessed, in both stores."""

from __future__ import annotations

import pytest

from countersign.claims import Claimed, ClaimRefused, Release
from countersign.model import Status
from countersign.policy import Limit
from countersign.ports import Store
from tests.support.builders import CODE_HASH, WRONG_HASH, claim, claim_at, undeliverable, verification
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
