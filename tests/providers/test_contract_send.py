"""What the use cases rely on when sending, held against every provider and custody."""

from __future__ import annotations

import json

import pytest
import responses

from countersign.model import Delivery
from countersign.orders import SendResult
from countersign.providers.transport import VendorHttp

from .cases import Case, make
from .contract import UNREADABLE, answered, every_fault, every_send, order_of, send
from .fakes import (
    NUMBERS,
    real_deadline,
)
from .raw_server import RawServer, Script, answer, refused_url, replies


@every_send
def test_the_documented_success_is_accepted(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, case.accepted)
    result = send(case, http)
    assert result.outcome is Delivery.ACCEPTED
    assert (result.vendor_reference, result.expires_in_seconds) == (case.reference, case.life_seconds)
    assert len(wire.calls) == 1


@every_send
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"+{number[1]}")
def test_a_number_of_any_country_goes_out_whole(
    case: Case, number: tuple[str, str], http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, case.accepted)
    make(case.vendor, http=http).send(order_of(case, number=number), deadline=real_deadline())
    request = wire.calls[0].request
    e164, calling_code = number
    national = e164.removeprefix("+" + calling_code)
    expected = {
        "message_central": f"countryCode={calling_code}&mobileNumber={national}&",
        "esms": f"Phone={e164[1:]}&" if case.method == "GET" else f'"Phone":"{e164[1:]}"',
        "engagelab": f'"to":"{e164}"',
    }[case.vendor]
    body = request.body if isinstance(request.body, bytes) else b""
    assert expected in f"{request.url} {body.decode()}"


@every_send
def test_a_documented_refusal_is_provably_not_sent(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    status, body = case.refusal
    answered(wire, case, body, status=status)
    result = send(case, http)
    assert (result.outcome, result.try_elsewhere) == (Delivery.REJECTED, True)
    assert len(wire.calls) == 1


@every_send
def test_too_many_requests_may_be_tried_elsewhere(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, b"slow down", status=429)
    assert send(case, http) == SendResult(
        outcome=Delivery.REJECTED, detail="http 429 too many requests", try_elsewhere=True, is_outage=True
    )


@every_send
@pytest.mark.parametrize("status", [500, 502, 503, 504, 404, 405, 204, 302])
@pytest.mark.parametrize("body", [b"", b"<html>Bad Gateway</html>", b"{}"])
def test_a_status_that_decides_nothing_may_have_been_sent(
    case: Case, status: int, body: bytes, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, body, status=status)
    result = send(case, http)
    assert (result.outcome, result.is_outage) == (Delivery.UNKNOWN, True)
    assert len(wire.calls) == 1


@every_send
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_answer_may_have_been_sent(
    case: Case, body: bytes, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, body)
    result = send(case, http)
    assert (result.outcome, result.is_outage) == (Delivery.UNKNOWN, True)


@every_send
def test_a_name_that_is_there_twice_makes_an_answer_unreadable(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    accepted = json.dumps(case.accepted)
    answered(wire, case, f"{accepted[:-1]}, {accepted[1:]}".encode())
    assert send(case, http).outcome is Delivery.UNKNOWN


@every_send
def test_a_connection_that_is_refused_may_be_tried_elsewhere(case: Case, http: VendorHttp) -> None:
    assert send(case, http, base_url=refused_url()) == SendResult(
        outcome=Delivery.REJECTED, detail="no connection", try_elsewhere=True, is_outage=True
    )


@every_send
@every_fault
def test_a_fault_after_the_request_was_written_may_have_been_sent(
    case: Case, fault: Script, http: VendorHttp
) -> None:
    with RawServer(fault) as server:
        result = send(case, http, base_url=server.url, seconds=0.5)
    assert (result.outcome, result.is_outage) == (Delivery.UNKNOWN, True)
    assert len(server.requests) == 1


@every_send
def test_without_time_left_nothing_is_sent(case: Case, http: VendorHttp) -> None:
    with RawServer(replies(answer())) as server:
        result = send(case, http, base_url=server.url, seconds=0.1)
    assert (result.outcome, result.try_elsewhere) == (Delivery.REJECTED, True)
    assert (result.is_outage, result.was_asked) == (False, False)
    assert server.connections == 0
