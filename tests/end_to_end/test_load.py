"""Two hundred operations, 20 at once, over twenty numbers and vendors in trouble: what must hold, holds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.stack import Stack
from tests.end_to_end import invariants
from tests.end_to_end.clients import LOAD_ADDRESS_LIMIT, LOAD_CLIENTS, LOAD_SENDS_PER_NUMBER
from tests.end_to_end.ledger import Ledger, forget_addresses
from tests.end_to_end.load import Load
from tests.end_to_end.told import DIALECTS

SEED = 4


@pytest.fixture(scope="module")
def load(stack: Stack) -> Load:
    forget_addresses(stack)
    ran = Load(stack, seed=SEED)
    ran.run()
    return ran


@pytest.fixture(scope="module")
def ledger(load: Load, stack: Stack) -> Ledger:
    return Ledger.of(stack, numbers=[*load.numbers, *load.keyed])


def test_the_load_met_what_it_was_to_meet(load: Load, ledger: Ledger) -> None:
    assert len(load.told) >= 200
    assert {one.dialect for one in load.told if one.kind == "start"} == {caller.name for caller in DIALECTS}
    for event in ("VerificationApproved", "VerificationCanceled", "DeliveryUnknown", "DeliveryRejected"):
        assert ledger.count(event), event
    assert {"wrong_code", "send_limit", "rate_limit"} <= set(ledger.refusals(LOAD_CLIENTS))


def test_nothing_was_sent_without_an_intent_and_a_debit(ledger: Ledger) -> None:
    invariants.nothing_was_sent_without_an_intent_and_a_debit(ledger)


def test_every_debit_is_explained(load: Load, ledger: Ledger) -> None:
    invariants.every_debit_is_explained(ledger, load.told)


def test_one_text_left_for_all_starts_with_one_idempotency_key(load: Load, ledger: Ledger) -> None:
    invariants.no_send_was_made_twice(ledger)
    for number in load.keyed:
        assert len({one.verification_id for one in load.told if one.number == number} - {""}) <= 1
        [account] = [account for account in ledger.accounts if account.number == number]
        assert account.at_vendors <= 1


def test_no_number_got_more_texts_than_its_limit(ledger: Ledger) -> None:
    invariants.no_number_got_more_texts_than(LOAD_SENDS_PER_NUMBER, ledger)


def test_no_address_got_more_texts_than_its_limit(ledger: Ledger) -> None:
    assert ledger.addresses
    invariants.no_address_got_more_texts_than(LOAD_ADDRESS_LIMIT, ledger)


def test_nothing_was_approved_twice_and_every_approval_was_told(load: Load, ledger: Ledger) -> None:
    invariants.nothing_was_approved_twice(ledger, load.told)


def test_no_verification_took_more_guesses_than_it_had(load: Load, ledger: Ledger) -> None:
    invariants.no_verification_took_more_guesses_than_it_had(ledger, load.told)


def test_every_wrong_code_was_counted_for_its_number(load: Load, ledger: Ledger) -> None:
    invariants.every_wrong_code_was_counted_for_its_number(ledger, load.told, most=15)


def test_one_code_lives_per_client_number_and_purpose(ledger: Ledger) -> None:
    invariants.one_code_lives_per_client_number_and_purpose(ledger)


def test_no_delivery_was_left_open_and_everything_ends_by_its_expiry(ledger: Ledger) -> None:
    invariants.no_delivery_was_left_open(ledger)
    invariants.everything_ends_by_its_expiry(ledger)


def test_no_status_that_was_told_went_back(load: Load) -> None:
    invariants.no_status_goes_back(load.door.exchanges)


def test_every_answer_is_one_that_its_dialect_documents(load: Load) -> None:
    invariants.every_answer_is_as_documented(load.door.exchanges)


def test_whatever_failed_was_a_refusal_that_a_vendor_caused(
    load: Load, ledger: Ledger, record_property: Callable[[str, object], None]
) -> None:
    failed = invariants.whatever_failed_was_a_refusal(load.door.exchanges)
    record_property("answers with a 5xx", f"{failed} of {len(load.door.exchanges)}")
    refusals = ledger.refusals(LOAD_CLIENTS)
    assert refusals["service_unavailable"] == refusals["internal_error"] == 0
