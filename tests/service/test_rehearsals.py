"""A test number plays its script: everything happens but a send, and nothing costs a text."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.client import Client
from countersign.errors import (
    AttemptsExhaustedError,
    CanceledError,
    ConfigurationError,
    CountersignError,
    ExpiredError,
    NumberNotAllowedError,
    SendsExhaustedError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.model import Custody, Delivery, Reason, ResendMode, Secret, Status, Verification
from countersign.scripts import SECONDS_OF_A_DAY, Script, ScriptedOutcome
from tests.support.builders import NUMBER, OTHER_NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED
from tests.support.world import VENDOR, World, code_of

CODE = "246813"
MIDNIGHT = (NOON // SECONDS_OF_A_DAY + 1) * SECONDS_OF_A_DAY
SENT_SCRIPTS = (ScriptedOutcome.APPROVED, ScriptedOutcome.WRONG, ScriptedOutcome.VENDOR_ERROR)


def scripted(outcome: str = "approved", *, to: str = NUMBER, code: str = CODE, **policy: Any) -> Client:
    """A client with one test number, on its last day."""
    plain = client(**policy)
    right = Secret(code) if outcome == "approved" else None
    script = Script(ScriptedOutcome(outcome), right, MIDNIGHT)
    return Client(id=plain.id, policy=plain.policy, test_numbers={Secret(to): script})


def refusal_of(world: World, made: Verification, code: str, *, by: Client) -> type[CountersignError]:
    with pytest.raises(CountersignError) as refused:
        world.check(made.id, code, by=by)
    return type(refused.value)


# Scripts --------------------------------------------------------------------------------


def test_the_fixed_code_is_right_and_no_other_is() -> None:
    world, caller = World(), scripted()
    made = world.start(by=caller).verification
    assert (made.provider, made.custody, made.delivery) == ("test", Custody.GATEWAY, Delivery.ACCEPTED)
    assert made.status(NOON)[0] is Status.PENDING
    assert refusal_of(world, made, "246814", by=caller) is WrongCodeError
    assert world.check(made.id, CODE, by=caller).status(NOON) == (Status.APPROVED, Reason.CORRECT_CODE)
    assert world.sends == 0


@pytest.mark.parametrize(("outcome", "delivery"), [("wrong", "accepted"), ("vendor_error", "unknown")])
def test_no_code_is_right_where_none_is_to_be(outcome: str, delivery: str) -> None:
    world, caller = World(), scripted(outcome)
    made = world.start(by=caller).verification
    assert (made.delivery.value, made.status(NOON)[0]) == (delivery, Status.PENDING)
    derived = (
        world.peppers.ring()
        .current.derive_code(made.id, seed=made.code_seed, length=made.code_length)
        .reveal()
    )
    for code in (CODE, derived, made.code_seed, made.code):
        assert refusal_of(world, made, code, by=caller) is WrongCodeError
    assert world.sends == 0


def test_a_code_that_is_to_expire_is_dead_at_once() -> None:
    world, caller = World(), scripted("expired")
    made = world.start(by=caller).verification
    assert made.delivery is Delivery.ACCEPTED
    assert refusal_of(world, made, CODE, by=caller) is ExpiredError


def test_an_undeliverable_number_is_as_if_every_vendor_had_refused() -> None:
    """The same error as over real vendors: none of them says that the number itself is at fault."""
    ordinary = World(route=("one:gateway",))
    ordinary.one.will(REFUSED)
    with pytest.raises(UndeliverableError) as really:
        ordinary.start()
    world, caller = World(), scripted("undeliverable")
    with pytest.raises(UndeliverableError) as refused:
        world.start(by=caller)
    assert refused.value.number_refused is really.value.number_refused is False
    assert refused.value.verification is not None
    assert refused.value.verification.status(NOON) == (Status.FAILED, Reason.UNDELIVERABLE)
    assert ["usage", *world.store.calls] == ordinary.store.calls  # a rehearsal has no limits to look at
    assert world.sends == 0


# Rules that a script goes by ------------------------------------------------------------


def test_neither_route_nor_custody_nor_country_nor_kind_matter() -> None:
    premium = "+841900123456"
    caller = scripted(to=premium, routes="none", countries=frozenset({"FR"}))
    world = World(route=VENDOR)
    made = world.start(by=caller, to=premium).verification
    assert world.check(made.id, CODE, by=caller).status(NOON)[0] is Status.APPROVED
    assert (world.sends, world.providers.asked) == (0, [])


def test_the_same_number_is_another_clients_ordinary_one() -> None:
    world = World()
    made = world.start(by=client("other")).verification
    assert (made.provider, world.sends) == ("one", 1)


def test_another_number_of_the_client_is_an_ordinary_one() -> None:
    world = World()
    assert world.start(by=scripted(), to=OTHER_NUMBER).verification.provider == "one"


def test_there_is_no_cooldown_and_twenty_sends_a_minute_and_no_limit_of_wrong_codes() -> None:
    world, caller = World(), scripted()
    for _ in range(40):
        world.clock.advance(3)  # twenty in a minute
        made = world.start(by=caller).verification
        assert refusal_of(world, made, "000000", by=caller) is WrongCodeError
    assert world.check(made.id, CODE, by=caller).solved
    assert world.sends == 0


def test_as_many_purposes_as_one_likes_have_all_their_guesses_at_once() -> None:
    world, caller = World(), scripted("wrong")
    started = [world.start(by=caller, purpose=f"p{place}").verification for place in range(6)]
    assert [made.attempts_max for made in started] == [5] * 6


def test_wrong_codes_for_a_test_number_take_nobody_elses_guesses() -> None:
    world, caller = World(), scripted("wrong")
    for _ in range(6):
        made = world.start(by=caller).verification
        for _ in range(5):
            assert refusal_of(world, made, CODE, by=caller) is WrongCodeError
    assert "record_failure" not in world.store.calls
    world.clock.advance(600)  # what was promised to the last of them is free again
    assert world.start(by=client("other")).verification.attempts_max == 5


def test_attempts_and_sends_of_a_verification_are_the_policys() -> None:
    world, caller = World(), scripted("wrong", attempts=2, sends=2)
    made = world.start(by=caller).verification
    world.resend(made.id, by=caller)
    with pytest.raises(SendsExhaustedError):
        world.resend(made.id, by=caller)
    kinds = [refusal_of(world, made, CODE, by=caller) for _ in range(3)]
    assert kinds == [WrongCodeError, WrongCodeError, AttemptsExhaustedError]


def test_a_newer_start_ends_the_older_one() -> None:
    world, caller = World(), scripted()
    older = world.start(by=caller).verification
    newer = world.start(by=caller).verification
    assert refusal_of(world, older, CODE, by=caller) is CanceledError
    assert world.check(newer.id, CODE, by=caller).solved


def test_one_code_at_a_time_stays_so_until_it_is_over() -> None:
    world, caller = World(), scripted()
    made = world.start(by=caller, one_at_a_time=True).verification
    with pytest.raises(CountersignError, match="a moment ago"):
        world.start(by=caller, one_at_a_time=True)
    world.check(made.id, CODE, by=caller)
    assert world.start(by=caller, one_at_a_time=True).verification.id != made.id


def test_the_same_idempotency_key_is_the_same_verification() -> None:
    world, caller = World(), scripted()
    first = world.start(by=caller, key="k")
    again = world.start(by=caller, key="k")
    assert (again.replayed, again.verification.id) == (True, first.verification.id)


def test_the_callers_own_code_is_not_the_right_one() -> None:
    world, caller = World(), scripted()
    made = world.start(by=caller, code=Secret("975310")).verification
    assert refusal_of(world, made, "975310", by=caller) is WrongCodeError
    assert world.check(made.id, CODE, by=caller).solved


def test_a_start_costs_the_usual_three_calls_and_a_check_one() -> None:
    world, caller = World(), scripted()
    made = world.start(by=caller).verification
    world.check(made.id, CODE, by=caller)
    assert world.store.calls == ["claim_number", "create", "settle_delivery", "guess"]


def test_every_line_in_the_log_names_the_provider_test() -> None:
    world, caller = World(), scripted()
    made = world.start(by=caller).verification
    world.resend(made.id, by=caller)
    world.check(made.id, CODE, by=caller)
    assert {fields["provider"] for _, fields in world.telemetry.outcomes} == {"test"}
    assert {"VerificationStarted", "DeliveryAccepted", "VerificationResent", "VerificationApproved"} == set(
        world.telemetry.events
    )


# Resending ------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ResendMode)
def test_a_resend_carries_the_fixed_code_again(mode: ResendMode) -> None:
    world, caller = World(), scripted(resend=mode)
    made = world.start(by=caller).verification
    resent = world.resend(made.id, by=caller)
    assert (resent.provider, resent.sends, resent.expires_at) == ("test", 2, made.expires_at)
    assert world.check(made.id, CODE, by=caller).solved
    assert world.sends == 0


def test_a_resend_over_vendors_that_hold_codes_is_rehearsed_too() -> None:
    world, caller = World(route=VENDOR), scripted()
    made = world.start(by=caller).verification
    world.clock.advance(100)
    assert world.resend(made.id, by=caller).expires_at == made.expires_at
    assert world.check(made.id, CODE, by=caller).solved
    assert world.sends == 0


def test_an_ordinary_verification_is_rehearsed_from_when_its_number_is_a_test_number() -> None:
    world = World()
    made = world.start(by=client()).verification
    world.clock.advance(60)
    resent = world.resend(made.id, by=scripted())
    assert (resent.provider, world.sends) == ("test", 1)
    assert refusal_of(world, made, code_of(world.one), by=scripted()) is WrongCodeError
    assert world.check(made.id, CODE, by=scripted()).solved


def test_a_rehearsed_verification_is_not_sent_really_once_its_number_is_an_ordinary_one() -> None:
    world = World()
    made = world.start(by=scripted()).verification
    world.clock.advance(60)
    with pytest.raises(NumberNotAllowedError):
        world.resend(made.id, by=client())
    assert world.sends == 0
    assert world.telemetry.warnings == [
        ("a test number was refused", {"client": "demo", "reason": "no longer a test number"})
    ]


# Refused --------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ScriptedOutcome)
def test_switched_off_a_test_number_is_refused_before_anything(outcome: ScriptedOutcome) -> None:
    world = World(rehearses=False)
    with pytest.raises(NumberNotAllowedError) as refused:
        world.start(by=scripted(outcome))
    assert refused.value.country == "VN"
    assert (world.store.calls, world.sends) == ([], 0)
    assert world.telemetry.warnings == [
        ("a test number was refused", {"client": "demo", "reason": "test numbers are switched off"})
    ]


def test_switched_off_the_clients_other_numbers_are_served() -> None:
    world = World(rehearses=False)
    assert world.start(by=scripted(), to=OTHER_NUMBER).verification.provider == "one"


@pytest.mark.parametrize("outcome", SENT_SCRIPTS)
def test_switched_off_nothing_is_sent_again(outcome: ScriptedOutcome) -> None:
    on = World()
    made = on.start(by=scripted(outcome)).verification
    off = World(store=on.memory, rehearses=False)
    with pytest.raises(NumberNotAllowedError):
        off.resend(made.id, by=scripted(outcome))
    assert off.sends == 0


def test_a_test_number_is_refused_from_the_end_of_its_last_day_and_never_ordinary_again() -> None:
    world, caller = World(), scripted()
    world.clock.advance(MIDNIGHT - NOON - 1)
    made = world.start(by=caller).verification
    assert made.provider == "test"
    world.clock.advance(1)
    for later in (0, SECONDS_OF_A_DAY):
        world.clock.advance(later)
        with pytest.raises(NumberNotAllowedError):
            world.start(by=caller)
    assert world.sends == 0
    assert world.telemetry.warnings[0] == (
        "a test number was refused",
        {"client": "demo", "reason": "past its last day"},
    )


def test_a_resend_after_the_last_day_is_refused() -> None:
    world, caller = World(), scripted()
    world.clock.advance(MIDNIGHT - NOON - 1)
    made = world.start(by=caller).verification
    world.clock.advance(1)
    with pytest.raises(NumberNotAllowedError):
        world.resend(made.id, by=caller)
    assert world.sends == 0


@pytest.mark.parametrize("number", ["+840901888484", "+447700900123"])
def test_a_number_that_no_caller_can_mean_is_the_operators_fault(number: str) -> None:
    """Under another spelling it would never be found, and the number would be texted."""
    world = World()
    with pytest.raises(ConfigurationError) as refused:
        world.start(by=scripted(to=number))
    assert str(refused.value).startswith("client demo: test_numbers, entry 1: not a number that is in use")
    assert number[3:] not in str(refused.value)
    assert (world.store.calls, world.sends) == ([], 0)


def test_a_rehearsal_has_a_record_of_its_own_and_leaves_the_numbers_alone() -> None:
    world, real = World(), client("real", cooldown_seconds=0)
    for place in range(3):  # each promises five guesses, and is a send
        world.start(by=scripted(), purpose=f"t{place}")
    started = [world.start(by=real, purpose=f"r{place}").verification for place in range(3)]
    assert [made.attempts_max for made in started] == [5, 5, 5]
    assert {made.number_key for made in started} != {
        world.start(by=scripted(), purpose="t9").verification.number_key
    }
