"""Routes: precedence, order and every way to get them wrong."""

from __future__ import annotations

import json

import pytest

from countersign.errors import ConfigurationError
from countersign.model import Channel, Custody, RouteStep
from countersign.routing import Routes, starting_after

TABLE = {
    "default": {
        "VN": {"sms": ["a:vendor"], "*": ["b:vendor"]},
        "IN": {"voice": ["c:vendor"]},
        "*": {"sms": ["d:vendor"], "*": ["e:vendor"]},
    },
    "narrow": {"VN": {"sms": ["f:gateway", "g:vendor"]}},
}


@pytest.mark.parametrize(
    ("table", "country", "channel", "expected"),
    [
        ("default", "VN", Channel.SMS, "a"),
        ("default", "VN", Channel.VOICE, "b"),
        ("default", "IN", Channel.VOICE, "c"),
        ("default", "IN", Channel.SMS, "d"),
        ("default", "IN", Channel.ZALO, "e"),
        ("default", "SG", Channel.SMS, "d"),
        ("default", "ZZ", Channel.VOICE, "e"),
        ("narrow", "VN", Channel.VOICE, None),
        ("narrow", "SG", Channel.SMS, None),
    ],
)
def test_the_most_exact_route_is_taken(
    table: str, country: str, channel: Channel, expected: str | None
) -> None:
    steps = Routes.parse(json.dumps(TABLE)).steps(table, country=country, channel=channel)
    expected_providers = ["f", "g"] if expected == "f" else [expected] if expected else []
    assert [step.provider for step in steps] == expected_providers


def test_a_route_keeps_its_order_and_its_custodies() -> None:
    steps = Routes.parse(json.dumps(TABLE)).steps("narrow", country="VN", channel=Channel.SMS)
    assert steps == (RouteStep("f", Custody.GATEWAY), RouteStep("g", Custody.VENDOR))
    assert [str(step) for step in steps] == ["f:gateway", "g:vendor"]


def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^Routes has no table wide$"):
        Routes.parse(json.dumps(TABLE)).steps("wide", country="VN", channel=Channel.SMS)


OBJECT = "must be a JSON object with at least one member"
ENTRY = 'each entry must be "<provider>:vendor" or "<provider>:gateway"'
LIST = 'must be a list such as ["esms:vendor"]'
CHANNEL = "not a channel (sms, whatsapp, rcs, voice, zalo, silent or *)"
REGION = "a region is two capital letters (VN), 001, or *"
MALFORMED: list[tuple[object, str]] = [
    ("", "Routes is not JSON"),
    ("{", "Routes is not JSON"),
    ("esms:vendor", "Routes is not JSON"),
    ([], f"Routes {OBJECT}"),
    ({}, f"Routes {OBJECT}"),
    (None, f"Routes {OBJECT}"),
    (7, f"Routes {OBJECT}"),
    ({"default": []}, f"Routes.default {OBJECT}"),
    ({"default": {}}, f"Routes.default {OBJECT}"),
    ({"default": "esms:vendor"}, f"Routes.default {OBJECT}"),
    ({"default": {"VN": ["esms:vendor"]}}, f"Routes.default.VN {OBJECT}"),
    ({"default": {"VN": {}}}, f"Routes.default.VN {OBJECT}"),
    ({"default": {"vn": {"*": ["esms:vendor"]}}}, f"Routes.default: {REGION}"),
    ({"default": {"VNM": {"*": ["esms:vendor"]}}}, f"Routes.default: {REGION}"),
    ({"default": {"84": {"*": ["esms:vendor"]}}}, f"Routes.default: {REGION}"),
    ({"default": {"": {"*": ["esms:vendor"]}}}, f"Routes.default: {REGION}"),
    ({"default": {"VN": {"fax": ["esms:vendor"]}}}, f"Routes.default.VN.fax: {CHANNEL}"),
    ({"default": {"VN": {"SMS": ["esms:vendor"]}}}, f"Routes.default.VN.SMS: {CHANNEL}"),
    ({"default": {"VN": {"": ["esms:vendor"]}}}, f"Routes.default.VN.: {CHANNEL}"),
    ({"default": {"VN": {"sms": "esms:vendor"}}}, f"Routes.default.VN.sms {LIST}"),
    ({"default": {"VN": {"sms": []}}}, f"Routes.default.VN.sms {LIST}"),
    ({"default": {"VN": {"sms": None}}}, f"Routes.default.VN.sms {LIST}"),
    ({"default": {"VN": {"sms": ["esms"]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    ({"default": {"VN": {"sms": ["esms:"]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    ({"default": {"VN": {"sms": [":vendor"]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    ({"default": {"VN": {"sms": ["esms:Vendor"]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    ({"default": {"VN": {"sms": ["esms:vendor:1"]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    ({"default": {"VN": {"sms": [["esms", "vendor"]]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    ({"default": {"VN": {"sms": ["a:vendor", None]}}}, f"Routes.default.VN.sms: {ENTRY}"),
    (
        {"default": {"*": {"*": ["a:vendor", "b:vendor", "a:gateway"]}}},
        "Routes.default.*.* names a provider twice; a route tries each once",
    ),
]


@pytest.mark.parametrize(("document", "message"), MALFORMED)
def test_what_is_malformed_is_said_with_its_place(document: object, message: str) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(ConfigurationError) as refused:
        Routes.parse(text)
    assert str(refused.value) == message


def steps(names: str) -> tuple[RouteStep, ...]:
    return tuple(RouteStep(name, Custody.VENDOR) for name in names)


@pytest.mark.parametrize(
    ("last", "expected"), [("a", "bca"), ("b", "cab"), ("c", "abc"), ("somebody else", "abc")]
)
def test_a_resend_begins_behind_the_last_provider(last: str, expected: str) -> None:
    assert starting_after(steps("abc"), provider=last) == steps(expected)


def test_a_route_of_one_begins_with_that_one_again() -> None:
    assert starting_after(steps("a"), provider="a") == steps("a")
    assert starting_after((), provider="a") == ()
