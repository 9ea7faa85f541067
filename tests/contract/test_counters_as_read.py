"""What the counting side writes and removes, asked by the reading side: any story, any moment of asking."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.aws.counters import address_update, stale_buckets
from countersign.aws.items import attribute
from countersign.aws.usage import read_address, read_gauge
from countersign.changes import Change
from countersign.counting import Tally
from countersign.limits import Budget, Reached, reached
from countersign.model import Delivery, Status
from countersign.policy import Limit, Policy
from countersign.pumping import SCOPES, Suspicion, suspicions
from countersign.usage import DAY, GRAINS, HOUR, Gauge, Kind, Scope, Span, Usage, bucket_name
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON

COUNTRY = "country#VN"
LATEST = HOUR  # for as long a batch is tried again, then it is given up (template.yaml)
CLOCKS_DIFFER = 20 * 60  # at most, between a function that reads and the one that removes
BUDGET = Budget(warning=3, limit=6)
POLICY = Policy(
    prefix_sends_per_hour=2,
    prefix_sends_per_day=4,
    country_sends_per_hour=3,
    country_sends_per_day=5,
    client_sends_per_hour=3,
    client_sends_per_day=5,
)

type Item = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """One text of a story."""

    gap: int  # seconds since the one before was counted
    late: int  # seconds between the text and its counting
    fate: str
    country: str = "VN"


# Gaps that meet the edges of what is kept: minutes, an hour or so, a day or so, two weeks or so.
GAPS = st.one_of(
    st.integers(0, 1_500),
    st.integers(HOUR - 700, HOUR + 2_000),
    st.integers(DAY - 2 * HOUR, DAY + 3 * HOUR),
    st.integers(13 * DAY, 16 * DAY),
    st.builds(int.__add__, st.sampled_from([80 * 60, 26 * HOUR, 15 * DAY]), st.integers(-900, 900)),
)
TEXTS = st.builds(
    Text,
    gap=GAPS,
    late=st.one_of(st.integers(0, 3), st.integers(0, LATEST)),
    fate=st.sampled_from(["sent", "refused", "approved"]),
    country=st.sampled_from(["VN", "SG", "001"]),
)
STORIES = st.lists(TEXTS, min_size=1, max_size=14)
# When somebody asks, from the last counting on: first by a clock that is behind.
ASKED_AFTER = st.one_of(st.just(-CLOCKS_DIFFER), st.integers(-CLOCKS_DIFFER, 2 * HOUR), GAPS)


def changes(text: Text, *, at: int) -> list[Change]:
    """What the table tells of a text that was sent at this moment."""
    started = verification(
        created_at=at, expires_at=at + 300, prefix_key="p", address_key="a", country=text.country
    )
    told = [Change(None, started, at)]
    if text.fate == "refused":
        failed = replace(started, delivery=Delivery.REJECTED, stored_status=Status.FAILED)
        told.append(Change(started, failed, at + 2))
    if text.fate == "approved":
        taken = replace(started, delivery=Delivery.ACCEPTED)
        told += [
            Change(started, taken, at + 1),
            Change(taken, replace(taken, guess=CODE_HASH, attempts=1, checked_at=at), at),
        ]
    return told


def tally(text: Text, *, at: int) -> Tally:
    told = Tally()
    for change in changes(text, at=at):
        told.add(change)
    return told


def added(item: Item, amounts: Mapping[str, int]) -> None:
    """DynamoDB's ADD."""
    for name, amount in amounts.items():
        item[name] = {"N": str(int(item.get(name, {"N": "0"})["N"]) + amount)}


def counted(story: list[Text], *, scope: str) -> tuple[Item, Item, int]:
    """A counter from which all that is stale is removed each time, one where nothing is; and the time."""
    pruned: Item = {}
    whole: Item = {}
    now = NOON
    for text in story:
        now += text.gap
        amounts: Mapping[str, int] = tally(text, at=now - text.late).buckets.get(scope, {})
        for item in (pruned, whole):
            added(item, amounts)
        for name in stale_buckets(pruned, now=now):
            del pruned[name]
    return pruned, whole, now


def answers(gauge: Gauge, *, now: int) -> dict[str, int]:
    """To every question that a gauge can be asked."""
    limits = [Limit(most, seconds) for most in (1, 2, 5) for seconds in GRAINS]
    return {
        **{f"texts {seconds}": gauge.texts(within=seconds, now=now) for seconds in GRAINS},
        **{f"approvals {seconds}": gauge.approvals(within=seconds, now=now) for seconds in GRAINS},
        "best day": gauge.best(bucket=DAY, last=14, now=now),
        "best hour": gauge.best(bucket=HOUR, last=24, now=now),
        **{f"again {limit}": gauge.again_at(limit, now=now) for limit in limits},
    }


