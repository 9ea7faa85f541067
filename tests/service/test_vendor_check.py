"""Checking a code that a vendor holds: two writes of ours around the vendor's word."""

from __future__ import annotations

import pytest

from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ConfigurationError,
    CountersignError,
    ExpiredError,
    ServiceUnavailableError,
    VendorUnavailableError,
    WrongCodeError,
)
from countersign.model import Status, Verdict
from tests.support.builders import NUMBER, client, vendor_held
from tests.support.clock import NOON
from tests.support.peppers import NEXT_PEPPER
from tests.support.world import VENDOR, World


@pytest.mark.parametrize(
    ("verdict", "error", "attempts"),
    [
        (Verdict.WRONG, WrongCodeError, 1),
        (Verdict.EXPIRED, ExpiredError, 1),
        (Verdict.USED, ExpiredError, 1),
        (Verdict.EXHAUSTED, AttemptsExhaustedError, 1),
        (Verdict.UNKNOWN, VendorUnavailableError, 0),
    ],
)
def test_a_vendors_verdict_is_answered_with_its_refusal(
    verdict: Verdict, error: type[CountersignError], attempts: int
) -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(verdict)
    with pytest.raises(error) as refused:
        world.check(made.id, "123456")
    assert refused.value.verification is not None
    assert refused.value.verification.id == made.id
    after = world.read(made.id)
    assert (after.attempts, after.checking) == (attempts, 0)
    assert after.status(NOON)[0] is Status.PENDING


def test_a_vendors_yes_approves_with_two_calls() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.store.calls.clear()
    world.one.will_say(Verdict.VERIFIED)
    assert world.check(made.id, "123456").status(NOON)[0] is Status.APPROVED
    assert world.store.calls == ["guess", "settle_check"]


def test_the_vendor_is_asked_about_this_number_this_send_and_this_code() -> None:
    world = World(route=VENDOR)
    made = world.started()
    with pytest.raises(WrongCodeError):
        world.check(made.id, "123456")
    [order] = world.one.check_orders
    assert (order.verification_id, order.vendor_reference) == (made.id, "ref-1")
    assert (order.phone_e164.reveal(), order.code.reveal()) == (NUMBER, "123456")


def test_vendor_trouble_says_when_to_come_back() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(Verdict.UNKNOWN)
    with pytest.raises(VendorUnavailableError) as refused:
        world.check(made.id, "123456")
    assert refused.value.retry_after_seconds == 2
    assert world.telemetry.events[-1] == "CheckUnknown"
    world.one.will_say(Verdict.VERIFIED)
    assert world.check(made.id, "123456").attempts == 1


def test_a_vendor_is_asked_as_often_as_the_policy_allows() -> None:
    world = World(route=VENDOR)
    caller = client(attempts=2)
    made = world.start(by=caller).verification
    for _ in range(2):
        with pytest.raises(WrongCodeError):
            world.check(made.id, "123456")
    with pytest.raises(AttemptsExhaustedError):
        world.check(made.id, "123456")
    assert len(world.one.check_orders) == 2


def test_an_attempt_while_the_last_one_is_at_the_vendor_is_refused() -> None:
    world = World(route=VENDOR)
    made = world.start(by=client(attempts=1)).verification
    seen: list[type[BaseException]] = []

    def second_click() -> None:
        with pytest.raises(CountersignError) as refused:
            world.check(made.id, "123456")
        seen.append(refused.type)

    world.one.will_say(Verdict.VERIFIED, meanwhile=second_click)
    assert world.check(made.id, "123456").status(NOON)[0] is Status.APPROVED
    assert seen == [AttemptsExhaustedError]


def test_two_right_codes_at_the_same_time_approve_once() -> None:
    world = World(route=VENDOR)
    made = world.started()
    seen: list[Status] = []
    world.one.will_say(
        Verdict.VERIFIED, meanwhile=lambda: seen.append(world.check(made.id, "123456").status(NOON)[0])
    )
    world.one.will_say(Verdict.VERIFIED)
    with pytest.raises(AlreadyApprovedError):
        world.check(made.id, "123456")
    assert seen == [Status.APPROVED]


@pytest.mark.parametrize("verdict", [Verdict.VERIFIED, Verdict.EXPIRED, Verdict.USED, Verdict.EXHAUSTED])
def test_what_we_know_goes_before_what_the_vendor_says(verdict: Verdict) -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(verdict, meanwhile=lambda: world.cancel(made.id))
    with pytest.raises(CanceledError):
        world.check(made.id, "123456")
    assert world.read(made.id).status(NOON)[0] is Status.CANCELED


def test_a_lost_answer_to_a_vendors_yes_still_approves() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(Verdict.VERIFIED, meanwhile=lambda: setattr(world.memory, "lose_answers", 1))
    assert world.check(made.id, "123456").status(NOON)[0] is Status.APPROVED


def test_a_vendor_that_is_no_longer_set_up_costs_no_attempt() -> None:
    world = World(route=VENDOR)
    made = world.started()
    del world.providers.known["one"]
    with pytest.raises(VendorUnavailableError):
        world.check(made.id, "123456")
    assert world.read(made.id).attempts == 0
    assert world.telemetry.fields("CheckUnknown")["detail"] == "the vendor is not set up"


def test_a_pepper_that_is_gone_costs_no_attempt() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.peppers.rotate(NEXT_PEPPER, previous=None)
    with pytest.raises(ExpiredError):
        world.check(made.id, "123456")
    assert world.read(made.id).attempts == 0
    assert world.one.check_orders == []


def test_a_number_that_was_altered_costs_no_attempt() -> None:
    world = World(route=VENDOR)
    world.memory.create(vendor_held(to_sealed="altered"), supersedes=())
    with pytest.raises(VendorUnavailableError):
        world.check("v1", "123456")
    assert world.read("v1").attempts == 0
    assert world.one.check_orders == []


@pytest.mark.parametrize(
    "error", [ServiceUnavailableError(), ConfigurationError("the vendors secret is not JSON")]
)
def test_a_vendors_account_that_cannot_be_read_costs_no_attempt(error: Exception) -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.providers.fails = error
    with pytest.raises(VendorUnavailableError):
        world.check(made.id, "123456")
    assert world.read(made.id).attempts == 0
    assert world.telemetry.warnings[-1][0] == "a vendor's account cannot be read"


def test_a_vendors_yes_that_comes_after_expiry_is_refused() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.clock.advance(299)
    world.one.will_say(Verdict.VERIFIED, takes_seconds=1)
    with pytest.raises(ExpiredError):
        world.check(made.id, "123456")
    assert world.read(made.id).status(NOON + 300)[0] is Status.EXPIRED
