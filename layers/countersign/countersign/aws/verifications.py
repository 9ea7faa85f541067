"""The writes on a verification, as data: what each sets, and the named clauses under which.

Each carries a fresh `writer`, which is how a repetition by the client library knows its
own first try (`DynamoStore`). docs/data-model.md lists them.
"""

from __future__ import annotations

from dataclasses import replace

from countersign.aws.items import KEEP_SECONDS, check_step, verification_pk
from countersign.aws.table import Update
from countersign.claims import Aliases
from countersign.codes import random_seed
from countersign.model import GUESS_NONE, Custody, Delivery, Reason, RouteStep, Status, Verdict, Verification
from countersign.writes import ResendIntent, Settlement

_PENDING = "#stored_status = :pending"
_NOT_SUPERSEDED = "attribute_not_exists(#superseded_by)"
_ALIVE = "#expires_at > :now"
_ATTEMPTS_LEFT = "#attempts < #attempts_max"
_NOT_SOLVED = "#guess <> #code"
_NOT_OUR_OWN_RETRY = "#writer <> :writer"

_MADE_WITH_IT = "(attribute_not_exists(#pepper) OR #pepper = :pepper)"
_MAY_BE_GUESSED = " AND ".join(
    (_PENDING, _NOT_SUPERSEDED, _ALIVE, _ATTEMPTS_LEFT, _NOT_SOLVED, "#guess_writer <> :writer")
)
_MAY_BE_SENT = " AND ".join(
    (
        _PENDING,
        _NOT_SUPERSEDED,
        _ALIVE,
        _ATTEMPTS_LEFT,
        _NOT_SOLVED,
        "#sends = :sends_seen",
        _NOT_OUR_OWN_RETRY,
    )
)
_NOTHING_IS_THERE = "attribute_not_exists(#pk) OR attribute_not_exists(#slot)"  # or only a mark
_NOT_EXHAUSTED = "(#attempts < #attempts_max OR #checking > :zero)"  # or the last one is at the vendor
_MAY_BE_CANCELED = " AND ".join(
    (_PENDING, _NOT_SUPERSEDED, _ALIVE, _NOT_EXHAUSTED, _NOT_SOLVED, _NOT_OUR_OWN_RETRY)
)
# What ended it before its time, by what is stored: the same as Verification.status derives.
_EXHAUSTED = "(#attempts >= #attempts_max AND #checking = :zero)"
_NOT_EXHAUSTED_BEFORE = f"(NOT {_EXHAUSTED} OR #checked_at >= #expires_at)"
_NOT_SUPERSEDED_BEFORE = (
    "(attribute_not_exists(#superseded_by) OR #superseded_at >= #expires_at"
    f" OR (#custody = :gateway AND {_EXHAUSTED}))"
)
_HAS_EXPIRED = " AND ".join(
    (
        _PENDING,
        "#expires_at <= :now",
        _NOT_SOLVED,
        _NOT_EXHAUSTED_BEFORE,
        _NOT_SUPERSEDED_BEFORE,
        _NOT_OUR_OWN_RETRY,
    )
)
_MAY_BE_APPROVED = " AND ".join((_PENDING, _NOT_SUPERSEDED, _ALIVE, _NOT_OUR_OWN_RETRY))
_OUR_SEND = f"#delivery = :sending AND #sends = :our_send AND {_NOT_OUR_OWN_RETRY}"
_DELIVERY_IS_OURS = f"{_PENDING} AND {_OUR_SEND}"
_DELIVERY_IS_OURS_TOO_LATE = f"#stored_status <> :pending AND {_OUR_SEND}"


def guess_update(client_id: str, verification_id: str, *, guess: str, now: int, pepper: str | None) -> Update:
    """Count an attempt and record the keyed guess; with custody `vendor` a check is open from here.

    `pepper` names what keyed the guess: only a code of the same one can be compared with it.
    """
    return Update(
        verification_pk(client_id, verification_id),
        expression="SET #attempts = #attempts + :one, #checking = #checking + #check_step,"
        " #guess = :guess, #checked_at = :now, #writer = :writer, #guess_writer = :writer",
        condition=f"{_MAY_BE_GUESSED} AND {_MADE_WITH_IT}",
        values={
            "pending": Status.PENDING,
            "now": now,
            "one": 1,
            "guess": guess,
            "writer": random_seed(),
            "pepper": pepper or "",
        },
    )


