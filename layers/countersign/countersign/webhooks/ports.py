"""What sending webhooks needs from outside."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from countersign.webhooks.endpoint import Endpoint


class NoAnswerError(Exception):
    """The receiver did not answer, or was not asked; `reason` is a short constant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts of a receiver's answer."""

    status: int
    retry_after: str | None = None  # the header as it came


class Post(Protocol):
    """One attempt over HTTP. It may be called by several threads at once."""

    def __call__(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST once, without following redirects. Raises NoAnswerError."""
        ...


class Endpoints(Protocol):
    """Where clients want their webhooks."""

    def get(self, client_id: str) -> Endpoint | None:
        """The client's receiver; None where it has none, is switched off, or unknown.

        Raises ConfigurationError or ServiceUnavailableError.
        """
        ...


class GoneEndpoints(Protocol):
    """The receivers that have answered 410."""

    def among(self, endpoints: Collection[Endpoint]) -> frozenset[Endpoint]:
        """Those of them that are gone, by their very URL. Raises ServiceUnavailableError."""
        ...

    def add(self, endpoint: Endpoint) -> None:
        """Raises ServiceUnavailableError."""
        ...


class Waiting(Protocol):
    """The queue's messages that wait for another attempt."""

    def hide(self, receipt: str, *, seconds: int) -> None:
        """Nobody sees the message for so long. Raises ServiceUnavailableError."""
        ...
