"""The number record: slots, cooldown and vendors' locks of one phone number.

One item per number. A slot is five attributes named after the keyed
(client, purpose), a vendor's lock three: flat, so that one update can read the old
value while it writes the new one. The times of the last sends stand in a row of
attributes that every claim moves up by one, so that "the fifth last was more than ten
minutes ago" is a condition on one of them: a sliding window without a read.
"""

from __future__ import annotations

import re

from countersign.aws.items import KEEP_SECONDS, Attribute, Item, key, number, number_pk, text
from countersign.aws.table import Update
from countersign.aws.times import is_within, moved_up, window_start
from countersign.claims import Allowance, ClaimRefused, NumberClaim, Release, Slot, allowance_of
from countersign.policy import FAILURES_PER_DAY, SENDS_PER_DAY

# One more than any limit looks back, so that taking a send back restores what it pushed out.
_REMEMBERED_SENDS = SENDS_PER_DAY.high + 1
_REMEMBERED_FAILURES = FAILURES_PER_DAY.high

_SLOT_ID = re.compile(r"s_(.+)_id")
_IS_HERE = "attribute_not_exists(#moved_to)"  # a record that has moved is written to no more


def claim_update(claim: NumberClaim) -> Update:
    """Take the slot (and the vendor's lock) if the cooldown is over."""
    slot = claim.slot
    sets = [f"#s_{slot}_resend_at = :resend_at", f"#s_{slot}_expires_at = :expires_at", "#ttl = :ttl"]
    sets += moved_up("t", places=_REMEMBERED_SENDS)
    values: dict[str, str | int] = {
        "id": claim.verification_id,
        "now": claim.now,
        "resend_at": claim.resend_at,
        "expires_at": claim.expires_at,
        "ttl": max(claim.resend_at, claim.expires_at) + KEEP_SECONDS,
        "zero": 0,
    }
    if claim.continues is None:
        sets += [f"#s_{slot}_previous = if_not_exists(#s_{slot}_id, :none)", f"#s_{slot}_id = :id"]
        values["none"] = ""
    if claim.attempts:
        sets.append(f"#s_{slot}_attempts = :attempts")
        values["attempts"] = claim.attempts
    condition = f"{_slot_is_free(claim)} AND {_IS_HERE}"
    if claim.moves_from is not None:
        condition += " AND attribute_exists(#pk)"
    if claim.replaces is not None:
        values["replaced"] = claim.replaces
    for limit in claim.limits:
        condition += f" AND {is_within(limit)}"
        values[window_start(limit)] = claim.now - limit.seconds
    if claim.vendor_lock is not None:
        lock_sets, lock_is_free = _lock(claim.vendor_lock)
        sets += lock_sets
        condition += f" AND {lock_is_free}"
        values |= {"slot": slot, "locked_until": claim.locked_until}
    return Update(
        number_pk(claim.number_key), expression="SET " + ", ".join(sets), condition=condition, values=values
    )


def _slot_is_free(claim: NumberClaim) -> str:
    slot = claim.slot
    cooldown_is_over = f"#s_{slot}_resend_at <= :now"
    if claim.continues is not None:
        still_ours = f"#s_{slot}_id = :id"
        return f"({still_ours} AND {cooldown_is_over})"
    if claim.replaces is not None:
        nobody_was_faster = f"#s_{slot}_id = :replaced"
        return f"({nobody_was_faster})"
    is_another_request = f"#s_{slot}_id <> :id"
    may_follow = f"{is_another_request} AND {cooldown_is_over}"
    if claim.waits_for_expiry:
        may_follow += f" AND #s_{slot}_expires_at <= :now"
    return f"(attribute_not_exists(#s_{slot}_id) OR ({may_follow}))"


def failure_update(number_key: str, *, now: int) -> Update:
    """One more wrong code for the number, which a claim has made."""
    return Update(
        number_pk(number_key),
        expression="SET " + ", ".join(moved_up("f", places=_REMEMBERED_FAILURES)),
        condition=f"attribute_exists(#pk) AND {_IS_HERE}",
        values={"now": now, "zero": 0},
    )


def leave_update(number_key: str, *, to: str, now: int) -> Update:
    """Close a record for good: from here on it stays as it is, and says where its successor stands."""
    return Update(
        number_pk(number_key),
        expression="SET #moved_to = if_not_exists(#moved_to, :to), #ttl = if_not_exists(#ttl, :ttl)",
        condition="",
        values={"to": to, "ttl": now + KEEP_SECONDS},
    )


def moved_to(item: Item | None) -> str | None:
    """The key of a closed record's successor."""
    return text(item, "moved_to") if item is not None else None


def successor(item: Item, *, number_key: str) -> dict[str, Attribute]:
    """The record that takes over a closed one, as it was."""
    kept = {name: value for name, value in item.items() if name != "moved_to"}
    return {**kept, **key(number_pk(number_key))}


