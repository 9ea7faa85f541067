"""Two containers whose clocks differ by minutes: what holds all the same, and by how much the rest is off."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from countersign.claims import CLOCK_SKEW_SECONDS
from countersign.errors import CountersignError
from countersign.model import Reason, Status
from tests.support.containers import TwoContainers

TTL_SECONDS = 300
DAY = 86_400


class AnySkew(TwoContainers):
    """The second container's clock is wrong by as much as we reckon with."""

    def __init__(self) -> None:
        super().__init__()
        self.over: dict[str, bool] = {}  # what has ended by both clocks, and whether it was approved
        self.spent: set[str] = set()

    @rule(seconds=st.sampled_from([1, 30, 60, 120, 180, 299, 600]))
    def time_passes(self, seconds: int) -> None:
        self.let_pass(seconds)

    def was_approved(self, id_: str) -> None:
        """No code is taken longer after its end than the clocks differ."""
        assert self.now - self.began_at[id_] < TTL_SECONDS + abs(self.skew_seconds)

    def _may_refuse(self, refused: CountersignError) -> None:
        waits = refused.retry_after_seconds
        assert waits is None or 1 <= waits <= DAY + abs(self.skew_seconds)

    @invariant()
    def what_is_over_by_both_clocks_stays_over(self) -> None:
        for id_ in self.callers:
            found = self.worlds[0].read(id_, by=self.caller(id_))
            states = [found.status(clock.now()) for clock in self.clocks]
            if any(status is Status.PENDING for status, _ in states):
                assert id_ not in self.over
                continue
            approved = any(status is Status.APPROVED for status, _ in states)
            assert self.over.setdefault(id_, approved) is approved
            # Whoever heard that no attempt is left does not hear otherwise from the same verification.
            if all(reason is Reason.ATTEMPTS_EXHAUSTED for _, reason in states):
                self.spent.add(id_)
            elif id_ in self.spent:
                raise AssertionError(states)


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
@pytest.mark.parametrize("skew_seconds", [-CLOCK_SKEW_SECONDS, CLOCK_SKEW_SECONDS])
def test_any_skew(skew_seconds: int) -> None:
    machine = type("AnySkew", (AnySkew,), {"skew_seconds": skew_seconds})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=100,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
