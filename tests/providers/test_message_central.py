"""Message Central: what goes over the wire, and what each of its answers means."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import responses

from countersign.model import Channel, Delivery, Verdict
from countersign.orders import CheckResult, SendResult
from countersign.providers.message_central import CHECK_CODES, SEND_CODES
from countersign.providers.transport import VendorHttp

from .cases import BASE, CHECKS, MESSAGE_ID, SENDS, make
from .exchange import wire_bytes
from .fakes import CODE, TOKEN, check_order, real_deadline, send_order
from .raw_server import RawServer, answer, replies

SEND = f"{BASE}/verification/v3/send"
CHECK = f"{BASE}/verification/v3/validateOtp"
ACCEPTED = next(case.accepted for case in SENDS if case.vendor == "message_central")
VERIFIED = next(case.verified for case in CHECKS if case.id == "message_central")

# Of the documented codes those that can answer a send; the others are undocumented there.
SENT = {
    400: (Delivery.REJECTED, "400 bad request"),
    409: (Delivery.REJECTED, "409 duplicate resource"),
    500: (Delivery.UNKNOWN, "500 server error"),
    501: (Delivery.REJECTED, "credentials refused"),
    505: (Delivery.UNKNOWN, "undocumented answer"),
    506: (Delivery.REJECTED, "506 a code for this number is still live"),
    511: (Delivery.REJECTED, "511 invalid country code"),
    700: (Delivery.UNKNOWN, "undocumented answer"),
    702: (Delivery.UNKNOWN, "undocumented answer"),
    703: (Delivery.UNKNOWN, "undocumented answer"),
    705: (Delivery.UNKNOWN, "undocumented answer"),
    800: (Delivery.REJECTED, "800 maximum limit reached"),
    999: (Delivery.UNKNOWN, "undocumented answer"),
}
CHECKED = {
    400: Verdict.UNKNOWN,
    409: Verdict.UNKNOWN,
    500: Verdict.UNKNOWN,
    501: Verdict.UNKNOWN,
    505: Verdict.EXPIRED,
    506: Verdict.UNKNOWN,
    511: Verdict.UNKNOWN,
    700: Verdict.WRONG,
    702: Verdict.WRONG,
    703: Verdict.USED,
    705: Verdict.EXPIRED,
    800: Verdict.EXHAUSTED,
    999: Verdict.UNKNOWN,
}


def send(http: VendorHttp, wire: responses.RequestsMock, body: object, *, status: int = 200) -> SendResult:
    wire.add("POST", SEND, json=body, status=status)
    return make("message_central", http=http).send(send_order(), deadline=real_deadline())


def check(http: VendorHttp, wire: responses.RequestsMock, body: object, *, status: int = 200) -> CheckResult:
    wire.add("GET", CHECK, json=body, status=status)
    return make("message_central", http=http).check(check_order(), deadline=real_deadline())


@pytest.mark.parametrize(
    ("channel", "flow_type"),
    [
        (Channel.SMS, "SMS"),
        (Channel.WHATSAPP, "WHATSAPP"),
        (Channel.RCS, "RCS"),
        (Channel.VOICE, "AUDIO"),
        (Channel.SILENT, "SAUTH"),
    ],
)
def test_a_send_is_exactly_these_bytes(http: VendorHttp, channel: Channel, flow_type: str) -> None:
    with RawServer(replies(answer())) as server:
        make("message_central", http=http, base_url=server.url).send(
            send_order(channel=channel, number=("+919999999999", "91")), deadline=real_deadline()
        )
    line = f"/verification/v3/send?countryCode=91&mobileNumber=9999999999&flowType={flow_type}&otpLength=6"
    assert server.requests == [wire_bytes(server, f"POST {line}", headers=f"authToken: {TOKEN}\r\n", body="")]


def test_a_check_is_exactly_these_bytes(http: VendorHttp) -> None:
    with RawServer(replies(answer())) as server:
        make("message_central", http=http, base_url=server.url).check(check_order(), deadline=real_deadline())
    line = f"GET /verification/v3/validateOtp?verificationId={MESSAGE_ID}&code={CODE}"
    assert server.requests == [wire_bytes(server, line, headers=f"authToken: {TOKEN}\r\n")]


def test_what_a_user_types_cannot_add_a_parameter(http: VendorHttp) -> None:
    with RawServer(replies(answer())) as server:
        make("message_central", http=http, base_url=server.url).check(
            check_order(code="1&a=ü+#/\r\n\ud800"), deadline=real_deadline()
        )
    assert b"&code=1%26a%3D%C3%BC%2B%23%2F%0D%0A%3F HTTP/1.1\r\n" in server.requests[0]


def test_the_length_of_the_code_is_the_orders(http: VendorHttp, wire: responses.RequestsMock) -> None:
    wire.add("POST", SEND, json=_accepted())
    make("message_central", http=http).send(send_order(code_length=4), deadline=real_deadline())
    assert str(wire.calls[0].request.url).endswith("&otpLength=4")


@pytest.mark.parametrize(("length", "carried"), [(3, False), (4, True), (8, True), (9, False), (10, False)])
def test_only_codes_of_four_to_eight_digits_are_carried(http: VendorHttp, length: int, carried: bool) -> None:
    refusal = make("message_central", http=http).refusal(send_order(code_length=length))
    assert refusal == (None if carried else "codes of 4 to 8 digits only")


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("form", ["number", "string", "inner", "both"])
@pytest.mark.parametrize("code", SENT)
def test_the_answer_to_a_send_is_its_response_code(
    http: VendorHttp, wire: responses.RequestsMock, code: int, form: str, status: int
) -> None:
    body = _forms(code)[form]
    result = send(http, wire, body, status=status)
    assert (result.outcome, result.detail) == SENT[code]
    assert result.vendor_reference is None


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("form", ["number", "string", "inner", "both"])
@pytest.mark.parametrize("code", CHECKED)
def test_the_answer_to_a_check_is_its_response_code(
    http: VendorHttp, wire: responses.RequestsMock, code: int, form: str, status: int
) -> None:
    assert check(http, wire, _forms(code)[form], status=status).verdict is CHECKED[code]


def _forms(code: int) -> dict[str, object]:
    data = {"verificationId": "5915384", "verificationStatus": "VERIFICATION_COMPLETED"}
    return {
        "number": {"responseCode": code, "message": "X", "data": None},
        "string": {"responseCode": str(code), "message": "X"},
        "inner": {"data": {**data, "responseCode": str(code)}},
        "both": {"responseCode": 200, "data": {**data, "responseCode": str(code)}},
    }


def test_every_code_of_the_tables_is_looked_at_here() -> None:
    assert {int(code) for code in {*SEND_CODES, *CHECK_CODES}} <= set(SENT) & set(CHECKED)


def test_a_live_code_there_is_not_sent_again_and_another_vendor_may_try(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    live = {"responseCode": 506, "message": "REQUEST_ALREADY_EXISTS", "data": {"verificationId": "5915384"}}
    assert send(http, wire, live, status=400) == SendResult(
        outcome=Delivery.REJECTED, detail="506 a code for this number is still live", try_elsewhere=True
    )


@pytest.mark.parametrize(
    ("timeout", "seconds"),
    [
        *(("60", 60), ("60.0", 60), (60, 60), (90.9, 90), ("  30 ", 30)),
        *((None, 60), ("", 60), ("soon", 60), ("nan", 60), ("inf", 60), (-5, 60), (0, 60), (True, 60)),
        *((10**400, 60), ("9" * 400, 60), ([], 60)),
    ],
)
def test_the_life_of_a_code_is_read_in_any_form(
    http: VendorHttp, wire: responses.RequestsMock, timeout: object, seconds: int
) -> None:
    assert send(http, wire, _accepted(timeout=timeout)).expires_in_seconds == seconds


@pytest.mark.parametrize(
    ("verification_id", "reference"),
    [("5915384", "5915384"), (5915384, "5915384"), (2**63 - 1, str(2**63 - 1))],
)
def test_a_verification_id_may_be_a_string_or_a_number(
    http: VendorHttp, wire: responses.RequestsMock, verification_id: object, reference: str
) -> None:
    assert send(http, wire, _accepted(verificationId=verification_id)).vendor_reference == reference


@pytest.mark.parametrize("verification_id", [None, "", "abc", -1, 1.5, True, "1&code=2", 10**40, [], {}])
def test_a_success_without_a_usable_id_may_have_been_sent(
    http: VendorHttp, wire: responses.RequestsMock, verification_id: object
) -> None:
    assert send(http, wire, _accepted(verificationId=verification_id)).outcome is Delivery.UNKNOWN


@pytest.mark.parametrize(
    "ids",
    [
        {"verficationId": MESSAGE_ID},
        {"verificationId": MESSAGE_ID},
        {"verificationId": int(MESSAGE_ID)},
        {"verficationId": MESSAGE_ID, "verificationId": int(MESSAGE_ID)},
    ],
)
def test_a_success_names_the_verification_in_either_spelling(
    http: VendorHttp, wire: responses.RequestsMock, ids: Mapping[str, object]
) -> None:
    assert check(http, wire, _verified(ids)).verdict is Verdict.VERIFIED


@pytest.mark.parametrize(
    "ids", [{}, {"verificationId": 5915384}, {"verficationId": MESSAGE_ID, "verificationId": 5915384}]
)
def test_a_success_about_another_verification_proves_nothing(
    http: VendorHttp, wire: responses.RequestsMock, ids: Mapping[str, object]
) -> None:
    assert check(http, wire, _verified(ids)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("status", ["VERIFICATION_PENDING", "verification_completed", "", None, True])
def test_a_success_that_is_not_completed_proves_nothing(
    http: VendorHttp, wire: responses.RequestsMock, status: object
) -> None:
    body = _verified({"verificationId": MESSAGE_ID, "verificationStatus": status})
    assert check(http, wire, body).verdict is Verdict.UNKNOWN


def _accepted(**changes: object) -> dict[str, object]:
    data = ACCEPTED["data"]
    assert isinstance(data, dict)
    return {**ACCEPTED, "data": {**data, **changes}}


def _verified(changes: Mapping[str, object]) -> dict[str, object]:
    data = VERIFIED["data"]
    assert isinstance(data, dict)
    rest = {name: value for name, value in data.items() if name != "verificationId"}
    return {**VERIFIED, "data": {**rest, **changes}}
