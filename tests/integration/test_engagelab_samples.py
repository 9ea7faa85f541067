"""The sample events of EngageLab's protocol, one per operation."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from tests.support.gateway import CLIENTS, Answer, Gateway
from tests.support.samples import EVENTS
from tests.support.vendors import ESMS_RAW, Vendors

from .conftest import Aws

SENDS = ["http_engagelab_message", "http_engagelab_code", "http_engagelab_custom_message"]
VERIFY = "http_engagelab_verify"
SAMPLE_ID, SAMPLE_CODE = "1725407449772531712", "667090"


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    """The client of the samples, with the template that they name."""
    document = deepcopy(CLIENTS)
    texts = {"default": "{{code}} is your code for {{shop}}"}
    document["clients"]["demo"] = {
        "secrets": ["demo-secret"],
        "policy": {"routes": "gateway"},
        "dialects": {"engagelab": {"templates": {"login": {"texts": texts}}}},
    }
    aws.put_clients(document)


def sample(name: str, *, id_: str = SAMPLE_ID, code: str = SAMPLE_CODE) -> dict[str, Any]:
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
    event: dict[str, Any] = json.loads(text.replace(SAMPLE_ID, id_).replace(SAMPLE_CODE, code))
    return event


def call(gateway: Gateway, event: dict[str, Any]) -> Answer:
    return gateway.event(gateway.edge_of("POST", event["rawPath"]), event)


def test_there_is_one_sample_of_each_operation() -> None:
    assert sorted(path.stem for path in EVENTS.glob("http_engagelab*.json")) == sorted([*SENDS, VERIFY])


@pytest.mark.parametrize("name", SENDS)
def test_the_samples_send_and_verify(gateway: Gateway, vendors: Vendors, name: str) -> None:
    sent = call(gateway, sample(name))
    assert (sent.status, sent.body) == (
        200,
        {"message_id": sent.body["message_id"], "send_channel": "sms"},
    )
    content = json.loads(vendors.last(ESMS_RAW).body or "{}")["Content"]
    assert content == f"{vendors.code_sent()} is your code for Countersign"
    event = sample(VERIFY, id_=sent.body["message_id"], code=vendors.code_sent())
    assert call(gateway, event).body["verified"] is True


def test_the_sample_of_a_check_names_a_message_that_is_not_there(gateway: Gateway) -> None:
    answer = call(gateway, sample(VERIFY))
    assert (answer.status, answer.body) == (400, {"code": 4001, "message": "message does not exist"})


@pytest.mark.parametrize("name", [*SENDS, VERIFY])
def test_a_sample_is_a_whole_event(name: str) -> None:
    event = sample(name)
    http = event["requestContext"]["http"]
    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
    assert event["routeKey"] == f"{http['method']} {event['rawPath']}" == event["requestContext"]["routeKey"]
    assert http["path"] == event["rawPath"]
    assert event["headers"]["authorization"] == "Basic ZGVtbzpkZW1vLXNlY3JldA=="
    assert str(len(event["body"])) == event["headers"]["content-length"]
