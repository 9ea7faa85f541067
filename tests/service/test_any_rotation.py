"""Whatever is started, sent, checked and interrupted while peppers are rotated: every promise is kept."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from countersign.codes import Keys
from tests.support.builders import PEPPER
from tests.support.containers import WHICH, TwoContainers

A_DAY_AND_AN_HOUR = 90_000
SECRET_TTL_SECONDS = 300
DAY = 86_400


class AnyRotation(TwoContainers):
    """The operator rotates as the page says; each container sees it when it reads the secret again."""

    def __init__(self) -> None:
        super().__init__()
        self.peppers = [PEPPER]
        self.is_rotating = False
        self.written_at = self.now - A_DAY_AND_AN_HOUR
        self.of_a_key = self.ids_of_a_key(Keys(PEPPER))

    @rule(seconds=st.sampled_from([1, 30, 60, 299, A_DAY_AND_AN_HOUR]))
    def time_passes(self, seconds: int) -> None:
        self.let_pass(seconds)
        if self.now - self.written_at >= SECRET_TTL_SECONDS:
            for world in self.worlds:
                world.peppers.known = world.peppers.written

    @rule()
    def the_operator_takes_the_next_step(self) -> None:
        if self.now - self.written_at < A_DAY_AND_AN_HOUR:
            return
        if not self.is_rotating:
            self.peppers.append(f"{PEPPER}, number {len(self.peppers)}")
            self.of_a_key |= self.ids_of_a_key(Keys(self.peppers[-1]))
        self.is_rotating = not self.is_rotating
        previous = self.peppers[-2] if self.is_rotating else None
        for world in self.worlds:
            world.peppers.rotate(self.peppers[-1], previous=previous, seen=False)
        self.written_at = self.now

    @rule(which=WHICH)
    def a_container_reads_the_secret(self, which: int) -> None:
        self.worlds[which].peppers.known = self.worlds[which].peppers.written

    @invariant()
    def a_key_is_one_text(self) -> None:
        at: dict[tuple[str, str], int] = {}
        for text in self.texts:
            name = self.of_a_key.get(text.verification_id)
            if name is not None and text.send_number == 1:
                assert name not in at or text.at - at[name] >= DAY
                at[name] = text.at


@pytest.mark.no_cover  # traced, it takes twice as long and reaches no line that others do not
def test_any_rotation() -> None:
    run_state_machine_as_test(
        AnyRotation,
        settings=settings(
            max_examples=300,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
