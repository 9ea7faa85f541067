"""A client's numbers stay inside their bounds."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.errors import ConfigurationError
from countersign.model import OnUndelivered, ResendMode
from countersign.policy import DEFAULT_COUNTRIES, Bound, Limit, Policy

BOUNDS = [
    ("code_length", 4, 10),
    ("ttl_seconds", 60, 600),
    ("attempts", 1, 10),
    ("cooldown_seconds", 0, 600),
    ("sends", 1, 10),
    ("sends_per_10_minutes", 1, 10),
    ("sends_per_day", 1, 20),
]


def test_the_defaults_are_the_services() -> None:
    assert Policy.parse({}, client_id="demo") == Policy(
        code_length=None,
        ttl_seconds=None,
        attempts=5,
        cooldown_seconds=None,
        sends=5,
        sends_per_10_minutes=5,
        sends_per_day=10,
        countries=DEFAULT_COUNTRIES,
        resend=ResendMode.SAME_CODE,
        routes="default",
    )


@pytest.mark.parametrize(("name", "low", "high"), BOUNDS)
def test_a_number_may_be_anything_within_its_bounds(name: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(Policy.parse({name: value}, client_id="demo"), name) == value


@pytest.mark.parametrize(("name", "low", "high"), BOUNDS)
def test_a_number_outside_its_bounds_is_said_with_client_and_setting(name: str, low: int, high: int) -> None:
    wrong: list[object] = [low - 1, high + 1, str(low), float(low), None, True, [low], {}]
    for value in wrong:
        with pytest.raises(ConfigurationError) as refused:
            Policy.parse({name: value}, client_id="demo")
        assert str(refused.value) == f"client demo: policy.{name} must be a whole number from {low} to {high}"


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"resend": "other_code"}, "client demo: policy.resend must be one of same_code, new_code"),
        ({"resend": []}, "client demo: policy.resend must be one of same_code, new_code"),
        ({"resend": None}, "client demo: policy.resend must be one of same_code, new_code"),
        (
            {"on_undelivered": True},
            "client demo: policy.on_undelivered must be one of nothing, next_provider",
        ),
        ({"routes": ""}, "client demo: policy.routes must name a table of the routes"),
        ({"routes": {}}, "client demo: policy.routes must name a table of the routes"),
        ({"ttl": 60}, "client demo: policy.ttl is not a setting"),
        ({"": 1}, "client demo: policy. is not a setting"),
    ],
)
def test_what_is_no_setting_or_no_value_is_said(section: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Policy.parse(section, client_id="demo")
    assert str(refused.value) == message


def test_the_other_settings_are_read() -> None:
    section = {"resend": "new_code", "routes": "premium", "on_undelivered": "next_provider"}
    policy = Policy.parse(section, client_id="demo")
    assert (policy.resend, policy.routes) == (ResendMode.NEW_CODE, "premium")
    assert policy.on_undelivered is OnUndelivered.NEXT_PROVIDER


def test_bounds_are_inclusive() -> None:
    assert [Bound(2, 3).holds(value) for value in (1, 2, 3, 4)] == [False, True, True, False]


def test_the_send_limits_are_those_of_ten_minutes_and_of_a_day() -> None:
    assert Policy().send_limits == (Limit(5, 600), Limit(10, 86_400))
    policy = Policy.parse({"sends_per_10_minutes": 2, "sends_per_day": 20}, client_id="demo")
    assert policy.send_limits == (Limit(2, 600), Limit(20, 86_400))


# Countries ------------------------------------------------------------------------------------


def test_a_list_of_countries_takes_the_place_of_the_default_one() -> None:
    policy = Policy.parse({"countries": ["VN", "001"]}, client_id="demo")
    assert [country for country in ("VN", "001", "DE") if policy.allows(country)] == ["VN", "001"]


def test_an_asterisk_is_everywhere() -> None:
    policy = Policy.parse({"countries": ["*"]}, client_id="demo")
    assert all(policy.allows(country) for country in ("VN", "ID", "001"))


@pytest.mark.parametrize(
    "countries", [[], "VN", {"VN": True}, ["vn"], ["VNM"], ["Vietnam"], [84], [None], ["VN", ""], None]
)
def test_what_is_no_list_of_countries_is_a_fault_of_the_operator(countries: object) -> None:
    with pytest.raises(ConfigurationError, match=r"client demo: policy\.countries"):
        Policy.parse({"countries": countries}, client_id="demo")
