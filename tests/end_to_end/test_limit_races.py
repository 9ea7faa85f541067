"""Limits and ends of a verification under real concurrency, whoever comes and in whatever dialect."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.clock import SystemClock
from countersign.policy import Limit
from countersign.usage import Charge
from local.stack import Stack
from tests.end_to_end import invariants
from tests.end_to_end.calling import Caller, fresh_number, other_code, together
from tests.end_to_end.clients import LOAD_ADDRESS_LIMIT, RACE_CLIENTS
from tests.end_to_end.collisions import CollidingClient
from tests.end_to_end.front_door import RememberingDoor
from tests.end_to_end.ledger import Ledger, NumberAccount, forget_addresses
from tests.end_to_end.told import DIALECTS, DONE, NativeClient, Told, check, start, verified
from tests.matrix.callers import Sent
from tests.support.builders import verification

PARALLEL = 24
# What meets whom, of `_calls_on`: all; no start; neither a start nor a cancelation; checks; no right code.
MEETINGS = [slice(7), slice(1, 7), slice(2, 7), slice(2, 5), slice(4, 7)]


def _account(stack: Stack, to: str) -> NumberAccount:
    [account] = Ledger.of(stack, numbers=[to]).accounts
    return account


def test_of_many_parallel_starts_from_one_address_exactly_the_limit_is_sent(stack: Stack) -> None:
    forget_addresses(stack)
    caller = Caller(stack, "load-limited")
    numbers = [fresh_number("SG") for _ in range(PARALLEL)]
    answers = together([partial(caller.start, to) for to in numbers])
    tally = Counter("sent" if answer.status == 201 else answer.body["code"] for answer in answers)
    ledger = Ledger.of(stack, numbers=numbers)
    [charged] = ledger.addresses
    assert set(tally) == {"sent", "rate_limit"}
    assert len(charged) == tally["sent"] == sum(account.texts for account in ledger.accounts)
    in_the_first_minute = [at for at in charged if at < charged[-1] + 60]  # all, unless this machine crawls
    assert len(in_the_first_minute) == LOAD_ADDRESS_LIMIT
    assert all(0 < int(answer.headers["Retry-After"]) <= 60 for answer in answers if answer.status == 429)


def test_parallel_starts_of_all_clients_in_all_dialects_send_a_number_five_texts(stack: Stack) -> None:
    door, to = RememberingDoor(stack), fresh_number("VN")
    callers = [dialect(door, client=client) for dialect in DIALECTS for client in RACE_CLIENTS]
    sent = [answer for answer in together([partial(one.send, to) for one in callers]) if not answer.refusal]
    account = _account(stack, to)
    assert len(sent) == account.texts == len(account.verifications) == len(account.sent_at) == 5
    invariants.every_answer_is_as_documented(door.exchanges)


def test_parallel_wrong_codes_for_several_verifications_of_a_number_are_fifteen_at_most(
    stack: Stack,
) -> None:
    caller, to = Caller(stack, "demo-gateway"), fresh_number("VN")
    purposes = ["login", "payment", "signup", "recovery"]
    starts = together([partial(caller.start, to, purpose=purpose) for purpose in purposes])
    assert Counter(start.status for start in starts) == {201: 3, 429: 1}
    codes = {message["code"] for message in stack.messages(to)}
    wrong = next(code for code in map(str, range(100_000, 100_004)) if code not in codes)
    ids = [start.body["id"] for start in starts if start.status == 201]
    checks = together([partial(caller.check, id_, wrong) for id_ in ids * 10])
    told = Counter(check.body["code"] for check in checks)
    assert set(told) == {"wrong_code", "attempts_exhausted"}
    # A guess whose answer is lost, with another one in between, counts twice: never too few.
    assert told["wrong_code"] <= 15
    # So does the record of a wrong code whose answer is lost.
    assert len(_account(stack, to).failed_at) >= told["wrong_code"]
    late = caller.start(to, purpose="another")
    assert (late.status, late.body["code"]) == (429, "guess_limit")


@pytest.mark.parametrize("client_id", ["quick", "quick-gateway"])
def test_a_start_racing_checks_resends_and_a_cancelation_leaves_one_truth(
    stack: Stack, client_id: str
) -> None:
    door, luck = RememberingDoor(stack), random.Random(client_id)
    caller = NativeClient(door, client=client_id)
    numbers = [fresh_number("SG") for _ in range(2 * len(MEETINGS))]
    told: list[Told] = []
    for meeting, to in zip(MEETINGS * 2, numbers, strict=True):
        calls = _calls_on(caller, caller.send(to), to, code=stack.messages(to)[0]["code"])[meeting]
        luck.shuffle(calls)
        told += together(calls)
    assert any(one.kind == "resend" and one.result == DONE for one in told)
    assert any(map(verified, told))
    ledger = Ledger.of(stack, numbers=numbers)
    invariants.nothing_was_sent_without_an_intent_and_a_debit(ledger)
    invariants.every_debit_is_explained(ledger, told)
    invariants.nothing_was_approved_twice(ledger, told)
    invariants.no_verification_took_more_guesses_than_it_had(ledger, told)
    invariants.every_wrong_code_was_counted_for_its_number(ledger, told, most=15)
    invariants.one_code_lives_per_client_number_and_purpose(ledger)
    invariants.no_delivery_was_left_open(ledger)
    invariants.everything_ends_by_its_expiry(ledger)
    invariants.no_status_goes_back(door.exchanges)
    invariants.every_answer_is_as_documented(door.exchanges)


def _calls_on(caller: NativeClient, sent: Sent, to: str, *, code: str) -> list[Callable[[], Told]]:
    """A start, a cancelation, two right codes, a wrong one and two resends, in this order."""
    checks = [partial(check, caller, sent, to, code=one) for one in (code, code, other_code(code))]
    resends = [partial(caller.resend, sent, to)] * 2
    return [partial(start, caller, to), partial(caller.cancel, sent, to), *checks, *resends]


def test_where_writes_collide_as_on_dynamodb_the_limit_is_exact_and_nobody_hears_of_it(stack: Stack) -> None:
    colliding = CollidingClient(stack.client("dynamodb"))
    table = Table(stack.table_name, client=lambda: colliding.as_client, clock=SystemClock())
    store, address, now = DynamoStore(table), fresh_number("SG"), SystemClock().now()
    charge = Charge(address_key=address, limit=Limit(LOAD_ADDRESS_LIMIT, 60), now=now)
    intents = [verification(f"{address}-{serial}", created_at=now) for serial in range(PARALLEL)]
    made = together([partial(store.create, one, supersedes=(), charge=charge) for one in intents])
    assert colliding.collisions > PARALLEL
    assert Counter(one.applied for one in made) == {
        True: LOAD_ADDRESS_LIMIT,
        False: PARALLEL - LOAD_ADDRESS_LIMIT,
    }
    assert {one.again_at for one in made if not one.applied} == {now + 60}
    stored = [one for one in intents if store.get(one.client_id, one.id) is not None]
    assert len(stored) == LOAD_ADDRESS_LIMIT
