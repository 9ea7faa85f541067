"""Starts of one code at a time, and the ends of what they made."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.errors import WrongCodeError
from countersign.model import Status
from countersign.service.wish import Started
from tests.support.world import World, another, code_of

ENDS = {"approved": Status.APPROVED, "failed": Status.FAILED, "canceled": Status.CANCELED}


def alone(world: World, *, cooldown: int = 0, **more: Any) -> Started:
    """A start that is refused while an earlier code of the number lives."""
    return world.start(one_at_a_time=True, cooldown_seconds=cooldown, **more)


def end(world: World, how: str, started: Started) -> None:
    """Let a verification that vendor `one` carries end before its time, as `ENDS` says."""
    id_, right = started.verification.id, code_of(world.one)
    match how:
        case "approved":
            world.check(id_, right)
        case "failed":
            for _ in range(5):
                with pytest.raises(WrongCodeError):
                    world.check(id_, another(right))
        case _:
            world.cancel(id_)
