"""The functions' own entry points with the sample events of Message Central's protocol."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.gateway import HttpAnswer
from tests.support.message_central import (
    Completed,
    Sent,
    clients,
    exists,
    refused,
    section,
    unauthorized,
)
from tests.support.samples import EVENTS, answered
from tests.support.vendors import MC_SEND, MC_TOKEN, MC_VALIDATE, Vendors

from .conftest import Aws

NAMES = sorted(path.stem for path in EVENTS.glob("http_message_central_*.json"))
SAMPLE_ID = "4242424242424242"
MOBILE = "9999999999"


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def call(operation: str, *, token: str | None = None, id_: str = SAMPLE_ID) -> HttpAnswer:
    """What a sample is answered with, by a caller of that token and about that verification."""
    event = sample(f"http_message_central_{operation}")
    event["rawQueryString"] = event["rawQueryString"].replace(SAMPLE_ID, id_)
    if token is not None:
        event["headers"]["authtoken"] = token
    result = answered(event)
    return HttpAnswer(result["statusCode"], result["headers"], result["body"])


@pytest.fixture(autouse=True)
def configured(entry_points: None, aws: Aws) -> None:
    aws.put_clients(clients(demo=section(policy={"routes": "default"})))


def test_there_is_a_sample_of_each_operation() -> None:
    assert [f"http_message_central_{one}" for one in ("send", "token", "validate")] == NAMES


def test_the_samples_fetch_a_token_send_and_validate(vendors: Vendors) -> None:
    token = call("token").json["token"]
    sent = Sent.read(call("send", token=token))
    assert sent.mobile_number == MOBILE
    again = call("send", token=token)
    left = int(again.json["data"]["timeout"])
    assert 50 < left <= 60  # the samples run by the real clock: seconds may end between two calls
    exists(again, sent.verification_id, timeout=left, mobile=MOBILE)
    completed = Completed.read(call("validate", token=token, id_=sent.verification_id))
    assert completed.verification_id == int(sent.verification_id)
    refused(call("validate", token=token, id_=sent.verification_id), 703, "ALREADY_VERIFIED")
    assert vendors.urls == [MC_TOKEN, MC_SEND, MC_VALIDATE]


def test_a_sample_of_what_is_not_there_is_not_found() -> None:
    token = call("token").json["token"]
    refused(call("validate", token=token), 505, "INVALID_VERIFICATION_ID")


@pytest.mark.parametrize("operation", ["send", "validate"])
def test_the_token_of_a_sample_is_a_placeholder(operation: str) -> None:
    unauthorized(call(operation))


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_a_whole_event(name: str) -> None:
    event = sample(name)
    http = event["requestContext"]["http"]
    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
    assert event["rawPath"] == http["path"]
    assert event["routeKey"] == event["requestContext"]["routeKey"] == f"{http['method']} {http['path']}"
    assert {"accountId", "apiId", "domainName", "requestId", "stage", "timeEpoch"} <= set(
        event["requestContext"]
    )
    assert "body" not in event
    pairs = [pair.partition("=") for pair in event["rawQueryString"].split("&") if pair]
    assert event["queryStringParameters"] == {name: value for name, _, value in pairs}
    assert ("authtoken" in event["headers"]) is (name != "http_message_central_token")
