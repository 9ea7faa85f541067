"""How a server process of the stack says that it is ready, and when it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Mapping


async def serve_until_told(ready: Mapping[str, object]) -> None:
    """Print `ready` as one JSON line and wait for SIGTERM, SIGINT or the end of standard input.

    Standard input is a pipe from the process that started this one: when that
    process dies, however it dies, the pipe closes and nothing is left behind.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    print(json.dumps(ready), flush=True)
    ended = asyncio.ensure_future(_drain(reader, stop))
    await stop.wait()
    ended.cancel()
    transport.close()


async def _drain(reader: asyncio.StreamReader, stop: asyncio.Event) -> None:
    while await reader.read(1024):
        pass
    stop.set()
