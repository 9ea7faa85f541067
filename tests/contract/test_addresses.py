"""The account of a source address: a sliding window, charged with the intent or alone."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.policy import ADDRESS_SENDS_PER_MINUTE, Limit
from countersign.ports import Store
from countersign.usage import Charge, UsageQuery
from tests.support.builders import verification
from tests.support.clock import NOON

MOST = range(ADDRESS_SENDS_PER_MINUTE.low, ADDRESS_SENDS_PER_MINUTE.high + 1)


def charge(now: int, *, most: int = 2, of: str = "address1") -> Charge:
    return Charge(address_key=of, limit=Limit(most, 60), now=now)


def sent_at(store: Store, of: str = "address1") -> tuple[int, ...]:
    query = UsageQuery(client_id="demo", country="VN", prefix_key="prefix1", address_key=of)
    return store.usage(query).address.sent_at


@pytest.mark.parametrize("most", MOST)
def test_a_limit_lets_its_count_through_and_the_next_when_the_first_is_a_minute_old(
    store: Store, most: int
) -> None:
    for number in range(most):
        assert store.charge(charge(NOON + number, most=most)) is None
    for now in (NOON + most, NOON + 59):
        assert store.charge(charge(now, most=most)) == NOON + 60
    assert store.charge(charge(NOON + 60, most=most)) is None
    assert store.charge(charge(NOON + 60, most=most)) == (NOON + 61 if most > 1 else NOON + 120)
    assert sent_at(store)[:most] == (NOON + 60, *range(NOON + most - 1, NOON, -1))


def test_an_intent_is_written_with_its_charge_or_not_at_all(store: Store) -> None:
    for number in range(2):
        made = store.create(verification(f"v{number}"), supersedes=(), charge=charge(NOON + number))
        assert (made.applied, made.again_at) == (True, None)
    refused = store.create(verification("v9"), supersedes=("v0",), charge=charge(NOON + 5))
    assert (refused.applied, refused.verification, refused.again_at) == (False, None, NOON + 60)
    assert store.get("demo", "v9") is None
    older = store.get("demo", "v0")
    assert older is not None
    assert older.superseded_by is None
    assert sent_at(store) == (NOON + 1, NOON)


def test_an_intent_that_is_there_already_charges_nothing(store: Store) -> None:
    store.create(verification(), supersedes=(), charge=charge(NOON))
    again = store.create(verification(), supersedes=(), charge=charge(NOON + 1))
    assert (again.applied, again.again_at) == (False, None)
    assert again.verification is not None
    assert sent_at(store) == (NOON,)


def test_an_intent_over_an_older_one_is_charged_too(store: Store) -> None:
    store.create(verification(), supersedes=())
    over: Any = store.create(verification("v2"), supersedes=("v1",), charge=charge(NOON))
    assert over.applied
    assert sent_at(store) == (NOON,)
    older = store.get("demo", "v1")
    assert older is not None
    assert older.superseded_by == "v2"


def test_addresses_have_their_accounts_apart(store: Store) -> None:
    assert store.charge(charge(NOON, most=1)) is None
    assert store.charge(charge(NOON, most=1, of="address2")) is None
    assert store.charge(charge(NOON, most=1)) == NOON + 60
    assert sent_at(store, "address3") == ()
