"""EngageLab's callback: who may have signed it, and what its rows tell."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.callbacks.engagelab import (
    RECEIPTS,
    SAYS_NOTHING,
    CallbackKeys,
    callback_keys,
    is_signed,
    reports_of,
)
from countersign.errors import ConfigurationError
from countersign.model import Receipt
from countersign.reports import Report
from tests.support.callbacks import ENGAGELAB_KEYS, SECRET, USERNAME, callback_id, row
from tests.support.clock import NOON

KEYS = CallbackKeys(USERNAME, SECRET)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def test_what_the_vendor_signs_is_signed() -> None:
    assert is_signed(callback_id(), keys=KEYS, now=NOON)


def test_an_example_that_openssl_signed_is_signed() -> None:
    """`printf '%s' 1681991058123123123test | openssl dgst -sha256 -hmac <secret>`."""
    header = (
        "timestamp=1681991058;nonce=123123123123;username=test;"
        "signature=e1fd4a8fa985be32cbfe0a719650ae64a3a5b8a2d685643574ccfa2259f28e2e"
    )
    assert is_signed(header, keys=CallbackKeys("test", SECRET), now=1_681_991_058)


@pytest.mark.parametrize(("at", "taken"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_signature_is_good_for_five_minutes_both_ways(at: int, *, taken: bool) -> None:
    assert is_signed(callback_id(at=NOON + at), keys=KEYS, now=NOON) is taken


@pytest.mark.parametrize(
    "header",
    [
        callback_id(secret="another-secret-of-that-length"),
        callback_id(username="another"),
        callback_id(nonce=""),
        callback_id().replace("nonce=9", "nonce=8"),
        callback_id().replace(f"timestamp={NOON}", f"timestamp={NOON + 1}"),
        callback_id().rpartition("=")[0] + "=",
        callback_id()[:-1],
        callback_id() + "0",
        callback_id() + f";timestamp={NOON}",
        callback_id() + ";x=" + "y" * 1024,
        callback_id().replace(f"timestamp={NOON}", "timestamp=-1"),
        callback_id().replace(f"timestamp={NOON}", f"timestamp=+{NOON}"),
        callback_id().replace(str(NOON), "\u0661" * 10),
        "",
        ";;;",
        "timestamp;nonce;username;signature",
        "\ud800",
        "signature=\ud800;timestamp=1;nonce=\ud800;username=\ud800",
    ],
    ids=range(18),
)
def test_a_header_of_anybody_elses_is_not_signed(header: str) -> None:
    assert not is_signed(header, keys=KEYS, now=NOON)


def test_the_spelling_of_the_header_does_not_matter() -> None:
    name, _, signature = callback_id().rpartition("=")
    for header in (f"{name}={signature.upper()}", callback_id().replace(";", "; "), callback_id() + ";"):
        assert is_signed(header, keys=KEYS, now=NOON)


@given(st.text(max_size=200))
def test_any_text_for_a_header_is_refused_without_a_fault(header: str) -> None:
    assert not is_signed(header, keys=KEYS, now=NOON)


def test_without_keys_nobody_calls_back() -> None:
    assert callback_keys(None) is None
    assert callback_keys({"dev_key": "k"}) is None
    assert callback_keys(ENGAGELAB_KEYS) == KEYS
    assert SECRET not in repr(callback_keys(ENGAGELAB_KEYS))


@pytest.mark.parametrize(
    "section",
    [
        {"callback_username": USERNAME},
        {"callback_secret": SECRET},
        {"callback_username": "", "callback_secret": SECRET},
        {"callback_username": "a\nb", "callback_secret": SECRET},
        {"callback_username": 1, "callback_secret": SECRET},
        {"callback_username": USERNAME, "callback_secret": "too-short"},
        {"callback_username": USERNAME, "callback_secret": 7},
    ],
)
def test_half_a_pair_of_keys_is_the_operators_fault(section: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"engagelab\.callback_") as refused:
        callback_keys(section)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(("status", "receipt"), RECEIPTS.items())
def test_a_documented_status_is_a_state(status: str, receipt: Receipt) -> None:
    assert reports_of([row(status, "1")]) == ([Report("engagelab", "1", receipt)], 0)


@pytest.mark.parametrize("status", sorted(SAYS_NOTHING))
def test_what_the_vendor_says_of_numbers_and_codes_is_no_report(status: str) -> None:
    assert reports_of([row(status)]) == ([], 0)


def test_every_status_that_the_vendor_documents_is_known() -> None:
    assert RECEIPTS.keys() | SAYS_NOTHING == {
        *("plan", "target_valid", "target_invalid", "sent", "sent_failed", "sent_fail", "delivered"),
        *("delivered_failed", "verified", "verified_failed", "verified_timeout"),
    }


def test_of_many_rows_of_one_text_the_furthest_counts() -> None:
    told = [row(status, "1") for status in ("delivered", "sent", "delivered_failed", "plan")]
    reports, unread = reports_of([*told, row("sent", "2")])
    assert reports == [
        Report("engagelab", "1", Receipt.DELIVERED),
        Report("engagelab", "2", Receipt.SENT),
    ]
    assert unread == 0


def test_rows_that_cannot_be_read_are_counted_and_their_neighbours_are_read() -> None:
    strange: list[object] = [
        None,
        [],
        "delivered",
        {},
        {"message_id": "1"},
        {"message_id": 1, "status": {"message_status": "delivered"}},
        {"message_id": "1", "status": "delivered"},
        {"message_id": "1", "status": {"message_status": ["delivered"]}},
        {"message_id": "1", "status": {"message_status": "opened"}},
        {"message_id": "a#b", "status": {"message_status": "delivered"}},
        {"message_id": "x" * 65, "status": {"message_status": "delivered"}},
    ]
    reports, unread = reports_of([*strange, row("delivered", "2")])
    assert (reports, unread) == ([Report("engagelab", "2", Receipt.DELIVERED)], len(strange))


@given(st.lists(JSON_VALUES, max_size=5))
def test_any_rows_are_read_without_a_fault(told: list[object]) -> None:
    reports, unread = reports_of(told)
    assert len(reports) + unread <= len(told)
