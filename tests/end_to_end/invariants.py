"""What holds after any storm: each is asserted from the table's, the vendors' and the logs' side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from countersign.model import Status
from countersign.policy import TTL_SECONDS
from tests.end_to_end.front_door import Exchange
from tests.end_to_end.ledger import Ledger
from tests.end_to_end.told import Told, by_number, by_verification, verified


def nothing_was_sent_without_an_intent_and_a_debit(ledger: Ledger) -> None:
    """Vendors took no more than verifications say, and the number's record counted all of it.

    A verification that ended while a vendor had it in hand no longer hears what became of that.
    """
    for account in ledger.accounts:
        unsettled = sum(one.delivery == "sending" for one in account.verifications)
        sends = account.intents
        assert sends - unsettled <= account.at_vendors <= sends, account
        assert sends <= len(account.sent_at), account


def every_debit_is_explained(ledger: Ledger, told: Sequence[Told]) -> None:
    """A refused resend, an overtaken start and a refused send that was guessed at stay counted (ADR 10)."""
    unsent = by_number(told, lambda one: one.may_stay_counted)
    for account in ledger.accounts:
        guessed_at = sum(one.delivery == "rejected" and one.attempts > 0 for one in account.verifications)
        assert len(account.sent_at) <= account.intents + unsent[account.number] + guessed_at, account


def no_number_got_more_texts_than(most: int, ledger: Ledger) -> None:
    """The run is shorter than the window."""
    for account in ledger.accounts:
        assert account.at_vendors <= most, account
        assert len(account.sent_at) <= most, account


def no_address_got_more_texts_than(most: int, ledger: Ledger) -> None:
    """In any minute, by the times that were charged."""
    for times in ledger.addresses:
        assert all(newer - older >= 60 for newer, older in zip(times, times[most:], strict=False)), times


def no_send_was_made_twice(ledger: Ledger) -> None:
    """At the one vendor whose requests name verification and send."""
    assert ledger.request_ids
    assert set(ledger.request_ids.values()) == {1}


def no_delivery_was_left_open(ledger: Ledger) -> None:
    """But where the verification had ended before the vendor answered."""
    for one in ledger.verifications:
        assert one.delivery != "sending" or one.stored_status is not Status.PENDING, one


def nothing_was_approved_twice(ledger: Ledger, told: Sequence[Told]) -> None:
    """Every answer that said so is one verification's, and every approved verification's one answer."""
    assert set(by_verification(told, verified).values()) <= {1}
    answers = by_number(told, verified)
    for account in ledger.accounts:
        approved = [one for one in account.verifications if one.status(ledger.now)[0] is Status.APPROVED]
        assert len(approved) == answers[account.number], account


def no_verification_took_more_guesses_than_it_had(ledger: Ledger, told: Sequence[Told]) -> None:
    answered = by_verification(told, lambda one: one.is_wrong or verified(one))
    for one in ledger.verifications:
        assert answered[one.id] <= one.attempts <= one.attempts_max, one


def every_wrong_code_was_counted_for_its_number(ledger: Ledger, told: Sequence[Told], *, most: int) -> None:
    """`most`: that a number takes within the run."""
    surely = by_number(told, lambda one: one.is_wrong)
    perhaps = by_number(told, lambda one: one.may_be_wrong)
    for account in ledger.accounts:
        least = surely[account.number]
        assert least <= len(account.failed_at) <= min(most, least + perhaps[account.number]), account


def one_code_lives_per_client_number_and_purpose(ledger: Ledger) -> None:
    live = Counter(
        (one.number_key, one.slot)
        for one in ledger.verifications
        if one.status(ledger.now)[0] is Status.PENDING
    )
    assert set(live.values()) <= {1}, live


def everything_ends_by_its_expiry(ledger: Ledger) -> None:
    for one in ledger.verifications:
        assert one.status(one.expires_at)[0] is not Status.PENDING, one
        assert one.expires_at <= ledger.now + TTL_SECONDS.high, one


def no_status_goes_back(exchanges: Iterable[Exchange]) -> None:
    """A final status that an answer told is what every later request hears."""
    heard: dict[str, list[tuple[Exchange, str]]] = {}
    for exchange in exchanges:
        if exchange.told is not None:
            verification_id, status = exchange.told
            heard.setdefault(verification_id, []).append((exchange, status))
    for told in heard.values():
        for earlier, status in told:
            if status != "pending":
                later = {other for exchange, other in told if exchange.began > earlier.ended}
                assert later <= {status}, told


def every_answer_is_as_documented(exchanges: Iterable[Exchange]) -> None:
    assert not [fault for exchange in exchanges for fault in exchange.faults()]


def whatever_failed_was_a_refusal(exchanges: Iterable[Exchange]) -> int:
    """Trouble that passes, with the time to wait, or no vendor to send it. How many there were."""
    failed = [exchange for exchange in exchanges if exchange.answer.status >= 500]
    for exchange in failed:
        waits = int(exchange.answer.headers.get("Retry-After", 0))
        assert waits > 0 or _is_undeliverable(exchange), exchange
    return len(failed)


def _is_undeliverable(exchange: Exchange) -> bool:
    """In the words of the dialects in which it has a 5xx."""
    words = exchange.answer.json
    return (exchange.answer.status, words.get("code") or words.get("responseCode")) in {
        (502, "undeliverable"),
        (502, 500),
        (503, "UNAVAILABLE"),
    }
