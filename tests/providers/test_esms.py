"""eSMS: what goes over the wire, and what each of its codes means."""

from __future__ import annotations

import json

import pytest
import responses

from countersign.model import Alphabet, Channel, Custody, Delivery, MessageText, Verdict
from countersign.orders import CheckResult, SendOrder, SendResult
from countersign.providers.esms import CHECK_CODES, SEND_CODES
from countersign.providers.transport import VendorHttp

from .cases import BASE, make
from .exchange import wire_bytes
from .fakes import CODE, SECTIONS, FakeAccounts, check_order, real_deadline, send_order
from .raw_server import RawServer, answer, replies

SEND = f"{BASE}/SendMessageAutoGenCode_V4_get"
RAW = f"{BASE}/SendMultipleMessage_V4_post_json/"
CHECK = f"{BASE}/CheckCodeGen_V4_get"
JSON = "Content-Type: application/json\r\n"

REFUSED = (Delivery.REJECTED, True)
UNKNOWN = (Delivery.UNKNOWN, True)
SENT = {
    "99": (Delivery.REJECTED, False),
    "101": REFUSED,
    "102": REFUSED,
    "103": REFUSED,
    "104": REFUSED,
    "108": REFUSED,
    "117": UNKNOWN,
    "118": REFUSED,
    "124": UNKNOWN,
    "140": REFUSED,
    "143": REFUSED,
    "146": REFUSED,
    "171": UNKNOWN,
    "177": REFUSED,
    "201": REFUSED,
    "300": REFUSED,
    "301": REFUSED,
    "999": UNKNOWN,
    "": UNKNOWN,
}


def written(
    http: VendorHttp, order: SendOrder, *, message: str = "{OTP} la ma xac minh"
) -> tuple[RawServer, bytes]:
    """The server and the one request that it got."""
    accounts = FakeAccounts(sections={"esms": {**SECTIONS["esms"], "message": message}})
    with RawServer(replies(answer())) as server:
        base = f"{server.url}/MainService.svc/json/"
        make("esms", http=http, accounts=accounts, base_url=base).send(order, deadline=real_deadline())
    assert len(server.requests) == 1
    return server, server.requests[0]


def body_of(request: bytes) -> dict[str, str]:
    body = json.loads(request.partition(b"\r\n\r\n")[2])
    assert isinstance(body, dict)
    return body


def test_a_code_of_the_vendor_is_asked_for_with_exactly_these_bytes(http: VendorHttp) -> None:
    server, request = written(http, send_order())
    assert request == wire_bytes(
        server,
        "GET /MainService.svc/json/SendMessageAutoGenCode_V4_get?Phone=84901888484&ApiKey=KEY-CANARY1"
        "&SecretKey=SECRET-CANARY2&TimeAlive=5&NumCharOfCode=6&Brandname=Baotrixemay&Type=2"
        "&message=%7BOTP%7D%20la%20ma%20xac%20minh&IsNumber=1",
    )


def test_a_code_over_zalo_is_asked_for_with_exactly_these_bytes(http: VendorHttp) -> None:
    server, request = written(http, send_order(channel=Channel.ZALO))
    assert request == wire_bytes(
        server,
        "POST /MainService.svc/json/SendMessageAutoGenCode_V5",
        headers=JSON,
        body='{"ApiKey":"KEY-CANARY1","SecretKey":"SECRET-CANARY2","Phone":"84901888484","TimeAlive":"5",'
        '"MultiChannelTempId":"4711","TypeId":"2"}',
    )


def test_a_code_of_ours_is_sent_with_exactly_these_bytes(http: VendorHttp) -> None:
    server, request = written(http, send_order(custody=Custody.GATEWAY, send_number=2))
    assert request == wire_bytes(
        server,
        "POST /MainService.svc/json/SendMultipleMessage_V4_post_json/",
        headers=JSON,
        body='{"ApiKey":"KEY-CANARY1","SecretKey":"SECRET-CANARY2","Phone":"84901888484",'
        f'"Content":"{CODE} la ma xac minh","Brandname":"Baotrixemay","SmsType":"2","IsUnicode":"0",'
        '"RequestId":"v3rification-2"}',
    )


