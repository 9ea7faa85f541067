"""Secrets that are missing, malformed or rotated; settings that are wrong; what nobody expected."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from countersign.clock import Clock
from countersign.dialects.dialect import Function
from countersign.edge import Edge
from countersign.ports import Clients
from tests.support.gateway import (
    CLIENTS,
    PEPPER,
    ROUTES,
    VENDORS,
    VERIFICATIONS,
    Context,
    Gateway,
    http_event,
    unavailable,
)
from tests.support.use_cases import NoUseCases
from tests.support.vendors import (
    Vendors,
)

from .conftest import Aws


def one_fault(gateway: Gateway) -> str:
    """The one log line that an operator needs; there is no traceback."""
    [line] = gateway.lines("configuration fault")
    assert line["level"] == "ERROR"
    assert "Traceback" not in gateway.log.getvalue()
    assert "exception" not in line
    assert gateway.lines("unexpected failure") == []
    return str(line["fault"])


def with_client(**section: object) -> dict[str, Any]:
    return {"pepper": PEPPER, "clients": {"demo": section}}


MALFORMED: list[tuple[object, str]] = [
    ("", "the clients secret cannot be read: ResourceNotFoundException"),
    ("not JSON", "the clients secret is not JSON"),
    ("[]", "the clients secret must be a JSON object"),
    ('"text"', "the clients secret must be a JSON object"),
    ({"pepper": PEPPER}, "clients secret: `clients` must be a JSON object"),
    ({"pepper": PEPPER, "clients": []}, "clients secret: `clients` must be a JSON object"),
    ({"pepper": PEPPER, "clients": {"demo": []}}, "client demo: must be a JSON object"),
    (with_client(), "client demo: secrets must list 1 to 3 strings"),
    (with_client(secrets=[]), "client demo: secrets must list 1 to 3 strings"),
    (with_client(secrets="demo-secret"), "client demo: secrets must list 1 to 3 strings"),
    (with_client(secrets=["demo-secret", 5]), "client demo: secrets must list 1 to 3 strings"),
    (with_client(secrets=["demo-secret", ""]), "client demo: secrets must list 1 to 3 strings"),
    (with_client(secrets=["demo-secret", "b", "c", "d"]), "client demo: secrets must list 1 to 3 strings"),
    (with_client(secrets=["demo-secret"], policy=[]), "client demo: policy must be a JSON object"),
    (with_client(secrets=["demo-secret"], policies={}), "client demo: policies is not a setting"),
    (
        with_client(secrets=["demo-secret"], policy={"attempts": 99}),
        "client demo: policy.attempts must be a whole number from 1 to 10",
    ),
    (
        with_client(secrets=["demo-secret"], policy={"routes": "premium"}),
        "Routes has no table premium",
    ),
    (
        {"clients": CLIENTS["clients"]},
        "clients secret: pepper must have 32 characters or more",
    ),
    (
        {"pepper": "short", "clients": CLIENTS["clients"]},
        "clients secret: pepper must have 32 characters or more",
    ),
    (
        {"pepper": 7, "clients": CLIENTS["clients"]},
        "clients secret: pepper must have 32 characters or more",
    ),
]


@pytest.mark.parametrize(("document", "fault"), MALFORMED)
def test_a_clients_secret_that_is_wrong_is_said_in_one_line(
    make_gateway: Callable[..., Gateway], aws: Aws, vendors: Vendors, document: object, fault: str
) -> None:
    changes = {}
    if document == "":
        changes = {"CLIENTS_SECRET_ARN": "nothing-of-that-name"}
    else:
        aws.put_clients(document)
    gateway = make_gateway(**changes)
    unavailable(gateway.start())
    assert one_fault(gateway) == fault
    assert (aws.items(), vendors.urls) == ([], [])


def test_a_check_with_a_broken_clients_secret_approves_nothing(
    gateway: Gateway, aws: Aws, environment: dict[str, str], vendors: Vendors
) -> None:
    started = gateway.start(client="demo-gateway")
    aws.put_clients("broken")
    other = Gateway(environment)
    unavailable(other.check(started.id, vendors.code_sent(), client="demo-gateway"))
    assert one_fault(other) == "the clients secret is not JSON"


def test_a_missing_vendors_secret_leaves_every_vendor_out(
    make_gateway: Callable[..., Gateway], aws: Aws
) -> None:
    gateway = make_gateway(VENDORS_SECRET_ARN="nothing-of-that-name")
    answer = gateway.start()
    assert (answer.status, answer.code) == (503, "service_unavailable")
    reasons = {line["vendor"]: line["reason"] for line in gateway.lines("vendor left out of routes")}
    fault = "the vendors secret cannot be read: ResourceNotFoundException"
    assert reasons == {"esms": fault, "engagelab": fault}
    assert aws.items() == []
    assert "Traceback" not in gateway.log.getvalue()


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{", "the vendors secret is not JSON"),
        ([], "the vendors secret must be a JSON object"),
        ({"esms": "key"}, "vendors secret: esms must be a JSON object"),
        ({"engagelab": VENDORS["engagelab"]}, "the vendors' secret has no section esms"),
        ({"esms": {**VENDORS["esms"], "api_key": ""}}, None),
    ],
)
def test_a_vendor_whose_section_is_wrong_is_left_out_with_a_line(
    gateway: Gateway, aws: Aws, document: object, reason: str | None
) -> None:
    aws.put_vendors(document)
    answer = gateway.start()
    served = isinstance(document, dict) and "engagelab" in document
    assert answer.status == (201 if served else 503)
    lines = [line for line in gateway.lines("vendor left out of routes") if line["vendor"] == "esms"]
    assert len(lines) == 1
    assert reason is None or lines[0]["reason"] == reason
    assert "canary" not in lines[0]["reason"]


@pytest.mark.parametrize(
    "name", ["TABLE_NAME", "CLIENTS_SECRET_ARN", "ESMS_URL", "SECRET_TTL_SECONDS", "ROUTES", "TEST_NUMBERS"]
)
def test_a_setting_that_is_missing_is_said_in_one_line(environment: dict[str, str], name: str) -> None:
    gateway = Gateway(environment | {name: ""})
    unavailable(gateway.start())
    assert one_fault(gateway) == f"the environment variable {name} is not set"


def test_routes_that_are_wrong_are_said_in_one_line(make_gateway: Callable[..., Gateway], aws: Aws) -> None:
    gateway = make_gateway(ROUTES=json.dumps(ROUTES | {"gateway": {"*": {"fax": ["esms:gateway"]}}}))
    unavailable(gateway.start())
    assert one_fault(gateway).startswith("Routes.gateway.*.fax: not a channel")
    assert aws.items() == []


def test_a_route_to_a_vendor_that_there_is_not_is_said(make_gateway: Callable[..., Gateway]) -> None:
    gateway = make_gateway(ROUTES=json.dumps({"default": {"*": {"*": ["twilio:vendor", "esms:vendor"]}}}))
    assert gateway.start().body["provider"] == "esms"
    assert gateway.lines("vendor left out of routes")[0]["vendor"] == "twilio"


def test_a_table_that_there_is_not_is_a_refusal(
    make_gateway: Callable[..., Gateway], vendors: Vendors
) -> None:
    gateway = make_gateway(TABLE_NAME="nothing-of-that-name")
    answer = gateway.start()
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert gateway.lines("RequestRefused")[-1]["cause"] == "ResourceNotFoundException"
    assert vendors.urls == []


# What nobody expected -------------------------------------------------------------------------


class BrokenUseCases(NoUseCases):
    """Whatever is asked of it fails with a text that nobody may see."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    @property
    def clients(self) -> Clients:
        raise RuntimeError("CANARY +84901888484")


