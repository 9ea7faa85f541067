"""`countersign send-test`, against the real functions in this process; the numbers are test numbers."""

from __future__ import annotations

import pytest

from tests.tools.desk import CLIENTS, Desk

NUMBER, UNDELIVERABLE, CODE = "+12025550123", "+12025550126", "73914826"
SCRIPTS = {
    NUMBER: {"outcome": "approved", "code": CODE, "until": "2099-12-31"},
    UNDELIVERABLE: {"outcome": "undeliverable", "until": "2099-12-31"},
}


@pytest.fixture
def tested(desk: Desk) -> Desk:
    """A desk whose client has test numbers."""
    shop = {**CLIENTS["clients"]["shop"], "policy": {"countries": ["*"]}, "test_numbers": SCRIPTS}
    desk.put("ClientsSecretArn", {**CLIENTS, "clients": {"shop": shop}})
    return desk


def test_a_code_is_sent_and_what_arrives_is_checked(tested: Desk) -> None:
    ran = tested.run("send-test", "shop", "--json", typed=f"{NUMBER}\n{CODE}\n")
    assert (ran.exit_code, ran.json["verification"]["status"]) == (0, "approved")
    assert CODE not in ran.out + ran.err
    assert NUMBER not in ran.out + ran.err


def test_the_number_may_be_given(tested: Desk) -> None:
    ran = tested.run("send-test", "shop", NUMBER, "--channel", "sms", "--no-check")
    assert ran.exit_code == 0
    assert "pending, accepted by test" in ran.out


def test_a_wrong_code_is_a_refusal(tested: Desk) -> None:
    ran = tested.run("send-test", "shop", NUMBER, typed="73914827\n")
    assert (ran.exit_code, "wrong_code" in ran.err, "73914827" in ran.err) == (1, True, False)


def test_no_code_is_not_a_success(tested: Desk) -> None:
    ran = tested.run("send-test", "shop", NUMBER, typed="\n")
    assert (ran.exit_code, "countersign show shop " in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop", UNDELIVERABLE), "undeliverable"),
        (("nobody", NUMBER), "unauthenticated"),
        (("shop", "0"), "400"),
    ],
)
def test_a_refusal_is_told_in_the_functions_own_words(
    tested: Desk, arguments: tuple[str, ...], said: str
) -> None:
    ran = tested.run("send-test", *arguments)
    assert (ran.exit_code, said in ran.err, "trace" in ran.err) == (1, True, True), ran.err


def test_a_function_that_crashes_is_no_refusal(tested: Desk) -> None:
    tested.functions.crashes = True
    try:
        ran = tested.run("send-test", "shop", NUMBER)
    finally:
        tested.functions.crashes = False
    assert (ran.exit_code, "see its log" in ran.err) == (3, True)
