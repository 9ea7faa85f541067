"""A calling application that has proved who it is, and what its tokens are good for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from countersign.model import Secret
from countersign.policy import Policy

if TYPE_CHECKING:
    from countersign.scripts import Scripts


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A calling application that has proved who it is, and its policy."""

    id: str
    policy: Policy
    dialects: Mapping[str, Mapping[str, object]] | None = None  # None: it may speak every one
    test_numbers: Scripts = field(default_factory=dict)

    def speaks(self, dialect: str) -> bool:
        return self.dialects is None or dialect in self.dialects

    def settings(self, dialect: str) -> Mapping[str, object]:
        """What the operator has set for this client in one dialect."""
        return (self.dialects or {}).get(dialect, {})

    def record_of(self, number: Secret) -> Secret:
        """What stands for a number (E.164) where its record is looked up.

        A test number has a record of the client's own: what is rehearsed is neither counted against
        the number's owner, nor pushes what was really sent out of the rows of times.
        """
        if number not in self.test_numbers:
            return number
        return Secret(f"{number.reveal()}#test#{self.id}")


class TokenUse(StrEnum):
    """What a client's token is good for; a token of one use is none of another."""

    MESSAGE_CENTRAL = "message_central"
    OAUTH2 = "oauth2"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token stands for, and its scopes."""

    client: Client
    scopes: frozenset[str]