def test_what_nobody_expected_is_a_500_without_its_text(gateway: Gateway) -> None:
    edge = Edge(
        BrokenUseCases(gateway.clock),
        function=Function.SEND,
        telemetry=gateway.container.telemetry,
        clock=gateway.clock,
    )
    http = gateway.request("POST", VERIFICATIONS, {}, to=edge)
    assert (http.status, http.code, http.body["trace_id"]) == (500, "internal_error", "request-1")
    assert http.headers["Content-Type"] == "application/problem+json"
    assert http.headers["Cache-Control"] == "no-store"
    direct = gateway.direct(edge, client_id="demo")
    assert (direct.status, direct.code) == (500, "internal_error")
    lines = gateway.lines("unexpected failure")
    assert [line["error_type"] for line in lines] == ["RuntimeError", "RuntimeError"]
    assert all(line["where"].startswith("test_faults.py:") for line in lines)
    told = gateway.log.getvalue() + "".join(gateway.answers)
    assert "CANARY" not in told
    assert "84901888484" not in told


def test_a_failure_is_found_by_its_trace(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    root = "1-684ee2c0-3f2a9c1d5b7e4f60718293a4"
    monkeypatch.setenv("_X_AMZN_TRACE_ID", f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1")
    answer = gateway.start("12345")
    assert answer.body["trace_id"] == root
    assert gateway.lines("RequestRefused")[-1]["trace_id"] == root


def test_without_a_trace_the_request_id_is_it(gateway: Gateway) -> None:
    event = http_event("POST", VERIFICATIONS, body="{", headers={})
    answer = gateway.event(gateway.send, event, context=Context(aws_request_id="request-9"))
    assert answer.body["trace_id"] == "request-9"
