"""Whatever happens to a circuit, in whatever order: the fake says what DynamoDB says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.circuits import Circuit
from countersign.ports import Store
from tests.support.aws import dynamo_store
from tests.support.clock import NOON
from tests.support.looks import circuits_in
from tests.support.store import MemoryStore

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["fail", "fail", "probe", "clear", "look"]), st.just(0)),
        st.tuples(st.just("wait"), st.sampled_from([1, 29, 30, 200, 600])),
        st.tuples(st.just("hold"), st.sampled_from([1, 60, 300])),
    ),
    max_size=30,
)
_VENDORS = (f"vendor-{number}" for number in count(1))  # none is met twice


def plain(circuit: Circuit | None) -> Circuit | None:
    """Marks are each store's own."""
    return None if circuit is None else replace(circuit, mark="")


class Story:
    """One story told to both stores, by somebody who acts on what was last read."""

    def __init__(self, *stores: Store) -> None:
        self._stores = stores
        self._vendor = next(_VENDORS)
        self._now = NOON
        self._seen: list[Circuit] = []
        self._tell("look", 0)

    def tell(self, steps: list[tuple[str, int]]) -> None:
        for what, seconds in steps:
            self._tell(what, seconds)

    def _tell(self, what: str, seconds: int) -> None:
        match what:
            case "wait":
                self._now += seconds
            case "look":
                self._seen = [
                    circuits_in(store, [self._vendor], country="VN")[self._vendor] for store in self._stores
                ]
                assert len({plain(circuit) for circuit in self._seen}) == 1
                assert len({circuit.state(self._now) for circuit in self._seen}) == 1
            case "fail" | "hold":
                held_until = self._now + seconds if what == "hold" else None
                self._agree(
                    lambda store, _: store.record_outage(
                        self._vendor, country="VN", now=self._now, held_until=held_until
                    )
                )
            case "probe":
                probes = self._agree(lambda store, seen: plain(store.begin_probe(seen, now=self._now)))
                if probes[0] is not None:
                    self._tell("look", 0)
            case "clear":
                self._agree(lambda store, seen: store.clear_circuit(seen))

    def _agree[ResultT](self, act: Callable[[Store, Circuit], ResultT]) -> list[ResultT]:
        results = [act(store, seen) for store, seen in zip(self._stores, self._seen, strict=True)]
        assert results[0] == results[1]
        return results


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
def test_the_fake_and_dynamodb_tell_the_same_story_of_a_circuit(dynamodb: DynamoDBClient) -> None:
    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=STEPS)
    def agree(steps: list[tuple[str, int]]) -> None:
        Story(MemoryStore(), dynamo_store(dynamodb)).tell(steps)

    agree()
