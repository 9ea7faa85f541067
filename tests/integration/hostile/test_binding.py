"""A code is good for its own verification, client, number and purpose alone; in every dialect.

Each test ends with the owner's own check, which is right: what was refused has spent nothing.
"""

from __future__ import annotations

import itertools

import pytest

from tests.integration.hostile.shop import CLIENT, last_code, message_central_token
from tests.integration.hostile.town import DIALECTS, OTHER, RENEWING, Town
from tests.matrix.callers import VERIFIED
from tests.support.camara import SEND_CODE, token_for
from tests.support.gateway import VERIFICATIONS
from tests.support.message_central import VALIDATE

every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def test_every_dialect_is_tried() -> None:
    assert {words.caller.name for words in DIALECTS.values()} == set(DIALECTS)


@every_dialect
def test_another_clients_verification_is_not_there(town: Town, dialect: str) -> None:
    live = town.live(dialect)
    stranger = town.caller(dialect, OTHER)
    assert stranger.check(live.sent, live.number, live.code) == DIALECTS[dialect].unknown
    assert live.check() == VERIFIED


@every_dialect
def test_another_clients_code_for_the_same_number_is_wrong(town: Town, dialect: str) -> None:
    ours = town.live(dialect)
    theirs = town.live(dialect, number=ours.number, client=OTHER, unlike=ours.code)
    assert ours.check(theirs.code) == ours.caller.wrong
    assert theirs.check(ours.code) == ours.caller.wrong
    assert (ours.check(), theirs.check()) == (VERIFIED, VERIFIED)


@every_dialect
def test_another_numbers_code_is_wrong(town: Town, dialect: str) -> None:
    one = town.live(dialect)
    two = town.live(dialect, unlike=one.code)
    assert one.check(two.code) == one.caller.wrong
    assert two.check(one.code) == two.caller.wrong
    assert (one.check(), two.check()) == (VERIFIED, VERIFIED)


@every_dialect
def test_an_older_code_is_none_after_a_newer_one(town: Town, dialect: str) -> None:
    words, older = DIALECTS[dialect], town.live(dialect)
    town.siege.gateway.clock.advance(words.wait_seconds)
    newer = town.live(dialect, number=older.number)
    assert older.check() == words.replaced
    if newer.code != older.code:  # as four digits can be by chance
        assert newer.check(older.code) == newer.caller.wrong
    assert newer.check() == VERIFIED


@every_dialect
def test_a_right_code_is_right_once(town: Town, dialect: str) -> None:
    live = town.live(dialect)
    assert live.check() == VERIFIED
    assert live.check() == live.caller.used


@every_dialect
def test_what_one_dialect_has_sent_is_nothing_in_another(town: Town, dialect: str) -> None:
    """Neither by its id, nor (where there are none) by its number."""
    live = town.live(dialect)
    others = [name for name in DIALECTS if name != dialect]
    told = {name: town.caller(name).check(live.sent, live.number, live.code) for name in others}
    assert told == {name: DIALECTS[name].unknown for name in others}
    assert live.check() == VERIFIED


@pytest.mark.parametrize(("one", "two"), [*itertools.pairwise([*DIALECTS, "native"])])
def test_a_code_of_one_dialect_is_wrong_for_the_same_number_in_another(
    town: Town, one: str, two: str
) -> None:
    first = town.live(one)
    second = town.live(two, number=first.number, unlike=first.code)
    assert second.check(first.code) == second.caller.wrong
    assert first.check(second.code) == first.caller.wrong
    assert (first.check(), second.check()) == (VERIFIED, VERIFIED)


def test_a_code_for_one_purpose_is_wrong_for_another(town: Town) -> None:
    gateway, number = town.siege.gateway, town.number()
    codes, ids = [], []
    for purpose in ("login", "payment"):
        ids.append(gateway.start(number, client=CLIENT, purpose=purpose).id)
        codes.append(last_code(town.siege.vendors))
    assert codes[0] != codes[1]
    assert gateway.check(ids[1], codes[0], client=CLIENT).code == "wrong_code"
    assert gateway.check(ids[0], codes[1], client=CLIENT).code == "wrong_code"
    for id_, code in zip(ids, codes, strict=True):
        assert gateway.check(id_, code, client=CLIENT).status == 200


def test_an_older_code_is_wrong_after_a_resend_that_makes_a_new_one(town: Town) -> None:
    live = town.live("native", client=RENEWING)
    town.siege.gateway.clock.advance(60)
    assert town.siege.gateway.resend(str(live.sent.id), client=RENEWING).status == 200
    newer = last_code(town.siege.vendors)
    assert newer != live.code
    assert live.check(live.code) == live.caller.wrong
    assert live.check(newer) == VERIFIED


# Tokens -----------------------------------------------------------------------------------------


def test_a_token_of_one_protocol_opens_no_other(town: Town) -> None:
    gateway = town.siege.gateway
    oauth2, message_central = token_for(gateway, CLIENT), message_central_token(gateway)
    bearer = {"authorization": f"Bearer {message_central}"}
    with town.siege.nothing_done():
        camara = gateway.http("POST", SEND_CODE, body="{}", headers=bearer)
        native = gateway.http("POST", VERIFICATIONS, body="{}", headers=bearer)
        validated = gateway.http("GET", VALIDATE, headers={"authtoken": oauth2})
    assert [answer.status for answer in (camara, native, validated)] == [401, 401, 401]
