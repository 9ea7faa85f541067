"""What the bus tells is shown: as JSON, and on the page as it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.local.conftest import Vendors


def event(verification_id: str, name: str = "VerificationSent") -> dict[str, Any]:
    return {"detail-type": name, "source": "countersign", "detail": {"id": verification_id}}


def test_events_are_shown_newest_first_and_of_one_verification(vendors: Vendors) -> None:
    assert vendors.control("GET", "/local/events").json() == []
    for told in (event("v1"), event("v2"), event("v1", "VerificationApproved")):
        assert vendors.control("POST", "/local/events", told).status_code == 202
    shown = vendors.control("GET", "/local/events").json()
    assert shown == [event("v1", "VerificationApproved"), event("v2"), event("v1")]
    assert vendors.control("GET", "/local/events?id=v2").json() == [event("v2")]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"VerificationSent"'])
def test_what_is_no_event_is_refused(body: bytes, vendors: Vendors) -> None:
    url = f"{vendors.servers.control_url}/local/events"
    refused = requests.post(url, data=body, timeout=20, headers={"Connection": "close"})
    assert refused.status_code == 400
    assert vendors.control("GET", "/local/events").json() == []


def test_who_watches_gets_what_was_told_and_then_each_event(vendors: Vendors) -> None:
    vendors.control("POST", "/local/events", event("v1"))
    url = f"{vendors.servers.control_url}/handset/told"
    with requests.get(url, stream=True, timeout=20) as answer:
        lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(lines) == "event: snapshot"
        assert json.loads(next(lines).removeprefix("data: ")) == [event("v1")]
        assert next(lines) == ""
        vendors.control("POST", "/local/events", event("v2"))
        assert next(lines) == "event: message"
        assert json.loads(next(lines).removeprefix("data: ")) == event("v2")
