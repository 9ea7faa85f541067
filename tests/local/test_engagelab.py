"""The EngageLab simulator answers as the vendor documents."""

from __future__ import annotations

import pytest

from tests.local.conftest import Vendors
from tests.local.engagelab_customer import AUTH, ORDER, TO, post, send, verify


def test_a_send_delivers_six_digits_and_answers_a_string_of_nineteen(vendors: Vendors) -> None:
    status, body = send(vendors)
    assert (status, set(body), body["send_channel"]) == (200, {"message_id", "send_channel"}, "sms")
    assert isinstance(body["message_id"], str)
    assert len(body["message_id"]) == 19
    assert int(body["message_id"]) > 2**53
    [message] = vendors.messages(TO)
    assert (message["vendor"], len(message["code"])) == ("engagelab", 6)


@pytest.mark.parametrize(("template", "channel"), [("t-whatsapp", "whatsapp"), ("t-voice", "voice")])
def test_the_template_decides_the_channel(vendors: Vendors, template: str, channel: str) -> None:
    assert send(vendors, template={"id": template})[1]["send_channel"] == channel


def test_missing_and_wrong_credentials_are_401_with_2001(vendors: Vendors) -> None:
    for options in ({}, {"auth": ("local-dev-key", "wrong")}, {"headers": {"Authorization": "Bearer x"}}):
        answer = vendors.call("engagelab", "POST", "/v1/messages", json=ORDER, **options)
        assert (answer.status_code, answer.json()["code"]) == (401, 2001)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": 6591234567}, 3002),
        ({"to": ""}, 3002),
        ({"to": [TO]}, 3002),
        ({"to": "6591234567"}, 5011),
        ({"to": "+65-9123"}, 5011),
        ({"template": "t-sms"}, 3002),
        ({"template": {}}, 3002),
        ({"template": {"id": "t-sms", "language": "klingon"}}, 3002),
        ({"template": {"id": "t-sms", "params": {"k": 1}}}, 3002),
        ({"template": {"id": "t-nothing"}}, 4001),
    ],
)
def test_what_is_wrong_with_a_send_is_a_400_with_its_code(
    vendors: Vendors, fields: dict[str, object], code: int
) -> None:
    status, body = send(vendors, **fields)
    assert (status, body["code"]) == (400, code)
    assert isinstance(body["message"], str)
    assert vendors.messages() == []


def test_a_body_that_is_no_json_object_is_3001(vendors: Vendors) -> None:
    for data in ("", "[]", "{", "to=x"):
        answer = vendors.call("engagelab", "POST", "/v1/messages", data=data, auth=AUTH)
        assert (answer.status_code, answer.json()["code"]) == (400, 3001)


def test_the_same_template_and_number_within_the_ttl_is_3004(vendors: Vendors) -> None:
    send(vendors)
    vendors.clock.move(299)
    status, body = send(vendors)
    assert (status, body["code"]) == (400, 3004)
    assert len(vendors.messages(TO)) == 1
    assert send(vendors, template={"id": "t-voice"})[0] == 200
    assert send(vendors, to="+6591234568")[0] == 200
    vendors.clock.move(1)
    assert send(vendors)[0] == 200


def test_the_right_code_verifies_once_and_then_is_3003(vendors: Vendors) -> None:
    message_id = send(vendors)[1]["message_id"]
    code = vendors.code(TO)
    verified = {"message_id": message_id, "verify_code": code, "verified": True}
    assert verify(vendors, message_id, code) == (200, verified)
    status, body = verify(vendors, message_id, code)
    assert (status, body) == (400, {"code": 3003, "message": "verify code has expired"})


def test_a_wrong_code_is_http_200_and_not_verified(vendors: Vendors) -> None:
    message_id = send(vendors)[1]["message_id"]
    status, body = verify(vendors, message_id, "x")
    assert (status, body["verified"]) == (200, False)
    assert verify(vendors, message_id, vendors.code(TO))[1]["verified"] is True


def test_a_late_code_is_3003_and_an_unknown_id_4001(vendors: Vendors) -> None:
    message_id = send(vendors)[1]["message_id"]
    vendors.clock.move(300)
    assert verify(vendors, message_id, vendors.code(TO))[1]["code"] == 3003
    assert verify(vendors, "1725407449772531712", "123456")[1]["code"] == 4001


@pytest.mark.parametrize(
    ("message_id", "code"), [(1725407449772531712, "1"), ("1", 1), ("", "1"), (None, "1")]
)
def test_ids_and_codes_must_be_strings(vendors: Vendors, message_id: object, code: object) -> None:
    assert verify(vendors, message_id, code)[1]["code"] == 3002


def test_our_own_code_is_sent_as_often_as_asked_and_cannot_be_verified_there(vendors: Vendors) -> None:
    for _ in range(2):
        status, body = post(vendors, "/v1/codes", {**ORDER, "code": "398210"})
        assert status == 200
    assert [message["code"] for message in vendors.messages(TO)] == ["398210", "398210"]
    assert verify(vendors, body["message_id"], "398210")[1]["code"] == 4001
    assert post(vendors, "/v1/codes", ORDER)[1]["code"] == 3002
    assert post(vendors, "/v1/codes", {**ORDER, "code": "123"})[1]["code"] == 3002


def test_a_custom_message_goes_to_one_number_or_to_many(vendors: Vendors) -> None:
    template = {"id": "t-sms", "params": {"code": "556677"}}
    path = "/v1/custom-messages"
    assert post(vendors, path, {"to": TO, "template": template})[0] == 200
    assert post(vendors, path, {"to": [TO, "+6591234568"], "template": template})[0] == 200
    assert [message["code"] for message in vendors.messages(TO)] == ["556677", "556677"]
    assert len(vendors.messages()) == 3
    assert post(vendors, path, {"to": [], "template": template})[1]["code"] == 3002


def test_unknown_paths_and_methods_are_http_errors(vendors: Vendors) -> None:
    assert vendors.call("engagelab", "POST", "/v1/nothing", auth=AUTH).status_code == 404
    assert vendors.call("engagelab", "GET", "/v1/messages", auth=AUTH).status_code == 405
