"""Where a name of somebody else's may lead: to the public internet, or nowhere.

A client's operator names the receiver, and whoever runs its DNS says where that is. One address that is
not public is enough to refuse the name: the one that is connected to could be that one. The connection
is then made to the addresses that were looked at (connections.py), so that a second answer of the DNS,
another one (rebinding), is never asked for.
"""

from __future__ import annotations

from typing import final

from countersign.providers.connections import Addresses, Lookup, look_up
from countersign.providers.wire import NotSentError
from countersign.webhooks.addresses import is_public
from countersign.webhooks.endpoint import LOOPBACK


@final
class PublicAddresses:
    """A Lookup that gives public addresses only."""

    def __init__(self, *, loopback: bool, lookup: Lookup = look_up) -> None:
        """`loopback` lets 127.0.0.1 through where a URL says just that: for the local stack and tests."""
        self._loopback = loopback
        self._lookup = lookup

    def __call__(self, host: str, port: int | None) -> Addresses:
        """Raises NotSentError where an address is not public, OSError or UnicodeError where there is none."""
        found = self._lookup(host, port)
        if self._loopback and host == LOOPBACK:
            return found
        if not all(is_public(str(address[0])) for _, _, _, _, address in found):
            raise NotSentError("the host leads to an address that is not public")
        return found
