"""Validations that Message Central's protocol refuses: which code of its table is for what."""

from __future__ import annotations

import pytest

from tests.support.gateway import Gateway
from tests.support.message_central import (
    App,
    Completed,
    clients,
    exists,
    refused,
    while_sending,
)
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ENGAGELAB_REFUSED,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    MC_VALIDATE,
    Vendors,
)
from tests.support.world import another

from .conftest import Aws

NOBODY = "4242424242424242"  # an id that nobody has
NOT_CARRIED = "No configured vendor carries this channel with these settings to that country."


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway, vendors: Vendors) -> App:
    """A client whose codes are ours."""
    return App(gateway, vendors)


@pytest.fixture
def branch(gateway: Gateway, vendors: Vendors) -> App:
    """A client whose codes are the vendors'."""
    return App(gateway, vendors, client="branch")


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=1234",
        "verificationId=&code=1234",
        f"verificationId={NOBODY}",
        f"verificationId={NOBODY}&code=",
        f"verificationId={NOBODY}&code=12345678901",
        f"verificationId={NOBODY}&code=12%2034",
    ],
)
def test_400_is_for_a_validation_that_misses_something(app: App, query: str) -> None:
    refused(app.get(query), 400, "BAD_REQUEST")


def test_what_cannot_be_a_code_costs_no_attempt(app: App, aws: Aws) -> None:
    verification_id = app.sent()
    before = aws.items()
    for typed in ("", "12345678901", "12 34", "１２３４", "1234\n", "12\x0034"):
        refused(app.validate(verification_id, typed), 400, "BAD_REQUEST")
    assert aws.items() == before


@pytest.mark.parametrize(
    "verification_id",
    [
        NOBODY,
        "5915384",
        "0",
        "-1",
        "abc",
        "9007199254740993",
        "1725407449772531712",
        "k7f3m2q5x4tzn6wbyahd7rjcue",
        "1e15",
        "１２３４５６７８９０１２３４５６",
    ],
)
def test_505_is_for_an_id_that_nobody_has(app: App, verification_id: str) -> None:
    refused(app.validate(verification_id, "1234"), 505, "INVALID_VERIFICATION_ID")


def test_700_is_for_a_code_that_was_never_sent(app: App) -> None:
    """Its id is told to a second send, before the vendors refuse the first one."""
    second = while_sending(app, esms_answers=ESMS_NO_BALANCE)
    app.vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    refused(app.send(), 500, "SERVER_ERROR", status=502)
    verification_id = second[0].json["data"]["verificationId"]
    exists(second[0], verification_id, timeout=60)
    refused(app.validate(verification_id, app.code_sent()), 700, "VERIFICATION_FAILED")
    assert app.told() == [ESMS_RAW, ENGAGELAB_CODES]


def test_702_is_for_a_wrong_code_up_to_the_last_attempt(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    for _ in range(5):
        refused(app.validate(verification_id, another(code)), 702, "WRONG_OTP_PROVIDED")


def test_703_is_for_a_code_that_was_right_before(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    Completed.read(app.validate(verification_id, code))
    refused(app.validate(verification_id, code), 703, "ALREADY_VERIFIED")
    refused(app.validate(verification_id, another(code)), 703, "ALREADY_VERIFIED")


def test_705_is_for_a_late_code(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    app.gateway.clock.advance(60)
    refused(app.validate(verification_id, code), 705, "VERIFICATION_EXPIRED")


@pytest.mark.parametrize(
    ("vendors_code", "code", "message"),
    [
        (700, 702, "WRONG_OTP_PROVIDED"),
        (702, 702, "WRONG_OTP_PROVIDED"),
        (703, 705, "VERIFICATION_EXPIRED"),
        (705, 705, "VERIFICATION_EXPIRED"),
        (505, 705, "VERIFICATION_EXPIRED"),
        (800, 800, "MAXIMUM_LIMIT_REACHED"),
    ],
)
def test_a_vendors_verdict_is_said_in_the_same_table(
    branch: App, vendors_code: int, code: int, message: str
) -> None:
    verification_id = branch.sent()
    branch.vendors.now_answers("GET", MC_VALIDATE, {"responseCode": vendors_code, "message": "X"})
    refused(branch.validate(verification_id, "1234"), code, message)


def test_800_is_for_a_code_that_has_had_its_attempts(app: App) -> None:
    verification_id, code = app.sent(), app.code_sent()
    for _ in range(5):
        app.validate(verification_id, another(code))
    refused(app.validate(verification_id, code), 800, "MAXIMUM_LIMIT_REACHED")
