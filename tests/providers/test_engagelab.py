"""EngageLab: what goes over the wire, and what each of its codes means."""

from __future__ import annotations

import base64
import json

import pytest
import responses

from countersign.model import Channel, Custody, Delivery, Verdict
from countersign.orders import CheckResult, SendResult
from countersign.providers.engagelab import CHECK_CODES, CREDENTIAL_CODES, SEND_CODES
from countersign.providers.transport import VendorHttp

from .cases import BASE, MESSAGE_ID, make
from .exchange import wire_bytes
from .fakes import CODE, SECTIONS, FakeAccounts, check_order, real_deadline, send_order
from .raw_server import RawServer, answer, replies

SEND = f"{BASE}/v1/messages"
CHECK = f"{BASE}/v1/verifications"
BASIC = base64.b64encode(b"dev-CANARY1:secret-CANARY2").decode()
HEADERS = f"Content-Type: application/json\r\nAuthorization: Basic {BASIC}\r\n"

REFUSED = (Delivery.REJECTED, True)
UNWANTED = (Delivery.REJECTED, False)
UNKNOWN = (Delivery.UNKNOWN, True)
SENT = {
    1000: (500, UNKNOWN),
    2001: (401, REFUSED),
    2002: (401, REFUSED),
    2004: (403, REFUSED),
    3001: (400, REFUSED),
    3002: (400, REFUSED),
    3003: (400, UNKNOWN),
    3004: (400, REFUSED),
    4001: (400, REFUSED),
    5001: (400, REFUSED),
    5011: (400, REFUSED),
    5012: (400, REFUSED),
    5013: (400, UNWANTED),
    5014: (400, REFUSED),
    5015: (400, REFUSED),
    5016: (400, UNKNOWN),
    5017: (400, REFUSED),
    5018: (400, REFUSED),
    5019: (400, UNWANTED),
    5020: (400, REFUSED),
    9999: (400, UNKNOWN),
    0: (400, UNKNOWN),
}


@pytest.mark.parametrize(
    ("channel", "template"),
    [(Channel.SMS, "t-sms"), (Channel.WHATSAPP, "t-wa"), (Channel.VOICE, "t-voice")],
)
def test_a_code_of_the_vendor_is_asked_for_with_exactly_these_bytes(
    http: VendorHttp, channel: Channel, template: str
) -> None:
    with RawServer(replies(answer())) as server:
        provider = make("engagelab", http=http, base_url=f"{server.url}/")
        provider.send(send_order(channel=channel, locale="ja-JP"), deadline=real_deadline())
    body = f'{{"to":"+84901888484","template":{{"id":"{template}","language":"ja"}}}}'
    assert server.requests == [wire_bytes(server, "POST /v1/messages", headers=HEADERS, body=body)]


def test_a_code_of_ours_is_sent_with_exactly_these_bytes(http: VendorHttp) -> None:
    with RawServer(replies(answer())) as server:
        provider = make("engagelab", http=http, base_url=server.url)
        provider.send(send_order(custody=Custody.GATEWAY), deadline=real_deadline())
    body = f'{{"to":"+84901888484","template":{{"id":"c-sms","language":"default"}},"code":"{CODE}"}}'
    assert server.requests == [wire_bytes(server, "POST /v1/codes", headers=HEADERS, body=body)]


