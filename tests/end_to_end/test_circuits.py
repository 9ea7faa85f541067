"""The circuit breaker on the deployed template, and its races in a store with real concurrency."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from countersign.aws.circuits import circuit_pk
from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.circuits import OPEN_SECONDS, OUTAGES_THAT_OPEN, CircuitState
from countersign.clock import SystemClock
from local.stack import Stack
from tests.end_to_end.calling import Caller, forget_outages, fresh_number, sends_at
from tests.support.looks import circuits_in

PARALLEL = 30
NOWHERE = "ZZ"  # circuits that no request has anything to do with


@pytest.fixture
def healed(stack: Stack) -> Iterator[Stack]:
    forget_outages(stack)
    yield stack
    stack.vendor("engagelab", mode="ok")
    forget_outages(stack)


@pytest.fixture
def store(stack: Stack) -> DynamoStore:
    client = stack.client("dynamodb")
    return DynamoStore(Table(stack.table_name, client=lambda: client, clock=SystemClock()))


def at_once[ResultT](call: Callable[[], ResultT]) -> list[ResultT]:
    with ThreadPoolExecutor(PARALLEL) as pool:
        return [future.result() for future in [pool.submit(call) for _ in range(PARALLEL)]]


@pytest.mark.parametrize("round_", range(5))
def test_of_thirty_that_read_the_same_circuit_one_gets_the_probe(store: DynamoStore, round_: int) -> None:
    vendor, now = f"race-{round_}", int(time.time())
    opened = at_once(lambda: store.record_outage(vendor, country=NOWHERE, now=now, held_until=None))
    assert opened.count(True) == 1
    circuit = circuits_in(store, [vendor], country=NOWHERE)[vendor]
    assert circuit.failures == (now,) * OUTAGES_THAT_OPEN
    probes = at_once(lambda: store.begin_probe(circuit, now=now + OPEN_SECONDS))
    assert len([probe for probe in probes if probe is not None]) == 1
    found = circuits_in(store, [vendor], country=NOWHERE)[vendor]
    assert at_once(lambda: store.clear_circuit(found)).count(True) == 1


def test_a_vendor_that_is_down_is_left_alone_by_every_container_until_a_probe_finds_it_well(
    healed: Stack, store: DynamoStore
) -> None:
    caller = Caller(healed, "demo-gateway")
    healed.vendor("engagelab", mode="too_many_requests", times=1_000)
    assert caller.start(fresh_number("SG")).body["provider"] == "esms"
    circuit = circuits_in(store, ["engagelab"], country="SG")["engagelab"]
    assert circuit.state(int(time.time())) is CircuitState.OPEN

    before = sends_at(healed, "engagelab")
    for _ in range(3):
        assert caller.start(fresh_number("SG")).body["provider"] == "esms"
    assert sends_at(healed, "engagelab") == before

    healed.vendor("engagelab", mode="ok")
    half_open(healed)
    assert caller.start(fresh_number("SG")).body["provider"] == "engagelab"
    assert circuits_in(store, ["engagelab"], country="SG")["engagelab"].failures == ()


def half_open(stack: Stack) -> None:
    """Five outages, the last one half a minute ago."""
    then = int(time.time()) - OPEN_SECONDS
    row = {f"f{place}": {"N": str(then)} for place in range(1, OUTAGES_THAT_OPEN + 1)}
    stack.client("dynamodb").put_item(
        TableName=stack.table_name,
        Item={"pk": {"S": circuit_pk("engagelab", country="SG")}, "writer": {"S": "a test"}, **row},
    )
