"""What the use cases rely on when checking, held against every provider."""

from __future__ import annotations

import json

import pytest
import responses

from countersign.model import Verdict
from countersign.orders import CheckResult
from countersign.providers.transport import VendorHttp

from .cases import CheckCase, make
from .contract import UNREADABLE, answered, check, every_check, every_fault, refuse_credentials
from .fakes import (
    check_order,
    real_deadline,
)
from .raw_server import RawServer, Script, refused_url


@every_check
def test_the_documented_success_is_verified(
    case: CheckCase, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, case.verified)
    assert check(case, http).verdict is Verdict.VERIFIED
    assert len(wire.calls) == 1


@every_check
def test_a_wrong_code_is_wrong_though_the_status_may_be_200(
    case: CheckCase, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    status, body = case.wrong
    answered(wire, case, body, status=status)
    assert check(case, http).verdict is Verdict.WRONG


@every_check
@pytest.mark.parametrize("status", [201, 202, 204, 302, 400, 404, 409, 418, 429, 500, 502, 503])
def test_a_success_with_another_status_than_200_verifies_nothing(
    case: CheckCase, status: int, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, case.verified, status=status)
    assert check(case, http).verdict is Verdict.UNKNOWN


@every_check
@pytest.mark.parametrize("status", [200, 404, 429, 500, 502])
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_answer_says_nothing_of_the_code(
    case: CheckCase, status: int, body: bytes, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, body, status=status)
    assert check(case, http).verdict is Verdict.UNKNOWN


@every_check
def test_a_success_with_a_name_twice_verifies_nothing(
    case: CheckCase, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    verified = json.dumps(case.verified)
    answered(wire, case, f"{verified[:-1]}, {verified[1:]}".encode())
    assert check(case, http).verdict is Verdict.UNKNOWN


@every_check
@every_fault
def test_a_fault_says_nothing_of_the_code(case: CheckCase, fault: Script, http: VendorHttp) -> None:
    with RawServer(fault) as server:
        assert check(case, http, base_url=server.url, seconds=0.5).verdict is Verdict.UNKNOWN


@every_check
def test_a_check_that_cannot_connect_says_nothing_of_the_code(case: CheckCase, http: VendorHttp) -> None:
    result = check(case, http, base_url=refused_url())
    assert result == CheckResult(verdict=Verdict.UNKNOWN, detail="no connection")


@every_check
@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_say_nothing_of_the_code(
    case: CheckCase, status: int, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    refuse_credentials(wire, case, status)
    assert check(case, http) == CheckResult(verdict=Verdict.UNKNOWN, detail="credentials refused")


@pytest.mark.parametrize("vendor", ["message_central", "engagelab"])
def test_a_check_without_a_vendor_reference_calls_nobody(vendor: str, http: VendorHttp) -> None:
    provider = make(vendor, http=http, base_url=refused_url())
    result = provider.check(check_order(vendor_reference=None), deadline=real_deadline())
    assert result == CheckResult(verdict=Verdict.UNKNOWN, detail="no vendor reference")
