"""The functions' own entry points, with the sample events of the folder `events`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from countersign.bootstrap import send_function, verify_function
from functions.send import app as send_app
from functions.verify import app as verify_app
from tests.support.gateway import Context
from tests.support.samples import EVENTS
from tests.support.vendors import ENGAGELAB_MESSAGES, ESMS_CHECK, ESMS_GENCODE, Vendors

from .conftest import Aws

SAMPLE_ID = "k7f3m2q5x4tzn6wbyahd7rjcue"
# The native API's about verifications; other dialects' tests run theirs, and test_proofs.py those of proofs.
OF_PROOFS = {"http_check_with_audience", "http_jwks"}
STEMS = sorted(path.stem for path in EVENTS.glob("*.json"))
NAMES = [
    stem
    for stem in STEMS
    if stem.startswith("direct_")
    or (stem.startswith("http_") and stem.count("_") == 1 and stem not in OF_PROOFS)
]


def sample(name: str, *, id_: str = SAMPLE_ID) -> dict[str, Any]:
    """A sample event, about a verification that there is."""
    event: dict[str, Any] = json.loads(
        (EVENTS / f"{name}.json").read_text(encoding="utf-8").replace(SAMPLE_ID, id_)
    )
    return event


pytestmark = pytest.mark.usefixtures("entry_points")


def call(name: str, *, id_: str = SAMPLE_ID) -> tuple[int, dict[str, Any]]:
    """The status and the body that a sample event is answered with, by HTTP or directly."""
    handler = send_app.handler if name.endswith(("start", "resend")) else verify_app.handler
    result: dict[str, Any] = handler(sample(name, id_=id_), Context())
    if "statusCode" in result:
        assert name.startswith("http_")
        return result["statusCode"], json.loads(result["body"])
    assert name.startswith("direct_")
    return result["status_code"], result["body"]


def test_there_is_one_sample_of_each_kind() -> None:
    operations = ("start", "resend", "check", "read", "cancel")
    assert sorted(f"{way}_{what}" for way in ("http", "direct") for what in operations) == NAMES


@pytest.mark.parametrize("way", ["http", "direct"])
def test_the_samples_start_read_check_and_cancel(way: str, vendors: Vendors) -> None:
    status, started = call(f"{way}_start")
    assert (status, started["status"], started["reference"]) == (201, "pending", "order-17")
    id_ = started["id"]
    assert call(f"{way}_read", id_=id_) == (200, started)
    status, cooldown = call(f"{way}_resend", id_=id_)
    assert (status, cooldown["code"]) == (429, "cooldown")
    status, approved = call(f"{way}_check", id_=id_)
    assert (status, approved["status"]) == (200, "approved")
    status, refused = call(f"{way}_cancel", id_=id_)
    assert (status, refused["code"]) == (409, "already_approved")
    assert vendors.urls == [ESMS_GENCODE, ESMS_CHECK]


@pytest.mark.parametrize("way", ["http", "direct"])
def test_the_samples_resend_and_cancel(way: str, aws: Aws, vendors: Vendors) -> None:
    section = {"secrets": ["demo-secret"], "policy": {"cooldown_seconds": 0}}
    aws.put_clients({"pepper": "p" * 40, "clients": {"demo": section}})
    _, started = call(f"{way}_start")
    status, resent = call(f"{way}_resend", id_=started["id"])
    assert (status, resent["provider"], resent["sends_left"]) == (200, "engagelab", 3)
    assert vendors.urls == [ESMS_GENCODE, ENGAGELAB_MESSAGES]
    status, canceled = call(f"{way}_cancel", id_=started["id"])
    assert (status, canceled["status"]) == (200, "canceled")


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith("start")])
def test_a_sample_of_what_is_not_there_is_not_found(name: str) -> None:
    status, body = call(name)
    assert (status, body["code"]) == (404, "not_found")


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_a_whole_event(name: str) -> None:
    event = sample(name)
    if name.startswith("direct_"):
        assert event["client_id"] == "demo"
        return
    assert event["version"] == "2.0"
    assert event["headers"]["authorization"] == "Basic ZGVtbzpkZW1vLXNlY3JldA=="
    http = event["requestContext"]["http"]
    assert (http["path"], f"{http['method']} ") == (event["rawPath"], event["routeKey"].partition("/")[0])
    assert {"accountId", "apiId", "domainName", "requestId", "stage", "timeEpoch"} <= set(
        event["requestContext"]
    )
    assert event["isBase64Encoded"] is False
    if "body" in event:
        assert str(len(event["body"])) == event["headers"]["content-length"]


def test_a_container_is_made_once(capsys: pytest.CaptureFixture[str]) -> None:
    call("http_start")
    assert send_function() is send_function()
    assert verify_function() is verify_function()
    assert send_function() is not verify_function()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["message"] for line in lines if "message" in line] == [
        "DeliveryAccepted",
        "VerificationStarted",
    ]
    assert all(line["service"] == "countersign" for line in lines)


def test_metrics_leave_with_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    call("http_start")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [metrics] = [line for line in lines if "_aws" in line]
    [directive] = metrics["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Countersign", [["service"]])
    names = {metric["Name"] for metric in directive["Metrics"]}
    assert names == {"DeliveryAccepted", "VerificationStarted"}


def test_a_vendors_failure_is_a_metric_of_that_vendor(
    capsys: pytest.CaptureFixture[str], vendors: Vendors
) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, {"CodeResult": "103"})
    call("http_start")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    failures = [line for line in lines if "VendorFailure" in line]
    assert [(line["provider"], line["VendorFailure"]) for line in failures] == [("esms", [1.0])]


def test_a_broken_configuration_is_said_by_the_real_telemetry(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENTS_SECRET_ARN", "nothing-of-that-name")
    status, body = call("http_start")
    assert (status, body["code"]) == (503, "service_unavailable")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    faults = [line for line in lines if line.get("message") == "configuration fault"]
    assert len(faults) == 1
    assert any("ConfigurationFault" in line for line in lines)