def allowance(item: Item | None, *, claim: NumberClaim) -> Allowance | None:
    """The guesses that a claim gets on the record as it was before.

    Every other verification of the number that may still be guessed at counts with all that it asked for,
    so that no interleaving of guesses exceeds a limit.
    """
    if not claim.attempts:
        return None
    held = item or {}
    names = [match[1] for match in map(_SLOT_ID.fullmatch, held) if match is not None]
    others = [slot for name in names if (slot := read_slot(held, slot=name)) is not None]
    live = [
        slot
        for slot in others
        if slot.verification_id != claim.verification_id and slot.expires_at > claim.now
    ]
    failures = [number(held, f"f{place}") for place in range(1, _REMEMBERED_FAILURES + 1)]
    return allowance_of(claim, live=live, failures=failures)


def lock_update(claim: NumberClaim, *, vendor: str) -> Update:
    """Take a vendor's lock alone."""
    sets, lock_is_free = _lock(vendor)
    return Update(
        number_pk(claim.number_key),
        expression="SET " + ", ".join(sets),
        condition=f"{lock_is_free} AND {_IS_HERE}",
        values={
            "id": claim.verification_id,
            "now": claim.now,
            "locked_until": claim.locked_until,
            "slot": claim.slot,
        },
    )


def _lock(vendor: str) -> tuple[list[str], str]:
    """What taking a vendor's lock sets, and the condition that it may be taken."""
    sets = [f"#l_{vendor}_id = :id", f"#l_{vendor}_slot = :slot", f"#l_{vendor}_until = :locked_until"]
    nobody_holds_it = f"attribute_not_exists(#l_{vendor}_id)"
    it_has_run_out = f"#l_{vendor}_until <= :now"
    our_slot_holds_it = f"#l_{vendor}_slot = :slot"
    it_gets_no_shorter = f"#l_{vendor}_until <= :locked_until"  # it may guard an older code of the slot
    is_ours = f"({our_slot_holds_it} AND {it_gets_no_shorter})"
    return sets, f"({nobody_holds_it} OR {it_has_run_out} OR {is_ours})"


def release_update(release: Release) -> Update:
    """Give the slot back as it was and forget one send, unless someone else has the slot by now.

    A vendor's lock stays until it runs out: it may guard an older code of the same slot.
    """
    claim, before = release.claim, release.before
    slot = claim.slot
    values: dict[str, str | int] = {"id": claim.verification_id, "zero": 0}
    sets = [f"#t{place} = #t{place + 1}" for place in range(1, _REMEMBERED_SENDS)]
    sets.append(f"#t{_REMEMBERED_SENDS} = :zero")
    if before is None:
        parts = ("id", "previous", "resend_at", "expires_at", "attempts")
        expression = f"SET {', '.join(sets)} REMOVE {', '.join(f'#s_{slot}_{part}' for part in parts)}"
    else:
        sets += [f"#s_{slot}_id = :before_id", f"#s_{slot}_previous = :before_previous"]
        sets += [f"#s_{slot}_resend_at = :before_resend_at", f"#s_{slot}_expires_at = :before_expires_at"]
        sets.append(f"#s_{slot}_attempts = :before_attempts")
        expression = f"SET {', '.join(sets)}"
        values |= {
            "before_id": before.verification_id,
            "before_previous": before.previous_id or "",
            "before_resend_at": before.resend_at,
            "before_expires_at": before.expires_at,
            "before_attempts": before.attempts,
        }
    is_still_ours = f"#s_{slot}_id = :id"
    return Update(
        number_pk(claim.number_key),
        expression=expression,
        condition=f"{is_still_ours} AND {_IS_HERE}",
        values=values,
    )


def read_slot(item: Item | None, *, slot: str) -> Slot | None:
    """What a number's record holds for a slot."""
    if item is None:
        return None
    verification_id = text(item, f"s_{slot}_id")
    if verification_id is None:
        return None
    return Slot(
        verification_id=verification_id,
        previous_id=text(item, f"s_{slot}_previous") or None,
        resend_at=number(item, f"s_{slot}_resend_at"),
        expires_at=number(item, f"s_{slot}_expires_at"),
        attempts=number(item, f"s_{slot}_attempts"),
    )


def claim_refused(item: Item | None, *, claim: NumberClaim) -> ClaimRefused:
    """Which clause of a refused claim did not hold."""
    held = read_slot(item, slot=claim.slot)
    if item is None or not slot_lets_through(held, claim=claim):
        return ClaimRefused(held=held, allowance=allowance(item, claim=claim))
    ends = [number(item, f"t{limit.count}") + limit.seconds for limit in claim.limits]
    limited_until = max(ends, default=0)
    if limited_until > claim.now:
        return ClaimRefused(held=None, limited_until=limited_until)
    lock = f"l_{claim.vendor_lock}"
    return ClaimRefused(
        held=None,
        locked_until=number(item, f"{lock}_until"),
        lock_is_ours=text(item, f"{lock}_slot") == claim.slot,
    )


def slot_lets_through(held: Slot | None, *, claim: NumberClaim) -> bool:
    """The condition of `claim_update` on the slot, for what a refused claim returns."""
    if claim.continues is not None:
        return held is not None and held.verification_id == claim.continues and held.resend_at <= claim.now
    if claim.replaces is not None:
        return held is not None and held.verification_id == claim.replaces
    if held is None:
        return True
    is_over = held.resend_at <= claim.now and (not claim.waits_for_expiry or held.expires_at <= claim.now)
    return held.verification_id != claim.verification_id and is_over
