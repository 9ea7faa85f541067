"""Who may be sent a code at all: by country and by kind of number, whatever else is right."""

from __future__ import annotations

import pytest

from countersign.errors import CountryNotAllowedError, NumberNotAllowedError
from tests.support.builders import client
from tests.support.world import World


def test_a_country_that_the_policy_does_not_list_gets_nothing() -> None:
    world = World()
    only_vietnam = client(countries=frozenset({"VN"}))
    with pytest.raises(CountryNotAllowedError) as refused:
        world.start(by=only_vietnam, to="+6591234567")
    assert refused.value.country == "SG"
    assert (world.store.calls, world.sends) == ([], 0)
    assert world.start(by=only_vietnam).verification.country == "VN"


def test_without_a_list_the_default_countries_are_served_and_no_other() -> None:
    world = World()
    indonesian = "+6281234567890"
    with pytest.raises(CountryNotAllowedError):
        world.start(to=indonesian)
    anywhere = client(countries=frozenset({"*"}))
    assert world.start(by=anywhere, to=indonesian).verification.country == "ID"


@pytest.mark.parametrize("number", ["+881612345678", "+870301234567", "+841900123456"])
def test_no_list_lets_a_service_or_a_premium_number_through(number: str) -> None:
    world = World()
    with pytest.raises(NumberNotAllowedError):
        world.start(by=client(countries=frozenset({"*"})), to=number)
    assert (world.store.calls, world.sends) == ([], 0)


def test_a_country_that_was_taken_off_the_list_gets_no_resend() -> None:
    world = World()
    made = world.start(to="+6591234567").verification
    world.clock.advance(60)
    with pytest.raises(CountryNotAllowedError):
        world.resend(made.id, by=client(countries=frozenset({"VN"})))
    assert world.sends == 1
