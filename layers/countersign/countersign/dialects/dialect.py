"""What every front-door protocol is made of. docs/adding-a-dialect.md walks through one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from countersign.clock import Clock, Deadline
from countersign.dialects.http import HttpRequest, HttpResponse
from countersign.errors import CountersignError
from countersign.ports import Clients

if TYPE_CHECKING:
    from countersign.service.check import Checker
    from countersign.service.prove import Prover
    from countersign.service.redelivery import Redeliverer
    from countersign.service.resend import Resender
    from countersign.service.start import Starter


class Function(StrEnum):
    """The functions that callers reach."""

    SEND = "send"
    VERIFY = "verify"


SENDS = frozenset({Function.SEND})
VERIFIES = frozenset({Function.VERIFY})


class UseCases(Protocol):
    """What a dialect may use. Each is made at its first use, so that a check loads nothing that sends."""

    @property
    def clients(self) -> Clients: ...

    @property
    def starter(self) -> Starter: ...

    @property
    def resender(self) -> Resender: ...

    @property
    def redeliverer(self) -> Redeliverer: ...

    @property
    def checker(self) -> Checker: ...

    @property
    def prover(self) -> Prover: ...

    @property
    def clock(self) -> Clock: ...


type Handler = Callable[[HttpRequest, Deadline], HttpResponse]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method, a path such as `/otp/v1/verifications/{id}`, and the functions that answer it.

    The handler raises a CountersignError for every refusal.
    """

    method: str
    path: str
    handler: Handler
    functions: frozenset[Function]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A request that is refused, whatever the reason."""

    error: CountersignError
    request: HttpRequest
    trace_id: str
    now: int


def words_for[Words](error: CountersignError, *, table: Mapping[type[CountersignError], Words]) -> Words:
    """What a protocol says of an error: a class that `table` lacks has the words of the nearest one above.

    The table must have CountersignError, so that there are words for every error.
    """
    return next(table[kind] for kind in type(error).__mro__ if kind in table)


class Dialect(ABC):
    """One wire protocol. Everything under its path prefixes is answered in its words."""

    def __init__(self, use_cases: UseCases) -> None:
        self._use_cases = use_cases

    @abstractmethod
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every operation, whichever function serves it."""

    @abstractmethod
    def refuse(self, refusal: Refusal) -> HttpResponse:
        """A refusal in the protocol's words: never what its clients take for a success."""

    def canonical(self, path: str) -> str:
        """The path as the endpoints spell it, for a protocol that is lenient about spelling."""
        return path
