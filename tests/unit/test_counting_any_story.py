"""Whatever happens to verifications, and however the stream is cut: the sums are right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from countersign.changes import Change
from countersign.counting import Step, Tally
from countersign.model import Delivery, Status, Verification
from countersign.usage import Kind, Span
from tests.support.builders import CODE_HASH, WRONG_HASH, verification
from tests.support.clock import NOON

# What can happen to a verification that is `sending`, and to one that is not.
_SETTLED = ("accepted", "unknown", "rejected")
COUNTRIES = ("country#VN", "country#SG")
_WISHES = ("resend", "right code", "wrong code")


def _settled(old: Verification, before: Verification | None, *, how: str) -> Verification:
    if how != "rejected":
        return replace(old, delivery=Delivery(how))
    if before is not None:
        return replace(old, delivery=before.delivery, sends=before.sends)
    return replace(old, delivery=Delivery.REJECTED, stored_status=Status.FAILED)


@st.composite
def lives(draw: st.DrawFn, name: str) -> list[Change]:
    """The changes of one verification, in order, as the service makes them."""
    at = NOON + draw(st.integers(0, 90_000))
    now = verification(
        name,
        created_at=at,
        expires_at=at + 300,
        client_id=draw(st.sampled_from(["demo", "shop"])),
        country=draw(st.sampled_from(["VN", "SG"])),
        provider=draw(st.sampled_from(["one", "test"])),
        prefix_key=draw(st.sampled_from(["", "p1", "p2"])),
        address_key=draw(st.sampled_from([None, "a1"])),
    )
    changes = [Change(None, now, at)]
    before: Verification | None = None
    for _ in range(draw(st.integers(0, 6))):
        at += draw(st.integers(0, 2_000))
        old = now
        is_over = old.stored_status is not Status.PENDING or old.solved
        if old.delivery is Delivery.SENDING and draw(st.booleans()):
            now = _settled(old, before, how="accepted" if is_over else draw(st.sampled_from(_SETTLED)))
        elif is_over:
            break
        elif (wish := draw(st.sampled_from(_WISHES))) == "resend":
            before = old
            now = replace(old, delivery=Delivery.SENDING, sends=old.sends + 1)
        else:
            guess = CODE_HASH if wish == "right code" else WRONG_HASH
            now = replace(old, guess=guess, attempts=old.attempts + 1, checked_at=at)
        changes.append(Change(old, now, at))
    return changes


@st.composite
def streams(draw: st.DrawFn) -> list[Change]:
    """Several lives, interleaved."""
    waiting = [draw(lives(f"v{place}")) for place in range(draw(st.integers(1, 4)))]
    told = []
    while waiting:
        life = draw(st.sampled_from(waiting))
        told.append(life.pop(0))
        waiting = [one for one in waiting if one]
    return told


def kept(batches: list[list[Change]]) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, int]], object]:
    """What the table holds after the batches, and what the metrics add up to."""
    sums: dict[str, Counter[str]] = {}
    moments: dict[str, dict[str, int]] = {}
    total: Counter[tuple[str, str, Step]] = Counter()
    for batch in batches:
        tally = Tally()
        for one in batch:
            tally.add(one)
        for scope, amounts in tally.buckets.items():
            into = sums.setdefault(scope, Counter())
            for name, amount in amounts.items():
                into[name] += amount
        for key, found in tally.addresses.items():
            for name, moment in found.items():
                moments.setdefault(key, {})[name] = max(moment, moments.get(key, {}).get(name, 0))
        for pair, taken in tally.steps.items():
            for step, number in taken.items():
                total[*pair, step] += number
    return {scope: dict(amounts) for scope, amounts in sums.items()}, moments, total


@given(told=streams(), data=st.data())
def test_any_cut_into_batches_adds_up_to_the_same(told: list[Change], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(told)), max_size=5)))
    batches = [
        told[start:end] for start, end in zip([0, *cuts], [*cuts, len(told)], strict=True) if start < end
    ]
    assert kept(batches) == kept([told])


@given(told=streams())
def test_what_stays_counted_is_what_was_sent_may_have_been_or_is_being_sent(told: list[Change]) -> None:
    last = {one.new.id: one.new for one in told if one.new is not None}
    real = [one for one in last.values() if one.provider != "test"]
    buckets, _, _ = kept([told])
    sent = sum(one.sends for one in real if one.delivery is not Delivery.REJECTED)
    for span in (Span.TEN_MINUTES, Span.HOUR):
        assert _sum(buckets, "total", kind=Kind.SENT, span=span) == sent
        assert sum(_sum(buckets, of, kind=Kind.SENT, span=span) for of in COUNTRIES) == sent
    for span in Span:
        approved = sum(_sum(buckets, of, kind=Kind.APPROVED, span=span) for of in COUNTRIES)
        assert approved == sum(one.solved for one in real)


def _sum(buckets: dict[str, dict[str, int]], scope: str, *, kind: Kind, span: Span) -> int:
    found = buckets.get(scope, {})
    return sum(amount for name, amount in found.items() if name.startswith(f"{kind}{span}"))
