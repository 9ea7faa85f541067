"""Both books of reports keep one contract: what comes first does not matter, and nothing goes back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.report_book import KEEP_REPORT_SECONDS, DynamoReportBook
from countersign.aws.table import Table
from countersign.changes import Change
from countersign.errors import ServiceUnavailableError
from countersign.model import Delivery, Receipt, Verification
from countersign.ports import Store
from countersign.reports import Owner, Report, ReportBook
from countersign.service.receiving import Linker, Receiver
from tests.support.aws import TABLE, TroubledClient, client_error, dynamo_store
from tests.support.builders import CODE_HASH, resend_intent, settlement, verification
from tests.support.clock import NOON, FakeClock
from tests.support.report_book import MemoryReportBook
from tests.support.store import MemoryStore
from tests.support.stream import items

OWNER = Owner("demo", "v1", "VN")
LINK = "link"
ACTS = st.lists(st.sampled_from([LINK, *Receipt]), min_size=1, max_size=8)


@dataclass
class Counted:
    """A countersign.reports.Measures that remembers."""

    texts: list[tuple[str, str, str]] = field(default_factory=list)

    def measured(self, values: Mapping[str, int], *, country: str, provider: str) -> None:
        for name, value in values.items():
            assert value == 1
            self.texts.append((name, country, provider))


@dataclass
class Scene:
    """A verification whose text eSMS has taken, and what reports make of it."""

    store: Store
    book: ReportBook
    clock: FakeClock = field(default_factory=FakeClock)
    counted: Counted = field(default_factory=Counted)

    def __post_init__(self) -> None:
        self.receiver = Receiver(book=self.book, telemetry=self.counted, clock=self.clock)
        started = verification(provider="esms")
        self.store.create(started, supersedes=())
        accepted = settlement(started, vendor_reference="ref-1")
        self.taken = self.after(self.store.settle_delivery(started, settlement=accepted, release=None))

    def after(self, counted: object) -> Verification:
        found: Verification | None = counted.verification  # type: ignore[attr-defined]
        assert found is not None
        return found

    def stored(self) -> Verification:
        found = self.store.get("demo", "v1")
        assert found is not None
        return found

    def report(self, receipt: Receipt, reference: str = "ref-1") -> None:
        self.receiver.reported(Report("esms", reference, receipt))

    def link(self, reference: str = "ref-1") -> None:
        self.receiver.linked("esms", reference, owner=OWNER)

    def resend(self, reference: str) -> None:
        self.clock.advance(60)
        intent = resend_intent(self.taken, provider="esms")
        resent = self.after(self.store.begin_resend(self.taken, intent=intent))
        settled = settlement(resent, vendor_reference=reference)
        self.taken = self.after(self.store.settle_delivery(resent, settlement=settled, release=None))


def memory_scene() -> Scene:
    store = MemoryStore()
    return Scene(store, MemoryReportBook(store))


def dynamo_book(client: DynamoDBClient, clock: FakeClock) -> DynamoReportBook:
    return DynamoReportBook(Table(TABLE, client=lambda: client, clock=clock))


@pytest.fixture(params=["memory", "dynamo"])
def scene(request: pytest.FixtureRequest, clock: FakeClock) -> Scene:
    if request.param == "memory":
        return memory_scene()
    client = request.getfixturevalue("dynamodb")
    return Scene(dynamo_store(client), dynamo_book(client, clock), clock)


def test_a_report_before_its_link_waits_and_is_shown_when_the_link_comes(scene: Scene) -> None:
    scene.report(Receipt.DELIVERED)
    assert scene.stored().receipt is None
    assert scene.counted.texts == []
    scene.clock.advance(5)
    scene.link()
    assert (scene.stored().receipt, scene.stored().receipt_at) == (Receipt.DELIVERED, NOON)
    assert scene.counted.texts == [("TextsDelivered", "VN", "esms")]


def test_a_report_after_its_link_is_shown_at_once(scene: Scene) -> None:
    scene.link()
    assert scene.stored().receipt is None
    scene.clock.advance(5)
    scene.report(Receipt.UNDELIVERED)
    assert (scene.stored().receipt, scene.stored().receipt_at) == (Receipt.UNDELIVERED, NOON + 5)
    assert scene.counted.texts == [("TextsUndelivered", "VN", "esms")]


def test_a_text_that_failed_and_arrives_after_all_counts_once_in_each_state(scene: Scene) -> None:
    scene.link()
    for receipt in (Receipt.SENT, Receipt.UNDELIVERED, Receipt.UNDELIVERED, Receipt.DELIVERED) * 2:
        scene.report(receipt)
        scene.link()
    assert scene.stored().receipt is Receipt.DELIVERED
    assert [name for name, *_ in scene.counted.texts] == ["TextsUndelivered", "TextsDelivered"]


def test_a_report_changes_nothing_but_the_receipt(scene: Scene) -> None:
    before = scene.stored()
    scene.link()
    scene.report(Receipt.DELIVERED)
    after = scene.stored()
    changed = {name for name in Verification.__slots__ if getattr(after, name) != getattr(before, name)}
    assert changed == {"receipt", "receipt_at"}


def test_a_report_of_an_older_text_is_counted_and_not_shown(scene: Scene) -> None:
    scene.link()
    scene.resend("ref-2")
    scene.link("ref-2")
    scene.report(Receipt.DELIVERED, "ref-1")
    assert scene.stored().receipt is None
    assert scene.counted.texts == [("TextsDelivered", "VN", "esms")]
    scene.report(Receipt.UNDELIVERED, "ref-2")
    assert scene.stored().receipt is Receipt.UNDELIVERED


def test_a_resend_begins_without_the_receipt_of_the_text_before_it(scene: Scene) -> None:
    scene.link()
    scene.report(Receipt.DELIVERED)
    scene.taken = scene.stored()
    scene.resend("ref-2")
    assert (scene.stored().receipt, scene.stored().receipt_at) == (None, None)


def test_a_report_of_another_vendor_with_the_same_reference_is_another_text(scene: Scene) -> None:
    scene.link()
    scene.receiver.reported(Report("engagelab", "ref-1", Receipt.DELIVERED))
    assert scene.stored().receipt is None
    scene.receiver.linked("engagelab", "ref-1", owner=OWNER)  # as a forged link would
    assert scene.stored().receipt is None


def test_a_report_makes_no_verification(scene: Scene) -> None:
    scene.receiver.linked("esms", "ref-9", owner=Owner("demo", "v9", "VN"))
    scene.report(Receipt.DELIVERED, "ref-9")
    assert scene.store.get("demo", "v9") is None


def test_the_first_link_of_a_text_stays(scene: Scene) -> None:
    scene.link()
    scene.receiver.linked("esms", "ref-1", owner=Owner("other", "v2", "IN"))
    scene.report(Receipt.DELIVERED)
    assert scene.stored().receipt is Receipt.DELIVERED
    assert scene.counted.texts == [("TextsDelivered", "VN", "esms")]


def test_a_check_beside_a_report_knows_its_own_first_try(scene: Scene) -> None:
    """The report leaves `writer` alone, by which the other writes recognise themselves."""
    scene.link()
    scene.report(Receipt.SENT)
    counted = scene.store.guess("demo", "v1", guess=CODE_HASH, now=NOON)
    scene.report(Receipt.DELIVERED)
    assert counted.applied
    assert scene.stored().solved
    assert scene.stored().receipt is Receipt.DELIVERED


@pytest.mark.parametrize("meanwhile", [None, Receipt.DELIVERED])
def test_after_a_resend_that_nobody_took_the_older_text_stands_as_it_did_and_moves_on(
    scene: Scene, meanwhile: Receipt | None
) -> None:
    scene.link()
    scene.report(Receipt.UNDELIVERED)
    before = scene.stored()
    scene.clock.advance(60)
    resent = scene.after(scene.store.begin_resend(before, intent=resend_intent(before, provider="esms")))
    assert (resent.receipt, resent.receipt_at) == (None, None)
    if meanwhile is not None:
        scene.report(meanwhile)  # of the older text, which is not the last one now
    as_before = settlement(
        before, vendor_reference="ref-1", receipt=before.receipt, receipt_at=before.receipt_at
    )
    restored = scene.after(scene.store.settle_delivery(resent, settlement=as_before, release=None))
    assert (restored.receipt, restored.receipt_at) == (Receipt.UNDELIVERED, NOON)
    Linker(scene.receiver).take([Change(resent, restored, scene.clock.now())])
    assert scene.stored().receipt is (meanwhile or Receipt.UNDELIVERED)


def test_an_ended_verification_still_shows_what_became_of_its_text(scene: Scene) -> None:
    scene.store.cancel("demo", "v1", now=NOON)
    scene.link()
    scene.report(Receipt.DELIVERED)
    assert scene.stored().receipt is Receipt.DELIVERED
    assert scene.stored().stored_status == "canceled"


@given(ACTS, st.randoms(use_true_random=False))
def test_any_order_and_repetition_ends_in_the_same_state(acts: list[str], random: object) -> None:
    ends = set()
    for order in (acts, acts[::-1], acts + acts, random.sample(acts, len(acts))):  # type: ignore[attr-defined]
        scene = memory_scene()
        for act in order:
            scene.link() if act == LINK else scene.report(Receipt(act))
        scene.link()
        texts = [name for name, *_ in scene.counted.texts]
        assert len(texts) == len(set(texts))
        ends.add((scene.stored().receipt, bool(texts)))
    assert len(ends) == 1


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_both_books_answer_alike(acts: list[str], dynamodb: DynamoDBClient) -> None:
    client, clock = dynamodb, FakeClock()
    for pk in items(client):
        client.delete_item(TableName=TABLE, Key={"pk": {"S": pk}})
    memory, dynamo = memory_scene(), Scene(dynamo_store(client), dynamo_book(client, clock), clock)
    for act in acts:
        answers = []
        for scene in (memory, dynamo):
            if act == LINK:
                answers.append(scene.book.note_owner("esms", "ref-1", owner=OWNER, now=NOON))
            else:
                answers.append(scene.book.note_report(Report("esms", "ref-1", Receipt(act)), now=NOON))
        assert answers[0] == answers[1]
        assert memory.book.show(answers[0]) == dynamo.book.show(answers[1])
        assert memory.stored() == dynamo.stored()


# The table alone ------------------------------------------------------------------------


def test_a_report_whose_answer_was_lost_counts_once(
    dynamodb: DynamoDBClient, trouble: TroubledClient, clock: FakeClock
) -> None:
    scene = Scene(dynamo_store(dynamodb), dynamo_book(trouble.as_client, clock), clock)
    scene.link()
    trouble.lose_answer()
    scene.report(Receipt.DELIVERED)
    scene.report(Receipt.DELIVERED)
    assert scene.counted.texts == [("TextsDelivered", "VN", "esms")]
    assert scene.stored().receipt is Receipt.DELIVERED


def test_a_link_whose_answer_was_lost_counts_what_waited_for_it_once(
    dynamodb: DynamoDBClient, trouble: TroubledClient, clock: FakeClock
) -> None:
    scene = Scene(dynamo_store(dynamodb), dynamo_book(trouble.as_client, clock), clock)
    scene.report(Receipt.DELIVERED)
    trouble.lose_answer()
    scene.link()
    scene.link()
    assert scene.counted.texts == [("TextsDelivered", "VN", "esms")]


@pytest.mark.parametrize("first", [LINK, "report"])
def test_what_a_fault_left_undone_a_repetition_finishes(
    dynamodb: DynamoDBClient, trouble: TroubledClient, clock: FakeClock, first: str
) -> None:
    scene = Scene(dynamo_store(dynamodb), dynamo_book(trouble.as_client, clock), clock)
    acts: list[Callable[[], None]] = [scene.link, lambda: scene.report(Receipt.DELIVERED)]
    one, other = acts if first == LINK else acts[::-1]
    one()
    trouble.fail(None, client_error("InternalServerError"))  # of the second one's two writes the last
    with pytest.raises(ServiceUnavailableError):
        other()
    assert scene.stored().receipt is None
    other()
    assert scene.stored().receipt is Receipt.DELIVERED


def test_an_entry_is_forgotten_after_three_days_and_a_verification_is_not_kept_longer(
    dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    scene = Scene(dynamo_store(dynamodb), dynamo_book(dynamodb, clock), clock)
    before = items(dynamodb, "V#")["V#demo#v1"]
    scene.link()
    scene.report(Receipt.DELIVERED)
    after = items(dynamodb, "V#")["V#demo#v1"]
    assert {name for name in after if after[name] != before.get(name)} == {"receipt", "receipt_at"}
    [entry] = items(dynamodb, "R#").values()
    assert entry["pk"] == {"S": "R#esms#ref-1"}
    assert entry["ttl"] == {"N": str(NOON + KEEP_REPORT_SECONDS)}


# The stream -----------------------------------------------------------------------------


def test_the_link_of_each_text_is_written_once_it_has_a_reference(scene: Scene) -> None:
    started = verification(provider="esms")
    linker = Linker(scene.receiver)
    scene.report(Receipt.DELIVERED)
    linker.take([Change(None, started, NOON)])
    assert scene.stored().receipt is None
    linker.take([Change(started, scene.taken, NOON), Change(scene.taken, None, NOON)])
    assert scene.stored().receipt is Receipt.DELIVERED


def test_nothing_is_written_where_no_reference_is_new_or_no_report_can_come(
    dynamodb: DynamoDBClient, clock: FakeClock
) -> None:
    trouble = TroubledClient(dynamodb)
    scene = Scene(dynamo_store(dynamodb), dynamo_book(trouble.as_client, clock), clock)
    taken = scene.taken
    guessed = verification(provider="esms", vendor_reference="ref-1", attempts=1)
    of_another = verification(provider="message_central", vendor_reference="ref-1")
    rejected = verification(provider="esms", delivery=Delivery.REJECTED)
    Linker(scene.receiver).take(
        [
            Change(taken, guessed, NOON),
            Change(None, of_another, NOON),
            Change(taken, rejected, NOON),
            Change(None, None, NOON),
        ]
    )
    assert trouble.calls == []


def test_a_link_that_the_table_does_not_take_is_said(
    dynamodb: DynamoDBClient, trouble: TroubledClient, clock: FakeClock
) -> None:
    scene = Scene(dynamo_store(dynamodb), dynamo_book(trouble.as_client, clock), clock)
    trouble.fail(client_error("InternalServerError"))
    with pytest.raises(ServiceUnavailableError):
        Linker(scene.receiver).take([Change(None, scene.taken, NOON)])


def test_a_resend_that_nobody_took_leaves_the_text_before_it_and_its_receipt(scene: Scene) -> None:
    scene.link()
    scene.report(Receipt.DELIVERED)
    before = scene.taken
    scene.clock.advance(60)
    resent = scene.after(scene.store.begin_resend(before, intent=resend_intent(before, provider="esms")))
    assert scene.stored().receipt is None
    as_before = settlement(before, sends=before.sends, vendor_reference="ref-1")
    after = scene.after(scene.store.settle_delivery(resent, settlement=as_before, release=None))
    Linker(scene.receiver).take([Change(resent, after, NOON)])
    assert scene.stored().receipt is Receipt.DELIVERED
    assert scene.counted.texts == [("TextsDelivered", "VN", "esms")]
