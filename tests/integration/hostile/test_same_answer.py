"""What nobody has and what somebody else has is answered alike: the same bytes, the same calls.

An id of another dialect cannot be one of this one, which its shape tells to everybody: it is
answered alike too, whether or not it exists, and costs no call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from uuid import uuid4

import pytest

from countersign.codes import random_id
from tests.integration.hostile.callers import identified, tokened, wrongly_signed
from tests.integration.hostile.doors import doors
from tests.integration.hostile.shop import CLIENT, SECRET
from tests.integration.hostile.siege import Siege
from tests.integration.hostile.town import DIALECTS, MUTE, OFF, OTHER, THREE, Live, Town
from tests.integration.hostile.wire import Door, Role, Wire
from tests.support.gateway import HttpAnswer

type Calls = Mapping[str, int]

# Where an id is asked about, and ids of that dialect's shape that nobody has.
PLACES = {
    "check": "native",
    "resend": "native",
    "read": "native",
    "cancel": "native",
    "messageCentralValidate": "message_central",
    "engagelabVerify": "engagelab",
    "camaraValidateCode": "camara",
}
NEVER: Mapping[str, Callable[[], str]] = {
    "native": random_id,
    "message_central": lambda: "4242424242424242",
    "engagelab": lambda: "4242424242424242424",
    "camara": lambda: str(uuid4()),
    "esms": lambda: uuid4().hex,
}


@dataclass(frozen=True)
class Told:
    """An answer, and the calls that it cost."""

    answer: HttpAnswer
    calls: Calls


@pytest.fixture(scope="module")
def every_door(town: Town) -> Mapping[str, Door]:
    return doors(town.siege.gateway, town.siege.vendors)


def ask(siege: Siege, wire: Wire) -> Told:
    """Nothing of the request is repeated in an answer but a phone, as eSMS does it."""
    siege.gateway.counted()
    answer = siege.answer(wire)
    text = re.sub(r'"[0-9]{10,}, ', '"#, ', answer.text)
    return Told(HttpAnswer(answer.status, dict(answer.headers), text), siege.gateway.counted())


@pytest.fixture(scope="module")
def ours(town: Town) -> Mapping[str, Live]:
    """A code that lives, by dialect."""
    return {dialect: town.live(dialect) for dialect in DIALECTS}


@pytest.fixture(scope="module")
def theirs(town: Town) -> Mapping[str, Live]:
    """The same of another client."""
    return {dialect: town.live(dialect, client=OTHER) for dialect in DIALECTS}


@pytest.mark.parametrize("place", PLACES)
def test_an_id_of_nobody_is_answered_as_one_of_another_client(
    every_door: Mapping[str, Door],
    town: Town,
    ours: Mapping[str, Live],
    theirs: Mapping[str, Live],
    place: str,
) -> None:
    door, dialect = every_door[place], PLACES[place]
    [field] = door.fields[Role.ID]

    def told_of(id_: str | None) -> Told:
        return ask(town.siege, door.wire(field, id_))

    nobodys = told_of(NEVER[dialect]())
    assert nobodys == told_of(theirs[dialect].sent.id)
    assert (nobodys.answer.status >= 400, sum(nobodys.calls.values())) == (True, 1)
    for other in DIALECTS:
        if other != dialect:
            assert told_of(ours[other].sent.id) == told_of(NEVER[other]()) == Told(nobodys.answer, {})


@pytest.mark.parametrize("place", ["esmsCheck", "esmsCheckPost"])
def test_a_number_of_nobody_is_answered_as_one_of_another_client(
    every_door: Mapping[str, Door],
    town: Town,
    ours: Mapping[str, Live],
    theirs: Mapping[str, Live],
    place: str,
) -> None:
    """eSMS's checks are about numbers: of nobody, of another client, of another dialect."""
    door = every_door[place]
    numbers = [town.number(), theirs["esms"].number, ours["camara"].number]
    told = [ask(town.siege, door.wire("Phone", number[1:])) for number in numbers]
    assert told == [told[0]] * 3
    assert told[0].calls == {"dynamodb.GetItem": 1}


# Who exists -------------------------------------------------------------------------------------


def strangers(door: Door) -> Iterator[Wire]:
    """Nobody, and everybody with what is not theirs."""
    for client in ("stranger", CLIENT, OFF, MUTE, THREE):
        yield from identified(client, "wrong")(door)
        yield from tokened(wrongly_signed(client))(door)
    yield from identified("stranger", SECRET)(door)


def test_an_unknown_client_is_answered_as_a_wrong_secret(town: Town, every_door: Mapping[str, Door]) -> None:
    tried = 0
    for door in every_door.values():
        told = []
        for wire in strangers(door):
            town.siege.gateway.clock.advance(11)  # so that each of them makes a fresh look at the secret
            told.append(ask(town.siege, wire))
        assert told == [told[0]] * len(told), door.name
        assert told[0].calls == {"secrets-manager.GetSecretValue": 1}, door.name
        tried += len(told)
    assert tried >= 100