def verdict_update(verification: Verification, *, verdict: Verdict, now: int) -> Update:
    """Close an open check with the vendor's verdict; `UNKNOWN` gives the attempt back.

    A verdict on what was replaced meanwhile comes after that, whatever the seconds of two clocks say: it
    must not turn a cancelation that was told into a failure.
    """
    values: dict[str, str | int] = {"one": 1}
    expression = "SET #checking = #checking - :one"
    condition = _NOT_OUR_OWN_RETRY
    if verdict is Verdict.UNKNOWN:
        expression += ", #attempts = #attempts - :one"
    else:
        expression += ", #checked_at = if_not_exists(#superseded_at, :just_before) + :one"
        condition = f"{_PENDING} AND {condition}"  # an approval keeps its time
        values |= {"just_before": now - 1, "pending": Status.PENDING}
    if verdict is Verdict.VERIFIED:
        expression += ", #stored_status = :approved, #stored_reason = :reason"
        condition = _MAY_BE_APPROVED
        values |= {
            "now": now,
            "approved": Status.APPROVED,
            "reason": Reason.CORRECT_CODE,
        }
    return _on(verification, expression=expression, condition=condition, values=values)


def cancel_update(client_id: str, verification_id: str, *, now: int) -> Update:
    """End a pending verification at the client's wish."""
    return Update(
        verification_pk(client_id, verification_id),
        expression="SET #stored_status = :canceled, #stored_reason = :reason, #writer = :writer",
        condition=_MAY_BE_CANCELED,
        values={
            "pending": Status.PENDING,
            "now": now,
            "zero": 0,
            "canceled": Status.CANCELED,
            "reason": Reason.CANCELED_BY_CLIENT,
            "writer": random_seed(),
        },
    )


def expire_update(client_id: str, verification_id: str, *, now: int) -> Update:
    """Write that the time of a verification has passed, where nothing else has ended it before."""
    return Update(
        verification_pk(client_id, verification_id),
        expression="SET #stored_status = :expired, #stored_reason = :reason, #writer = :writer",
        condition=_HAS_EXPIRED,
        values={
            "pending": Status.PENDING,
            "now": now,
            "zero": 0,
            "gateway": Custody.GATEWAY,
            "expired": Status.EXPIRED,
            "reason": Reason.TIMED_OUT,
            "writer": random_seed(),
        },
    )


def resend_update(verification: Verification, *, intent: ResendIntent) -> Update:
    """The durable intent of a resend."""
    values: dict[str, str | int] = {
        "pending": Status.PENDING,
        "now": intent.now,
        "sends_seen": intent.sends_seen,
        "one": 1,
        "sending": Delivery.SENDING,
        "resend_at": intent.resend_at,
        "expires_at": intent.expires_at,
        "ttl": intent.expires_at + KEEP_SECONDS,
        "provider": intent.provider,
        "custody": intent.custody,
        "check_step": check_step(intent.custody),
        "channel": intent.channel,
        "code": intent.code,
        "code_seed": intent.code_seed,
        "resend_key": intent.resend_key or "",
        "no_guess": GUESS_NONE,  # an old guess must not happen to equal a new code
    }
    return _on(
        verification,
        expression="SET #sends = #sends + :one, #delivery = :sending, #resend_at = :resend_at,"
        " #expires_at = :expires_at, #ttl = :ttl, #provider = :provider, #custody = :custody,"
        " #check_step = :check_step, #channel = :channel, #code = :code, #code_seed = :code_seed,"
        " #resend_key = :resend_key, #guess = :no_guess",
        condition=_MAY_BE_SENT,
        values=values,
        removed="#vendor_reference, #receipt, #receipt_at",
    )


def redirect_update(verification: Verification, *, step: RouteStep, code: str) -> Update:
    """The intent to try another provider within one delivery."""
    return _on(
        verification,
        expression="SET #provider = :provider, #custody = :custody, #check_step = :check_step,"
        " #code = :code, #guess = :no_guess",
        condition=f"{_DELIVERY_IS_OURS} AND {_NOT_SOLVED}",
        values={
            "pending": Status.PENDING,
            "sending": Delivery.SENDING,
            "our_send": verification.sends,
            "provider": step.provider,
            "custody": step.custody,
            "check_step": check_step(step.custody),
            "code": code,
            "no_guess": GUESS_NONE,
        },
    )


def supersede_update(newer: Verification, *, older: str, aliases: Aliases) -> Update:
    """Mark an older verification of the same number as replaced, even before it is written."""
    number_keys = {
        f"number_key_{place}": number_key
        for place, number_key in enumerate(sorted({newer.number_key, *aliases.number_keys}))
    }
    of_the_same_slot = "#slot = :slot"
    of_the_same_number = f"#number_key IN ({', '.join(f':{name}' for name in number_keys)})"
    return _mark(
        newer,
        on=older,
        condition=f"{_NOTHING_IS_THERE} OR ({of_the_same_slot} AND {of_the_same_number})",
        values={"slot": newer.slot, **number_keys},
    )


