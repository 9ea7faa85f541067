"""Sends to a client's test numbers: the whole story with a vendor that only plays its part.

Everything but the vendor is real: the claim, the intent, the settlement, the attempts, the expiry.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import final

from countersign.client import Client
from countersign.clock import Deadline
from countersign.codes import random_seed
from countersign.errors import ConfigurationError
from countersign.model import TEST_PROVIDER, Custody, Delivery, Phone, RouteStep, Secret, Verdict
from countersign.orders import CheckOrder, CheckResult, SendOrder, SendResult
from countersign.phone import is_e164
from countersign.policy import SENDS_PER_DAY, Limit, Policy
from countersign.scripts import Script, ScriptedOutcome

# A vendor's route does not matter to a rehearsal, nor who would hold the code in it.
REHEARSED_STEP = RouteStep(TEST_PROVIDER, Custody.GATEWAY)

_SAYS_IT_TOOK_IT = SendResult(outcome=Delivery.ACCEPTED, detail="rehearsed")
_RESULTS = {
    ScriptedOutcome.APPROVED: _SAYS_IT_TOOK_IT,
    ScriptedOutcome.WRONG: _SAYS_IT_TOOK_IT,
    ScriptedOutcome.EXPIRED: replace(_SAYS_IT_TOOK_IT, expires_in_seconds=0),
    ScriptedOutcome.UNDELIVERABLE: SendResult(outcome=Delivery.REJECTED, detail="rehearsed"),
    ScriptedOutcome.VENDOR_ERROR: SendResult(outcome=Delivery.UNKNOWN, detail="rehearsed"),
}


@final
class Understudy:
    """A ports.Provider that sends nothing and answers by its script."""

    name = TEST_PROVIDER
    keyed_by_phone = False

    def __init__(self, script: Script) -> None:
        self._script = script

    def refusal(self, order: SendOrder) -> str | None:
        """It plays every channel, text and length."""
        del order
        return None

    def send(self, order: SendOrder, *, deadline: Deadline) -> SendResult:
        del order, deadline
        return _RESULTS[self._script.outcome]

    def check(self, order: CheckOrder, *, deadline: Deadline) -> CheckResult:
        """It never holds a code, so nobody asks; were it asked, no code would be right."""
        del order, deadline
        return CheckResult(verdict=Verdict.UNKNOWN, detail="rehearsed")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalPolicy(Policy):
    """A client's policy where nothing is sent: no cooldown, and limits that are generous."""

    @property
    def send_limits(self) -> tuple[Limit, ...]:
        return (Limit(SENDS_PER_DAY.high, 60),)

    @property
    def failure_limits(self) -> tuple[Limit, ...]:
        return ()

    @classmethod
    def of(cls, policy: Policy) -> RehearsalPolicy:
        kept = {field.name: getattr(policy, field.name) for field in fields(Policy)}
        return cls(**kept | {"cooldown_seconds": 0})


@final
@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A send to a test number."""

    client: Client  # with a RehearsalPolicy
    script: Script

    @property
    def code(self) -> Secret:
        """The one right code; where none is to be, one that is longer than any dialect lets through."""
        return self.script.code or Secret(random_seed())


def rehearsal_of(client: Client, *, phone: Phone) -> Rehearsal | None:
    """What is configured for a number, whatever the switch says and however long ago it ended.

    Raises ConfigurationError where a test number is spelt as no caller's number ever is once it is parsed:
    it would never be found, and a real text would be sent.
    """
    for place, number in enumerate(client.test_numbers, start=1):
        if not is_e164(number):
            raise ConfigurationError(
                f"client {client.id}: test_numbers, entry {place}: not a number that is in use anywhere, "
                "or not spelt as E.164 has it"
            )
    script = client.test_numbers.get(phone.e164)
    if script is None:
        return None
    return Rehearsal(replace(client, policy=RehearsalPolicy.of(client.policy)), script)
