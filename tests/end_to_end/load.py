"""Two hundred operations of several clients in every dialect, some of them while vendors misbehave."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from local.stack import Stack
from tests.end_to_end.calling import fresh_number, other_code
from tests.end_to_end.clients import LOAD_CLIENTS
from tests.end_to_end.front_door import RememberingDoor
from tests.end_to_end.ledger import VENDORS
from tests.end_to_end.told import DIALECTS, DONE, NativeClient, Told, check, start
from tests.matrix.callers import DialectCaller, Sent

AT_ONCE = 20  # each is a container of its own in the emulator, which takes its time to start one
_KEYED_STARTS = 8  # for each of three numbers, with one Idempotency-Key
_WISHES = {"start": 66, "resend": 24, "wrong": 34, "right": 28, "replay": 10, "cancel": 6, "read": 8}
_FAULTS: Sequence[tuple[str, str]] = (
    ("esms", "error_500"),
    ("engagelab", "refuse"),
    ("message_central", "error_500"),
    ("esms", "timeout"),
    ("engagelab", "reset"),
    ("esms", "no_balance"),
    ("engagelab", "too_many_requests"),
    ("message_central", "unauthorized"),
    ("esms", "html"),
    ("engagelab", "timeout"),
    ("message_central", "malformed"),
    ("esms", "refuse"),
    ("engagelab", "error_500"),
    ("message_central", "refuse"),
)


@dataclass(frozen=True, slots=True)
class Hold:
    """A code that is on its way, and who waits for it."""

    caller: DialectCaller
    sent: Sent
    number: str


@dataclass(frozen=True, slots=True)
class Operation:
    kind: str
    number: str
    caller: DialectCaller
    fault: tuple[str, str] | None
    luck: random.Random


@dataclass
class Load:
    """The storm. Who asks for what about which number is drawn from the seed, what meets what is not."""

    stack: Stack
    seed: int
    told: list[Told] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.door = RememberingDoor(self.stack)
        self.numbers = [fresh_number(country) for country in ("VN", "IN", "SG") for _ in range(6)]
        self.keyed = [self.numbers.pop(), *(fresh_number(country) for country in ("VN", "IN"))]
        self._holds: dict[str, list[Hold]] = {number: [] for number in self.numbers}

    def run(self) -> None:
        """All of it, `AT_ONCE` at a time; on the way out every vendor is well again."""
        try:
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(self._do, self._plan()))
        finally:
            for vendor in VENDORS:
                self.stack.vendor(vendor, mode="ok")

    def _plan(self) -> list[Operation]:
        luck = random.Random(self.seed)
        wishes = [(kind, luck.choice(self.numbers)) for kind, times in _WISHES.items() for _ in range(times)]
        wishes += [("keyed", number) for number in self.keyed for _ in range(_KEYED_STARTS)]
        luck.shuffle(wishes)
        wishes.sort(key=lambda wish: wish[0] != "start" or luck.random() < 0.5)  # something to check, first
        every = len(wishes) // len(_FAULTS)
        return [
            Operation(
                kind,
                number,
                luck.choice(DIALECTS)(self.door, client=luck.choice(LOAD_CLIENTS)),
                _FAULTS[turn // every] if turn % every == every - 1 else None,
                random.Random(luck.random()),
            )
            for turn, (kind, number) in enumerate(wishes)
        ]

    def _do(self, operation: Operation) -> None:
        if operation.fault is not None:
            vendor, mode = operation.fault
            self.stack.vendor(vendor, mode=mode, times=1 if mode == "timeout" else 3)
        match operation.kind:
            case "keyed":
                self._keyed_start(operation)
            case "start":
                self._start(operation)
            case "resend" | "cancel" | "read":
                self._manage(operation)
            case _:
                self._check(operation)

    def _keyed_start(self, operation: Operation) -> None:
        caller = NativeClient(self.door, client="load-gateway")
        self.told.append(caller.keyed_start(operation.number, key=f"load-{operation.number}"))

    def _start(self, operation: Operation) -> None:
        caller, number = operation.caller, operation.number
        told = start(caller, number)
        if told.result == DONE:
            self._holds[number].append(Hold(caller, told.sent, number))
        self.told.append(told)

    def _manage(self, operation: Operation) -> None:
        hold = self._held(operation, native=True)
        if hold is None:
            return self._start(operation)
        assert isinstance(hold.caller, NativeClient)
        caller = hold.caller
        act = {"resend": caller.resend, "cancel": caller.cancel, "read": caller.read}[operation.kind]
        return self.told.append(act(hold.sent, hold.number))

    def _check(self, operation: Operation) -> None:
        hold = self._held(operation, native=False)
        codes = [message["code"] for message in self.stack.messages(hold.number)] if hold else []
        if hold is None or not codes:
            return self._start(operation)
        code = other_code(codes[0]) if operation.kind == "wrong" else operation.luck.choice(codes[:2])
        for _ in range(2 if operation.kind == "replay" else 1):
            self.told.append(check(hold.caller, hold.sent, hold.number, code=code))
        return None

    def _held(self, operation: Operation, *, native: bool) -> Hold | None:
        """One of the last codes that were sent to the number, or to any other where it has none."""
        for number in (operation.number, *operation.luck.sample(self.numbers, len(self.numbers))):
            holds = [
                hold for hold in self._holds[number] if isinstance(hold.caller, NativeClient) or not native
            ]
            if holds:
                return operation.luck.choice(holds[-2:])
        return None
