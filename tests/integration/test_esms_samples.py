"""The functions' own entry points with the sample events of the eSMS dialect."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.esms_caller import BRANDNAME, clients, invalid, section, success
from tests.support.samples import EVENTS, answered
from tests.support.vendors import ESMS_CHECK, ESMS_GENCODE, Vendors

from .conftest import Aws

NAMES = sorted(path.stem for path in EVENTS.glob("http_esms_*.json"))


def sample(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def call(name: str) -> tuple[int, dict[str, Any]]:
    """The status and the body that a sample is answered with."""
    event = sample(name)
    result = answered(event)
    return result["statusCode"], json.loads(result["body"])


@pytest.fixture(autouse=True)
def configured(entry_points: None, aws: Aws) -> None:
    aws.put_clients(clients(demo=section(policy={"routes": "default"})))


def test_there_is_a_sample_of_each_operation() -> None:
    operations = ("check", "send", "send_json", "send_multichannel")
    assert [f"http_esms_{operation}" for operation in operations] == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if "send" in name])
def test_the_samples_send_and_check(name: str, vendors: Vendors) -> None:
    status, sent = call(name)
    assert (status, sent["CodeResult"], sorted(sent)) == (
        200,
        "100",
        ["CodeResult", "CountRegenerate", "SMSID"],
    )
    assert call("http_esms_check") == (200, success())
    assert call("http_esms_check") == (200, invalid())
    assert vendors.urls == [ESMS_GENCODE, ESMS_CHECK]


def test_a_sample_of_a_code_that_is_not_there_is_invalid(vendors: Vendors) -> None:
    assert call("http_esms_check") == (200, invalid())
    assert vendors.urls == []


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_a_whole_event(name: str) -> None:
    event = sample(name)
    http = event["requestContext"]["http"]
    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
    assert event["rawPath"] == http["path"]
    assert event["routeKey"] == event["requestContext"]["routeKey"]
    assert {"accountId", "apiId", "domainName", "requestId", "stage", "timeEpoch"} <= set(
        event["requestContext"]
    )
    if "body" in event:
        assert str(len(event["body"].encode())) == event["headers"]["content-length"]
        assert event["rawQueryString"] == ""
    else:
        assert event["queryStringParameters"]["ApiKey"] == "demo"
    assert (BRANDNAME in json.dumps(event)) is (name in {"http_esms_send", "http_esms_send_json"})
