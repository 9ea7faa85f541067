"""Each hostile input at every operation of every dialect: a refusal of that protocol, and nothing done.

What the requests differ from is taken by every operation, before and after: the checks are
about codes that live all the while, and the sends about numbers that nothing was sent to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import pytest

from tests.docs.openapi import document, operations
from tests.integration.hostile.callers import CALLERS, CORRELATORS, KEYS, PLACES
from tests.integration.hostile.documents import DOCUMENTS, MISSING
from tests.integration.hostile.doors import doors
from tests.integration.hostile.refusals import word_of
from tests.integration.hostile.shop import CLIENTS
from tests.integration.hostile.siege import Siege
from tests.integration.hostile.values import VALUES
from tests.integration.hostile.wire import Door, Role, Wire

type Attack = tuple[Door, Role, Wire]


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(CLIENTS)


@pytest.fixture(scope="module")
def every_door(siege: Siege) -> Mapping[str, Door]:
    return doors(siege.gateway, siege.vendors)


def repelled(siege: Siege, attacks: Iterable[Attack]) -> None:
    """There is one at least; each gets the refusal that it should get, and nothing is done."""
    siege.look()
    faults, places = [], set()
    for door, role, wire in attacks:
        places.add(door.name)
        found = [*siege.faults(door, wire, role=role), *siege.moved()]
        if found:
            siege.look()
        faults += [f"{door.name}: {fault}" for fault in found]
    assert places
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", VALUES)
def test_a_hostile_value_is_refused_in_every_field(
    siege: Siege, every_door: Mapping[str, Door], name: str
) -> None:
    bad = VALUES[name]
    repelled(siege, ((door, role, wire) for door in every_door.values() for role, wire in bad.wires(door)))


def changed(
    every_door: Mapping[str, Door], change: Callable[[Door], Iterator[Wire]], role: Role
) -> Iterator[Attack]:
    for door in every_door.values():
        yield from ((door, role, wire) for wire in change(door))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_hostile_document_is_refused(siege: Siege, every_door: Mapping[str, Door], name: str) -> None:
    repelled(siege, changed(every_door, DOCUMENTS[name], Role.DOCUMENT))


@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there_is_missed(siege: Siege, every_door: Mapping[str, Door], name: str) -> None:
    repelled(siege, changed(every_door, MISSING[name], Role.MISSING))


@pytest.mark.parametrize("name", CALLERS)
def test_a_hostile_caller_is_let_in_nowhere(siege: Siege, every_door: Mapping[str, Door], name: str) -> None:
    repelled(siege, changed(every_door, CALLERS[name], Role.CALLER))


@pytest.mark.parametrize("name", PLACES)
def test_a_hostile_path_or_method_leads_nowhere(
    siege: Siege, every_door: Mapping[str, Door], name: str
) -> None:
    repelled(siege, changed(every_door, PLACES[name], Role.PLACE))


@pytest.mark.parametrize("name", KEYS)
def test_a_hostile_idempotency_key_is_refused(
    siege: Siege, every_door: Mapping[str, Door], name: str
) -> None:
    at = (every_door["start"], every_door["resend"])
    repelled(siege, ((door, Role.TEXT, door.wire().headed({"idempotency-key": KEYS[name]})) for door in at))


@pytest.mark.parametrize("name", CORRELATORS)
def test_a_hostile_correlator_is_refused_and_not_repeated(
    siege: Siege, every_door: Mapping[str, Door], name: str
) -> None:
    for door in (every_door["camaraSendCode"], every_door["camaraValidateCode"]):
        wire = door.wire().headed({"x-correlator": CORRELATORS[name]})
        repelled(siege, [(door, Role.TEXT, wire)])
        assert re.fullmatch(r"[0-9a-f-]{36}", siege.answer(wire).headers["x-correlator"])


def test_every_operation_has_a_door(every_door: Mapping[str, Door]) -> None:
    documented = {operation.id for operation in operations(document())}
    assert documented - set(every_door) == {"health", "openapi", "proofKeys"}


def test_there_are_enough_of_them(every_door: Mapping[str, Door]) -> None:
    """At every operation that sends or checks."""
    assert len(VALUES) + len(DOCUMENTS) + len(CALLERS) + len(PLACES) >= 60
    for door in every_door.values():
        of_values = sum(bool(bad.wires(door)) for bad in VALUES.values())
        of_others = sum(any(change(door)) for change in (*DOCUMENTS.values(), *CALLERS.values()))
        assert of_values + of_others >= 20, door.name


def test_what_the_hostile_requests_differ_from_is_taken(siege: Siege, every_door: Mapping[str, Door]) -> None:
    """After all of the others: no number was used up, no attempt counted, no code spent."""
    twice = {"esmsCheck", "engagelabCode", "engagelabCustomMessage", "resend", "cancel"}
    for name, door in every_door.items():
        if name not in twice:  # the same code, number or verification as another door's
            answer = siege.answer(door.wire())
            assert word_of(answer, dialect=door.dialect) in TAKEN[door.dialect], name
            assert '"verified":false' not in answer.text


TAKEN = {
    "native": {"201 None", "200 None"},
    "message_central": {"200 200", "200 ?"},  # the second is a token
    "esms": {"200 100"},
    "engagelab": {"200 None"},
    "camara": {"200 None", "204 None"},
    "oauth2": {"200 None"},
}
