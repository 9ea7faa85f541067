"""The counting function over an emulated AWS: batches in, counters out, and what becomes of failing ones."""

from __future__ import annotations

import io
import json
from itertools import count
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Metrics
from botocore.client import BaseClient
from botocore.session import Session

from countersign.aws.changes import read_change
from countersign.aws.counters import DynamoCounters
from countersign.aws.items import verification_item
from countersign.aws.table import Table
from countersign.batches import BatchFailedError
from countersign.bootstrap import Container, count_function
from countersign.bootstrap.changes import stream_edge
from countersign.model import Delivery, Verification
from countersign.stream import StreamEdge
from countersign.telemetry import PowertoolsTelemetry
from countersign.usage import Kind, Span, bucket_name
from functions.count import app as count_app
from tests.support.aws import TABLE, TroubledClient, client_error
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON, FakeClock
from tests.support.counters import buckets, everywhere, kept
from tests.support.gateway import Context
from tests.support.samples import EVENTS
from tests.support.stream import Poller, Record, failed, items, numbers, record

from .conftest import Aws

ENVIRONMENT = {"TABLE_NAME": TABLE}  # and no secret
_serial = count(1)


class Counting:
    """One container of the function, with its log."""

    def __init__(self, environment: dict[str, str], *, session: Session | None = None) -> None:
        self.log = io.StringIO()
        logger = Logger(service=f"counting-{next(_serial)}", stream=self.log, location=None)
        self.telemetry = PowertoolsTelemetry(logger=logger, metrics=Metrics(service="countersign"))
        self.clock = FakeClock()
        self.container = Container(environment, clock=self.clock, telemetry=self.telemetry, session=session)
        self.edge = stream_edge(self.container)

    def __call__(self, event: object) -> dict[str, object]:
        answer = self.edge(event, Context())
        json.dumps(answer)  # what Lambda does with it
        return answer

    def troubled(self, aws: Aws) -> TroubledClient:
        """From now on over a client that can be made to fail."""
        trouble = TroubledClient(aws.dynamodb)
        table = Table(TABLE, client=lambda: trouble.as_client, clock=self.clock)
        counters = DynamoCounters(table, clock=self.clock)
        self.edge = StreamEdge(read=read_change, counters=lambda: counters, telemetry=self.telemetry)
        return trouble

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@pytest.fixture
def counting(aws: Aws, session: Session) -> Counting:
    return Counting(ENVIRONMENT, session=session)


def item(what: Verification) -> dict[str, Any]:
    return dict(verification_item(what, writer="w"))


def start(verification_id: str = "v1", **changes: Any) -> Record:
    return record(None, item(verification(verification_id, prefix_key="p1", **changes)), at=NOON)


def approval(verification_id: str = "v1") -> Record:
    taken = verification(verification_id, prefix_key="p1", delivery=Delivery.ACCEPTED)
    solved = verification(
        verification_id,
        prefix_key="p1",
        delivery=Delivery.ACCEPTED,
        guess=CODE_HASH,
        attempts=1,
        checked_at=NOON,
    )
    return record(item(taken), item(solved), at=NOON)


def spoilt() -> Record:
    """A record that nobody can read, with what must not be told anywhere."""
    told = start()
    told["dynamodb"]["NewImage"]["channel"] = {"S": "canary +84901888484"}
    return told


def counted(aws: Aws) -> tuple[int, int]:
    """Texts of all, and approvals of the country, in the hour."""
    sums = []
    for pk, kind in (("C#total", Kind.SENT), ("C#country#VN", Kind.APPROVED)):
        found = items(aws.dynamodb, "C#").get(pk, {})
        sums.append(int(found.get(bucket_name(kind, Span.HOUR, at=NOON), {"N": "0"})["N"]))
    return sums[0], sums[1]


def starts(number: int) -> list[Record]:
    return [start(f"v{place}") for place in range(number)]