def test_a_check_is_exactly_these_bytes(http: VendorHttp) -> None:
    with RawServer(replies(answer())) as server:
        provider = make("engagelab", http=http, base_url=server.url)
        provider.check(check_order(code='6"\\\ud8009'), deadline=real_deadline())
    body = f'{{"message_id":"{MESSAGE_ID}","verify_code":"6\\"\\\\\\ud8009"}}'
    assert server.requests == [wire_bytes(server, "POST /v1/verifications", headers=HEADERS, body=body)]


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        *((None, "default"), ("", "default"), ("vi", "default"), ("vi-VN", "default"), ("-", "default")),
        *(("en", "en"), ("en-US", "en"), ("EN_gb", "en"), ("ja", "ja"), ("th-TH", "th"), ("es-419", "es")),
        *(
            ("zh", "zh_CN"),
            ("zh-CN", "zh_CN"),
            ("zh-Hans", "zh_CN"),
            ("zh-Hans-HK", "zh_CN"),
            ("zh-SG", "zh_CN"),
        ),
        *(
            ("zh-TW", "zh_HK"),
            ("zh-HK", "zh_HK"),
            ("zh-MO", "zh_HK"),
            ("zh-Hant", "zh_HK"),
            ("zh-Hant-CN", "zh_HK"),
        ),
    ],
)
def test_the_language_is_the_nearest_that_the_vendor_has(
    http: VendorHttp, wire: responses.RequestsMock, locale: str | None, language: str
) -> None:
    wire.add("POST", SEND, json={})
    make("engagelab", http=http).send(send_order(locale=locale), deadline=real_deadline())
    assert json.loads(wire.calls[0].request.body or "{}")["template"]["language"] == language


@pytest.mark.parametrize("code", SENT)
def test_the_answer_to_a_send_is_its_code(http: VendorHttp, wire: responses.RequestsMock, code: int) -> None:
    status, expected = SENT[code]
    result = send(http, wire, {"code": code, "message": "M"}, status=status)
    assert (result.outcome, result.try_elsewhere) == expected
    if code in SEND_CODES and status != 500:
        assert result.detail == f"{code} {SEND_CODES[code].words}"


def test_every_code_of_the_tables_is_looked_at_here() -> None:
    assert {*SEND_CODES, *CHECK_CODES, *CREDENTIAL_CODES} <= set(SENT)


@pytest.mark.parametrize("code", CREDENTIAL_CODES)
def test_a_code_about_credentials_counts_at_any_status(
    http: VendorHttp, wire: responses.RequestsMock, code: int
) -> None:
    assert send(http, wire, {"code": code, "message": "M"}, status=400).detail == "credentials refused"


@pytest.mark.parametrize("code", SENT)
def test_a_refusal_by_a_server_that_failed_may_have_been_sent(
    http: VendorHttp, wire: responses.RequestsMock, code: int
) -> None:
    assert send(http, wire, {"code": code, "message": "M"}, status=503).outcome is Delivery.UNKNOWN


@pytest.mark.parametrize("code", ["5011", 5011.0, True, None, [5011]])
def test_a_code_of_another_type_may_have_been_sent(
    http: VendorHttp, wire: responses.RequestsMock, code: object
) -> None:
    assert send(http, wire, {"code": code, "message": "M"}, status=400).outcome is Delivery.UNKNOWN


@pytest.mark.parametrize(
    "message_id", [None, "", int(MESSAGE_ID), float(MESSAGE_ID), "a/b", "9" * 65, [MESSAGE_ID]]
)
def test_a_success_without_a_usable_message_id_may_have_been_sent(
    http: VendorHttp, wire: responses.RequestsMock, message_id: object
) -> None:
    assert send(http, wire, {"message_id": message_id, "send_channel": "sms"}).outcome is Delivery.UNKNOWN


@pytest.mark.parametrize("code", SENT)
def test_the_answer_to_a_check_is_its_code(http: VendorHttp, wire: responses.RequestsMock, code: int) -> None:
    result = check(http, wire, {"code": code, "message": "M"}, status=SENT[code][0])
    assert result.verdict is (Verdict.EXPIRED if code in (3003, 4001) else Verdict.UNKNOWN)


@pytest.mark.parametrize("verified", ["true", 1, None, [], "True", 1.0])
def test_verified_is_a_boolean_and_nothing_else(
    http: VendorHttp, wire: responses.RequestsMock, verified: object
) -> None:
    body = {"message_id": MESSAGE_ID, "verify_code": CODE, "verified": verified}
    assert check(http, wire, body).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("message_id", [None, int(MESSAGE_ID), "1725407449772531713", ""])
