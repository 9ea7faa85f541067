"""Access tokens: JSON Web Tokens, HS512, read as strictly as they are written."""

from __future__ import annotations

import base64
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.access_tokens import LONGEST_TOKEN, read, sign

KEY = b"k" * 64
OTHER_KEY = b"l" * 64
NOW = 1_750_000_000
CLAIMS: dict[str, object] = {"sub": "demo", "iat": NOW, "exp": NOW + 600}
HEADER: dict[str, object] = {"alg": "HS512"}
TOKEN = sign(CLAIMS, key=KEY)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def made(
    header: object = HEADER,
    claims: object = CLAIMS,
    *,
    raw_header: bytes | None = None,
    raw_claims: bytes | None = None,
    key: bytes = KEY,
) -> str:
    """A token as an attacker who had the key could make it, so that nothing but its form is wrong."""
    parts = (
        raw_header if raw_header is not None else json.dumps(header).encode(),
        raw_claims if raw_claims is not None else json.dumps(claims).encode(),
    )
    signed = ".".join(encoded(part) for part in parts)
    return f"{signed}.{encoded(hmac.digest(key, signed.encode(), 'sha512'))}"


def is_accepted(token: str, *, key: bytes = KEY, now: int = NOW) -> bool:
    claimed = read(token)
    return claimed is not None and claimed.is_signed_with(key) and claimed.is_alive(now)


# What is written ------------------------------------------------------------------------------


def test_a_token_is_a_json_web_token_of_three_parts() -> None:
    header, claims, signature = TOKEN.split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) == {"alg": "HS512"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == CLAIMS
    assert len(base64.urlsafe_b64decode(signature + "==")) == 64
    assert "=" not in TOKEN


def test_the_signature_is_hmac_sha512_over_the_first_two_parts() -> None:
    """The signed part of a token that another implementation would make, byte for byte."""
    signed = "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJkZW1vIn0"
    expected = encoded(hmac.digest(KEY, signed.encode(), "sha512"))
    assert sign({"sub": "demo"}, key=KEY) == f"{signed}.{expected}"


def test_what_was_signed_is_read_back() -> None:
    claimed = read(TOKEN)
    assert claimed is not None
    assert (claimed.subject, dict(claimed.claims)) == ("demo", CLAIMS)
    assert claimed.is_signed_with(KEY)
    assert not claimed.is_signed_with(OTHER_KEY)
    assert not claimed.is_signed_with(b"")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=64))
def test_any_subject_comes_back(subject: str) -> None:
    claimed = read(sign({"sub": subject, "exp": NOW + 1}, key=KEY))
    assert claimed is not None
    assert claimed.subject == subject
    assert claimed.is_signed_with(KEY)


def test_a_token_is_not_shown() -> None:
    assert repr(read(TOKEN)) == "ClaimedToken(***)"


# Its end --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("now", "alive"), [(0, True), (NOW + 599, True), (NOW + 600, False)])
def test_a_token_ends_to_the_second(now: int, *, alive: bool) -> None:
    assert is_accepted(TOKEN, now=now) is alive


@pytest.mark.parametrize("end", [None, True, "1999999999", 1_999_999_999.0, 1e300, [], {}, False, 0, -1])
def test_an_end_that_is_no_later_whole_number_is_none(end: object) -> None:
    assert not is_accepted(made(claims=CLAIMS | {"exp": end}))


def test_a_token_without_an_end_is_over() -> None:
    assert not is_accepted(made(claims={"sub": "demo"}))


@pytest.mark.parametrize("end", [b"NaN", b"Infinity", b"1e400", b"-Infinity"])
def test_an_end_beyond_all_numbers_is_none(end: bytes) -> None:
    assert not is_accepted(made(raw_claims=b'{"sub":"demo","exp":' + end + b"}"))


# What is no token of ours ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": ""},
        {"alg": None},
        {"alg": "hs512"},
        {"alg": "HS256"},
        {"alg": "HS384"},
        {"alg": "RS256"},
        {"alg": "ES512"},
        {"alg": ["HS512"]},
        {"alg": {"alg": "HS512"}},
        {"typ": "JWT"},
        {},
        [],
        "HS512",
        None,
        7,
    ],
    ids=repr,
)
def test_another_algorithm_is_not_read_even_with_the_right_key(header: object) -> None:
    assert read(made(header)) is None