def decisions(gauge: Gauge, *, now: int) -> tuple[Reached | None, tuple[Suspicion, ...]]:
    """What follows from a gauge, were it that of every scope."""
    usage = Usage(gauges=dict.fromkeys(set(Scope) - {Scope.ADDRESS}, gauge))
    return (
        reached(usage, policy=POLICY, total=BUDGET, now=now),
        suspicions(usage, country="VN", now=now, address_counts=False),
    )


@pytest.mark.parametrize("scope", ["total", "client#demo", COUNTRY, "prefix#p"])
@given(story=STORIES, after=ASKED_AFTER)
def test_nobody_reads_what_was_removed(scope: str, story: list[Text], after: int) -> None:
    pruned, whole, now = counted(story, scope=scope)
    asked, kept, all_of_it = now + after, read_gauge(pruned), read_gauge(whole)
    assert answers(kept, now=asked) == answers(all_of_it, now=asked)
    assert decisions(kept, now=asked) == decisions(all_of_it, now=asked)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("span", Span)
def test_a_bucket_is_removed_only_when_the_slowest_clock_has_done_with_it(kind: Kind, span: Span) -> None:
    item: Item = {bucket_name(kind, span, at=NOON): attribute(9)}
    end = (NOON // span.seconds + 1) * span.seconds
    moments = range(end, end + 20 * DAY)
    removed_at = moments[bisect_left(moments, True, key=lambda now: bool(stale_buckets(item, now=now)))]
    assert removed_at < moments[-1]
    for asked in (removed_at - CLOCKS_DIFFER, removed_at, removed_at + span.seconds):
        assert answers(read_gauge(item), now=asked) == answers(Gauge(), now=asked)


@given(story=STORIES, after=st.integers(0, 2 * DAY))
def test_a_gauge_says_what_was_sent_and_approved(story: list[Text], after: int) -> None:
    pruned, _, now = counted(story, scope=COUNTRY)
    gauge, asked = read_gauge(pruned), now + after
    sent, approved = _moments(story)
    for within, grain in GRAINS.items():
        exact = sum(at > asked - within for at in sent)
        assert exact <= gauge.texts(within=within, now=asked)
        assert gauge.texts(within=within, now=asked) <= sum(at > asked - within - grain for at in sent)
        exact = sum(at > asked - within for at in approved)
        assert exact <= gauge.approvals(within=within, now=asked)
        assert gauge.approvals(within=within, now=asked) <= sum(
            at > asked - within - grain for at in approved
        )
    for bucket, last in ((HOUR, 24), (DAY, 14)):
        whole = [asked // bucket - back for back in range(1, last + 1)]
        best = max(sum(at // bucket == one for at in approved) for one in whole)
        assert gauge.best(bucket=bucket, last=last, now=asked) == best


def _moments(story: list[Text]) -> tuple[list[int], list[int]]:
    """When texts to the country were sent that may have arrived, and when verifications were approved."""
    sent, approved, now = [], [], NOON
    for text in story:
        now += text.gap
        if text.country != "VN" or text.fate == "refused":
            continue
        sent.append(now - text.late)
        if text.fate == "approved":
            approved.append(now - text.late)
    return sent, approved


@given(story=STORIES, after=st.integers(0, DAY))
def test_an_addresses_record_says_where_it_went_without_an_approval(story: list[Text], after: int) -> None:
    item: Item = {}
    texted, approved = {}, {}
    now = NOON
    for text in story:
        now += text.gap
        [(key, moments)] = tally(text, at=now).addresses.items()
        update = address_update(key, moments=moments, now=now)
        item |= {name: attribute(value) for name, value in update.values.items()}
        texted[text.country] = now
        if text.fate == "approved":
            approved[text.country] = now
    asked = now + after
    lately = [{one for one, at in moments.items() if at > asked - DAY} for moments in (texted, approved)]
    use = read_address(item)
    assert use.countries_without_success(now=asked, but="US") == (lately[0] | {"US"}) - lately[1]


def test_every_scope_that_the_guard_asks_for_approvals_has_them_counted() -> None:
    told = tally(Text(gap=0, late=0, fate="approved"), at=NOON)
    scopes = {
        scope.partition("#")[0]
        for scope, amounts in told.buckets.items()
        if any(name.startswith(Kind.APPROVED) for name in amounts)
    }
    assert scopes == {scope.value for scope in SCOPES}
