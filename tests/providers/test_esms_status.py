"""eSMS's GetSendStatus: what goes over the wire, and what of its answers is believed."""

from __future__ import annotations

import json

import pytest
import responses

from countersign.errors import ConfigurationError, VendorUnavailableError
from countersign.model import Custody, Receipt
from countersign.providers.esms import EsmsProvider
from countersign.providers.transport import VendorHttp
from tests.support.callbacks import CALLBACK_URL, SMS_ID, send_status

from .cases import BASE, make
from .contract import UNREADABLE, every_fault
from .exchange import wire_bytes
from .fakes import SECTIONS, FakeAccounts, FakeClock, real_deadline, send_order
from .raw_server import RawServer, Script, answer, refused_url, replies

STATUS = f"{BASE}/GetSendStatus"


def provider(
    http: VendorHttp, *, accounts: FakeAccounts | None = None, base_url: str = BASE, seconds: float = 8.0
) -> EsmsProvider:
    return EsmsProvider(
        base_url=base_url,
        http=http,
        accounts=accounts or FakeAccounts(),
        clock=FakeClock(),
        vendor_timeout_seconds=seconds,
    )


def asked(http: VendorHttp, wire: responses.RequestsMock, body: object) -> Receipt | None:
    wire.add("GET", STATUS, json=body)
    return provider(http).receipt(SMS_ID, deadline=real_deadline())


def test_the_question_is_exactly_these_bytes(http: VendorHttp) -> None:
    with RawServer(replies(answer(json.dumps(send_status()).encode()))) as server:
        base_url = f"{server.url}/MainService.svc/json"
        receipt = provider(http, base_url=base_url).receipt(SMS_ID, deadline=real_deadline())
    assert receipt is Receipt.DELIVERED
    assert server.requests == [
        wire_bytes(
            server,
            f"GET /MainService.svc/json/GetSendStatus?RefId={SMS_ID}&ApiKey=KEY-CANARY1"
            "&SecretKey=SECRET-CANARY2",
        )
    ]


@pytest.mark.parametrize("form", [int, str])
@pytest.mark.parametrize(
    ("numbers", "receipt"),
    [
        ((1, 0, 0), None),
        ((2, 0, 0), None),
        ((4, 0, 0), Receipt.UNDELIVERED),
        ((4, 0, 1), Receipt.UNDELIVERED),
        ((5, 1, 0), Receipt.DELIVERED),
        ((5, 0, 1), Receipt.UNDELIVERED),
        ((5, 0, 0), None),
        ((5, 1, 1), None),
        ((7, 0, 0), Receipt.SENT),
        ((3, 1, 0), None),
        ((55, 1, 0), None),
    ],
)
def test_the_state_is_read_from_the_three_numbers(
    http: VendorHttp,
    wire: responses.RequestsMock,
    *,
    numbers: tuple[int, int, int],
    receipt: Receipt | None,
    form: type,
) -> None:
    names = ("SendStatus", "SendSuccess", "SendFailed")
    told = {name: form(number) for name, number in zip(names, numbers, strict=True)}
    assert asked(http, wire, send_status() | told) is receipt


@pytest.mark.parametrize(
    "change",
    [
        {"CodeResponse": "99"},
        {"CodeResponse": None},
        {"CodeResponse": True},
        {"CodeResponse": "100 "},
        {"SMSID": "another"},
        {"SMSID": 7},
        {"SendStatus": None},
        {"SendStatus": [5]},
        {"SendStatus": 5.0},
        {"SendSuccess": True},
    ],
)
def test_an_answer_about_something_else_tells_nothing(
    http: VendorHttp, wire: responses.RequestsMock, change: dict[str, object]
) -> None:
    assert asked(http, wire, send_status() | change) is None


def test_an_answer_without_an_id_is_about_the_text_that_was_asked_for(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    body = send_status()
    del body["SMSID"]
    assert asked(http, wire, body) is Receipt.DELIVERED


@pytest.mark.parametrize("status", [201, 204, 302, 400, 404, 418, 429, 500, 503])
def test_another_status_than_200_is_no_answer(
    http: VendorHttp, wire: responses.RequestsMock, status: int
) -> None:
    wire.add("GET", STATUS, json=send_status(), status=status)
    with pytest.raises(VendorUnavailableError):
        provider(http).receipt(SMS_ID, deadline=real_deadline())


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_answer_is_none(http: VendorHttp, wire: responses.RequestsMock, body: bytes) -> None:
    wire.add("GET", STATUS, body=body)
    with pytest.raises(VendorUnavailableError):
        provider(http).receipt(SMS_ID, deadline=real_deadline())


@every_fault
def test_a_vendor_that_breaks_off_gave_no_answer(fault: Script, http: VendorHttp) -> None:
    with RawServer(fault) as server, pytest.raises(VendorUnavailableError):
        provider(http, base_url=server.url, seconds=0.3).receipt(SMS_ID, deadline=real_deadline(0.3))


def test_a_vendor_that_is_not_there_gave_no_answer(http: VendorHttp) -> None:
    with pytest.raises(VendorUnavailableError):
        provider(http, base_url=refused_url()).receipt(SMS_ID, deadline=real_deadline())


def test_refused_keys_are_looked_at_once_more(http: VendorHttp, wire: responses.RequestsMock) -> None:
    refused = {"CodeResponse": "101", "ErrorMessage": "Authorize Failed"}
    wire.add("GET", STATUS, json=refused)
    wire.add("GET", STATUS, json=send_status())
    accounts = FakeAccounts(renewed={**SECTIONS["esms"], "api_key": "rotated"})
    assert provider(http, accounts=accounts).receipt(SMS_ID, deadline=real_deadline()) is Receipt.DELIVERED
    assert "ApiKey=rotated" in str(wire.calls[1].request.url)


def test_keys_that_stay_refused_are_no_answer(http: VendorHttp, wire: responses.RequestsMock) -> None:
    with pytest.raises(VendorUnavailableError):
        asked(http, wire, {"CodeResponse": "101"})
    assert len(wire.calls) == 1


def test_an_account_that_is_not_set_up_is_the_operators_fault(http: VendorHttp) -> None:
    with pytest.raises(ConfigurationError):
        provider(http, accounts=FakeAccounts(sections={})).receipt(SMS_ID, deadline=real_deadline())


@pytest.mark.parametrize("custody", Custody)
def test_a_text_of_ours_names_the_url_to_call_and_a_code_of_theirs_cannot(
    http: VendorHttp, custody: Custody
) -> None:
    accounts = FakeAccounts(sections={"esms": {**SECTIONS["esms"], "callback_url": CALLBACK_URL}})
    with RawServer(replies(answer())) as server:
        make("esms", http=http, accounts=accounts, base_url=server.url).send(
            send_order(custody=custody), deadline=real_deadline()
        )
    [request] = server.requests
    assert (f'"CallbackUrl":"{CALLBACK_URL}"'.encode() in request) == (custody is Custody.GATEWAY)


def test_a_callback_that_can_be_guessed_leaves_the_vendor_out(http: VendorHttp) -> None:
    section = {**SECTIONS["esms"], "callback_url": "https://api.example/receipts/esms/CANARY"}
    refusal = make("esms", http=http, accounts=FakeAccounts(sections={"esms": section})).refusal(send_order())
    assert refusal is not None
    assert "esms.callback_url" in refusal
    assert "CANARY" not in refusal
