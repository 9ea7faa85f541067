"""`python -m local.vendors`: serve until SIGTERM or until standard input closes.

Prints one JSON line, `{"control": URL, "vendors": {name: base URL}}`, when everything listens.
"""

from __future__ import annotations

import asyncio

from local.serving import serve_until_told
from local.vendors.server import VendorServers


async def main() -> None:
    servers = VendorServers()
    await servers.start()
    try:
        await serve_until_told(servers.addresses())
    finally:
        await servers.stop()


if __name__ == "__main__":
    asyncio.run(main())
