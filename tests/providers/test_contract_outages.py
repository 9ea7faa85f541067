"""What a send tells of its vendor, held against every provider: does it work, or is it down?

An outage would have met any number, text and channel. Whoever starts verifications chooses those, and
must not be able to have a vendor left alone by it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import responses

from countersign.clock import Deadline
from countersign.model import Alphabet, Delivery
from countersign.providers import engagelab, esms, message_central
from countersign.providers.base import Meaning
from countersign.providers.transport import VendorHttp
from countersign.providers.wire import UNREADABLE_WAIT_SECONDS

from .cases import BASE, SENDS, Case, make
from .contract import answered, every_send, order_of, send, with_login
from .fakes import SECTIONS, FakeAccounts, FakeClock, real_deadline
from .raw_server import refused_url

TABLES: Mapping[str, Mapping[str, Meaning]] = {
    "message_central": message_central.SEND_CODES,
    "esms": esms.SEND_CODES,
    "engagelab": {str(code): meaning for code, meaning in engagelab.SEND_CODES.items()},
}
NAMES = {"message_central": "responseCode", "esms": "CodeResult", "engagelab": "code"}
OUTAGES = {
    "message_central": {"500"},  # server error
    "esms": {"103", "140", "143"},  # balance, our address, account
    "engagelab": {"1000", "5016"},  # internal errors
}


@pytest.mark.parametrize("vendor", TABLES)
def test_of_a_vendors_codes_only_these_are_outages(vendor: str) -> None:
    assert {code for code, meaning in TABLES[vendor].items() if meaning.is_outage} == OUTAGES[vendor]


@pytest.mark.parametrize("vendor", TABLES)
def test_what_would_go_nowhere_else_is_never_an_outage(vendor: str) -> None:
    for meaning in TABLES[vendor].values():
        assert meaning.try_elsewhere or not meaning.is_outage


@pytest.mark.parametrize(
    ("case", "code"),
    [(case, code) for case in SENDS for code in TABLES[case.vendor]],
    ids=lambda value: value.id if isinstance(value, Case) else value,
)
def test_a_code_says_of_its_vendor_what_its_row_says(
    case: Case, code: str, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, {NAMES[case.vendor]: int(code)}, status=case.refusal[0])
    result = send(case, http)
    assert result.detail.startswith(code)
    assert (result.is_outage, result.was_asked) == (code in OUTAGES[case.vendor], True)


@every_send
@pytest.mark.parametrize("status", [200, 400])
def test_a_code_that_is_in_no_table_may_have_been_sent(
    case: Case, status: int, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, {NAMES[case.vendor]: 9_999}, status=status)
    result = send(case, http)
    assert (result.outcome, result.detail) == (Delivery.UNKNOWN, "undocumented answer")
    # Where its codes come, one is as likely about the number as about the vendor.
    comes_here = case.vendor == "message_central" or status == case.refusal[0]
    assert result.is_outage is not comes_here
    assert len(wire.calls) == 1


@every_send
def test_the_documented_success_says_that_the_vendor_works(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    answered(wire, case, case.accepted)
    result = send(case, http)
    assert (result.is_outage, result.was_asked) == (False, True)


@every_send
def test_an_order_that_the_vendor_does_not_get_says_nothing_of_it(case: Case, http: VendorHttp) -> None:
    provider = make(case.vendor, http=http, base_url=refused_url())
    order = order_of(case, code_length=12, alphabet=Alphabet.LETTERS_AND_DIGITS)
    without_account = make(case.vendor, http=http, accounts=FakeAccounts(sections={}))
    results = [without_account.send(order, deadline=real_deadline())]
    if provider.refusal(order) is not None:
        results.append(provider.send(order, deadline=real_deadline()))
    for result in results:
        assert (result.outcome, result.is_outage, result.was_asked) == (Delivery.REJECTED, False, False)


# 429 ------------------------------------------------------------------------------------------


@every_send
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1", 1),
        ("0", 1),
        ("42", 42),
        (" 42 ", 42),
        ("300", 300),
        ("301", 300),
        ("999999999", 300),
        ("Wed, 21 Oct 2026 07:28:00 GMT", UNREADABLE_WAIT_SECONDS),
        ("-5", UNREADABLE_WAIT_SECONDS),
        ("1.5", UNREADABLE_WAIT_SECONDS),
        ("soon", UNREADABLE_WAIT_SECONDS),
        ("9" * 5_000, UNREADABLE_WAIT_SECONDS),
        ("", UNREADABLE_WAIT_SECONDS),
        (None, None),
    ],
)
def test_a_vendor_that_says_how_long_to_wait_is_taken_at_its_word_within_bounds(
    case: Case, header: str | None, seconds: int | None, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    headers = {} if header is None else {"Retry-After": header}
    wire.add(case.method, BASE + case.path, body=b"slow down", status=429, headers=headers)
    result = send(case, http)
    assert (result.outcome, result.is_outage) == (Delivery.REJECTED, True)
    assert result.retry_after_seconds == seconds
    assert len(wire.calls) == 1


@every_send
@pytest.mark.parametrize("status", [200, 400, 503])
def test_only_with_429_is_it_listened_to(
    case: Case, status: int, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    wire.add(case.method, BASE + case.path, json=case.accepted, status=status, headers={"Retry-After": "60"})
    assert send(case, http).retry_after_seconds is None


# 401 ------------------------------------------------------------------------------------------

ROTATED = {
    "message_central": {**SECTIONS["message_central"], "customer_id": "rotated"},
    "esms": {**SECTIONS["esms"], "api_key": "rotated"},
    "engagelab": {**SECTIONS["engagelab"], "dev_key": "rotated"},
}


def sends(wire: responses.RequestsMock, case: Case) -> int:
    return len([call for call in wire.calls if case.path in str(call.request.url)])


def logins(wire: responses.RequestsMock) -> int:
    return len([call for call in wire.calls if "/auth/v1/authentication/token" in str(call.request.url)])


@every_send
def test_credentials_that_are_refused_in_mid_flight_are_refreshed_once_and_the_send_repeated_once(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    """Message Central's are a token, which is fetched anew; the others' are what the secret says."""
    accounts = FakeAccounts(renewed=ROTATED[case.vendor])
    answered(wire, case, b"", status=401)
    answered(wire, case, case.accepted)
    with_login(wire)
    result = make(case.vendor, http=http, accounts=accounts).send(order_of(case), deadline=real_deadline())
    assert (result.outcome, result.is_outage) == (Delivery.ACCEPTED, False)
    has_token = case.vendor == "message_central"
    assert sends(wire, case) == 2
    assert (logins(wire), len(accounts.renewals)) == ((1, 0) if has_token else (0, 1))


@every_send
def test_credentials_that_stay_refused_are_an_outage_after_one_repeat(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    accounts = FakeAccounts()
    answered(wire, case, b"", status=401)
    with_login(wire)
    result = make(case.vendor, http=http, accounts=accounts).send(order_of(case), deadline=real_deadline())
    assert (result.outcome, result.is_outage) == (Delivery.REJECTED, True)
    # What is refused unchanged is not sent again, but for a token that is fetched anew.
    assert sends(wire, case) == (2 if case.vendor == "message_central" else 1)
    assert len(accounts.renewals) == 1


@every_send
def test_renewed_credentials_that_are_refused_too_are_not_renewed_again(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    accounts = FakeAccounts(renewed=ROTATED[case.vendor])
    answered(wire, case, b"", status=403)
    with_login(wire)
    result = make(case.vendor, http=http, accounts=accounts).send(
        order_of(case), deadline=Deadline(8, clock=FakeClock())
    )
    assert (result.outcome, result.is_outage) == (Delivery.REJECTED, True)
    assert (sends(wire, case), len(accounts.renewals)) == (2, 1)
