"""EngageLab's templates at work: channels, texts, languages, and codes that the caller brings."""

from __future__ import annotations

import pytest

from tests.support.engagelab import TO, App, clients, order_of, refused, stored
from tests.support.gateway import VENDORS, Gateway
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    Vendors,
)

from .conftest import Aws


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway) -> App:
    return App(gateway)


def over_engagelab(vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)


# Channels, texts, languages -------------------------------------------------------------


def test_the_first_channel_that_a_vendor_carries_is_taken_and_named(app: App, vendors: Vendors) -> None:
    over_engagelab(vendors)
    assert app.message("voice").json["send_channel"] == "voice"
    assert order_of(vendors, ENGAGELAB_CODES)["template"]["id"] == "t2"
    assert app.message("chat").json["send_channel"] == "sms"  # no WhatsApp template is set up


def test_a_channel_that_is_set_up_goes_first(app: App, aws: Aws, vendors: Vendors) -> None:
    chat = VENDORS["engagelab"] | {"templates": {"whatsapp": "t3"}}
    aws.put_vendors(VENDORS | {"engagelab": chat})
    assert app.message("chat").json["send_channel"] == "whatsapp"
    assert vendors.urls == [ENGAGELAB_CODES]


def test_a_text_of_the_clients_is_what_is_sent(app: App, vendors: Vendors) -> None:
    message_id = app.sent("shop", params={"shop": "A & B"})
    code = vendors.code_sent()
    assert order_of(vendors, ESMS_RAW)["Content"] == f"{code} is your code for A & B"
    assert app.verify(message_id, code).json["verified"] is True


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ja", "{} はA店の認証コードです"),
        ("zh_HK", "{}：A店"),
        ("th", "{} is your code for A店"),
        ("default", "{} is your code for A店"),
        (None, "{} is your code for A店"),
    ],
)
def test_the_language_chooses_the_text(app: App, vendors: Vendors, language: str | None, text: str) -> None:
    app.sent("shop", language=language, params={"shop": "A店"})
    assert order_of(vendors, ESMS_RAW)["Content"] == text.format(vendors.code_sent())


@pytest.mark.parametrize(
    ("language", "locale"),
    [("zh_CN", "zh-CN"), ("zh_HK", "zh-HK"), ("en", "en"), ("ja", "ja"), ("th", "th"), ("es", "es")],
)
def test_the_language_is_the_verifications_locale(app: App, aws: Aws, language: str, locale: str) -> None:
    message_id = app.sent(language=language)
    assert stored(aws.items(), message_id)["locale"] == locale


def test_no_language_is_no_locale(app: App, aws: Aws) -> None:
    message_id = app.sent()
    assert "locale" not in stored(aws.items(), message_id)


def test_a_code_that_stands_twice_is_sent_twice(app: App, vendors: Vendors) -> None:
    app.sent("twice")
    assert order_of(vendors, ESMS_RAW)["Content"] == "{0} or {0}".format(vendors.code_sent())


def test_a_text_that_no_vendor_can_send_is_refused(app: App, vendors: Vendors) -> None:
    over_engagelab(vendors)
    refused(app.message("shop", params={"shop": "A"}), 400, 5001, "sending failed")
    assert vendors.urls == [ESMS_RAW]  # EngageLab sends no texts but its own


def test_a_text_that_is_only_preferred_gives_way_to_the_vendors(app: App, vendors: Vendors) -> None:
    over_engagelab(vendors)
    assert app.message("shop-if-you-can", params={"shop": "A"}).status == 200
    assert vendors.urls == [ESMS_RAW, ENGAGELAB_CODES]


# The caller's own codes -----------------------------------------------------------------


@pytest.mark.parametrize("code", ["3982", "398210", "0123456789", "aB3x", "ABCDEFGHIJ"])
def test_a_code_of_the_callers_is_carried_as_it_is(app: App, vendors: Vendors, code: str) -> None:
    answer = app.code(code, "shop", params={"shop": "A"})
    assert (answer.status, answer.json["send_channel"]) == (200, "sms")
    assert set(answer.json) == {"message_id", "send_channel"}
    assert order_of(vendors, ESMS_RAW)["Content"] == f"{code} is your code for A"


def test_a_code_of_the_callers_can_be_verified_too(app: App) -> None:
    message_id = app.code("aB3x9").json["message_id"]
    assert app.verify(message_id, "AB3X9").json["verified"] is False
    assert app.verify(message_id, "aB3x9").json["verified"] is True
    refused(app.verify(message_id, "aB3x9"), 400, 3003, "verify code has expired")


def test_a_code_of_the_callers_is_never_left_to_a_vendor(gateway: Gateway, vendors: Vendors) -> None:
    app = App(gateway, "app-vendor")
    message_id = app.code("398210").json["message_id"]
    assert app.verify(message_id, "398210").json["verified"] is True
    assert vendors.urls == [ESMS_RAW]


def test_a_code_of_the_callers_goes_over_engagelab_as_well(app: App, vendors: Vendors) -> None:
    over_engagelab(vendors)
    assert app.code("398210").status == 200
    assert order_of(vendors, ENGAGELAB_CODES)["code"] == "398210"


@pytest.mark.parametrize("to", [TO, [TO]], ids=["a string", "an array of one"])
def test_a_custom_message_brings_its_code_in_the_parameters(app: App, vendors: Vendors, to: object) -> None:
    answer = app.custom({"code": "398210", "shop": "A"}, "shop", to=to)
    message_id = answer.json["message_id"]
    assert (answer.status, answer.text) == (
        200,
        f'{{"message_id":"{message_id}","send_channel":"sms"}}',
    )
    assert order_of(vendors, ESMS_RAW)["Content"] == "398210 is your code for A"
    assert app.verify(message_id, "398210").json["verified"] is True
