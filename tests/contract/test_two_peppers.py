"""What the store knows of peppers: which one a guess may be for, and what a start is known by under two."""

from __future__ import annotations

import pytest

from countersign.claims import Aliases
from countersign.model import GUESS_NONE, Custody, Reason, Status
from countersign.ports import Store
from countersign.writes import Created
from tests.support.builders import CODE_HASH, WRONG_HASH, vendor_held, verification
from tests.support.clock import NOON
from tests.support.stored import accepted, created, stored


@pytest.mark.parametrize("custody", Custody)
@pytest.mark.parametrize("other", ["new", None, ""])
def test_a_guess_of_another_pepper_is_refused_and_counts_nothing(
    store: Store, custody: Custody, other: str | None
) -> None:
    make = verification if custody is Custody.GATEWAY else vendor_held
    accepted(store, make(pepper="old"))
    refused = store.guess("demo", "v1", guess=CODE_HASH, now=NOON, pepper=other)
    assert not refused.applied
    assert refused.verification == stored(store)
    assert (stored(store).attempts, stored(store).checking, stored(store).guess) == (0, 0, GUESS_NONE)
    counted = store.guess("demo", "v1", guess=CODE_HASH, now=NOON, pepper="old")
    assert counted.applied
    assert stored(store).attempts == 1


@pytest.mark.parametrize("pepper", ["old", "new", None])
def test_a_verification_that_names_no_pepper_takes_every_guess(store: Store, pepper: str | None) -> None:
    accepted(store, verification())
    assert store.guess("demo", "v1", guess=WRONG_HASH, now=NOON, pepper=pepper).applied


# Starts ---------------------------------------------------------------------------------------


def test_an_id_that_was_forestalled_is_never_written(store: Store) -> None:
    assert store.create(verification("new"), supersedes=(), aliases=Aliases(former_id="old")).applied
    late = store.create(verification("old"), supersedes=())
    assert late == Created(applied=False, verification=None)
    assert store.get("demo", "old") is None


def test_an_id_whose_former_one_was_served_is_not_written(store: Store) -> None:
    served = created(store, verification("old"))
    refused = store.create(verification("new"), supersedes=(), aliases=Aliases(former_id="old"))
    assert refused == Created(applied=False, verification=served)
    assert store.get("demo", "new") is None
    assert stored(store, "old") == served


@pytest.mark.parametrize("fits", [True, False])
def test_nothing_is_ended_for_an_id_whose_former_one_was_served(store: Store, *, fits: bool) -> None:
    created(store, verification("v0", number_key="number1" if fits else "number2"))
    served = created(store, verification("old"))
    refused = store.create(verification("new"), supersedes=("v0",), aliases=Aliases(former_id="old"))
    assert refused == Created(applied=False, verification=served)
    assert stored(store, "v0").superseded_by is None


def test_an_id_can_be_forestalled_again(store: Store) -> None:
    store.create(verification("v1"), supersedes=(), aliases=Aliases(former_id="old"))
    assert store.create(verification("v2"), supersedes=(), aliases=Aliases(former_id="old")).applied


def test_a_start_is_repeated_under_its_own_id_first(store: Store) -> None:
    made = created(store, verification("new"))
    created(store, verification("old"))
    again = store.create(verification("new"), supersedes=(), aliases=Aliases(former_id="old"))
    assert again == Created(applied=False, verification=made)


@pytest.mark.parametrize("alone", [True, False])
def test_an_older_one_is_ended_under_whatever_key_its_number_had(store: Store, *, alone: bool) -> None:
    created(store, verification("v1", number_key="old-key"))
    newer = verification("v2", number_key="new-key")
    aliases = Aliases(number_keys=("new-key", "old-key"))
    if alone:
        store.supersede(newer, older=("v1",), aliases=aliases)
    else:
        store.create(newer, supersedes=("v1",), aliases=aliases)
    assert stored(store).status(NOON) == (Status.CANCELED, Reason.SUPERSEDED)


@pytest.mark.parametrize("other", [{"number_key": "number2"}, {"slot": "slot2"}])
def test_what_is_another_numbers_or_another_slots_is_not_ended(store: Store, other: dict[str, str]) -> None:
    created(store, verification("v1", **other))
    aliases = Aliases(number_keys=("number1", "number1-of-the-next-pepper"))
    assert store.create(verification("v2"), supersedes=("v1",), aliases=aliases).applied
    assert stored(store).superseded_by is None