def test_a_token_without_a_signature_is_not_accepted() -> None:
    unsigned = TOKEN.rpartition(".")[0]
    for token in (unsigned, f"{unsigned}.", made({"alg": "none"}).rpartition(".")[0] + "."):
        assert not is_accepted(token)


@pytest.mark.parametrize(
    "claims",
    [[], "demo", None, 7, {}, {"sub": None}, {"sub": 7}, {"sub": ["demo"]}, {"SUB": "demo"}],
    ids=repr,
)
def test_claims_without_a_subject_are_not_read(claims: object) -> None:
    assert read(made(claims=claims)) is None


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b.c",
        "demo",
        "....",
        f"{TOKEN}.",
        f".{TOKEN}",
        f"{TOKEN}.{TOKEN}",
        TOKEN.replace(".", "..", 1),
        TOKEN.replace(".", "", 1),
        f" {TOKEN}",
        f"{TOKEN} ",
        f"{TOKEN}\n",
        f"{TOKEN}\0",
        f"{TOKEN}é",
        f"{TOKEN}\ud800",
        "Bearer " + TOKEN,
        TOKEN.replace("e", "е", 1),  # a Cyrillic one
        "é.é.é",
        "１.１.１",
    ],
)
def test_what_is_not_three_parts_of_base64url_is_not_accepted(token: str) -> None:
    assert not is_accepted(token)


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe", b"\x00", b'{"alg":"HS512"', b"[" * 700, b'{"a":' * 250, b"'", b"\xef\xbb\xbf{}"],
)
def test_what_is_no_json_is_not_read(raw: bytes) -> None:
    assert read(made(raw_header=raw)) is None
    assert read(made(raw_claims=raw)) is None


def test_a_token_may_be_long_but_not_longer() -> None:
    def of_length(length: int) -> str:
        padding = 0
        while len(token := made(claims=CLAIMS | {"a": "x" * padding})) < length:
            padding += max(1, (length - len(token)) * 3 // 4 - 2)
        return token

    longest = of_length(LONGEST_TOKEN - 1)
    assert len(longest) <= LONGEST_TOKEN
    assert is_accepted(longest)
    assert read(of_length(LONGEST_TOKEN + 1)) is None
    assert read("a" * 1_000_000) is None
    assert read("." * 1_000_000) is None


def test_a_subject_that_no_text_can_hold_is_not_read() -> None:
    """JSON can spell a lone surrogate; nothing could be keyed by it."""
    assert read(made(raw_claims=b'{"sub":"\\ud800","exp":1999999999}')) is None


# Whatever is altered --------------------------------------------------------------------------


def test_a_token_altered_anywhere_is_not_accepted() -> None:
    for place, letter in enumerate(TOKEN):
        others = {"A", "B", "z", "0", "-", "_", "+", "/", "=", ".", " ", chr(ord(letter) ^ 1)} - {letter}
        for other in others:
            assert not is_accepted(TOKEN[:place] + other + TOKEN[place + 1 :]), (place, letter, other)


def test_a_truncated_or_lengthened_token_is_not_accepted() -> None:
    for length in range(len(TOKEN)):
        assert not is_accepted(TOKEN[:length])
    for more in ("A", "AA", "AAAA", "=", "==", "===", "===="):
        assert not is_accepted(TOKEN + more), more


def test_the_parts_of_two_tokens_make_no_third() -> None:
    other = sign(CLAIMS | {"sub": "other"}, key=KEY)
    [header, claims, signature], [_, other_claims, other_signature] = TOKEN.split("."), other.split(".")
    assert not is_accepted(f"{header}.{other_claims}.{signature}")
    assert not is_accepted(f"{header}.{claims}.{other_signature}")


@given(st.text(max_size=200))
def test_whatever_text_comes_is_read_or_not_and_raises_nothing(text: str) -> None:
    assert not is_accepted(text)
