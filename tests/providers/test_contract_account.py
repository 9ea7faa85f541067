"""Credentials, channels and what stays secret, held against every provider and custody."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import responses

from countersign.clock import Deadline
from countersign.errors import ServiceUnavailableError
from countersign.model import Channel, Custody, Delivery, Verdict
from countersign.orders import SendOrder, SendResult
from countersign.ports import Provider
from countersign.providers.transport import VendorHttp

from .cases import BASE, Case, make
from .contract import answered, every_send, order_of, refuse_credentials, with_login
from .fakes import (
    CODE,
    SECTIONS,
    TOKEN,
    VIETNAM,
    FakeAccounts,
    FakeClock,
    check_order,
    real_deadline,
    send_order,
)
from .raw_server import refused_url


@every_send
@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_that_have_not_changed_are_provably_not_sent(
    case: Case, status: int, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    accounts = FakeAccounts()
    refuse_credentials(wire, case, status)
    result = make(case.vendor, http=http, accounts=accounts).send(order_of(case), deadline=real_deadline())
    assert result == SendResult(outcome=Delivery.REJECTED, detail="credentials refused", is_outage=True)
    assert accounts.renewals == [SECTIONS[case.vendor]]


@every_send
def test_where_the_secret_cannot_be_fetched_again_the_refusal_stands(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    class OutOfReach(FakeAccounts):
        def renew(self, vendor: str, *, refused: Mapping[str, object]) -> Mapping[str, object] | None:
            raise ServiceUnavailableError

    refuse_credentials(wire, case, 403)
    provider = make(case.vendor, http=http, accounts=OutOfReach())
    assert provider.send(order_of(case), deadline=real_deadline()).detail == "credentials refused"


@every_send
def test_rotated_credentials_are_fetched_and_the_order_is_sent_once(
    case: Case, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    names = {"message_central": "customer_id", "esms": "api_key", "engagelab": "dev_key"}
    accounts = FakeAccounts(renewed={**SECTIONS[case.vendor], names[case.vendor]: "rotated"})
    answered(wire, case, b"", status=403)
    answered(wire, case, case.accepted)
    wire.add("GET", f"{BASE}/auth/v1/authentication/token", json={"status": 200, "token": "a.b.c"})
    result = make(case.vendor, http=http, accounts=accounts).send(order_of(case), deadline=real_deadline())
    assert result.outcome is Delivery.ACCEPTED
    assert len([call for call in wire.calls if case.path in str(call.request.url)]) == 2


@every_send
def test_a_vendor_without_an_account_is_left_alone(case: Case, http: VendorHttp) -> None:
    provider = make(case.vendor, http=http, accounts=FakeAccounts(sections={}), base_url=refused_url())
    refusal = provider.refusal(order_of(case))
    assert refusal == f"account not set up: the vendors' secret has no section {case.vendor}"
    assert provider.send(order_of(case), deadline=real_deadline()).detail == "account not set up"


@every_send
def test_a_broken_secret_is_a_refusal_and_not_a_traceback(case: Case, http: VendorHttp) -> None:
    provider = make(case.vendor, http=http, accounts=FakeAccounts(broken=True), base_url=refused_url())
    assert provider.refusal(order_of(case)) == "account not set up: the vendors' secret is not JSON"
    assert provider.send(order_of(case), deadline=real_deadline()).outcome is Delivery.REJECTED
    assert provider.check(check_order(), deadline=real_deadline()).verdict is Verdict.UNKNOWN


REQUIRED = [
    (vendor, name)
    for vendor, names in {
        "message_central": ("customer_id", "password"),
        "esms": ("api_key", "secret_key", "brandname", "message"),
        "engagelab": ("dev_key", "dev_secret", "templates"),
    }.items()
    for name in names
]


@pytest.mark.parametrize(("vendor", "name"), REQUIRED)
@pytest.mark.parametrize("value", [None, "", 7, ["a"], {}, "a\nb"])
def test_a_malformed_account_names_the_setting_and_never_its_value(
    vendor: str, name: str, value: object, http: VendorHttp
) -> None:
    accounts = FakeAccounts(sections={vendor: {**SECTIONS[vendor], name: value}})
    refusal = make(vendor, http=http, accounts=accounts).refusal(send_order())
    assert refusal is not None
    assert f"{vendor}.{name}" in refusal
    assert "CANARY" not in refusal


@every_send
def test_an_order_that_the_vendor_can_carry_is_not_refused(case: Case, http: VendorHttp) -> None:
    assert make(case.vendor, http=http).refusal(order_of(case)) is None


CARRIED = {
    ("message_central", Custody.VENDOR): {
        Channel.SMS, Channel.WHATSAPP, Channel.RCS, Channel.VOICE, Channel.SILENT
    },
    ("message_central", Custody.GATEWAY): set(),
    ("esms", Custody.VENDOR): {Channel.SMS, Channel.ZALO},
    ("esms", Custody.GATEWAY): {Channel.SMS},
    ("engagelab", Custody.VENDOR): {Channel.SMS, Channel.WHATSAPP, Channel.VOICE},
    ("engagelab", Custody.GATEWAY): {Channel.SMS},
}  # fmt: skip


@pytest.mark.parametrize(("vendor", "custody"), CARRIED)
def test_every_channel_is_either_carried_or_refused_without_a_call(
    vendor: str, custody: Custody, http: VendorHttp
) -> None:
    provider = make(vendor, http=http, base_url=refused_url())
    orders = {channel: send_order(custody=custody, channel=channel) for channel in Channel}
    carried = {channel for channel, order in orders.items() if provider.refusal(order) is None}
    assert carried == CARRIED[vendor, custody]
    for channel in set(Channel) - carried:
        result = provider.send(orders[channel], deadline=real_deadline())
        assert (result.outcome, result.detail) == (Delivery.REJECTED, provider.refusal(orders[channel]))


@every_send
@pytest.mark.parametrize("status", [200, 400, 401, 429, 500])
def test_no_secret_code_number_or_vendor_text_is_in_a_result(
    case: Case, status: int, http: VendorHttp, wire: responses.RequestsMock
) -> None:
    accounts = FakeAccounts()
    provider = make(case.vendor, http=http, accounts=accounts)
    answered(
        wire, case, {**case.refusal[1], "message": "VENDORTEXT", "ErrorMessage": "VENDORTEXT"}, status=status
    )
    with_login(wire)
    order = order_of(case)
    shown = repr([provider.send(order, deadline=real_deadline()), order, provider, provider.account()])
    request = provider.send_request(order, account=provider.account())
    shown += repr(request)
    for secret in ("CANARY", CODE, VIETNAM[0][1:], "901888484", TOKEN, "VENDORTEXT"):
        assert secret not in shown


@pytest.mark.parametrize("vendor", ["message_central", "esms", "engagelab"])
def test_every_provider_is_what_the_use_cases_ask_for(vendor: str, http: VendorHttp) -> None:
    provider: Provider = make(vendor, http=http)
    assert provider.name == vendor
    assert provider.keyed_by_phone == (vendor == "esms")


@every_send
def test_a_call_waits_no_longer_than_its_vendor_may_take(case: Case) -> None:
    clock, seen = FakeClock(), []

    class Patient:
        def send(self, request: object, *, deadline: Deadline) -> object:
            seen.append(deadline.remaining())
            raise AssertionError

    provider = make(case.vendor, http=Patient(), clock=clock)  # type: ignore[arg-type]  # never answers
    with pytest.raises(AssertionError):
        provider.send(order_of(case), deadline=Deadline(30, clock=clock))
    assert seen == [8.0]


def test_an_order_to_carry_a_code_that_is_not_there_sends_nothing(http: VendorHttp) -> None:
    for vendor in ("esms", "engagelab"):
        order = send_order(custody=Custody.GATEWAY)
        without = SendOrder(**{name: getattr(order, name) for name in order.__slots__} | {"code": None})
        result = make(vendor, http=http, base_url=refused_url()).send(without, deadline=real_deadline())
        assert (result.outcome, result.detail) == (Delivery.REJECTED, "no code to carry")
