"""Checking codes, reading and canceling."""

from __future__ import annotations

import pytest

from countersign.codes import Keys
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    CountersignError,
    ExpiredError,
    NotFoundError,
    ServiceUnavailableError,
    UndeliverableError,
    VendorUnavailableError,
    WrongCodeError,
)
from countersign.model import Status, Verdict
from tests.support.builders import NUMBER, client
from tests.support.clock import NOON
from tests.support.providers import REFUSED
from tests.support.world import VENDOR, World, another, code_of

# A code that we hold --------------------------------------------------------------------------


def test_the_right_code_approves_with_one_call() -> None:
    world = World()
    made = world.started()
    world.store.calls.clear()
    approved = world.check(made.id, code_of(world.one))
    assert approved.status(NOON)[0] is Status.APPROVED
    assert world.store.calls == ["guess"]


def test_checking_a_code_of_ours_asks_no_vendor() -> None:
    world = World()
    made = world.started()
    world.providers.asked.clear()
    world.check(made.id, code_of(world.one))
    assert world.providers.asked == []


def test_a_wrong_code_is_refused_with_the_attempts_left() -> None:
    world = World()
    made = world.started()
    with pytest.raises(WrongCodeError) as refused:
        world.check(made.id, another(code_of(world.one)))
    assert refused.value.verification is not None
    assert refused.value.verification.attempts_left == 4


def test_a_code_is_good_once() -> None:
    world = World()
    made = world.started()
    world.check(made.id, code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.check(made.id, code_of(world.one))


def test_after_the_last_wrong_code_the_right_one_is_refused() -> None:
    world = World()
    made = world.started()
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            world.check(made.id, another(code_of(world.one)))
    for _ in range(2):
        with pytest.raises(AttemptsExhaustedError):
            world.check(made.id, code_of(world.one))
    assert world.read(made.id).attempts == 5


def test_a_code_is_refused_from_the_second_on_that_it_expires() -> None:
    world = World()
    made = world.started()
    world.clock.advance(299)
    with pytest.raises(WrongCodeError):
        world.check(made.id, another(code_of(world.one)))
    world.clock.advance(1)
    with pytest.raises(ExpiredError):
        world.check(made.id, code_of(world.one))


def test_a_code_of_another_verification_is_wrong() -> None:
    world = World()
    first = world.started()
    code = code_of(world.one)
    other = world.start(purpose="payment").verification
    assert code != code_of(world.one)
    with pytest.raises(WrongCodeError):
        world.check(other.id, code)
    assert world.check(first.id, code).solved


def test_another_clients_verification_is_not_there() -> None:
    world = World()
    made = world.started()
    stranger = client("other")
    with pytest.raises(NotFoundError):
        world.check(made.id, code_of(world.one), by=stranger)
    with pytest.raises(NotFoundError):
        world.read(made.id, by=stranger)
    with pytest.raises(NotFoundError):
        world.cancel(made.id, by=stranger)
    assert world.read(made.id).attempts == 0


def test_the_code_of_a_replaced_verification_is_refused() -> None:
    world = World()
    older = world.started()
    code = code_of(world.one)
    world.clock.advance(60)
    world.start()
    with pytest.raises(CanceledError):
        world.check(older.id, code)


def test_a_lost_answer_to_the_right_code_still_approves() -> None:
    world = World()
    made = world.started()
    world.memory.lose_answers = 1
    assert world.check(made.id, code_of(world.one)).attempts == 1


def test_a_code_of_another_pepper_is_wrong() -> None:
    world = World()
    made = world.started()
    world.keys = Keys("another pepper, as long as it has to be")
    with pytest.raises(WrongCodeError):
        world.check(made.id, code_of(world.one))


def test_every_answer_is_told() -> None:
    world = World()
    made = world.started()
    world.check(made.id, code_of(world.one))
    fields = world.telemetry.fields("VerificationApproved")
    assert (fields["verification_id"], fields["client"], fields["provider"]) == (made.id, "demo", "one")
    assert (fields["country"], fields["channel"], fields["outcome"]) == ("VN", "sms", "approved")
    assert code_of(world.one) not in repr(world.telemetry.outcomes)


# A code that a vendor holds -------------------------------------------------------------------


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


def test_a_number_that_cannot_be_read_any_more_costs_no_attempt() -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.keys = Keys("another pepper, as long as it has to be")
    with pytest.raises(VendorUnavailableError):
        world.check(made.id, "123456")
    assert world.read(made.id).attempts == 0
    assert world.one.check_orders == []


# Read and cancel ------------------------------------------------------------------------------


def test_reading_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFoundError):
        World().read("v1")


def test_a_canceled_verification_approves_nothing() -> None:
    world = World()
    made = world.started()
    world.store.calls.clear()
    assert world.cancel(made.id).status(NOON)[0] is Status.CANCELED
    assert world.store.calls == ["cancel"]
    with pytest.raises(CanceledError):
        world.check(made.id, code_of(world.one))


def test_canceling_twice_is_no_error() -> None:
    world = World()
    made = world.started()
    world.cancel(made.id)
    assert world.cancel(made.id).status(NOON)[0] is Status.CANCELED


def test_canceling_does_not_end_the_cooldown() -> None:
    world = World()
    world.cancel(world.started().id)
    with pytest.raises(CountersignError, match="a moment ago"):
        world.start()


def test_what_is_over_cannot_be_canceled() -> None:
    world = World()
    approved = world.started()
    world.check(approved.id, code_of(world.one))
    with pytest.raises(AlreadyApprovedError):
        world.cancel(approved.id)

    exhausted = world.start(purpose="payment", by=client(attempts=1)).verification
    with pytest.raises(WrongCodeError):
        world.check(exhausted.id, another(code_of(world.one)))
    with pytest.raises(AttemptsExhaustedError):
        world.cancel(exhausted.id)

    expired = world.start(purpose="sign-up").verification
    world.clock.advance(300)
    with pytest.raises(ExpiredError):
        world.cancel(expired.id)

    for vendor in (world.one, world.two, world.three):
        vendor.will(REFUSED)
    with pytest.raises(UndeliverableError) as refused:
        world.start()
    assert refused.value.verification is not None
    with pytest.raises(UndeliverableError):
        world.cancel(refused.value.verification.id)


def test_canceling_what_is_not_there_says_so() -> None:
    with pytest.raises(NotFoundError):
        World().cancel("v1")


# Fail closed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["guess", "settle_check"])
def test_a_store_that_gives_no_answer_approves_nothing(step: str) -> None:
    world = World(route=VENDOR)
    made = world.started()
    world.one.will_say(Verdict.VERIFIED)
    world.store.before[step] = ServiceUnavailableError()
    with pytest.raises(ServiceUnavailableError):
        world.check(made.id, "123456")
    assert world.read(made.id).status(NOON)[0] is Status.PENDING