def test_a_code_with_letters_in_the_orders_text_is_asked_for_with_exactly_these_bytes(
    http: VendorHttp,
) -> None:
    text = MessageText(("Mã & ", " / ", "\n"))
    order = send_order(alphabet=Alphabet.LETTERS_AND_DIGITS, code_length=8, text=text)
    server, request = written(http, order)
    assert request == wire_bytes(
        server,
        "GET /MainService.svc/json/SendMessageAutoGenCode_V4_get?Phone=84901888484&ApiKey=KEY-CANARY1"
        "&SecretKey=SECRET-CANARY2&TimeAlive=5&NumCharOfCode=8&Brandname=Baotrixemay&Type=2"
        "&message=M%C3%A3%20%26%20%7BOTP%7D%20%2F%20%7BOTP%7D%0A&IsNumber=0",
    )


def test_a_code_of_ours_in_the_orders_text_is_sent_with_exactly_these_bytes(http: VendorHttp) -> None:
    text = MessageText(('Mã {OTP} "', '", ', ""))
    order = send_order(
        custody=Custody.GATEWAY, alphabet=Alphabet.LETTERS_AND_DIGITS, code="7K2P", code_length=4, text=text
    )
    server, request = written(http, order)
    assert request == wire_bytes(
        server,
        "POST /MainService.svc/json/SendMultipleMessage_V4_post_json/",
        headers=JSON,
        body='{"ApiKey":"KEY-CANARY1","SecretKey":"SECRET-CANARY2","Phone":"84901888484",'
        '"Content":"M\\u00e3 {OTP} \\"7K2P\\", 7K2P","Brandname":"Baotrixemay","SmsType":"2","IsUnicode":"1",'
        '"RequestId":"v3rification-1"}',
    )


def test_a_text_with_the_vendors_own_placeholder_in_it_is_not_left_to_the_vendor(http: VendorHttp) -> None:
    parts = ("Type ", ", not {OTP}")
    provider = make("esms", http=http)
    assert provider.refusal(send_order(text=MessageText(parts))) == "its own texts only"
    assert provider.refusal(send_order(text=MessageText(parts), custody=Custody.GATEWAY)) is None
    _, request = written(http, send_order(text=MessageText(parts, binding=False)))
    assert b"&message=%7BOTP%7D%20la%20ma%20xac%20minh&" in request


def test_a_check_is_exactly_these_bytes(http: VendorHttp) -> None:
    with RawServer(replies(answer())) as server:
        provider = make("esms", http=http, base_url=f"{server.url}/MainService.svc/json")
        provider.check(check_order(code="1NT&J6", vendor_reference=None), deadline=real_deadline())
    assert server.requests == [
        wire_bytes(
            server,
            "GET /MainService.svc/json/CheckCodeGen_V4_get?ApiKey=KEY-CANARY1&SecretKey=SECRET-CANARY2"
            "&Phone=84901888484&Code=1NT%26J6",
        )
    ]


def test_a_text_that_is_not_ascii_is_marked_as_unicode(http: VendorHttp) -> None:
    _, request = written(http, send_order(custody=Custody.GATEWAY), message="{OTP} là mã xác minh, {OTP}")
    body = body_of(request)
    assert (body["IsUnicode"], body["Content"]) == ("1", f"{CODE} là mã xác minh, {CODE}")


def test_every_send_of_a_verification_has_a_request_id_of_its_own(http: VendorHttp) -> None:
    orders = [
        send_order(custody=Custody.GATEWAY, send_number=number, verification_id=verification_id)
        for verification_id in ("v" * 26, "v" * 48, "v" * 49, "v" * 60)
        for number in (1, 2)
    ]
    ids = [body_of(written(http, order)[1])["RequestId"] for order in orders]
    assert len(set(ids)) == len(orders)
    assert all(len(each) <= 50 for each in ids)
    assert ids[2] == f"{'v' * 48}-1"


@pytest.mark.parametrize(
    ("ttl_seconds", "minutes"), [(60, 2), (120, 2), (121, 3), (300, 5), (599, 10), (600, 10), (3600, 10)]
)
def test_a_code_lives_whole_minutes_between_two_and_ten(
    http: VendorHttp, wire: responses.RequestsMock, ttl_seconds: int, minutes: int
) -> None:
    wire.add("GET", SEND, json={"CodeResult": "100", "SMSID": "a1"})
    result = make("esms", http=http).send(send_order(ttl_seconds=ttl_seconds), deadline=real_deadline())
    assert result.expires_in_seconds == minutes * 60
    assert f"&TimeAlive={minutes}&" in str(wire.calls[0].request.url)


