"""What changes of verifications add to the usage counters.

Limits per client, prefix and country, the budget of all, and the guard against pumping
read how many texts were sent and how many verifications approved in the last ten minutes,
hours and days. The counters are kept from the table's stream of changes, after the fact,
so that no request waits for an item that every other request writes too (ADR 13).

A text counts from its durable intent on, and is given back where it was provably not
sent: what stays is accepted, unknown, and intents whose function died.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import final

from countersign.changes import Change
from countersign.model import Delivery, Status, Verification
from countersign.usage import Kind, Scope, Span, bucket_name, scopes_of


class Step(StrEnum):
    """How far a text got, as the metrics by country and vendor name it."""

    TEXTS = "Texts"  # intended, under the vendor that is asked first
    ACCEPTED = "TextsAccepted"  # taken, by the vendor that took it
    APPROVALS = "Approvals"


@dataclass(frozen=True, slots=True)
class Count:
    """Texts or approvals that one change brought; less than none where they are given back."""

    kind: Kind
    amount: int
    at: int


# What anybody reads: budgets look at texts alone, the guard against pumping at approvals too, and at days.
_SPANS = {
    Kind.SENT: (Span.TEN_MINUTES, Span.HOUR),
    Kind.UNTOLD: (Span.TEN_MINUTES, Span.HOUR),
    Kind.APPROVED: tuple(Span),
}
_JUDGED = frozenset({Scope.COUNTRY, Scope.PREFIX})  # by the guard against pumping
_SCOPES = {Kind.SENT: frozenset(Scope), Kind.UNTOLD: _JUDGED, Kind.APPROVED: _JUDGED}


def scopes(verification: Verification, *, kind: Kind) -> tuple[str, ...]:
    """The counters that a text or an approval is counted in."""
    found = scopes_of(
        verification.client_id, country=verification.country, prefix_key=verification.prefix_key
    )
    if not verification.prefix_key:  # written before there were any
        del found[Scope.PREFIX]
    return tuple(key for scope, key in found.items() if scope in _SCOPES[kind])


def counts(change: Change) -> Iterator[Count]:
    """What a change adds.

    A start's text counts at `created_at` and is given back there. A resend's counts when its
    intent was written and is given back when its refusal was, some seconds later: over the
    edge of a bucket one is too high by one and the next too low, and their sum is right.
    A text whose code is checked elsewhere counts as such, too.
    """
    old, new = change.old, change.new
    if new is None or new.rehearsed:
        return
    for texts in _texts(old, new, at=change.at):
        yield texts
        if new.checked_elsewhere:
            yield replace(texts, kind=Kind.UNTOLD)
    if old is not None and _is_approval(old, new, at=change.at):
        yield Count(Kind.APPROVED, 1, new.checked_at or change.at)


def _texts(old: Verification | None, new: Verification, *, at: int) -> Iterator[Count]:
    if old is None:
        if new.delivery is Delivery.SENDING:
            yield Count(Kind.SENT, new.sends, new.created_at)
    elif new.sends != old.sends:
        yield Count(Kind.SENT, new.sends - old.sends, at)
    elif _became(Delivery.REJECTED, old=old, new=new):
        yield Count(Kind.SENT, -1, new.created_at if new.sends == 1 else at)


def steps(change: Change) -> Iterator[Step]:
    """How far a change brought a text. Steps are never taken back: a refused text was a text."""
    old, new = change.old, change.new
    if new is None or new.rehearsed:
        return
    if any(count.kind is Kind.SENT and count.amount > 0 for count in counts(change)):
        yield Step.TEXTS
    if old is None:
        return
    is_as_before = new.sends < old.sends  # a refused resend leaves the delivery of the text before it
    if _became(Delivery.ACCEPTED, old=old, new=new) and not is_as_before:
        yield Step.ACCEPTED
    if _is_approval(old, new, at=change.at):
        yield Step.APPROVALS


def _became(delivery: Delivery, *, old: Verification, new: Verification) -> bool:
    return new.delivery is delivery and old.delivery is not delivery


def _is_approval(old: Verification, new: Verification, *, at: int) -> bool:
    return new.status(at)[0] is Status.APPROVED and old.status(at)[0] is not Status.APPROVED


@final
class Tally:
    """What many changes add up to: one sum for each bucket, and one moment for each address and country."""

    def __init__(self) -> None:
        self.buckets: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by scope
        self.addresses: defaultdict[str, dict[str, int]] = defaultdict(dict)  # by the address's key
        self.steps: defaultdict[tuple[str, str], Counter[Step]] = defaultdict(Counter)  # country, provider

    def add(self, change: Change) -> None:
        new = change.new
        if new is None:
            return
        for count in counts(change):
            for scope in scopes(new, kind=count.kind):
                for span in _SPANS[count.kind]:
                    self.buckets[scope][bucket_name(count.kind, span, at=count.at)] += count.amount
            if new.address_key is not None and count.amount > 0 and count.kind is not Kind.UNTOLD:
                self._seen(new.address_key, country=new.country, count=count)
        for step in steps(change):
            self.steps[new.country, new.provider][step] += 1

    def _seen(self, address_key: str, *, country: str, count: Count) -> None:
        """A later moment replaces an earlier one; a text that is given back takes none back."""
        name = f"k_{country}" if count.kind is Kind.SENT else f"v_{country}"
        moments = self.addresses[address_key]
        moments[name] = max(count.at, moments.get(name, 0))