def test_a_batch_is_counted_with_one_call_per_counter_and_nothing_but_the_tables_name(
    counting: Counting, aws: Aws
) -> None:
    calls: list[str] = []
    client: Any = counting.container.dynamodb
    assert isinstance(client, BaseClient)
    client.meta.events.register("before-call", lambda event_name, **_: calls.append(event_name))
    assert failed(counting({"Records": [*starts(30), approval("v1"), approval("v2")]})) == []
    assert counted(aws) == (30, 2)
    assert calls == ["before-call.dynamodb.UpdateItem"] * 4
    assert counting.lines() == []  # a line for every batch would cost more than it tells


def test_batches_are_told_apart_by_their_changes(counting: Counting, aws: Aws) -> None:
    first, second = [start("v1")], [start("v1")]
    for records in (first, first, second):
        assert failed(counting({"Records": records})) == []
    assert counted(aws) == (2, 0)


def test_an_empty_batch_and_one_of_other_items_write_nothing(counting: Counting, aws: Aws) -> None:
    other = record(None, {"pk": {"S": "C#total"}}, at=NOON)
    assert failed(counting({"Records": []})) == failed(counting({"Records": [other, other]})) == []
    assert items(aws.dynamodb) == {}


def test_records_before_one_that_cannot_be_read_are_counted_and_it_is_named(
    counting: Counting, aws: Aws
) -> None:
    bad = spoilt()
    answer = counting({"Records": [*starts(3), bad, start("v8"), start("v9")]})
    assert failed(answer) == numbers([bad])
    assert counted(aws) == (3, 0)


def test_a_batch_that_begins_with_one_that_cannot_be_read_is_for_lambda_to_halve(
    counting: Counting, aws: Aws
) -> None:
    with pytest.raises(BatchFailedError):
        counting({"Records": [spoilt(), start("v8")]})
    assert counted(aws) == (0, 0)


@pytest.mark.parametrize("place", [0, 1, 6, 11])
def test_of_a_batch_only_what_cannot_be_read_is_given_up_and_all_others_count_once(
    place: int, counting: Counting, aws: Aws
) -> None:
    bad = spoilt()
    records = starts(11)
    records.insert(place, bad)
    poller = Poller(counting)
    poller.hand_on(records)
    assert poller.given_up == [bad]
    assert counted(aws) == (11, 0)
    assert poller.invocations < 20


def test_what_cannot_be_read_is_told_by_its_fault_alone(
    counting: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BatchFailedError) as raised:
        counting({"Records": [spoilt()]})
    assert [(line["message"], line["error_type"]) for line in counting.lines()] == [
        ("ChangeUnreadable", "ValueError")
    ]
    assert "ChangeUnreadable" in capsys.readouterr().out  # and a metric
    told = counting.log.getvalue() + str(raised.value)
    assert "canary" not in told
    assert "+84" not in told
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "event",
    [None, [], "Records", {}, {"Records": None}, {"Records": 1}, {"requestContext": {}}],
)
def test_what_is_no_batch_is_refused_without_a_word_of_it(event: object, counting: Counting) -> None:
    with pytest.raises(BatchFailedError, match="unexpected failure") as raised:
        counting(event)
    assert raised.value.__suppress_context__
    assert [line["message"] for line in counting.lines()] == ["unexpected failure"]


