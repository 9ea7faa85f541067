"""The use cases over fakes: everything that a service test needs, in one object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from countersign.client import Client
from countersign.clock import Deadline
from countersign.codes import Keys
from countersign.limits import Budget
from countersign.model import Channel, Secret, Verification
from countersign.policy import DEFAULT_CODE_LENGTH, DEFAULT_TTL_SECONDS, Policy
from countersign.ports import Store
from countersign.routing import Routes
from countersign.service.check import Checker
from countersign.service.courier import Courier
from countersign.service.guard import Guard
from countersign.service.resend import Resender
from countersign.service.sending import cooldown_seconds
from countersign.service.start import Starter
from countersign.service.wish import Started, StartRequest
from tests.support.builders import NUMBER, client, keys, phone
from tests.support.clock import FakeClock
from tests.support.providers import ScriptedProvider, ScriptedProviders
from tests.support.store import MemoryStore
from tests.support.telemetry import RecordingTelemetry
from tests.support.watched import WatchedStore

GATEWAY = ("one:gateway", "two:gateway", "three:gateway")
VENDOR = ("one:vendor", "two:vendor", "three:vendor")
SECONDS = 20.0


class World:
    """Three vendors, one route, one store; `keyed` is a fourth vendor that knows one code per number."""

    def __init__(
        self,
        *,
        route: tuple[str, ...] = GATEWAY,
        routes: Mapping[str, object] | None = None,
        store: Store | None = None,
        rehearses: bool = True,
    ) -> None:
        self.clock = FakeClock()
        self.telemetry = RecordingTelemetry()
        self.memory = MemoryStore()
        self.store = WatchedStore(store or self.memory)
        self.keys: Keys = keys()
        self.one, self.two, self.three = (
            ScriptedProvider(name, self.clock) for name in ("one", "two", "three")
        )
        self.keyed = ScriptedProvider("keyed", self.clock, keyed_by_phone=True)
        vendors = (self.one, self.two, self.three, self.keyed)
        self.providers = ScriptedProviders({vendor.name: vendor for vendor in vendors})
        self.routes = Routes.parse(json.dumps(routes or {"default": {"*": {"*": list(route)}}}))
        courier = Courier(
            providers=self.providers,
            store=self.store,
            keys=lambda: self.keys,
            telemetry=self.telemetry,
            clock=self.clock,
        )
        self.budget = Budget(warning=10_000, limit=20_000)
        guard = Guard(store=self.store, telemetry=self.telemetry, budget=lambda: self.budget)
        self.starter = Starter(
            store=self.store,
            courier=courier,
            guard=guard,
            routes=lambda: self.routes,
            rehearses=rehearses,
            keys=lambda: self.keys,
            telemetry=self.telemetry,
            clock=self.clock,
        )
        self.resender = Resender(
            store=self.store,
            courier=courier,
            guard=guard,
            routes=lambda: self.routes,
            rehearses=rehearses,
            keys=lambda: self.keys,
            telemetry=self.telemetry,
            clock=self.clock,
        )
        self.checker = Checker(
            store=self.store,
            providers=lambda: self.providers,
            keys=lambda: self.keys,
            telemetry=self.telemetry,
            clock=self.clock,
        )

    @property
    def vendors(self) -> tuple[ScriptedProvider, ...]:
        return tuple(self.providers.known.values())

    @property
    def sends(self) -> int:
        """How often any vendor was asked to send."""
        return sum(len(vendor.orders) for vendor in self.vendors)

    def start(
        self,
        *,
        by: Client | None = None,
        to: str = NUMBER,
        key: str | None = None,
        channel: Channel = Channel.SMS,
        purpose: str = "login",
        ttl_seconds: int | None = None,
        locale: str | None = None,
        reference: str | None = None,
        source: str | None = None,
        seconds: float = SECONDS,
        **more: Any,
    ) -> Started:
        """A start as the native API makes it; `more` are fields of StartRequest."""
        caller = by or client()
        policy: Policy = caller.policy
        request = StartRequest(
            phone=phone(to),
            channels=(channel,),
            purpose=purpose,
            code_length=policy.code_length or DEFAULT_CODE_LENGTH,
            ttl_seconds=ttl_seconds or policy.ttl_seconds or DEFAULT_TTL_SECONDS,
            cooldown_seconds=cooldown_seconds(policy),
            locale=locale,
            reference=reference,
            idempotency_key=key,
        )
        return self.starter.start(
            caller, request=replace(request, **more), source=source, deadline=self.deadline(seconds)
        )

    def started(self, **wishes: str | None) -> Verification:
        """A start of the default client, and what it made."""
        return self.start(to=wishes.get("to") or NUMBER, key=wishes.get("key")).verification

    def resend(
        self,
        verification_id: str,
        *,
        by: Client | None = None,
        channel: Channel | None = None,
        key: str | None = None,
        source: str | None = None,
        seconds: float = SECONDS,
    ) -> Verification:
        return self.resender.resend(
            by or client(),
            verification_id=verification_id,
            channel=channel,
            idempotency_key=key,
            source=source,
            deadline=self.deadline(seconds),
        )

    def check(self, verification_id: str, code: str, *, by: Client | None = None) -> Verification:
        return self.checker.check(
            by or client(),
            verification_id=verification_id,
            code=Secret(code),
            deadline=self.deadline(SECONDS),
        )

    def check_latest(
        self, code: str, *, by: Client | None = None, to: str = NUMBER, purpose: str = "login"
    ) -> Verification:
        return self.checker.check_latest(
            by or client(),
            number=Secret(to),
            purpose=purpose,
            code=Secret(code),
            deadline=self.deadline(SECONDS),
        )

    def cancel(self, verification_id: str, *, by: Client | None = None) -> Verification:
        return self.checker.cancel(by or client(), verification_id=verification_id)

    def read(self, verification_id: str, *, by: Client | None = None) -> Verification:
        return self.checker.read(by or client(), verification_id=verification_id)

    def deadline(self, seconds: float) -> Deadline:
        return Deadline(seconds, clock=self.clock)


def code_of(vendor: ScriptedProvider) -> str:
    """The code of ours that the vendor was last given."""
    code = vendor.orders[-1].code
    assert code is not None
    return code.reveal()


def another(code: str) -> str:
    """A code of the same length that is wrong."""
    return code[:-1] + str((int(code[-1]) + 1) % 10)


def resendable(world: World) -> str:
    """The id of a verification whose cooldown has just ended."""
    made = world.started()
    world.clock.advance(60)
    return made.id
