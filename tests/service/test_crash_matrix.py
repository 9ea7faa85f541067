"""Every operation, a fault at each of its steps, then the client's retry: nothing twice, nothing lost.

The steps are not written down: the operation is run once, and what it calls are its steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from countersign.errors import CanceledError
from tests.support.invariants import Answer
from tests.support.operations import CANCEL, COOLDOWN_SECONDS, OPERATIONS, Case, Operation
from tests.support.steps import AT_A_STORE, AT_A_VENDOR, Fault, Steps, is_a_vendors

AT_ONCE, A_FLIGHT_LATER, A_COOLDOWN_LATER = 0, 31, COOLDOWN_SECONDS + 1


def staged(operation: Operation) -> tuple[Case, Steps]:
    case, steps = Case(operation), Steps()
    steps.stand_in(case.world)
    return case, steps


@dataclass(frozen=True, slots=True)
class Place:
    """A step of an operation, and what may be answered where it fails."""

    operation: Operation
    at: int
    step: str
    fault: Fault
    clean: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.at + 1} {self.step} {self.fault}"

    def permits(self, answer: Answer) -> bool:
        match self.fault:
            case Fault.DIES_BEFORE | Fault.DIES_AFTER:
                return answer.word == "died"
            case Fault.REPEATED:
                return answer.word == self.clean
            case Fault.ANSWER_LOST if is_a_vendors(self.step):
                return answer.word in {"pending unknown", "VendorUnavailableError"}
            case Fault.TWIN_BEFORE | Fault.TWIN_AFTER:
                return answer.verification is not None or answer.refusal is not None
            case _:
                return answer.word in {self.clean, "ServiceUnavailableError"}


def places(operation: Operation) -> Iterator[Place]:
    case, steps = staged(operation)
    clean = case.run().word
    for at, step in enumerate(steps.seen):
        for fault in AT_A_VENDOR if is_a_vendors(step) else AT_A_STORE:
            yield Place(operation, at, step, fault, clean)


@pytest.mark.parametrize("place", [place for operation in OPERATIONS for place in places(operation)], ids=str)
def test_a_fault_at_any_step_loses_nothing_and_lets_nobody_in_twice(place: Place) -> None:
    for pause in (AT_ONCE, A_FLIGHT_LATER, A_COOLDOWN_LATER):
        case, steps = staged(place.operation)
        steps.arm(place.fault, at=place.at, twin=case.run)
        answer = case.run(faulty=True)
        assert steps.happened
        assert place.permits(answer), answer.word
        case.wait(pause)
        case.insist()
        case.end()


@pytest.mark.parametrize("place", list(places(CANCEL)), ids=str)
def test_a_cancel_that_is_repeated_cancels_whatever_happened_to_the_first(place: Place) -> None:
    case, steps = staged(CANCEL)
    steps.arm(place.fault, at=place.at, twin=case.run)
    assert place.permits(case.run(faulty=True))
    assert steps.happened
    assert case.run().verification is not None
    assert isinstance(case.check().refusal, CanceledError)
    case.end()


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_without_a_fault_everything_goes_its_way(operation: Operation) -> None:
    case, _ = staged(operation)
    case.run()
    case.insist()
    case.end()
