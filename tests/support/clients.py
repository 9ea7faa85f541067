"""Clients that need no secret store."""

from __future__ import annotations

from dataclasses import dataclass, field

from countersign.codes import Keys
from countersign.errors import UnauthenticatedError
from countersign.ports import Client
from tests.support.builders import PEPPER


@dataclass
class FakeClients:
    """A countersign.ports.Clients; `secrets` maps a client's id to its one secret."""

    known: dict[str, Client]
    secrets: dict[str, str] = field(default_factory=dict)
    pepper: str = PEPPER

    def authenticate(self, client_id: str, *, secret: str) -> Client:
        if self.secrets.get(client_id) != secret:
            raise UnauthenticatedError
        return self.trusted(client_id)

    def trusted(self, client_id: str) -> Client:
        if client_id not in self.known:
            raise UnauthenticatedError
        return self.known[client_id]

    def keys(self) -> Keys:
        return Keys(self.pepper)