def test_a_fault_of_the_table_asks_for_the_whole_batch_again_and_counts_it_once(
    counting: Counting, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = counting.troubled(aws)
    trouble.fail_at("ADD", client_error("InternalServerError"))
    records = [*starts(3), approval("v1")]
    assert failed(counting({"Records": records})) == numbers(records[:1])
    assert [(line["message"], line["cause"]) for line in counting.lines()] == [
        ("CountingDeferred", "InternalServerError")
    ]
    out = capsys.readouterr().out
    assert "CountingDeferred" in out
    assert '"Texts"' not in out  # they are measured when they have been counted
    assert failed(counting({"Records": records})) == []
    assert counted(aws) == (3, 1)
    assert '"Texts":[3.0]' in capsys.readouterr().out


def test_a_fault_after_some_counters_were_written_counts_them_once_too(counting: Counting, aws: Aws) -> None:
    trouble = counting.troubled(aws)
    records = starts(2)
    trouble.fail(None, None, client_error("InternalServerError"))
    assert failed(counting({"Records": records})) == numbers(records[:1])
    assert failed(counting({"Records": records})) == []
    assert kept(aws.dynamodb) == everywhere(2)


def test_a_table_that_is_not_named_is_the_operators_fault(aws: Aws) -> None:
    counting = Counting({})
    with pytest.raises(BatchFailedError, match="not set up correctly"):
        counting({"Records": starts(1)})
    [line] = counting.lines()
    assert (line["message"], line["fault"]) == (
        "configuration fault",
        "the environment variable TABLE_NAME is not set",
    )


def test_texts_and_approvals_are_measured_by_country_and_vendor(
    counting: Counting, capsys: pytest.CaptureFixture[str]
) -> None:
    counting({"Records": [*starts(2), start("v7", country="SG", provider="two"), approval("v1")]})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    dimensions = ("service", "country", "provider")
    assert [[line[name] for name in dimensions] for line in lines] == [
        ["countersign", "VN", "one"],
        ["countersign", "SG", "two"],
    ]
    assert [(line.get("Texts"), line.get("Approvals")) for line in lines] == [([2.0], [1.0]), ([1.0], None)]


# The sample event, through the function's own entry.


@pytest.fixture
def sample() -> Any:
    return json.loads((EVENTS / "stream.json").read_text(encoding="utf-8"))


def test_the_sample_batch_counts_one_text_and_one_approval(
    sample: Any, aws: Aws, monkeypatch: pytest.MonkeyPatch, entry_points: None
) -> None:
    for name in ("CLIENTS_SECRET_ARN", "VENDORS_SECRET_ARN", "MESSAGE_CENTRAL_URL", "SECRET_TTL_SECONDS"):
        monkeypatch.delenv(name)
    assert failed(count_app.handler(sample, Context())) == []
    counters = items(aws.dynamodb)
    scopes = ["C#client#demo", "C#country#VN", "C#prefix#4nmv2ojxkqzt7e3c", "C#total"]
    assert sorted(counters) == ["A#q5ldk3wz2vhx6n7r", *scopes]
    for scope in scopes:
        held = buckets(aws.dynamodb, scope.removeprefix("C#"))
        approvals = ("vt", "vh", "vd") if scope in scopes[1:3] else ()  # of the country and the prefix
        assert {name[:2]: amount for name, amount in held.items()} == dict.fromkeys(
            ("st", "sh", *approvals), 1
        )
    assert count_function() is count_function()


def test_the_samples_records_are_what_the_store_writes_and_the_filter_lets_through(sample: Any) -> None:
    records = sample["Records"]
    assert [one["eventName"] for one in records] == ["INSERT", "MODIFY", "MODIFY"]
    written = item(verification(address_key="a", locale="vi", reference="r")).keys()
    for one in records:
        assert one["dynamodb"]["NewImage"].keys() - {"checked_at", "vendor_reference"} == written
        assert one["dynamodb"]["Keys"] == {"pk": one["dynamodb"]["NewImage"]["pk"]}
        assert one["dynamodb"]["Keys"]["pk"]["S"].startswith("V#")
    assert records[1]["dynamodb"]["OldImage"] == records[0]["dynamodb"]["NewImage"]
    assert records[2]["dynamodb"]["OldImage"] == records[1]["dynamodb"]["NewImage"]
    shape = start()
    assert all(one.keys() == shape.keys() for one in records)
    assert all(
        one["dynamodb"].keys() | {"OldImage"} == shape["dynamodb"].keys() | {"OldImage"} for one in records
    )
