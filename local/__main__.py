"""`python -m local [--port PORT]`: start the local stack and keep it until Ctrl-C.

Exit status: 0 after Ctrl-C or SIGTERM, 1 where a step failed, 2 where the port cannot be had.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from types import FrameType

from local.process import StackError, tail
from local.stack import ROOT, Stack, port_is_free

FOLDER = ROOT / ".local"
DESCRIPTION = FOLDER / "stack.json"
DEMO_NUMBER = "+84901888484"


class Stopped(BaseException):
    """SIGINT or SIGTERM: no failure, but everything must be ended."""


def _stop(_number: int, _frame: FrameType | None) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not interrupt the ending
    raise Stopped


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {line}", flush=True)


def _port() -> int:
    parser = argparse.ArgumentParser(prog="python -m local", description="Run Countersign on this machine.")
    given = os.environ.get("PORT", "3000")
    parser.add_argument("--port", default=given, help="port of the loopback (default: $PORT, else 3000)")
    text = parser.parse_args().port
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        sys.exit(_refuse(f"PORT must be a number from 1 to 65535, not {text!r}"))
    return int(text)


def _refuse(line: str) -> int:
    print(f"countersign: {line}", file=sys.stderr, flush=True)
    return 2


def _greeting(stack: Stack) -> str:
    number = DEMO_NUMBER.replace("+", "%2B")
    call = "curl -sS -u demo:demo-secret -H 'Content-Type: application/json'"
    start = f"{stack.url}/otp/v1/verifications"
    first_code = r"""sed -n 's/^[^}]*"code": *"\([^"]*\)".*/\1/p'"""
    found = f"curl -sS '{stack.url}/local/messages?to={number}' | {first_code}"
    send = (
        f"""ID=$({call} {start} -d '{{"to":"{DEMO_NUMBER}"}}' | tee /dev/stderr"""
        f""" | sed -n 's/.*"id": *"\\([^"]*\\)".*/\\1/p'); echo; echo "id: $ID\""""
    )
    check = f"""{call} {start}/$ID/check -d "{{\\"code\\":\\"$({found})\\"}}"; echo"""
    return f"""
Countersign ready: {stack.url}

Send a code (prints the verification's id), then check the code that the handset got:

{send}

{check}

The same client speaks the vendors' protocols and CAMARA's on their own paths:
see "Coming from Message Central / eSMS / EngageLab" in README.md.

Handset: {stack.url}/handset
Events:  {stack.url}/local/events
OpenAPI: {stack.url}/openapi.json
Logs:    {FOLDER.relative_to(ROOT)}/ (ministack.log, functions.log)
Ctrl-C ends everything.
"""


def _watch(stack: Stack) -> None:
    while (child := stack.fallen()) is None:
        time.sleep(0.5)
    raise StackError(f"{child.name} ended by itself (log {child.log})\n{tail(child.log)}")


def main() -> int:
    port = _port()
    if not port_is_free(port):
        return _refuse(f"port {port} is taken; stop what listens there, or choose another with PORT=…")
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        with Stack(port=port, logs=FOLDER, description=DESCRIPTION, reports=True, say=_say) as stack:
            print(_greeting(stack), flush=True)
            _watch(stack)
    except Stopped:
        _say("Stopped; everything that was started has ended")
        return 0
    except StackError as error:
        print(f"countersign: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