@pytest.mark.parametrize("verified", [True, False])
def test_an_answer_about_another_message_proves_nothing(
    http: VendorHttp, wire: responses.RequestsMock, message_id: object, verified: bool
) -> None:
    body = {"message_id": message_id, "verify_code": CODE, "verified": verified}
    assert check(http, wire, body).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"templates": {"email": "t"}}, "templates may name"),
        ({"templates": {"sms": 7}}, "templates.sms"),
        ({"templates": {"sms": ""}}, "templates.sms"),
        ({"templates": []}, "templates must be"),
        ({"code_templates": {}}, "code_templates must be"),
        ({"code_templates": {"fax": "t"}}, "code_templates may name"),
        ({"ttl_seconds": 59}, "ttl_seconds"),
        ({"ttl_seconds": 601}, "ttl_seconds"),
        ({"ttl_seconds": "300"}, "ttl_seconds"),
        ({"ttl_seconds": True}, "ttl_seconds"),
        ({"code_length": 3}, "code_length must be a whole number from 4 to 10"),
        ({"code_length": 11}, "code_length"),
        ({"code_length": "6"}, "code_length"),
        ({"code_length": True}, "code_length"),
        ({"code_length": None}, "code_length"),
    ],
)
def test_a_malformed_account_names_what_is_wrong(
    http: VendorHttp, changes: dict[str, object], named: str
) -> None:
    accounts = FakeAccounts(sections={"engagelab": {**SECTIONS["engagelab"], **changes}})
    assert named in str(make("engagelab", http=http, accounts=accounts).refusal(send_order()))


def test_codes_of_ours_use_the_same_templates_unless_told_otherwise(http: VendorHttp) -> None:
    section = {"dev_key": "k", "dev_secret": "s", "templates": {"sms": "t", "voice": "v"}}
    provider = make("engagelab", http=http, accounts=FakeAccounts(sections={"engagelab": section}))
    assert provider.refusal(send_order(custody=Custody.GATEWAY, channel=Channel.VOICE)) is None
    assert provider.refusal(send_order(channel=Channel.WHATSAPP)) == "no template for whatsapp"


@pytest.mark.parametrize("length", [4, 6, 10])
def test_a_code_of_the_vendor_is_as_long_as_the_account_says_of_its_templates(
    http: VendorHttp, length: int
) -> None:
    accounts = FakeAccounts(sections={"engagelab": {**SECTIONS["engagelab"], "code_length": length}})
    provider = make("engagelab", http=http, accounts=accounts)
    assert provider.refusal(send_order(code_length=length)) is None
    refusal = f"its templates make codes of {length} characters"
    assert provider.refusal(send_order(code_length=5)) == refusal
    assert provider.refusal(send_order(code_length=5, custody=Custody.GATEWAY)) is None


def test_a_code_lives_five_minutes_unless_told_otherwise(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    section = {"dev_key": "k", "dev_secret": "s", "templates": {"sms": "t"}}
    wire.add("POST", SEND, json={"message_id": MESSAGE_ID, "send_channel": "sms"})
    provider = make("engagelab", http=http, accounts=FakeAccounts(sections={"engagelab": section}))
    assert provider.send(send_order(), deadline=real_deadline()).expires_in_seconds == 300


def send(http: VendorHttp, wire: responses.RequestsMock, body: object, *, status: int = 200) -> SendResult:
    wire.add("POST", SEND, json=body, status=status)
    return make("engagelab", http=http).send(send_order(), deadline=real_deadline())


def check(http: VendorHttp, wire: responses.RequestsMock, body: object, *, status: int = 200) -> CheckResult:
    wire.add("POST", CHECK, json=body, status=status)
    return make("engagelab", http=http).check(check_order(), deadline=real_deadline())
