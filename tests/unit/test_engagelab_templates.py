"""The templates of EngageLab's dialect: configuration, bounds, texts."""

from __future__ import annotations

from typing import Any

import pytest

from countersign.dialects.engagelab_templates import LONGEST_TEXT, Template, TemplateText, find_template
from countersign.errors import ConfigurationError, InvalidRequestError
from countersign.model import Channel, MessageText
from countersign.policy import Policy

HERE = "client shop: dialects.engagelab"


def find(section: object, *, policy: Policy | None = None, id_: str = "t1") -> Template | None:
    return find_template({"templates": {id_: section}}, id_, client_id="shop", policy=policy or Policy())


def found(section: object, *, policy: Policy | None = None) -> Template:
    template = find(section, policy=policy)
    assert template is not None
    return template


def test_a_template_without_members_has_the_defaults() -> None:
    template = found({})
    assert template == Template(
        id="t1",
        code_length=6,
        ttl_seconds=300,
        channels=(Channel.SMS,),
        texts={},
        own_text_is_binding=True,
    )
    assert template.text("ja", params={}) is None


def test_every_member_is_read() -> None:
    template = found(
        {
            "code_length": 8,
            "ttl_seconds": 120,
            "channels": "whatsapp|sms|voice",
            "texts": {"default": "{{code}}", "es": "{{code}} es tu código"},
            "own_text": "preferred",
        }
    )
    assert (template.code_length, template.ttl_seconds) == (8, 120)
    assert template.channels == (Channel.WHATSAPP, Channel.SMS, Channel.VOICE)
    assert template.text("es", params={}) == MessageText(("", " es tu código"), binding=False)
    assert template.text("th", params={}) == MessageText(("", ""), binding=False)


def test_what_the_policy_sets_is_the_default() -> None:
    template = found({}, policy=Policy(code_length=8, ttl_seconds=90))
    assert (template.code_length, template.ttl_seconds) == (8, 90)


def test_a_longer_code_and_a_shorter_life_than_the_policys_are_fine() -> None:
    template = found({"code_length": 9, "ttl_seconds": 60}, policy=Policy(code_length=8, ttl_seconds=90))
    assert (template.code_length, template.ttl_seconds) == (9, 60)


@pytest.mark.parametrize(
    ("member", "value", "bounds"), [("code_length", 7, "8 to 10"), ("ttl_seconds", 91, "60 to 90")]
)
def test_a_template_beyond_the_policy_is_the_operators_fault(member: str, value: int, bounds: str) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        found({member: value}, policy=Policy(code_length=8, ttl_seconds=90))
    assert str(wrong.value) == (
        f"{HERE}.templates.t1.{member} must be a whole number from {bounds}, as the policy bounds it"
    )


def test_there_is_no_template_of_another_name() -> None:
    settings_of_others: list[dict[str, object]] = [
        {},
        {"templates": {}},
        {"templates": {"T1": {}, "t1 ": {}}},
    ]
    for settings in settings_of_others:
        assert find_template(settings, "t1", client_id="shop", policy=Policy()) is None


def test_a_broken_template_does_not_take_the_others_with_it() -> None:
    settings = {"templates": {"t1": {}, "t2": {"ttl_seconds": "x"}}}
    assert find_template(settings, "t1", client_id="shop", policy=Policy()) is not None


@pytest.mark.parametrize("settings", [{"template": {}}, {"templates": {}, "code_length": 6}])
def test_an_unknown_setting_is_named(settings: dict[str, object]) -> None:
    name = next(name for name in settings if name != "templates")
    with pytest.raises(ConfigurationError) as wrong:
        find_template(settings, "t1", client_id="shop", policy=Policy())
    assert str(wrong.value) == f"{HERE}.{name} is not a setting"


@pytest.mark.parametrize("templates", [[], "t1", None, 1])
def test_templates_are_an_object(templates: object) -> None:
    with pytest.raises(ConfigurationError) as wrong:
        find_template({"templates": templates}, "t1", client_id="shop", policy=Policy())
    assert str(wrong.value) == f"{HERE}.templates must be a JSON object"


