"""The ways that a letter can take, and how its delivery ended."""

from __future__ import annotations

from dataclasses import dataclass

from countersign.circuits import Circuit
from countersign.codes import Keys
from countersign.model import (
    Alphabet,
    Channel,
    Custody,
    MessageText,
    Phone,
    RouteStep,
    Secret,
    Verification,
)
from countersign.orders import SendOrder, SendResult
from countersign.ports import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is to be sent, before it is known who carries it."""

    verification_id: str
    client_id: str
    send_number: int
    phone: Phone
    code_length: int
    code_seed: str
    ttl_seconds: int
    locale: str | None
    keys: Keys  # of the pepper that the verification is made with
    alphabet: Alphabet = Alphabet.DIGITS
    text: MessageText | None = None
    code: Secret | None = None  # None: one is derived from the seed where it is ours


@dataclass(frozen=True, slots=True)
class Way:
    """A channel and the route that is configured for it."""

    channel: Channel
    steps: tuple[RouteStep, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """One provider that can carry the letter."""

    step: RouteStep
    provider: Provider
    order: SendOrder
    code_hash: str  # empty with custody `vendor`
    circuit: Circuit | None = None  # None: it is not known, and taken to be closed
    is_admitted: bool = False  # its probe, if it needs one, is ours

    @property
    def vendor_lock(self) -> str | None:
        """The vendor whose one-code-per-number must be ours alone, if there is one (rule 8)."""
        locks = self.step.custody is Custody.VENDOR and self.provider.keyed_by_phone
        return self.provider.name if locks else None


@dataclass(frozen=True, slots=True)
class Report:
    """How a delivery ended, and at which provider."""

    leg: Leg
    result: SendResult
    intent: Verification  # as the last written intent says
