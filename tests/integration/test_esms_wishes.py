"""What a caller of the eSMS dialect may wish for: letters, lengths, lives, channels; and its policy."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.support.esms_caller import (
    BRANDNAME,
    Caller,
    accepted,
    clients,
    invalid,
    section,
    success,
)
from tests.support.gateway import VENDORS, Gateway
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ESMS_GENCODE,
    ESMS_NO_BALANCE,
    ESMS_OK,
    ESMS_RAW,
    ESMS_URL,
    Vendors,
)

from .conftest import Aws


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are ours."""
    aws.put_clients(clients())
    return Caller(gateway, vendors)


@pytest.fixture
def branch(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are the vendors'."""
    aws.put_clients(clients())
    return Caller(gateway, vendors, client="branch")


def test_a_code_with_letters_is_in_upper_case_and_compared_exactly(shop: Caller) -> None:
    accepted(shop.send(IsNumber="0", NumCharOfCode="10"))
    code = shop.code_sent()
    assert re.fullmatch(r"[2-9A-HJ-NP-Z]{10}", code)  # without those that look alike
    assert code != code.lower(), "no letter in ten characters: one chance in a million"
    assert shop.check(code.lower()).json == invalid()
    assert shop.check(code).json == success()


def test_letters_and_digits_are_the_default(shop: Caller) -> None:
    codes = set()
    for _ in range(4):
        accepted(shop.send(IsNumber=None, NumCharOfCode=None))
        codes.add(shop.code_sent())
    assert all(re.fullmatch(r"[2-9A-HJ-NP-Z]{6}", code) for code in codes)
    assert any(not code.isdigit() for code in codes)


@pytest.mark.parametrize("length", [4, 5, 7, 10])
def test_a_code_is_as_long_as_wished(shop: Caller, length: int) -> None:
    accepted(shop.send(NumCharOfCode=str(length)))
    assert re.fullmatch(rf"[0-9]{{{length}}}", shop.code_sent())


# Multichannel ------------------------------------------------------------------------------------


def test_a_multichannel_code_has_six_digits_and_the_vendors_text(shop: Caller) -> None:
    accepted(shop.send_multichannel())
    assert re.fullmatch(r"[0-9]{6} is your code", shop.text_sent())
    assert shop.check(shop.code_sent()).json == success()


def test_a_multichannel_code_supersedes_and_is_superseded(shop: Caller) -> None:
    accepted(shop.send())
    older = shop.code_sent()
    accepted(shop.send_multichannel())
    newer = shop.code_sent()
    assert older == newer or shop.check(older).json == invalid()
    accepted(shop.send())
    assert shop.check(shop.code_sent()).json == success()


def test_a_multichannel_code_goes_by_zalo_first(branch: Caller, aws: Aws) -> None:
    aws.put_vendors(VENDORS | {"esms": VENDORS["esms"] | {"zalo_template_id": "77"}})
    zalo = f"{ESMS_URL}/SendMessageAutoGenCode_V5"
    branch.vendors.wire.add("POST", zalo, json=ESMS_OK)
    accepted(branch.send_multichannel(TimeAlive="3"))
    asked = json.loads(branch.vendors.last(zalo).body or "")
    assert (asked["MultiChannelTempId"], asked["TimeAlive"], asked["TypeId"]) == ("77", "3", "2")
    branch.vendors.now_answers("POST", zalo, ESMS_NO_BALANCE)
    accepted(branch.send_multichannel())
    assert branch.vendors.urls == [zalo, zalo, ESMS_GENCODE]
    assert branch.check("123456").json == success()


@pytest.mark.parametrize(
    ("changes", "alive"), [({}, 300), ({"TimeAlive": 2}, 120), ({"TimeAlive": "10"}, 600)]
)
def test_a_multichannel_code_lives_as_long_as_wished(
    shop: Caller, changes: dict[str, Any], alive: int
) -> None:
    accepted(shop.send_multichannel(**changes))
    shop.gateway.clock.advance(alive)
    assert shop.check(shop.code_sent()).json == invalid()
    accepted(shop.send_multichannel(**changes))
    shop.gateway.clock.advance(alive - 1)
    assert shop.check(shop.code_sent()).json == success()


# Policies and settings ------------------------------------------------------------------------------------


def of(aws: Aws, caller: Caller, **more: Any) -> Caller:
    """A caller with a policy or settings of its own."""
    aws.put_clients(clients(own=section(**more)))
    return Caller(caller.gateway, caller.vendors, client="own")


def test_a_policys_length_is_the_default_and_the_least(shop: Caller, aws: Aws) -> None:
    own = of(aws, shop, policy={"code_length": 8})
    accepted(own.send(NumCharOfCode=None))
    assert len(own.code_sent()) == 8
    accepted(own.send(NumCharOfCode="9"))
    assert len(own.code_sent()) == 9
    assert own.send(NumCharOfCode="7").json["ErrorMessage"] == "`NumCharOfCode` must be from 8 to 10."
    accepted(own.send_multichannel())
    assert len(own.code_sent()) == 8


def test_a_policys_short_length_is_the_default_but_not_of_multichannel(shop: Caller, aws: Aws) -> None:
    own = of(aws, shop, policy={"code_length": 4})
    accepted(own.send(NumCharOfCode=None))
    assert len(own.code_sent()) == 4
    accepted(own.send_multichannel())
    assert len(own.code_sent()) == 6


@pytest.mark.parametrize(("policy", "alive"), [(600, 300), (200, 200), (90, 90)])
def test_a_policys_life_bounds_the_default(shop: Caller, aws: Aws, policy: int, alive: int) -> None:
    own = of(aws, shop, policy={"ttl_seconds": policy})
    accepted(own.send(TimeAlive=None))
    own.gateway.clock.advance(alive)
    assert own.check(own.code_sent()).json == invalid()
    accepted(own.send(TimeAlive=None))
    own.gateway.clock.advance(alive - 1)
    assert own.check(own.code_sent()).json == success()


@pytest.mark.parametrize(
    ("policy", "wished", "words"),
    [
        (300, "6", "`TimeAlive` must be from 2 to 5."),
        (200, "4", "`TimeAlive` must be from 2 to 3."),
        (90, "2", "`TimeAlive` cannot be chosen."),
    ],
)
def test_a_policys_life_is_the_longest(shop: Caller, aws: Aws, policy: int, wished: str, words: str) -> None:
    own = of(aws, shop, policy={"ttl_seconds": policy})
    answer = own.send(TimeAlive=wished)
    assert (answer.status, answer.json["CodeResult"], answer.json["ErrorMessage"]) == (200, "99", words)
    assert own.vendors.urls == []


def test_a_preferred_text_may_give_way_to_the_vendors(shop: Caller, aws: Aws) -> None:
    own = of(aws, shop, esms={"brandnames": [BRANDNAME], "own_text": "preferred"})
    own.vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    accepted(own.send())
    assert own.vendors.urls == [ESMS_RAW, ENGAGELAB_CODES]
    assert own.check(own.vendors.code_sent()).json == success()


def test_a_listed_template_is_taken(shop: Caller, aws: Aws) -> None:
    own = of(aws, shop, esms={"multichannel_templates": ["12345"]})
    accepted(own.send_multichannel())
