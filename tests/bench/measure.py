"""The two measurements: what is run in which order, and what is made of it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.bench.child import run
from tests.bench.layout import FUNCTIONS, REGION, Layout

type Progress = Callable[[str], None]

_BLOCKS: Final = 4
_OPERATIONS: Final = {"verify": 60, "send": 20}  # of a block; a start costs about four times a check
_WARM_UP: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the result. `ratio` is the median over the rounds, each against its own reference."""

    kind: str  # cold or warm
    name: str
    ratio: float
    low: float  # quartiles of the ratio
    high: float
    milliseconds: float
    target: float | None

    @property
    def met(self) -> bool | None:
        return None if self.target is None else round(self.ratio, 2) <= self.target


@dataclass(frozen=True, slots=True)
class _Cold:
    name: str
    code: str
    function: str | None
    target: float | None = None


_BARE: Final = _Cold("bare interpreter", "", None)
_BOTO3: Final = _Cold(
    "boto3 + DynamoDB client", f"import boto3; boto3.client('dynamodb', region_name={REGION!r})", None
)
_COLD: Final = (
    _Cold("verify: import", "import app", "verify", 1.0),
    _Cold("verify: import + clients + first check", "import rig; rig.first('verify')", "verify", 1.0),
    _Cold("send: import", "import app", "send", 1.2),
    _Cold("send: import + clients + first start", "import rig; rig.first('send')", "send", 1.2),
)
_WARM: Final = {"verify": ("check", 1.5), "send": ("start", 6.0)}


def cold(layout: Layout, *, rounds: int, progress: Progress) -> list[Row]:
    """CPU of whole processes, net of the bare interpreter, against boto3 with a DynamoDB client."""
    scenarios = (_BARE, _BOTO3, *_COLD)

    def once(scenario: _Cold) -> float:
        return run(scenario.code, layout=layout, function=scenario.function).cpu_seconds

    for scenario in scenarios:
        once(scenario)  # not counted: it fills the file cache
    spent: dict[str, list[float]] = {scenario.name: [] for scenario in scenarios}
    for number in range(rounds):
        progress(f"cold: round {number + 1} of {rounds}")
        turn = number % len(scenarios)
        for scenario in scenarios[turn:] + scenarios[:turn]:
            spent[scenario.name].append(once(scenario))
    bare = statistics.median(spent[_BARE.name])
    reference = [seconds - bare for seconds in spent[_BOTO3.name]]
    rows = [_row("cold", _BOTO3.name, reference, reference=reference, target=None)]
    for scenario in _COLD:
        net = [seconds - bare for seconds in spent[scenario.name]]
        rows.append(_row("cold", scenario.name, net, reference=reference, target=scenario.target))
    return rows


def warm(layout: Layout, *, rounds: int, progress: Progress) -> list[Row]:
    """CPU of one request in a warm process against one stock `update_item` in the same process."""
    spent: dict[str, list[tuple[float, float, float]]] = {function: [] for function in FUNCTIONS}
    for number in range(rounds):
        progress(f"warm: round {number + 1} of {rounds}")
        for function in FUNCTIONS:
            arguments = f"region={REGION!r}, blocks={_BLOCKS}, warm_up={_WARM_UP}"
            code = f"import rig; rig.warm({function!r}, {arguments}, operations={_OPERATIONS[function]})"
            stock, ours, request = json.loads(run(code, layout=layout, function=function).output)
            spent[function].append((stock, ours, request))
    every = [seconds for function in FUNCTIONS for seconds in spent[function]]
    reference = [stock for stock, _, _ in every]
    through_ours = [ours for _, ours, _ in every]
    rows = [
        _row("warm", "update_item", reference, reference=reference, target=None),
        _row("warm", "update_item, the gateway's client", through_ours, reference=reference, target=None),
    ]
    for function in FUNCTIONS:
        name, target = _WARM[function]
        reference = [stock for stock, _, _ in spent[function]]
        requests = [request for _, _, request in spent[function]]
        rows.append(_row("warm", name, requests, reference=reference, target=target))
    return rows


def _row(kind: str, name: str, seconds: list[float], *, reference: list[float], target: float | None) -> Row:
    ratios = [one / other for one, other in zip(seconds, reference, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    return Row(
        kind=kind,
        name=name,
        ratio=middle,
        low=low,
        high=high,
        milliseconds=statistics.median(seconds) * 1000,
        target=target,
    )
