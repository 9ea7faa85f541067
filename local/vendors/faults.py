"""How a simulator is told to misbehave, and for how many calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """What a vendor does with its next calls. Every mode but `ok` and `down` wears off."""

    OK = "ok"
    REFUSE = "refuse"  # a definite, documented refusal
    NO_BALANCE = "no_balance"  # the account is empty, or the nearest thing the vendor documents
    ERROR_500 = "error_500"
    TOO_MANY_REQUESTS = "too_many_requests"  # 429 with Retry-After
    TIMEOUT = "timeout"  # no answer for longer than any client waits
    RESET = "reset"  # TCP RST after the request was read
    HTML = "html"  # 200 with a page of some proxy
    MALFORMED = "malformed"  # 200 with JSON that stops in the middle
    DRIP = "drip"  # one byte at a time
    HUGE = "huge"  # more than 50 MB
    REDIRECT = "redirect"  # to another host of the loopback
    UNAUTHORIZED = "unauthorized"
    DOWN = "down"  # the port is closed until `ok`


class OrderError(ValueError):
    """The order cannot be understood; the message says what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOrder:
    """`mode` for the next `times` calls; `deliver`: the text leaves although the answer says otherwise."""

    mode: Mode = Mode.OK
    times: int = 1
    deliver: bool = False

    @classmethod
    def parse(cls, body: object) -> FaultOrder:
        """Read the JSON of POST /local/vendors/{name}.

        Raises OrderError.
        """
        if not isinstance(body, Mapping):
            raise OrderError('the body must be a JSON object such as {"mode": "refuse", "times": 1}')
        unknown = sorted(str(key) for key in set(body) - {"mode", "times", "deliver"})
        if unknown:
            raise OrderError(f"unknown field {', '.join(unknown)}; allowed: mode, times, deliver")
        mode, times, deliver = body.get("mode"), body.get("times", 1), body.get("deliver", False)
        if not isinstance(mode, str) or mode not in tuple(Mode):
            raise OrderError(f"mode must be one of {', '.join(Mode)}")
        if type(times) is not int or not 1 <= times <= 1_000_000:
            raise OrderError("times must be a whole number from 1 to 1000000")
        if not isinstance(deliver, bool):
            raise OrderError("deliver must be true or false")
        return cls(mode=Mode(mode), times=times, deliver=deliver)

    def as_dict(self) -> dict[str, object]:
        return {"mode": self.mode.value, "times": self.times, "deliver": self.deliver}


class FaultPlan:
    """The order in force, counted down by the calls that it strikes."""

    def __init__(self) -> None:
        self._order = FaultOrder()
        self._left = 0

    def set(self, order: FaultOrder) -> None:
        """Replace whatever was in force."""
        self._order = order
        self._left = 0 if order.mode in (Mode.OK, Mode.DOWN) else order.times

    def peek(self) -> Mode:
        """What the next call would meet."""
        return self._order.mode if self._left else Mode.OK

    def take(self) -> FaultOrder:
        """What this call meets; counts it."""
        if not self._left:
            return FaultOrder()
        self._left -= 1
        return self._order
