"""docs/webhooks.md says what is sent and when, and its receiver verifies what is sent."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Any, cast

import pytest
from mypy_boto3_dynamodb import DynamoDBClient

from countersign.aws.table import Table
from countersign.aws.webhooks import DynamoGoneEndpoints, endpoint_pk
from countersign.webhooks.endpoint import parse_endpoint
from countersign.webhooks.message import TYPES, headers, read_message
from countersign.webhooks.schedule import WAITS
from tests.docs.markdown import DOCS, blocks, names, read, table
from tests.docs.recording import RecordingClient
from tests.support.clock import FakeClock
from tests.support.lifecycle import valid
from tests.support.webhooks import DETAIL, KEY, OLD_KEY, event, secret_of

PAGE = DOCS / "webhooks.md"
PACKAGE = DOCS.parent / "layers" / "countersign" / "countersign" / "webhooks"

type Receive = Callable[[dict[str, str], bytes], int]


@pytest.fixture
def receive(monkeypatch: pytest.MonkeyPatch) -> Receive:
    """The receiver that is shown."""
    monkeypatch.setenv("WEBHOOK_SECRET", secret_of(KEY))
    [shown] = blocks(PAGE, "python")
    namespace: dict[str, Any] = {}
    exec(compile(shown.text, "docs/webhooks.md", "exec"), namespace)
    found: Receive = namespace["receive"]
    return found


def sent(key: bytes = KEY, *, ago: int = 0, **changes: Any) -> tuple[dict[str, str], bytes]:
    message = read_message(event(**changes))
    told = headers(message, keys=(key,), now=int(time.time()) - ago)
    return {name.title(): value for name, value in told.items()}, message.body


def test_the_receiver_that_is_shown_takes_an_event_once(
    receive: Receive, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [receive(*sent()), receive(*sent()), receive(*sent(event_id="evt_2"))] == [204, 204, 204]
    assert capsys.readouterr().out == "verification.approved order-17\n" * 2


def test_the_receiver_that_is_shown_refuses_what_is_forged_old_or_broken(receive: Receive) -> None:
    told, body = sent()
    refused = [
        receive(*sent(OLD_KEY)),
        receive(*sent(ago=600)),
        receive(told, body + b" "),
        receive({}, body),
        receive(told | {"Webhook-Signature": "nonsense"}, body),
        receive(told, b"\xff"),
    ]
    assert refused == [400] * len(refused)


def test_the_types_on_the_page_are_those_that_are_sent() -> None:
    rows = table(PAGE, "on the bus")
    assert {names(row["on the bus"])[0]: names(row["`type`"])[0] for row in rows} == TYPES


def test_the_attempts_on_the_page_are_those_of_the_schedule() -> None:
    rows = table(PAGE, "attempt")
    assert [_seconds(row["after"]) for row in rows] == [0, *WAITS]
    since = [seconds - seconds % 60 if seconds >= 60 else seconds for seconds in accumulate([0, *WAITS])]
    assert [_seconds(row["since the first"]) for row in rows] == since


def _seconds(text: str) -> int:
    unit = {"s": 1, "min": 60, "h": 3_600}
    return sum(int(number) * unit[name] for number, name in re.findall(r"([0-9]+) (s|min|h)", text))


def test_the_body_that_is_shown_is_one_that_is_sent() -> None:
    [shown] = [block.text for block in blocks(PAGE, "json") if '"sequence"' in block.text]
    assert json.loads(shown) == json.loads(read_message(event()).body)
    assert set(json.loads(shown)["data"]) == set(DETAIL) - {"event_id"}


def test_the_event_that_is_shown_is_one_that_there_can_be() -> None:
    valid(json.loads(event()))


def test_the_signature_that_is_shown_is_that_of_the_setting_that_is_shown() -> None:
    [request] = [block.text for block in blocks(PAGE, "http")]
    shown = dict(line.split(": ", 1) for line in request.splitlines()[1:])
    [secret] = re.findall(r'"(whsec_[^"]+)"', read(PAGE))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = headers(read_message(event()), keys=[key], now=int(shown["webhook-timestamp"]))
    assert made == {name: value for name, value in shown.items() if name != "Host"}


def test_the_setting_that_is_shown_is_taken() -> None:
    for page in (PAGE, DOCS / "configuration.md"):
        sections = [json.loads(block.text) for block in blocks(page, "json") if '"webhook"' in block.text]
        [hook] = [
            client["webhook"]
            for section in sections
            for client in section["clients"].values()
            if "webhook" in client
        ]
        assert parse_endpoint(hook, client_id="shop", loopback=False).keys


def test_the_lines_on_the_page_are_those_that_are_written() -> None:
    source = "".join((PACKAGE / name).read_text(encoding="utf-8") for name in ("deliverer.py", "edge.py"))
    written = set(re.findall(r'"(Webhooks?[A-Z][a-z]+(?:[A-Z][a-z]+)?)"', source))
    rows = table(PAGE, "line and metric", under="Watching it")
    assert {names(row["line and metric"])[0] for row in rows} == written


def test_the_item_of_a_gone_receiver_is_on_the_page_of_the_data_model() -> None:
    client = RecordingClient()
    endpoint = parse_endpoint(
        {"url": "https://shop.example/", "secrets": [secret_of(KEY)]}, client_id="shop", loopback=False
    )
    stored = Table("table", client=lambda: cast("DynamoDBClient", client), clock=FakeClock())
    DynamoGoneEndpoints(stored, clock=FakeClock()).add(endpoint)
    rows = table(DOCS / "data-model.md", "attribute", under="Gone receiver")
    assert {names(row["attribute"])[0] for row in rows} == client.attributes["W"]
    assert endpoint_pk("shop") in read(PAGE)
