"""Short words for what most tests of a store do first."""

from __future__ import annotations

from countersign.model import Verification
from countersign.ports import Store
from tests.support.builders import settlement


def created(store: Store, what: Verification) -> Verification:
    counted = store.create(what, supersedes=())
    assert counted.applied
    return what


def accepted(store: Store, what: Verification) -> Verification:
    created(store, what)
    counted = store.settle_delivery(what, settlement=settlement(what), release=None)
    assert counted.applied
    assert counted.verification is not None
    return counted.verification


def stored(store: Store, verification_id: str = "v1") -> Verification:
    found = store.get("demo", verification_id)
    assert found is not None
    return found
