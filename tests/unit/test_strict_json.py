"""Bodies as strict as a contract: whatever is sent, the answer is a refusal that names the field."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.dialects.native_parsing import parse_check, parse_start
from countersign.dialects.strict_json import JsonObject, parse_object
from countersign.errors import CountersignError, InvalidRequestError, UnsupportedMediaTypeError
from countersign.model import Channel
from countersign.policy import Bound, Policy

TO = b'"to":"+84901888484"'


def start(body: bytes) -> None:
    parse_start(parse_object(body, content_type="application/json"), policy=Policy(), idempotency_key=None)


# Each body of a start, and the field that its refusal names.
HOSTILE: dict[str, tuple[bytes, str | None]] = {
    "nothing": (b"", None),
    "a space": (b" ", None),
    "not JSON": (b"to=%2B84901888484", None),
    "cut off": (b'{"to":"+849018', None),
    "two documents": (b"{" + TO + b"}{}", None),
    "something behind it": (b"{" + TO + b"} x", None),
    "a comment": (b"{" + TO + b"/*x*/}", None),
    "a trailing comma": (b"{" + TO + b",}", None),
    "single quotes": (b"{'to':'+84901888484'}", None),
    "a bare name": (b'{to:"+84901888484"}', None),
    "a BOM": (b"\xef\xbb\xbf{" + TO + b"}", None),
    "UTF-16": ('{"to":"+84901888484"}'.encode("utf-16"), None),
    "not UTF-8": (b'{"to":"\xff\xfe"}', None),
    "a cut-off character": (b'{"to":"\xe2\x82"}', None),
    "an overlong encoding": (b'{"to":"\xc0\xaf"}', None),
    "an encoded surrogate": (b'{"to":"\xed\xa0\x80"}', None),
    "a NUL byte": (b'{"to":"+84\x00901888484"}', None),
    "a NUL behind it": (b"{" + TO + b"}\x00", None),
    "a raw newline": (b'{"to":"+84\n901888484"}', None),
    "an array": (b"[{" + TO + b"}]", None),
    "an empty array": (b"[]", None),
    "a string": (b'"+84901888484"', None),
    "a number": (b"84901888484", None),
    "null": (b"null", None),
    "true": (b"true", None),
    "NaN": (b"{" + TO + b',"ttl_seconds":NaN}', None),
    "Infinity": (b"{" + TO + b',"ttl_seconds":Infinity}', None),
    "minus Infinity": (b"{" + TO + b',"ttl_seconds":-Infinity}', None),
    "a number without end": (b"{" + TO + b',"ttl_seconds":' + b"9" * 5_000 + b"}", None),
    "deep arrays": (b'{"to":' + b"[" * 4_000 + b"]" * 4_000 + b"}", "to"),
    "deep objects": (b'{"to":' * 1_300 + b"1" + b"}" * 1_300, "to"),
    "arrays deeper than a parser goes": (b'{"to":' + b"[" * 200_000 + b"]" * 200_000 + b"}", None),
    "an empty object": (b"{}", "to"),
    "no number": (b'{"channel":"sms"}', "to"),
    "null for the number": (b'{"to":null}', "to"),
    "an array for the number": (b'{"to":["+84901888484"]}', "to"),
    "an object for the number": (b'{"to":{"e164":"+84901888484"}}', "to"),
    "a number for the number": (b'{"to":84901888484}', "to"),
    "true for the number": (b'{"to":true}', "to"),
    "an empty number": (b'{"to":""}', "to"),
    "an over-long number": (b'{"to":"+' + b"8" * 400 + b'"}', "to"),
    "a lone surrogate": (b'{"to":"+84\\ud800901888484"}', "to"),
    "an escaped NUL": (b'{"to":"+84901888484\\u0000"}', "to"),
    "an escaped newline": (b'{"to":"+84901888484\\n"}', "to"),
    "other digits": ('{"to":"+٨٤٩٠١٨٨٨٤٨٤"}'.encode(), "to"),
    "a number of nobody": (b'{"to":"+999123456789"}', "to"),
    "the number twice": (b"{" + TO + b"," + TO + b"}", "to"),
    "the number twice, once escaped": (b"{" + TO + b',"t\\u006f":"+6591234567"}', "to"),
    "a member twice, deep inside": (b"{" + TO + b',"x":[{"y":{"z":1,"z":2}}]}', "z"),
    "an unknown member": (b"{" + TO + b',"code":"123456"}', "code"),
    "an unknown member of strange letters": ('{"to":"+84901888484","ключ":1}'.encode(), "?"),
    "a prototype": (b"{" + TO + b',"__proto__":{}}', "__proto__"),
    "another letter case": (b'{"To":"+84901888484"}', "to"),
    "an unknown channel": (b"{" + TO + b',"channel":"fax"}', "channel"),
    "an upper-case channel": (b"{" + TO + b',"channel":"SMS"}', "channel"),
    "a null channel": (b"{" + TO + b',"channel":null}', "channel"),
    "an array of channels": (b"{" + TO + b',"channel":["sms"]}', "channel"),
    "an over-long channel": (b"{" + TO + b',"channel":"' + b"s" * 99 + b'"}', "channel"),
    "an upper-case purpose": (b"{" + TO + b',"purpose":"Login"}', "purpose"),
    "a purpose with a space": (b"{" + TO + b',"purpose":"log in"}', "purpose"),
    "a purpose with a newline": (b"{" + TO + b',"purpose":"login\\n"}', "purpose"),
    "an over-long purpose": (b"{" + TO + b',"purpose":"' + b"a" * 65 + b'"}', "purpose"),
    "a locale that is none": (b"{" + TO + b',"locale":"../../etc"}', "locale"),
    "an over-long locale": (b"{" + TO + b',"locale":"' + b"a" * 99 + b'"}', "locale"),
    "an empty reference": (b"{" + TO + b',"reference":""}', "reference"),
    "an over-long reference": (b"{" + TO + b',"reference":"' + b"r" * 65 + b'"}', "reference"),
    "a reference with an escape sequence": (b"{" + TO + b',"reference":"\\u001b[31m"}', "reference"),
    "a length that is a string": (b"{" + TO + b',"code_length":"6"}', "code_length"),
    "a length that is a fraction": (b"{" + TO + b',"code_length":6.0}', "code_length"),
    "a length with an exponent": (b"{" + TO + b',"code_length":6e0}', "code_length"),
    "a length that is true": (b"{" + TO + b',"code_length":true}', "code_length"),
    "a length of null": (b"{" + TO + b',"code_length":null}', "code_length"),
    "a length below the policy": (b"{" + TO + b',"code_length":5}', "code_length"),
    "a length above the bounds": (b"{" + TO + b',"code_length":11}', "code_length"),
    "a negative length": (b"{" + TO + b',"code_length":-6}', "code_length"),
    "a huge length": (b"{" + TO + b',"code_length":' + b"9" * 4_000 + b"}", "code_length"),
    "a life above the policy": (b"{" + TO + b',"ttl_seconds":301}', "ttl_seconds"),
    "a life below the bounds": (b"{" + TO + b',"ttl_seconds":59}', "ttl_seconds"),
    "an endless life": (b"{" + TO + b',"ttl_seconds":1e999}', "ttl_seconds"),
}


@pytest.mark.parametrize(("body", "field"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_start_is_refused_with_the_name_of_the_field(body: bytes, field: str | None) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        start(body)
    assert refused.value.field == field
    assert refused.value.status == 400
    assert refused.value.detail.isprintable()


CODES: dict[str, tuple[bytes, str | None]] = {
    "none": (b"{}", "code"),
    "null": (b'{"code":null}', "code"),
    "a number": (b'{"code":123456}', "code"),
    "an array": (b'{"code":["123456"]}', "code"),
    "an object": (b'{"code":{"$ne":""}}', "code"),
    "true": (b'{"code":true}', "code"),
    "too short": (b'{"code":"123"}', "code"),
    "too long": (b'{"code":"12345678901"}', "code"),
    "spaces": (b'{"code":"123 456"}', "code"),
    "a leading space": (b'{"code":" 123456"}', "code"),
    "a newline": (b'{"code":"123456\\n"}', "code"),
    "other digits": ('{"code":"١٢٣٤٥٦"}'.encode(), "code"),
    "full-width digits": ('{"code":"１２３４５６"}'.encode(), "code"),
    "a lone surrogate": (b'{"code":"12345\\udc00"}', "code"),
    "a NUL": (b'{"code":"12345\\u0000"}', "code"),
    "a wildcard": (b'{"code":"%%%%%%"}', "code"),
    "twice": (b'{"code":"123456","code":"654321"}', "code"),
    "something else beside it": (b'{"code":"123456","force":true}', "force"),
}


@pytest.mark.parametrize(("body", "field"), CODES.values(), ids=CODES.keys())
def test_what_is_no_code_is_refused(body: bytes, field: str | None) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        parse_check(parse_object(body, content_type=None))
    assert refused.value.field == field


@pytest.mark.parametrize("code", ["1234", "1234567890", "1NTTJ6", "abcDEF"])
def test_a_code_of_digits_or_letters_is_taken(code: str) -> None:
    body = json.dumps({"code": code}).encode()
    typed, audience = parse_check(parse_object(body, content_type=None))
    assert (typed.reveal(), audience) == (code, None)


AUDIENCES = ["shop", "https://shop.example", "urn:shop:backend", "shop@eu-west-1", "a" * 200, "7"]
NO_AUDIENCES: dict[str, object] = {
    "empty": "",
    "too long": "a" * 201,
    "null": None,
    "a list": ["shop"],
    "an object": {"aud": "shop"},
    "a number": 7,
    "every one": "*",
    "a way up": "../shop",
    "no scheme": "//shop.example",
    "two in one": "shop,other",
    "a space": "my shop",
    "a line's end": "shop\n",
    "a quote": 'shop","aud":"other',
    "a query": "https://shop.example?a=b",
    "a letter beyond ASCII": "shöp",
    "full-width letters": "ｓｈｏｐ",
    "a lone surrogate": "shop\udc00",
    "a NUL": "shop\x00",
}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_is_a_name_or_an_address(audience: str) -> None:
    body = json.dumps({"code": "123456", "audience": audience}).encode()
    assert parse_check(parse_object(body, content_type=None))[1] == audience


@pytest.mark.parametrize("audience", NO_AUDIENCES.values(), ids=NO_AUDIENCES)
def test_what_is_no_audience_is_refused(audience: object) -> None:
    body = json.dumps({"code": "123456", "audience": audience}).encode()
    with pytest.raises(InvalidRequestError) as refused:
        parse_check(parse_object(body, content_type=None))
    assert refused.value.field == "audience"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "",
        "json",
        "multipart/form-data",
    ],
)
def test_another_media_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        parse_object(b"{}", content_type=content_type)


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "APPLICATION/JSON", "application/json; charset=utf-8"]
)
def test_json_is_taken_whatever_the_case_or_the_parameters(content_type: str | None) -> None:
    assert not parse_object(b"{}", content_type=content_type).has("to")


def test_a_body_may_be_left_out_only_where_it_is_optional() -> None:
    assert not parse_object(b"", content_type="text/plain", optional=True).has("channel")
    with pytest.raises(InvalidRequestError):
        parse_object(b"", content_type=None)
    with pytest.raises(UnsupportedMediaTypeError):
        parse_object(b"{}", content_type="text/plain", optional=True)


def test_a_whole_start_is_read() -> None:
    body = {
        "to": "+84 901-888-484",
        "channel": "zalo",
        "purpose": "login",
        "locale": "vi",
        "code_length": 8,
        "ttl_seconds": 120,
        "reference": "Đơn hàng №17",
    }
    parsed = parse_object(json.dumps(body).encode(), content_type="application/json")
    request = parse_start(parsed, policy=Policy(), idempotency_key="k")
    assert request.phone.e164.reveal() == "+84901888484"
    assert (request.channels, request.purpose, request.locale) == ((Channel.ZALO,), "login", "vi")
    assert (request.code_length, request.ttl_seconds) == (8, 120)
    assert (request.reference, request.idempotency_key) == ("Đơn hàng №17", "k")


def test_what_a_start_leaves_out_is_the_policys() -> None:
    parsed = parse_object(b"{" + TO + b"}", content_type=None)
    policy = Policy(code_length=7, ttl_seconds=90)
    request = parse_start(parsed, policy=policy, idempotency_key=None)
    assert (request.code_length, request.ttl_seconds) == (7, 90)
    assert (request.channels, request.purpose) == ((Channel.SMS,), "verification")
    assert (request.locale, request.reference, request.idempotency_key) == (None, None, None)


@pytest.mark.parametrize("locale", ["vi", "pt-BR", "pt_BR", "zh-Hant-TW", "fil"])
def test_language_tags_are_taken(locale: str) -> None:
    body = json.dumps({"to": "+84901888484", "locale": locale}).encode()
    parsed = parse_object(body, content_type=None)
    assert parse_start(parsed, policy=Policy(), idempotency_key=None).locale == locale


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_refusal(body: bytes) -> None:
    try:
        start(body)
    except CountersignError as error:
        assert 400 <= error.status < 500


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = st.sampled_from(["to", "channel", "purpose", "locale", "code_length", "ttl_seconds", "reference"])


@given(st.dictionaries(MEMBERS, ANY_JSON))
def test_no_value_of_any_type_raises_anything_but_a_refusal(members: dict[str, object]) -> None:
    try:
        start(json.dumps(members, allow_nan=True).encode())
    except InvalidRequestError as error:
        assert error.status == 400


def test_a_member_is_asked_for_with_its_bounds() -> None:
    body = JsonObject({"name": "abc", "count": 3})
    assert body.text("name", most=3, least=3) == "abc"
    assert body.optional_number("count", bound=Bound(3, 3)) == 3
    assert body.optional_text("absent", most=3) is None
    assert body.optional_number("absent", bound=Bound(0, 1)) is None
    body.nothing_else()
    for most, least in ((2, 1), (9, 4)):
        with pytest.raises(InvalidRequestError):
            JsonObject({"name": "abc"}).text("name", most=most, least=least)
