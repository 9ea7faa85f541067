"""Looks at verifications whose codes may have run out, over an emulated AWS; and both samples."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from countersign.batches import BatchFailedError
from countersign.bootstrap import publish_function
from countersign.model import Delivery, Reason, Status, Verification
from functions.publish import app as publish_app
from tests.support.aws import TABLE
from tests.support.builders import CODE_HASH, verification
from tests.support.clock import NOON
from tests.support.gateway import Context
from tests.support.publishing import Outlets, Publishing, item, names, sent
from tests.support.samples import EVENTS
from tests.support.stream import Record, failed

from .conftest import Aws


def look(verification_id: str = "v1", *, body: str | None = None) -> Record:
    told = json.dumps({"client": "demo", "id": verification_id}) if body is None else body
    return {"messageId": f"message-{verification_id}", "body": told, "eventSource": "aws:sqs"}


@pytest.fixture
def stored(aws: Aws) -> Callable[..., Verification]:
    def put(verification_id: str = "v1", **changes: Any) -> Verification:
        one = verification(verification_id, delivery=Delivery.ACCEPTED, **changes)
        aws.dynamodb.put_item(TableName=TABLE, Item=item(one))
        return one

    return put


def test_a_code_that_has_run_out_is_written_down_once(
    publishing: Publishing, stored: Callable[..., Verification]
) -> None:
    stored()
    publishing.clock.advance(300)
    for _ in range(3):
        assert failed(publishing({"Records": [look()]})) == []
    ended = publishing.container.store.get("demo", "v1")
    assert ended is not None
    assert (ended.stored_status, ended.stored_reason) == (Status.EXPIRED, Reason.TIMED_OUT)


def test_a_look_that_comes_too_early_asks_for_the_next(
    publishing: Publishing, stored: Callable[..., Verification], outlets: Outlets
) -> None:
    before = stored(expires_at=NOON + 500)
    publishing.clock.advance(301)
    assert failed(publishing({"Records": [look()]})) == []
    assert publishing.container.store.get("demo", "v1") == before
    assert outlets.waiting() == 1


def test_looks_at_what_has_ended_or_gone_do_nothing(
    publishing: Publishing, stored: Callable[..., Verification], outlets: Outlets
) -> None:
    before = stored(guess=CODE_HASH, attempts=1, checked_at=NOON + 9)
    publishing.clock.advance(400)
    assert failed(publishing({"Records": [look("v1"), look("gone")]})) == []
    assert publishing.container.store.get("demo", "v1") == before
    assert outlets.waiting() == 0


@pytest.mark.parametrize(
    "body", ["", "canary", "[]", '{"client": "demo"}', '{"client": 1, "id": "canary"}', "null", "[" * 100_000]
)
def test_a_message_that_is_none_of_ours_comes_again_alone(
    body: str, publishing: Publishing, stored: Callable[..., Verification]
) -> None:
    stored()
    publishing.clock.advance(300)
    bad = look("bad", body=body)
    assert failed(publishing({"Records": [bad, look()]})) == ["message-bad"]
    assert "canary" not in publishing.log.getvalue()
    ended = publishing.container.store.get("demo", "v1")
    assert ended is not None
    assert ended.stored_status is Status.EXPIRED


def test_one_that_cannot_be_read_comes_again_alone(
    aws: Aws, publishing: Publishing, stored: Callable[..., Verification]
) -> None:
    """As what a newer version has written, while the older one still runs."""
    stored()
    spoilt = item(verification("bad")) | {"channel": {"S": "canary"}}
    aws.dynamodb.put_item(TableName=TABLE, Item=spoilt)
    publishing.clock.advance(300)
    assert failed(publishing({"Records": [look("bad"), look()]})) == ["message-bad"]
    assert "canary" not in publishing.log.getvalue()
    assert publishing.messages() == ["unexpected failure"]
    ended = publishing.container.store.get("demo", "v1")
    assert ended is not None
    assert ended.stored_status is Status.EXPIRED


# The samples, through the function's own entry.


@pytest.fixture
def entry_point(
    publish_environment: dict[str, str], entry_points: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    for name, value in publish_environment.items():
        monkeypatch.setenv(name, value)
    for name in ("CLIENTS_SECRET_ARN", "VENDORS_SECRET_ARN", "SECRET_TTL_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    publish_function.cache_clear()
    yield
    publish_function.cache_clear()


def test_the_sample_batch_of_changes_tells_of_a_text_and_its_approval(
    aws: Aws, entry_point: None, outlets: Outlets
) -> None:
    sample = json.loads((EVENTS / "stream.json").read_text(encoding="utf-8"))
    assert failed(publish_app.handler(sample, Context())) == []
    assert [name for _, name in names(outlets.told())] == ["Sent", "Approved"]


def test_the_sample_look_writes_that_a_code_has_run_out(
    aws: Aws, entry_point: None, stored: Callable[..., Verification]
) -> None:
    stored()
    sample = json.loads((EVENTS / "expiries.json").read_text(encoding="utf-8"))
    assert failed(publish_app.handler(sample, Context())) == []
    [written] = aws.items()
    assert written["stored_status"] == {"S": "expired"}


def test_a_bus_that_is_not_named_is_the_operators_fault(aws: Aws) -> None:
    publishing = Publishing({"TABLE_NAME": TABLE})
    with pytest.raises(BatchFailedError, match="not set up correctly"):
        publishing({"Records": [sent()]})
    assert publishing.messages() == ["configuration fault"]
