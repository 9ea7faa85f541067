"""Trouble of DynamoDB at each call of each operation, as a client of each dialect meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

import botocore.endpoint
import pytest
import requests
import responses
from botocore.session import Session

from tests.matrix.callers import (
    CamaraCaller,
    DialectCaller,
    EngagelabCaller,
    EsmsCaller,
    MessageCentralCaller,
    NativeCaller,
)
from tests.support.gateway import CLIENTS, Gateway, policy
from tests.support.scene import UNAVAILABLE, NativeKeyCaller, Scene
from tests.support.troubles import one_of_each
from tests.support.vendors import Vendors
from tests.support.wire import Trouble, Wire

from .conftest import Aws

_serial = count()


@dataclass(frozen=True, slots=True)
class Asked:
    """One operation of one dialect."""

    caller: type[DialectCaller]
    name: str
    run: Callable[[Scene], str]
    prepare: Callable[[Scene], object] = lambda _scene: None
    is_a_check: bool = False

    def __str__(self) -> str:
        return f"{self.caller.name} {self.name}"


def _before_a_resend(scene: Scene) -> None:
    scene.send()
    scene.gateway.clock.advance(60)


ASKED = (
    Asked(NativeKeyCaller, "resend", lambda scene: scene.resend(faulty=True), _before_a_resend),
    Asked(NativeKeyCaller, "wrong code", lambda scene: scene.check(scene.wrong()), Scene.send),
    *(
        asked
        for caller in (NativeKeyCaller, MessageCentralCaller, EsmsCaller, EngagelabCaller, CamaraCaller)
        for asked in (
            Asked(caller, "send", lambda scene: scene.send(faulty=True)),
            Asked(caller, "check", Scene.check, Scene.send, is_a_check=True),
        )
    ),
)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore sleeps up to 2 s between its tries."""
    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    callers = (NativeCaller, MessageCentralCaller, EsmsCaller, EngagelabCaller, CamaraCaller)
    sections: dict[str, Any] = {
        caller.name: {
            "secrets": ["demo-secret"],
            "dialects": {caller.name: caller.lenient},
            "policy": policy(routes="gateway"),
        }
        for caller in callers
    }
    aws.put_clients(CLIENTS | {"clients": sections})


@pytest.fixture
def scenes() -> list[Scene]:
    return []


@pytest.fixture
def vendors(aws: Aws, scenes: list[Scene]) -> Iterator[Vendors]:
    def watch(response: requests.Response) -> requests.Response:
        scenes[-1].vendor_is_called(response.request)
        return response

    with responses.RequestsMock(assert_all_requests_are_fired=False, response_callback=watch) as wire:
        yield Vendors(wire)


type Stage = Callable[[Asked], Scene]


@pytest.fixture
def staged(
    make_gateway: Callable[..., Gateway], scenes: list[Scene], vendors: Vendors, session: Session
) -> Iterator[Stage]:
    def stage(asked: Asked) -> Scene:
        wire = Wire(f"integration-{next(_serial)}", session=session)
        gateway = make_gateway(TABLE_NAME=wire.table)
        wire.connect(gateway.container.dynamodb)
        scene = Scene(gateway, wire, vendors, caller=asked.caller)
        scenes.append(scene)
        asked.prepare(scene)
        return scene

    yield stage
    for scene in scenes:
        scene.wire.drop()


MATRIX = [
    pytest.param(asked, trouble, id=f"{asked}: {trouble}")
    for turn, asked in enumerate(ASKED)
    for trouble in one_of_each(turn)
    if not trouble.passes
]


@pytest.mark.parametrize(("asked", "trouble"), MATRIX)
def test_whatever_dynamodb_does_a_client_gets_a_right_answer_or_is_told_to_come_back(
    staged: Stage, asked: Asked, trouble: Trouble
) -> None:
    scene = staged(asked)
    scene.wire.learn()
    right, calls = asked.run(scene), tuple(scene.wire.calls)
    for at, call in enumerate(calls):
        if call not in trouble.operations:
            continue
        scene = staged(asked)
        scene.wire.arm(trouble, at=at)
        told = asked.run(scene)
        assert scene.wire.met
        scene.wire.learn()
        assert told in {right, UNAVAILABLE[asked.caller]}, f"call {at + 1} ({call})"
        if told != right:
            assert scene.told_to_wait() == 1
        if asked.is_a_check:
            scene.is_let_in_once()
        scene.gets_in()
        assert scene.broken == []
        repeats_the_code = asked.caller is EngagelabCaller  # its answer to a check does
        scene.witness.leaks(scene.gateway.log.getvalue(), () if repeats_the_code else scene.gateway.answers)
