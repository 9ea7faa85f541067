"""What each permission is for: one use of it, which works with it and is refused without.

**A new permission** needs one row in uses.py, or the least-privilege test fails. Either a row of `USES`, with
a function that makes the role's function need it:

    def a_thing(scene: Scene) -> bool:
        return done(scene.caller.call("GET", "/thing"), 200)

It is played once without the permission and once with it, on the deployed stack, and says whether it
worked; anything but done and refused (a 400, say) should raise. It makes what it needs itself (a number
is used once), waits where it must until it sees the effect or `scene.denied()`, and may leave behind
what a crash would leave. `Use(…, cold=True)` is for what a warm container does not ask for again.
Or, where the emulator does not show the refusal, a row of `UNSEEN` that says why the permission is
needed all the same; `*` stands for any text.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from local.stack import Stack
from tests.end_to_end.calling import Answer, Caller
from tests.end_to_end.denials import LogWatch

WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a use is played."""

    stack: Stack
    watch: LogWatch  # of the role's functions, since the permission went

    @property
    def caller(self) -> Caller:
        """A client whose codes are the gateway's."""
        return Caller(self.stack, "withheld-gateway")

    @property
    def vendors_caller(self) -> Caller:
        """A client whose codes are the vendors'."""
        return Caller(self.stack, "withheld-vendor")

    def denied(self) -> bool:
        """Whether a function has logged a refusal of AWS's."""
        return bool(self.watch.denials())

    def waited(self, is_done: Callable[[], bool]) -> bool:
        """For what happens behind a caller's back: until it is done (True) or denied (False)."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            if is_done():
                return True
            if self.denied():
                return False
            time.sleep(0.1)
        raise AssertionError("neither done nor denied")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a permission."""

    works: Callable[[Scene], bool]
    cold: bool = False  # only a new container needs the permission


def done(answer: Answer, status: int) -> bool:
    """Whether a call was answered as it should be, and not refused as our own trouble."""
    assert answer.status in {status, 503}, answer
    return answer.status == status