WRONG: dict[str, tuple[object, str, str]] = {
    "no object": ([], "", "must be a JSON object"),
    "an unknown member": ({"length": 6}, ".length", "is not a setting"),
    "a code of 3": ({"code_length": 3}, ".code_length", "whole number from 4 to 10"),
    "a code of 11": ({"code_length": 11}, ".code_length", "whole number from 4 to 10"),
    "a length in a string": ({"code_length": "6"}, ".code_length", "whole number"),
    "a length that is true": ({"code_length": True}, ".code_length", "whole number"),
    "no length": ({"code_length": None}, ".code_length", "whole number"),
    "59 seconds": ({"ttl_seconds": 59}, ".ttl_seconds", "whole number from 60 to 600"),
    "601 seconds": ({"ttl_seconds": 601}, ".ttl_seconds", "whole number from 60 to 600"),
    "a float": ({"ttl_seconds": 300.0}, ".ttl_seconds", "whole number"),
    "no channel": ({"channels": ""}, ".channels", "must be some of sms, whatsapp, voice"),
    "a list of channels": ({"channels": ["sms"]}, ".channels", "must be some of"),
    "a channel twice": ({"channels": "sms|sms"}, ".channels", "each once"),
    "an empty channel": ({"channels": "sms|"}, ".channels", "must be some of"),
    "a channel of another's": ({"channels": "rcs"}, ".channels", "must be some of"),
    "a comma": ({"channels": "sms,voice"}, ".channels", "must be some of"),
    "email": ({"channels": "email|sms"}, ".channels", "email is not a channel to a phone number"),
    "texts in a list": ({"texts": ["{{code}}"]}, ".texts", "must be an object"),
    "no default text": ({"texts": {"ja": "{{code}}"}}, ".texts", "a text for `default`"),
    "an unknown language": (
        {"texts": {"default": "{{code}}", "zh-CN": "{{code}}"}},
        ".texts",
        "may name default, zh_CN, zh_HK, en, ja, th, es only",
    ),
    "a text without the code": ({"texts": {"default": "hello"}}, ".texts.default", "must hold {{code}}"),
    "another place for the code": (
        {"texts": {"default": "{{CODE}} {code} {OTP}"}},
        ".texts.default",
        "must hold {{code}}",
    ),
    "spaces in a place": ({"texts": {"default": "{{code}} {{ shop }}"}}, ".texts.default", "no placeholder"),
    "an open place": ({"texts": {"default": "{{code}} {{shop"}}, ".texts.default", "no placeholder"),
    "a closed place": ({"texts": {"default": "{{code}} shop}}"}}, ".texts.default", "no placeholder"),
    "an empty text": ({"texts": {"default": ""}}, ".texts.default", "1 to 500 characters"),
    "a number for a text": ({"texts": {"default": 1}}, ".texts.default", "1 to 500 characters"),
    "an endless text": (
        {"texts": {"default": "{{code}}" + "x" * LONGEST_TEXT}},
        ".texts.default",
        "1 to 500 characters",
    ),
    "a NUL": ({"texts": {"default": "{{code}}\0"}}, ".texts.default", "cannot be printed"),
    "own_text of another kind": (
        {"texts": {"default": "{{code}}"}, "own_text": "yes"},
        ".own_text",
        "must be required or preferred",
    ),
    "own_text without texts": ({"own_text": "preferred"}, ".own_text", "needs texts"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_setting_is_named_with_its_client(name: str) -> None:
    section, where, why = WRONG[name]
    with pytest.raises(ConfigurationError) as wrong:
        find(section)
    assert str(wrong.value).startswith(f"{HERE}.templates.t1{where} ") or str(wrong.value).startswith(
        f"{HERE}.templates.t1{where}: "
    )
    assert why in str(wrong.value)


@pytest.mark.parametrize("id_", ["", "x" * 65, "line\nfeed"])
def test_an_id_that_cannot_be_stored_is_the_operators_fault(id_: str) -> None:
    with pytest.raises(ConfigurationError, match="1 to 64 printable characters"):
        find({}, id_=id_)


def test_an_id_of_64_characters_is_fine() -> None:
    assert find({}, id_="模" * 64) is not None


TEXTS: list[tuple[str, dict[str, str], tuple[str, ...]]] = [
    ("{{code}}", {}, ("", "")),
    ("Your code: {{code}}.", {}, ("Your code: ", ".")),
    ("{{code}}, I repeat: {{code}}", {}, ("", ", I repeat: ", "")),
    ("{{shop}}: {{code}} ({{shop}})", {"shop": "A&B"}, ("A&B: ", " (A&B)")),
    ("{{a}}{{code}}{{b}}", {"a": "1", "b": "2", "more": "3"}, ("1", "2")),
    ("line\n{{code}}", {}, ("line\n", "")),
    ("{code} {OTP} %s {{code}}", {}, ("{code} {OTP} %s ", "")),
    ("{{{code}}}", {}, ("{", "}")),
    ("{{shop}} {{code}}", {"shop": ""}, (" ", "")),
    ("{{shop}} {{code}}", {"shop": "x", "code": "000000"}, ("x ", "")),
]


@pytest.mark.parametrize(("text", "params", "parts"), TEXTS, ids=[text for text, _, _ in TEXTS])
def test_a_text_is_filled_around_the_code(text: str, params: dict[str, str], parts: tuple[str, ...]) -> None:
    filled = TemplateText.parse(text, where="here").filled(params, binding=True)
    assert filled == MessageText(parts, binding=True)


def test_a_parameter_is_not_read_for_places_again() -> None:
    text = TemplateText.parse("{{a}} {{code}} {{b}}", where="here")
    filled = text.filled({"a": "{{b}} {{code}}", "b": "{{a}}"}, binding=True)
    assert filled.with_code("123456") == "{{b}} {{code}} 123456 {{a}}"


def test_a_parameter_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidRequestError) as missing:
        TemplateText.parse("{{shop}} {{code}}", where="here").filled({"Shop": "x"}, binding=True)
    assert (missing.value.detail, missing.value.field) == (
        "`template.params.shop` is missing.",
        "template.params.shop",
    )


def test_only_the_text_that_is_used_needs_its_parameters() -> None:
    template: Any = found({"texts": {"default": "{{code}}", "ja": "{{code}} {{shop}}"}})
    assert template.text("en", params={}).parts == ("", "")
    with pytest.raises(InvalidRequestError):
        template.text("ja", params={})
