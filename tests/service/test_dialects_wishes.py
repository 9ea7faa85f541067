"""What front-door protocols ask for beside a number: codes, ids, alphabets and texts of their own."""

from __future__ import annotations

import re

import pytest

from countersign.errors import IdempotencyConflictError, WrongCodeError
from countersign.model import Alphabet, Custody, Delivery, MessageText, ResendMode, Secret, Status
from tests.support.builders import OTHER_NUMBER, client, keys
from tests.support.clock import NOON
from tests.support.providers import REFUSED
from tests.support.world import VENDOR, World, code_of

OWN = "K7-own-code"
LETTERS = re.compile(r"[2-9A-HJ-NP-Z]{6}")
TEXT = MessageText(("Your code is ", ". Again: ", "."))


# A code of the caller's own -------------------------------------------------------------------


@pytest.mark.parametrize("route", [VENDOR, ("one:gateway",), ("keyed:vendor",)])
def test_the_callers_own_code_is_carried_as_it_is_and_in_our_custody(route: tuple[str, ...]) -> None:
    world = World(route=route)
    made = world.start(code=Secret(OWN)).verification
    [order] = [order for vendor in world.vendors for order in vendor.orders]
    assert (order.code, order.custody) == (Secret(OWN), Custody.GATEWAY)
    assert made.custody is Custody.GATEWAY
    assert world.check(made.id, OWN).status(NOON)[0] is Status.APPROVED


def test_the_callers_own_code_is_not_stored_in_the_clear_nor_shown() -> None:
    world = World()
    made = world.start(code=Secret(OWN)).verification
    assert OWN not in repr(world.read(made.id))
    assert OWN not in repr(world.one.orders[0])
    assert OWN not in repr(world.telemetry.outcomes)
    assert world.read(made.id).code == keys().code_hash("demo", verification_id=made.id, code=Secret(OWN))


def test_nothing_but_the_callers_own_code_is_right() -> None:
    world = World()
    made = world.start(code=Secret("1234")).verification
    derived = keys().derive_code(made.id, seed=made.code_seed, length=6).reveal()
    for guess in ("12345", "123", "1235", derived):
        with pytest.raises(WrongCodeError):
            world.check(made.id, guess)
    assert world.check(made.id, "1234").solved


def test_the_callers_own_code_goes_to_every_vendor_of_a_round_without_a_lock() -> None:
    world = World(route=("keyed:vendor", "one:vendor", "two:gateway"))
    world.start(by=client("other"))
    world.keyed.will(REFUSED)
    world.one.will(REFUSED)
    made = world.start(code=Secret(OWN)).verification
    assert [vendor.orders[-1].code for vendor in (world.keyed, world.one, world.two)] == [Secret(OWN)] * 3
    assert (made.provider, made.custody) == ("two", Custody.GATEWAY)


# An id in the dialect's shape -----------------------------------------------------------------


def test_the_id_is_the_one_that_was_asked_for() -> None:
    world = World()
    made = world.start(verification_id="7204123456789").verification
    assert made.id == "7204123456789"
    assert world.one.orders[0].verification_id == "7204123456789"
    assert world.check("7204123456789", code_of(world.one)).solved


def test_without_one_the_id_is_ours() -> None:
    assert re.fullmatch(r"[a-z2-7]{26}", World().started().id)


def test_an_id_that_is_taken_harms_nobody() -> None:
    world = World()
    first = world.start(verification_id="17").verification
    code = code_of(world.one)
    with pytest.raises(IdempotencyConflictError):
        world.start(to=OTHER_NUMBER, verification_id="17")
    assert world.sends == 1
    assert world.start(to=OTHER_NUMBER).verification.delivery is Delivery.ACCEPTED
    assert world.check(first.id, code).solved


def test_the_same_id_of_another_client_is_another_verification() -> None:
    world = World()
    world.start(verification_id="17")
    code = code_of(world.one)
    other = world.start(verification_id="17", by=client("other")).verification
    assert other.delivery is Delivery.ACCEPTED
    assert code != code_of(world.one)
    with pytest.raises(WrongCodeError):
        world.check("17", code, by=client("other"))
    assert world.check("17", code).solved


# Letters --------------------------------------------------------------------------------------


def test_a_code_of_letters_and_digits_is_compared_as_it_was_sent() -> None:
    world = World()
    code, number = "", 0
    while code.upper() == code.lower():  # until one has a letter
        number += 1
        made = world.start(alphabet=Alphabet.LETTERS_AND_DIGITS, by=client(f"client{number}")).verification
        code = code_of(world.one)
    by = client(f"client{number}")
    assert world.one.orders[-1].alphabet is Alphabet.LETTERS_AND_DIGITS
    assert LETTERS.fullmatch(code)
    with pytest.raises(WrongCodeError):
        world.check(made.id, code.lower(), by=by)
    assert world.check(made.id, code, by=by).solved


@pytest.mark.parametrize("mode", ResendMode)
def test_a_resend_keeps_the_alphabet(mode: ResendMode) -> None:
    world = World()
    caller = client(resend=mode)
    made = world.start(alphabet=Alphabet.LETTERS_AND_DIGITS, by=caller).verification
    assert made.alphabet is Alphabet.LETTERS_AND_DIGITS
    world.clock.advance(60)
    world.resend(made.id, by=caller)
    assert world.two.orders[-1].alphabet is Alphabet.LETTERS_AND_DIGITS
    assert LETTERS.fullmatch(code_of(world.two))
    assert (code_of(world.two) == code_of(world.one)) is (mode is ResendMode.SAME_CODE)
    assert world.check(made.id, code_of(world.two), by=caller).solved


def test_a_code_is_of_digits_unless_something_else_is_asked_for() -> None:
    world = World()
    assert world.started().alphabet is Alphabet.DIGITS
    assert world.one.orders[0].alphabet is Alphabet.DIGITS
    assert code_of(world.one).isdigit()


# Texts ----------------------------------------------------------------------------------------


def test_a_text_reaches_every_vendor_of_the_round() -> None:
    world = World()
    world.one.will(REFUSED)
    world.start(text=TEXT)
    assert [world.one.orders[0].text, world.two.orders[0].text] == [TEXT, TEXT]


def test_without_a_text_the_vendors_account_has_its_own() -> None:
    world = World()
    world.start()
    assert world.one.orders[0].text is None
