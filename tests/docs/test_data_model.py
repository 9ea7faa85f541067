"""docs/data-model.md names what the code writes, and what it costs."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import pytest

from countersign.aws.items import verification_item
from countersign.aws.report_book import DynamoReportBook
from countersign.aws.store import DynamoStore
from countersign.aws.tokens import DynamoTokenStore
from countersign.circuits import Circuit
from countersign.claims import Aliases, Slot
from countersign.codes import random_seed, slot_of
from countersign.model import (
    Channel,
    Custody,
    OnUndelivered,
    Reason,
    Receipt,
    RouteStep,
    Verdict,
    Verification,
)
from countersign.policy import Limit
from countersign.ports import SharedToken
from countersign.reports import Entry, Owner, Report
from countersign.usage import Charge, UsageQuery
from tests.docs.markdown import DOCS, Row, names, table
from tests.docs.metering import item_bytes
from tests.docs.recording import RecordingClient, book_over, store_over, tokens_over
from tests.support.builders import (
    claim,
    keys,
    phone,
    release,
    resend_intent,
    secret,
    settlement,
    undeliverable,
    verification,
)
from tests.support.clock import NOON

KILOBYTE = 1024
RECEIPT_BYTES = 36

PAGE = DOCS / "data-model.md"
NEW = verification()
STEP = RouteStep("two", Custody.VENDOR)
CIRCUIT = Circuit(vendor="esms", country="VN", failures=(NOON,), mark="mark")
LOCKED = claim(vendor_lock="esms")
CHARGE = Charge(address_key="address1", limit=Limit(10, 60), now=NOON)
QUERY = UsageQuery(client_id="demo", country="VN", prefix_key="prefix1", address_key="address1")

type Act = Callable[[DynamoStore, DynamoTokenStore], object]

# The rows of the cost table, and what each of them does.
ACTS: dict[str, Act] = {
    "`claim_number`": lambda store, _: store.claim_number(LOCKED),
    "`release_number`": lambda store, _: store.release_number(release(LOCKED)),
    "`create`": lambda store, _: store.create(NEW, supersedes=()),
    "`create` over one": lambda store, _: store.create(NEW, supersedes=("v0",)),
    "`create` over two": lambda store, _: store.create(NEW, supersedes=("v0", "v00")),
    "`create` for a former id": lambda store, _: store.create(
        NEW, supersedes=(), aliases=Aliases(former_id="v0")
    ),
    "`create` with a charge": lambda store, _: store.create(NEW, supersedes=(), charge=CHARGE),
    "`charge`": lambda store, _: store.charge(CHARGE),
    "`usage`": lambda store, _: store.usage(replace(QUERY, address_key=None)),
    "`usage` with two vendors": lambda store, _: store.usage(
        replace(QUERY, address_key=None, vendors=("esms", "engagelab"))
    ),
    "`usage` with an address": lambda store, _: store.usage(QUERY),
    "`supersede`, for each older one": lambda store, _: store.supersede(NEW, older=("v0",)),
    "`redirect`": lambda store, _: store.redirect(NEW, step=STEP, code="", claim=claim()),
    "`redirect` with a lock": lambda store, _: store.redirect(NEW, step=STEP, code="", claim=LOCKED),
    "`settle_delivery`": lambda store, _: store.settle_delivery(
        NEW, settlement=settlement(NEW), release=None
    ),
    "`settle_delivery` with a release": lambda store, _: store.settle_delivery(
        NEW, settlement=undeliverable(NEW), release=release(LOCKED)
    ),
    "`get`": lambda store, _: store.get("demo", "v1"),
    "`slot`": lambda store, _: store.slot("number1", slot="slot1"),
    "`record_failure`": lambda store, _: store.record_failure("number1", now=NOON),
    "`begin_resend`": lambda store, _: store.begin_resend(NEW, intent=resend_intent(NEW)),
    "`guess`": lambda store, _: store.guess("demo", "v1", guess="guess", now=NOON),
    "`settle_check`": lambda store, _: store.settle_check(NEW, verdict=Verdict.VERIFIED, now=NOON),
    "`settle_check` without a verdict": lambda store, _: store.settle_check(
        NEW, verdict=Verdict.UNKNOWN, now=NOON
    ),
    "`cancel`": lambda store, _: store.cancel("demo", "v1", now=NOON),
    "`expire`": lambda store, _: store.expire("demo", "v1", now=NOON),
    "`record_outage`": lambda store, _: store.record_outage(
        "esms", country="VN", now=NOON, held_until=NOON + 60
    ),
    "`begin_probe`": lambda store, _: store.begin_probe(CIRCUIT, now=NOON),
    "`clear_circuit`": lambda store, _: store.clear_circuit(CIRCUIT),
    "`load` of a token": lambda _, tokens: tokens.load("name"),
    "`begin_refresh`": lambda _, tokens: tokens.begin_refresh("name", lease_seconds=10),
    "`save` of a token": lambda _, tokens: tokens.save("name", token=SharedToken("token", NOON + 60)),
    "`abandon_refresh`": lambda _, tokens: tokens.abandon_refresh("name"),
}


OWNER = Owner("demo", "v1", "VN")
ENTRY = Entry(
    vendor="esms", reference="ref", is_news=True, receipt=Receipt.DELIVERED, receipt_at=NOON, owner=OWNER
)

type BookAct = Callable[[DynamoReportBook], object]

BOOK_ACTS: dict[str, BookAct] = {
    "`note_report`": lambda book: book.note_report(Report("esms", "ref", Receipt.DELIVERED), now=NOON),
    "`note_owner`": lambda book: book.note_owner("esms", "ref", owner=OWNER, now=NOON),
    "`show`": lambda book: book.show(ENTRY),
}


def _acted(*acts: Act, absent: bool = False, on_book: Sequence[BookAct] = ()) -> RecordingClient:
    client = RecordingClient(absent=absent)
    for act in acts:
        act(store_over(client), tokens_over(client))
    for act_on_book in on_book:
        act_on_book(book_over(client))
    return client


def _with_everything_set(store: DynamoStore, _: DynamoTokenStore) -> None:
    """The attributes that a write has only where there is something to write."""
    store.create(
        verification(
            locale="vi",
            reference="order-17",
            address_key="address1",
            pepper="pepper1",
            receipt=Receipt.SENT,
            receipt_at=NOON,
            on_undelivered=OnUndelivered.NEXT_PROVIDER,
        ),
        supersedes=(),
    )
    settled = settlement(
        NEW,
        code="another",
        vendor_reference="ref",
        reason=Reason.UNDELIVERABLE,
        channel=Channel.ZALO,
        resend_key="key",
    )
    store.settle_delivery(NEW, settlement=settled, release=None)
    store.settle_check(NEW, verdict=Verdict.UNKNOWN, now=NOON)
    store.claim_number(claim(continues="v1", attempts=5))
    store.release_number(
        release(LOCKED, before=Slot(verification_id="v0", previous_id=None, resend_at=NOON, expires_at=NOON))
    )


def _with_a_move(store: DynamoStore, _: DynamoTokenStore) -> None:
    """The attribute of a record that has moved."""
    store.claim_number(claim(moves_from="number0"))


def _general(attribute: str) -> str:
    """A slot's or a lock's attribute as the document writes it."""
    attribute = re.sub(r"^([tf])[0-9]+$", r"\1<place>", attribute)
    return re.sub(r"^l_esms_", "l_<vendor>_", re.sub(r"^s_slot1_", "s_<slot>_", attribute))


@pytest.mark.parametrize(
    ("item", "kind"),
    [("Verification", "V"), ("Number", "N"), ("Token", "T"), ("Circuit", "B"), ("Report", "R")],
)
def test_the_page_names_every_attribute_that_is_written_and_no_other(item: str, kind: str) -> None:
    on_book = tuple(BOOK_ACTS.values())
    clients = (
        _acted(*ACTS.values(), _with_everything_set, on_book=on_book),
        _acted(_with_a_move, absent=True),
    )
    written = {_general(name) for client in clients for name in client.attributes[kind]}
    rows = table(PAGE, "attribute", under=item)
    assert len(rows) == len(written)  # none twice
    assert {name for row in rows for name in names(row["attribute"])} == written


def test_every_field_of_a_verification_is_on_the_page() -> None:
    documented = {
        name for row in table(PAGE, "attribute", under="Verification") for name in names(row["attribute"])
    }
    assert {field.name for field in dataclasses.fields(Verification)} <= documented


def test_the_types_on_the_page_are_those_in_the_table() -> None:
    full = verification(
        checked_at=NOON,
        locale="vi",
        reference="order-17",
        address_key="address1",
        vendor_reference="ref",
        superseded_by="v2",
        superseded_at=NOON,
        resend_key="key",
        stored_reason=Reason.UNDELIVERABLE,
        pepper="pepper1",
        receipt=Receipt.DELIVERED,
        receipt_at=NOON,
        on_undelivered=OnUndelivered.NEXT_PROVIDER,
    )
    stored = {name: next(iter(value)) for name, value in verification_item(full, writer="w").items()}
    rows = table(PAGE, "attribute", under="Verification")
    assert {names(row["attribute"])[0]: row["type"] for row in rows} == stored


def test_the_cost_of_every_store_call_is_on_the_page() -> None:
    assert [row["store call"] for row in table(PAGE, "store call", under="Cost")] == [*ACTS, *BOOK_ACTS]


@pytest.mark.parametrize("row", table(PAGE, "store call", under="Cost"), ids=lambda row: row["store call"])
def test_a_store_call_costs_what_the_page_says(row: Row) -> None:
    name = row["store call"]
    client = _acted(ACTS[name]) if name in ACTS else _acted(on_book=(BOOK_ACTS[name],))
    assert client.calls == [row["DynamoDB call"]]
    assert (client.write_units, client.read_units) == (int(row["WRU"]), float(row["RRU"]))


def test_a_usual_verification_is_one_write_unit() -> None:
    """Names and values count; DynamoDB rounds up to whole kilobytes."""
    usual = verification(
        "a" * 26,
        client_id="a-client-with-a-long-name",
        slot=slot_of("demo", purpose="login"),
        number_key=keys().number_key(phone().e164),
        to_sealed=keys().seal(phone().e164, context="a" * 26),
        purpose="p" * 64,
        reference="r" * 64,
        vendor_reference="f" * 34,
        code=keys().code_hash("demo", verification_id="a" * 26, code=secret("123456")),
        guess=keys().code_hash("demo", verification_id="a" * 26, code=secret("654321")),
        code_seed=random_seed(),
        request=keys().fingerprint("request"),
        checked_at=NOON,
        prefix_key="p" * 16,
        address_key="a" * 16,
        pepper=keys().name,
    )
    item = verification_item(usual, writer=random_seed())
    size = sum(len(name) + len(value.get("S", value.get("N", ""))) for name, value in item.items())
    assert size <= KILOBYTE
    told = verification(receipt=Receipt.UNDELIVERED, receipt_at=NOON)
    assert _bytes(told) - _bytes(verification()) <= RECEIPT_BYTES


def _bytes(one: Verification) -> int:
    return item_bytes(cast("dict[str, dict[str, str]]", verification_item(one, writer="w" * 16)))
