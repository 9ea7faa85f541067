"""What a start looks up, one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from countersign.circuits import Circuit
from countersign.ports import Store
from countersign.usage import UsageQuery


def circuits_in(store: Store, vendors: Sequence[str], *, country: str) -> Mapping[str, Circuit]:
    """These vendors' circuits in a country."""
    query = UsageQuery(
        client_id="demo", country=country, prefix_key="prefix1", address_key=None, vendors=tuple(vendors)
    )
    return store.usage(query).circuits
