"""The number record: slots, cooldown and vendors' locks of one phone number.

One item per number. A slot is four attributes named after the keyed
(client, purpose), a vendor's lock three: flat, so that one update can read the old
value while it writes the new one.
"""

from __future__ import annotations

from countersign.aws.items import KEEP_SECONDS, Item, number, number_pk, text
from countersign.aws.table import Update
from countersign.ports import ClaimRefused, NumberClaim, Release, Slot


def claim_update(claim: NumberClaim) -> Update:
    """Take the slot (and the vendor's lock) if the cooldown is over."""
    slot = claim.slot
    sets = [f"#s_{slot}_resend_at = :resend_at", f"#s_{slot}_expires_at = :expires_at", "#ttl = :ttl"]
    cooldown_is_over = f"#s_{slot}_resend_at <= :now"
    if claim.continues is None:
        sets += [f"#s_{slot}_previous = if_not_exists(#s_{slot}_id, :none)", f"#s_{slot}_id = :id"]
        is_another_request = f"#s_{slot}_id <> :id"
        condition = f"(attribute_not_exists(#s_{slot}_id) OR ({is_another_request} AND {cooldown_is_over}))"
    else:
        still_ours = f"#s_{slot}_id = :id"
        condition = f"({still_ours} AND {cooldown_is_over})"
    values: dict[str, str | int] = {
        "id": claim.verification_id,
        "now": claim.now,
        "resend_at": claim.resend_at,
        "expires_at": claim.expires_at,
        "ttl": max(claim.resend_at, claim.expires_at) + KEEP_SECONDS,
    }
    if claim.continues is None:
        values["none"] = ""
    if claim.vendor_lock is not None:
        lock_sets, lock_is_free = _lock(claim.vendor_lock)
        sets += lock_sets
        condition += f" AND {lock_is_free}"
        values |= {"slot": slot, "locked_until": claim.locked_until}
    return Update(
        number_pk(claim.number_key), expression="SET " + ", ".join(sets), condition=condition, values=values
    )


def lock_update(claim: NumberClaim, *, vendor: str) -> Update:
    """Take a vendor's lock alone."""
    sets, lock_is_free = _lock(vendor)
    return Update(
        number_pk(claim.number_key),
        expression="SET " + ", ".join(sets),
        condition=lock_is_free,
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
    return sets, f"({nobody_holds_it} OR {it_has_run_out} OR {our_slot_holds_it})"


def release_update(release: Release) -> Update:
    """Give the slot back as it was, unless someone else has it by now.

    A vendor's lock stays until it runs out: it may guard an older code of the same slot.
    """
    claim, before = release.claim, release.before
    slot = claim.slot
    values: dict[str, str | int] = {"id": claim.verification_id}
    if before is None:
        parts = ("id", "previous", "resend_at", "expires_at")
        expression = "REMOVE " + ", ".join(f"#s_{slot}_{part}" for part in parts)
    else:
        expression = (
            f"SET #s_{slot}_id = :before_id, #s_{slot}_previous = :before_previous,"
            f" #s_{slot}_resend_at = :before_resend_at, #s_{slot}_expires_at = :before_expires_at"
        )
        values |= {
            "before_id": before.verification_id,
            "before_previous": before.previous_id or "",
            "before_resend_at": before.resend_at,
            "before_expires_at": before.expires_at,
        }
    return Update(
        number_pk(claim.number_key), expression=expression, condition=f"#s_{slot}_id = :id", values=values
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
    )


def claim_refused(item: Item | None, *, claim: NumberClaim) -> ClaimRefused:
    """Which clause of a refused claim did not hold."""
    held = read_slot(item, slot=claim.slot)
    if claim.continues is not None:
        slot_is_free = (
            held is not None and held.verification_id == claim.continues and held.resend_at <= claim.now
        )
    else:
        slot_is_free = held is None or (
            held.verification_id != claim.verification_id and held.resend_at <= claim.now
        )
    if slot_is_free and item is not None:
        return ClaimRefused(held=None, locked_until=number(item, f"l_{claim.vendor_lock}_until"))
    return ClaimRefused(held=held)
