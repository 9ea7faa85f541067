"""Windows over buckets: never a smaller look back than they say, and never more than one bucket further."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.model import Secret
from countersign.policy import Limit
from countersign.usage import (
    DAY,
    GRAINS,
    HOUR,
    TEN_MINUTES,
    AddressUse,
    Counts,
    Gauge,
    Kind,
    Span,
    bucket_name,
    named_bucket,
    prefix_of,
)
from tests.support.clock import NOON

TIMES = st.lists(st.integers(NOON - 2 * DAY, NOON), max_size=60)
WINDOWS = st.sampled_from([HOUR, DAY])


def counted(times: list[int]) -> dict[int, Counts]:
    """The buckets of texts that were sent at these times."""
    buckets: dict[int, dict[int, int]] = {TEN_MINUTES: {}, HOUR: {}, DAY: {}}
    for at in times:
        for grain, counts in buckets.items():
            counts[at // grain] = counts.get(at // grain, 0) + 1
    return dict(buckets)


@given(times=TIMES, within=WINDOWS)
def test_a_window_counts_all_that_is_in_it_and_at_most_one_bucket_more(times: list[int], within: int) -> None:
    gauge = Gauge(sent=counted(times), verified=counted(times))
    texts = gauge.texts(within=within, now=NOON)
    assert texts == gauge.approvals(within=within, now=NOON)
    assert sum(at > NOON - within for at in times) <= texts
    assert texts <= sum(at > NOON - within - GRAINS[within] for at in times)


@given(times=TIMES, within=WINDOWS, most=st.integers(1, 10))
def test_a_limit_leaves_room_again_when_it_says_so_and_not_a_second_before(
    times: list[int], within: int, most: int
) -> None:
    gauge = Gauge(sent=counted(times))
    limit = Limit(most, within)
    again_at = gauge.again_at(limit, now=NOON)
    assert gauge.texts(within=within, now=again_at) < most
    if again_at > NOON:
        assert gauge.texts(within=within, now=again_at - 1) >= most


def test_what_was_given_back_is_not_counted() -> None:
    gauge = Gauge(sent={TEN_MINUTES: {NOON // TEN_MINUTES: 2, NOON // TEN_MINUTES - 1: -2}})
    assert gauge.texts(within=HOUR, now=NOON) == 0
    assert Gauge(sent={TEN_MINUTES: {NOON // TEN_MINUTES: -1}}).texts(within=HOUR, now=NOON) == 0


@pytest.mark.parametrize(("back", "best"), [(0, 0), (1, 7), (14, 7), (15, 0)])
def test_the_best_day_is_a_whole_one_of_the_last_fourteen(back: int, best: int) -> None:
    gauge = Gauge(verified={DAY: {NOON // DAY - back: 7}})
    assert gauge.best(bucket=DAY, last=14, now=NOON) == best


def test_an_address_is_without_success_in_the_countries_that_never_approved() -> None:
    use = AddressUse(
        last_text={"VN": NOON - 5, "SG": NOON - DAY + 1, "IN": NOON - DAY, "DE": NOON - 1},
        last_approval={"DE": NOON - DAY + 1, "VN": NOON - DAY},
    )
    assert use.countries_without_success(now=NOON, but="US") == {"VN", "SG", "US"}
    assert use.countries_without_success(now=NOON, but="DE") == {"VN", "SG"}


def test_a_prefix_is_the_number_without_its_last_four_digits() -> None:
    assert prefix_of(Secret("+84901888484")).reveal() == "+8490188"


@pytest.mark.parametrize(
    ("kind", "span", "at", "name"),
    [
        (Kind.SENT, Span.TEN_MINUTES, 1_200, "st2"),
        (Kind.SENT, Span.TEN_MINUTES, 1_199, "st1"),
        (Kind.APPROVED, Span.HOUR, 7_200, "vh2"),
        (Kind.APPROVED, Span.DAY, 86_399, "vd0"),
        (Kind.SENT, Span.TEN_MINUTES, NOON, "st1QIII"),
        (Kind.APPROVED, Span.DAY, 35 * DAY, "vdZ"),
        (Kind.APPROVED, Span.DAY, 36 * DAY, "vd10"),
    ],
)
def test_a_bucket_is_named_after_what_it_holds_its_length_and_its_number(
    kind: Kind, span: Span, at: int, name: str
) -> None:
    assert bucket_name(kind, span, at=at) == name
    assert named_bucket(name) == (kind, span, at // span.seconds)


@pytest.mark.parametrize(
    "name",
    [
        "pk",
        "ttl",
        "batch",
        "t1",
        "k_VN",
        "st",
        "status",
        "sx1",
        "kt1",
        "st1x",
        "kst1",
        "st-1",
        "st\u0661",
        "s_t1",
    ],
)
def test_no_other_attribute_is_a_bucket(name: str) -> None:
    assert named_bucket(name) is None
