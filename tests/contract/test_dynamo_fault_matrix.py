"""Every operation over the real store and client, trouble of DynamoDB at each of its calls.

The calls are not written down: the operation is run once, and what it calls is what can fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace

import botocore.endpoint
import pytest
from botocore.session import Session

from countersign.aws.clients import trimmed_session
from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.errors import ServiceUnavailableError
from tests.support.books import table_books
from tests.support.clock import FakeClock
from tests.support.operations import OPERATIONS, Case, Operation
from tests.support.troubles import TROUBLES, one_of_each
from tests.support.wire import Trouble, Wire

_serial = count()


@pytest.fixture(scope="module")
def session() -> Session:
    return trimmed_session()


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore sleeps up to 2 s between its tries."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))


type Stage = Callable[[Operation], tuple[Case, Wire]]


@pytest.fixture
def staged(session: Session) -> Iterator[Stage]:
    wires: list[Wire] = []

    def stage(operation: Operation) -> tuple[Case, Wire]:
        wire = Wire(f"table-{next(_serial)}", session=session)
        wires.append(wire)
        store = DynamoStore(Table(wire.table, client=lambda: wire.client, clock=FakeClock()))
        return Case(operation, store=store, read=lambda _: table_books(wire.items())), wire

    yield stage
    for wire in wires:
        wire.drop()


@pytest.fixture(scope="module")
def clean() -> dict[str, tuple[str, tuple[str, ...]]]:
    """What each operation answers, and what it calls, where nothing is in its way."""
    return {}


THOROUGHLY = {"start over a live one", "resend", "check of a wrong code"}  # they meet every trouble there is
MATRIX = [
    pytest.param(operation, trouble, id=f"{operation}: {trouble}")
    for turn, operation in enumerate(OPERATIONS)
    for trouble in (TROUBLES if operation.name in THOROUGHLY else one_of_each(turn))
]


@pytest.mark.parametrize(("operation", "trouble"), MATRIX)
def test_whatever_dynamodb_does_the_answer_is_right_or_a_503_and_nothing_is_lost(
    staged: Stage, clean: dict[str, tuple[str, tuple[str, ...]]], operation: Operation, trouble: Trouble
) -> None:
    if operation.name not in clean:
        case, wire = staged(operation)
        wire.learn()
        clean[operation.name] = case.run().word, tuple(wire.calls)
    right, calls = clean[operation.name]
    for at, call in enumerate(calls):
        if call not in trouble.operations:
            continue
        case, wire = staged(operation)
        wire.arm(trouble, at=at)
        answer = case.run(faulty=True)
        assert wire.met
        wire.learn()
        told = f"{answer.word} at call {at + 1} ({call})"
        if isinstance(answer.refusal, ServiceUnavailableError):
            assert not trouble.passes, told
            assert answer.refusal.retry_after_seconds == 1
        else:
            assert answer.word == right, told
        case.insist()
        case.end()
