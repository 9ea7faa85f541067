"""Test numbers in every dialect: the whole story at the front door, and no vendor ever hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest

from countersign.dialects.registry import CLIENT_DIALECTS
from countersign.scripts import ScriptedOutcome
from tests.matrix.callers import (
    VERIFIED,
    CamaraCaller,
    DialectCaller,
    EngagelabCaller,
    EngagelabTextCaller,
    EsmsCaller,
    MessageCentralCaller,
    NativeCaller,
)
from tests.support.engagelab import App as EngagelabApp
from tests.support.gateway import CLIENTS, Gateway, problem, unavailable
from tests.support.vendors import Vendors

from .conftest import Aws

UNTIL = "2025-06-15"  # the day of the tests' clock
CODE, OTHER = "73914826", "73914827"  # of a length that no dialect has asked for
NUMBERS = {outcome: f"+8490123450{place}" for place, outcome in enumerate(ScriptedOutcome)}
ORDINARY = "+84901888484"
CLIENT = "reviewed"


def entry(outcome: str) -> dict[str, str]:
    code = {"code": CODE} if outcome == "approved" else {}
    return {"outcome": outcome, "until": UNTIL} | code


@dataclass(frozen=True)
class Words:
    """What one dialect says: to an undeliverable number, a dead code and a number that may not be used."""

    caller: type[DialectCaller]
    undeliverable: str
    expired: str
    not_allowed: str


CAMARA = "ONE_TIME_PASSWORD_SMS"
DIALECTS = {
    "native": Words(NativeCaller, "502 undeliverable", "410 expired", "403 number_not_allowed"),
    "message_central": Words(MessageCentralCaller, "502 500", "400 705", "400 400"),
    "esms": Words(EsmsCaller, "177", "117", "108"),
    "engagelab": Words(EngagelabCaller, "400 5001", "400 3003", "400 5012"),
    "engagelab, own text": Words(EngagelabTextCaller, "400 5001", "400 3003", "400 5012"),
    "camara": Words(
        CamaraCaller,
        "503 UNAVAILABLE",
        f"400 {CAMARA}.VERIFICATION_EXPIRED",
        f"403 {CAMARA}.PHONE_NUMBER_NOT_ALLOWED",
    ),
}
every_dialect = pytest.mark.parametrize("words", DIALECTS.values(), ids=DIALECTS)
every_outcome = pytest.mark.parametrize("outcome", ScriptedOutcome)
every_custody = pytest.mark.parametrize("routes", ["default", "gateway"])


def put_client(aws: Aws, *, routes: str = "default", numbers: Mapping[str, object] | None = None) -> None:
    """`reviewed` speaks every dialect and has a number for each outcome, unless `numbers` are others."""
    document = deepcopy(CLIENTS)
    document["clients"][CLIENT] = {
        "secrets": ["demo-secret"],
        "policy": {"routes": routes},
        "dialects": {
            "native": {},
            "message_central": {},
            "esms": EsmsCaller.settings,
            "engagelab": EngagelabCaller.settings,
            "camara": {},
        },
        "test_numbers": {NUMBERS[one]: entry(one) for one in ScriptedOutcome} if numbers is None else numbers,
    }
    aws.put_clients(document)


@pytest.fixture
def on(aws: Aws, make_gateway: Callable[..., Gateway]) -> Gateway:
    put_client(aws)
    return make_gateway(TEST_NUMBERS="on")


@pytest.fixture
def off(aws: Aws, make_gateway: Callable[..., Gateway]) -> Gateway:
    put_client(aws)
    return make_gateway(TEST_NUMBERS="off")


@pytest.fixture(autouse=True)
def no_vendor_is_called(vendors: Vendors) -> Iterator[None]:
    """Whatever a test here does: no vendor is asked for anything, not even for a token."""
    yield
    assert vendors.urls == []


# Every dialect, every outcome, whoever would hold the code --------------------------------


def test_the_table_has_every_dialect() -> None:
    assert {words.caller.name for words in DIALECTS.values()} == CLIENT_DIALECTS


@every_custody
@every_outcome
@every_dialect
def test_a_script_is_played_to_its_end_and_no_vendor_is_asked(
    words: Words, outcome: ScriptedOutcome, routes: str, on: Gateway, aws: Aws
) -> None:
    put_client(aws, routes=routes)
    caller, number = words.caller(on, client=CLIENT), NUMBERS[outcome]
    sent = caller.send(number)
    if outcome is ScriptedOutcome.UNDELIVERABLE:
        assert sent.refusal == words.undeliverable
    else:
        assert sent.refusal == ""
        first = {
            ScriptedOutcome.APPROVED: VERIFIED,
            ScriptedOutcome.WRONG: caller.wrong,
            ScriptedOutcome.VENDOR_ERROR: caller.wrong,
            ScriptedOutcome.EXPIRED: words.expired,
        }[outcome]
        other = words.expired if outcome is ScriptedOutcome.EXPIRED else caller.wrong
        assert caller.check(sent, number, OTHER) == other
        assert caller.check(sent, number, CODE) == first
    assert {line["provider"] for line in on.lines() if "provider" in line} == {"test"}
    for secret in (CODE, number, number[1:], number[3:]):
        assert secret not in on.log.getvalue()
        assert secret not in json.dumps(aws.items())


@every_outcome
@every_dialect
def test_switched_off_nothing_is_sent_and_nothing_stored(
    words: Words, outcome: ScriptedOutcome, off: Gateway, aws: Aws
) -> None:
    sent = words.caller(off, client=CLIENT).send(NUMBERS[outcome])
    assert (sent.id, sent.refusal) == (None, words.not_allowed)
    assert aws.items() == []
    assert [line["reason"] for line in off.lines("a test number was refused")] == [
        "test numbers are switched off"
    ]


@every_outcome
@every_dialect
def test_after_its_last_day_a_number_is_refused_and_stays_so(
    words: Words, outcome: ScriptedOutcome, on: Gateway, aws: Aws
) -> None:
    on.clock.advance(86_400)
    sent = words.caller(on, client=CLIENT).send(NUMBERS[outcome])
    assert (sent.id, sent.refusal) == (None, words.not_allowed)
    assert aws.items() == []


@every_dialect
def test_in_ci_the_same_number_serves_again_and_again(words: Words, on: Gateway) -> None:
    caller = words.caller(on, client=CLIENT)
    number = NUMBERS[ScriptedOutcome.APPROVED]
    for _ in range(12):  # more than a number may get in a day
        sent = caller.send(number)
        assert sent.refusal == ""
        for _ in range(3):
            assert caller.check(sent, number, OTHER) == caller.wrong
        assert caller.check(sent, number, CODE) == VERIFIED
        assert caller.check(sent, number, CODE) == caller.used


# The native API ---------------------------------------------------------------------------


@every_custody
def test_a_resend_carries_the_fixed_code(routes: str, on: Gateway, aws: Aws) -> None:
    put_client(aws, routes=routes)
    started = on.start(NUMBERS[ScriptedOutcome.APPROVED], client=CLIENT)
    assert (started.status, started.body["provider"], started.body["delivery"]) == (201, "test", "accepted")
    resent = on.resend(started.id, client=CLIENT)
    assert (resent.status, resent.body["provider"], resent.body["sends_left"]) == (200, "test", 3)
    assert on.check(started.id, CODE, client=CLIENT).body["status"] == "approved"


def test_a_dead_code_is_told_as_such_from_the_start(on: Gateway) -> None:
    started = on.start(NUMBERS[ScriptedOutcome.EXPIRED], client=CLIENT)
    assert (started.status, started.body["status"]) == (201, "expired")
    problem(on.resend(started.id, client=CLIENT), 410, "expired")


def test_an_unknown_delivery_is_told_as_such(on: Gateway) -> None:
    started = on.start(NUMBERS[ScriptedOutcome.VENDOR_ERROR], client=CLIENT)
    assert (started.status, started.body["status"], started.body["delivery"]) == (201, "pending", "unknown")


def test_any_spelling_of_a_test_number_is_one(on: Gateway) -> None:
    for place, spelling in enumerate(("+84 90 123 45 00", "+84-(90)-1234500", "+840901234500")):
        started = on.start(spelling, client=CLIENT, purpose=f"p{place}")
        assert started.body["provider"] == "test"


def test_a_direct_invocation_rehearses_too(on: Gateway) -> None:
    number = NUMBERS[ScriptedOutcome.APPROVED]
    started = on.direct(on.send, client_id=CLIENT, to=number)
    assert (started.status, started.body["provider"]) == (201, "test")
    checked = on.direct(on.verify, client_id=CLIENT, id=started.id, code=CODE)
    assert (checked.status, checked.body["status"]) == (200, "approved")


def test_a_number_that_is_none_any_more_gets_no_real_resend(on: Gateway, aws: Aws) -> None:
    started = on.start(NUMBERS[ScriptedOutcome.APPROVED], client=CLIENT)
    put_client(aws, numbers={})
    on.clock.advance(300 - 1)
    on.container.clients._secret.renewed()
    problem(on.resend(started.id, client=CLIENT), 403, "number_not_allowed")


def test_a_container_that_is_switched_off_sends_nothing_again(on: Gateway, off: Gateway) -> None:
    started = on.start(NUMBERS[ScriptedOutcome.APPROVED], client=CLIENT)
    problem(off.resend(started.id, client=CLIENT), 403, "number_not_allowed")


def test_wrong_codes_are_not_counted_against_the_number(on: Gateway, aws: Aws) -> None:
    started = on.start(NUMBERS[ScriptedOutcome.WRONG], client=CLIENT)
    for _ in range(5):
        problem(on.check(started.id, CODE, client=CLIENT), 400, "wrong_code")
    problem(on.check(started.id, CODE, client=CLIENT), 429, "attempts_exhausted")
    [number] = [item for item in aws.items() if item["pk"]["S"].startswith("N#")]
    assert "f1" not in number


def test_other_clients_and_other_numbers_are_none_of_it(on: Gateway, vendors: Vendors) -> None:
    assert on.start(NUMBERS[ScriptedOutcome.APPROVED], client="demo-gateway").body["provider"] == "esms"
    assert on.start(ORDINARY, client=CLIENT).body["provider"] == "esms"
    assert len(vendors.urls) == 2
    vendors.wire.calls.reset()


# EngageLab's calls with a code of the caller's --------------------------------------------


@pytest.mark.parametrize("call", ["code", "custom"])
def test_the_fixed_code_is_right_and_the_callers_own_is_not(call: str, on: Gateway) -> None:
    app = EngagelabApp(on, CLIENT)
    number = NUMBERS[ScriptedOutcome.APPROVED]
    template: dict[str, Any] = {"id": "plain"}
    if call == "code":
        answer = app.post("/v1/codes", {"to": number, "code": "123456", "template": template})
    else:
        template["params"] = {"code": "123456"}
        answer = app.post("/v1/custom-messages", {"to": number, "template": template})
    message_id = answer.json["message_id"]
    assert app.verify(message_id, "123456").json["verified"] is False
    assert app.verify(message_id, CODE).json["verified"] is True


# What the operator got wrong --------------------------------------------------------------


@pytest.mark.parametrize(
    ("numbers", "fault"),
    [
        ({ORDINARY: {"outcome": "approved", "until": UNTIL}}, "entry 1: code must be a string"),
        ({ORDINARY: {"outcome": "wrong"}}, "entry 1: until must be a date"),
        ({"0901888484": {"outcome": "wrong", "until": UNTIL}}, "entry 1: its name must be a number in E.164"),
        ({"+840901888484": {"outcome": "wrong", "until": UNTIL}}, "entry 1: not a number that is in use"),
    ],
)
def test_a_broken_test_number_is_said_once_and_stops_the_client(
    numbers: dict[str, object], fault: str, on: Gateway, aws: Aws
) -> None:
    put_client(aws, numbers=numbers)
    unavailable(on.start(ORDINARY, client=CLIENT))
    [line] = on.lines("configuration fault")
    assert line["fault"].startswith(f"client {CLIENT}: test_numbers, {fault}")
    assert "901888484" not in on.log.getvalue()
    assert aws.items() == []


def test_a_switch_that_says_neither_is_the_operators_fault(
    make_gateway: Callable[..., Gateway], aws: Aws
) -> None:
    gateway = make_gateway(TEST_NUMBERS="yes")
    unavailable(gateway.start(client="demo-gateway"))
    assert [line["fault"] for line in gateway.lines("configuration fault")] == [
        "TEST_NUMBERS must be on or off"
    ]
    assert aws.items() == []