@pytest.mark.parametrize("custody", Custody)
@pytest.mark.parametrize("form", [str, int])
@pytest.mark.parametrize("code", SENT)
def test_the_answer_to_a_send_is_its_code_result(
    http: VendorHttp, wire: responses.RequestsMock, code: str, form: type, custody: Custody
) -> None:
    body = {
        "CodeResult": form(code) if code else None,
        "CountRegenerate": 0,
        "ErrorMessage": "E",
        "SMSID": "a1",
    }
    result = send(http, wire, body, custody=custody)
    assert (result.outcome, result.try_elsewhere) == SENT[code]
    if code in SEND_CODES:
        assert result.detail == f"{code} {SEND_CODES[code].words}"


def test_every_code_of_the_tables_is_looked_at_here() -> None:
    assert {*SEND_CODES, *CHECK_CODES} <= set(SENT)


def test_the_odd_body_without_a_code_means_a_blocked_number(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    assert send(http, wire, {"error": "Invalid request"}) == SendResult(
        outcome=Delivery.REJECTED, detail="99 number blocked", try_elsewhere=False
    )


@pytest.mark.parametrize("body", [{"error": "Other"}, {"error": "Invalid request", "CodeResult": None}])
def test_another_odd_body_may_have_been_sent(
    http: VendorHttp, wire: responses.RequestsMock, body: dict[str, object]
) -> None:
    assert send(http, wire, body).outcome is Delivery.UNKNOWN


def test_a_repeated_request_id_is_never_sent_a_second_time_elsewhere(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    taken = {"CodeResult": "124", "CountRegenerate": 0, "ErrorMessage": "Request exist 1", "SendStatus": "5"}
    assert send(http, wire, taken, custody=Custody.GATEWAY).outcome is Delivery.UNKNOWN


@pytest.mark.parametrize("code", [100, 100.0, "100 ", "0100", True, ["100"]])
def test_only_the_string_100_is_a_success(
    http: VendorHttp, wire: responses.RequestsMock, code: object
) -> None:
    assert send(http, wire, {"CodeResult": code, "SMSID": "a1"}).outcome is Delivery.UNKNOWN
    assert check(http, wire, {"CodeResult": code}).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("reference", [None, 7, "", "a b", "x" * 65])
def test_an_unusable_message_id_is_left_out(
    http: VendorHttp, wire: responses.RequestsMock, reference: object
) -> None:
    result = send(http, wire, {"CodeResult": "100", "SMSID": reference})
    assert (result.outcome, result.vendor_reference) == (Delivery.ACCEPTED, None)


@pytest.mark.parametrize("code", [code for code in SENT if code not in ("117", "171")])
def test_a_check_that_was_refused_says_nothing_of_the_code(
    http: VendorHttp, wire: responses.RequestsMock, code: str
) -> None:
    assert check(http, wire, {"CodeResult": code}).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("code", ["117", "171", 117, 171])
def test_wrong_used_and_expired_codes_are_all_wrong(
    http: VendorHttp, wire: responses.RequestsMock, code: object
) -> None:
    assert check(http, wire, {"CodeResult": code}).verdict is Verdict.WRONG


def test_the_message_must_hold_the_place_of_the_code(http: VendorHttp) -> None:
    accounts = FakeAccounts(sections={"esms": {**SECTIONS["esms"], "message": "OTP la ma CANARY"}})
    refusal = make("esms", http=http, accounts=accounts).refusal(send_order())
    assert refusal == "account not set up: the vendors' secret: esms.message must hold {OTP}"


def test_zalo_needs_a_template(http: VendorHttp) -> None:
    section = {name: value for name, value in SECTIONS["esms"].items() if name != "zalo_template_id"}
    provider = make("esms", http=http, accounts=FakeAccounts(sections={"esms": section}))
    assert provider.refusal(send_order(channel=Channel.ZALO)) == "zalo_template_id is not set"
    assert provider.refusal(send_order()) is None


def send(
    http: VendorHttp, wire: responses.RequestsMock, body: object, *, custody: Custody = Custody.VENDOR
) -> SendResult:
    wire.add("GET", SEND, json=body)
    wire.add("POST", RAW, json=body)
    return make("esms", http=http).send(send_order(custody=custody), deadline=real_deadline())


def check(http: VendorHttp, wire: responses.RequestsMock, body: object) -> CheckResult:
    wire.add("GET", CHECK, json=body)
    return make("esms", http=http).check(check_order(), deadline=real_deadline())