def forestall_update(newer: Verification, *, id_: str) -> Update:
    """Mark an id at which nothing is written yet, so that nothing ever will be."""
    return _mark(newer, on=id_, condition=_NOTHING_IS_THERE, values={})


def _mark(newer: Verification, *, on: str, condition: str, values: dict[str, str | int]) -> Update:
    return Update(
        verification_pk(newer.client_id, on),
        expression="SET #superseded_by = if_not_exists(#superseded_by, :newer),"
        " #superseded_at = if_not_exists(#superseded_at, :at), #ttl = if_not_exists(#ttl, :ttl)",
        condition=condition,
        values=values | {"newer": newer.id, "at": newer.created_at, "ttl": newer.expires_at + KEEP_SECONDS},
    )


def settlement_update(
    verification: Verification, *, settlement: Settlement, unguessed: bool = False
) -> Update:
    """How a delivery ended. `unguessed`: only if nobody has tried a code meanwhile."""
    condition = _DELIVERY_IS_OURS
    ends = settlement.status is not Status.PENDING
    # A refused resend gives its time back. What ended within that time must not run out once more.
    gives_time_back = (
        settlement.sends < verification.sends and settlement.expires_at < verification.expires_at
    )
    if ends or gives_time_back:
        condition += f" AND {_NOT_SUPERSEDED} AND {_NOT_EXHAUSTED}"  # or it has ended, for another reason
    if ends or settlement.code != verification.code:
        condition += f" AND {_NOT_SOLVED}"  # somebody was told that it is approved: that stays so
    expression = (
        "SET #delivery = :delivery, #provider = :provider, #custody = :custody, #check_step = :check_step,"
        " #code = :code, #code_seed = :code_seed, #sends = :sends, #expires_at = :expires_at,"
        " #stored_status = :status"
    )
    values: dict[str, str | int] = {
        "pending": Status.PENDING,
        "sending": Delivery.SENDING,
        "our_send": verification.sends,
        "delivery": settlement.delivery,
        "provider": settlement.provider,
        "custody": settlement.custody,
        "check_step": check_step(settlement.custody),
        "code": settlement.code,
        "code_seed": settlement.code_seed,
        "sends": settlement.sends,
        "expires_at": settlement.expires_at,
        "status": settlement.status,
    }
    if ends or gives_time_back or unguessed:
        values["zero"] = 0
    if unguessed:
        condition += " AND #attempts = :zero"
    if settlement.code != verification.code:
        expression += ", #guess = :no_guess"  # it was compared with the other code
        values["no_guess"] = GUESS_NONE
    changed: dict[str, str | int | None] = {
        "vendor_reference": settlement.vendor_reference,
        "stored_reason": settlement.reason,
        "channel": settlement.channel,
        "resend_key": settlement.resend_key,
        "receipt": settlement.receipt,
        "receipt_at": settlement.receipt_at,
    }
    for name, value in changed.items():
        if value is not None:
            expression += f", #{name} = :{name}"
            values[name] = value
    return _on(verification, expression=expression, condition=condition, values=values)


def late_update(verification: Verification, *, settlement: Settlement) -> Update:
    """Where a text went that a vendor took of one that has ended meanwhile; the end stays as it is."""
    expression = "SET #delivery = :delivery, #provider = :provider, #channel = :channel"
    values: dict[str, str | int] = {
        "pending": Status.PENDING,
        "sending": Delivery.SENDING,
        "our_send": verification.sends,
        "delivery": settlement.delivery,
        "provider": settlement.provider,
        "channel": settlement.channel or verification.channel,
    }
    if settlement.vendor_reference is not None:
        expression += ", #vendor_reference = :reference"
        values["reference"] = settlement.vendor_reference
    return _on(verification, expression=expression, condition=_DELIVERY_IS_OURS_TOO_LATE, values=values)


def settled(verification: Verification, *, settlement: Settlement) -> Verification:
    """What a transaction has just written (it returns no attributes)."""
    return replace(
        verification,
        delivery=settlement.delivery,
        provider=settlement.provider,
        custody=settlement.custody,
        channel=settlement.channel or verification.channel,
        stored_status=settlement.status,
        stored_reason=settlement.reason,
    )


def _on(
    verification: Verification,
    *,
    expression: str,
    condition: str,
    values: dict[str, str | int],
    removed: str = "",
) -> Update:
    return Update(
        verification_pk(verification.client_id, verification.id),
        expression=f"{expression}, #writer = :writer" + (f" REMOVE {removed}" if removed else ""),
        condition=condition,
        values=values | {"writer": random_seed()},
    )
