"""`python -m tests.bench`: cold and warm costs of the built functions, as ratios within one run."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from pathlib import Path

from tests.bench.layout import DEFAULT_BUILD, CannotMeasureError, lay_out
from tests.bench.measure import Row, cold, warm

DEFAULT_ROUNDS = 15

_COLD_HEADING = (
    "Cold start: CPU (user + system) of a process, net of the bare interpreter;"
    " 1.00 = import boto3 and make a DynamoDB client"
)
_WARM_HEADING = (
    "Warm: CPU of one request through the handler, HTTP answered in the process, log to the null device;"
    " 1.00 = one conditional update_item through boto3's client"
)


def main() -> int:
    """Measure and print. 0 whatever the numbers are; 1 where they cannot be had."""
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="countersign-bench-") as scratch:
            layout = lay_out(options.build.resolve(), scratch=Path(scratch))
            rows = cold(layout, rounds=options.rounds, progress=_progress)
            rows += warm(layout, rounds=options.rounds, progress=_progress)
    except CannotMeasureError as error:
        _progress("")
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    _progress("")
    print(_as_json(rows, rounds=options.rounds) if options.json else _as_table(rows, rounds=options.rounds))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="CPU of cold starts and warm requests of the built functions, as ratios within one run."
        " Absolute times depend on the machine, ratios hardly do.",
    )
    parser.add_argument("--rounds", type=_rounds, default=DEFAULT_ROUNDS, help="default: %(default)s")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument(
        "--build", type=Path, default=DEFAULT_BUILD, help="the folder that sam build made (.aws-sam/build)"
    )
    return parser.parse_args()


def _rounds(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _progress(text: str) -> None:
    """One line on a terminal, overwritten; nothing lasting elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr)


def _as_json(rows: list[Row], *, rounds: int) -> str:
    return json.dumps(
        {"rounds": rounds, "rows": [dataclasses.asdict(row) | {"met": row.met} for row in rows]}, indent=2
    )


def _as_table(rows: list[Row], *, rounds: int) -> str:
    lines = [f"Median of {rounds} interleaved rounds; in brackets the quartiles."]
    for kind, heading in (("cold", _COLD_HEADING), ("warm", _WARM_HEADING)):
        lines += ["", heading]
        lines += [_line(row) for row in rows if row.kind == kind]
    return "\n".join(lines)


def _line(row: Row) -> str:
    target = ""
    if row.target is not None:
        target = f"   target <= {row.target:.2f}   {'met' if row.met else 'MISSED'}"
    spread = f"[{row.low:.2f} {row.high:.2f}]"
    return f"  {row.name:<40} {row.ratio:5.2f} {spread:<13} {row.milliseconds:8.2f} ms{target}"


if __name__ == "__main__":
    sys.exit(main())
