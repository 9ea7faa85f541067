"""Every way in which a simulated vendor can be told to misbehave."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests

from tests.local import engagelab_customer as engagelab
from tests.local import esms_customer as esms
from tests.local import message_central_customer as message_central
from tests.local.conftest import Vendors

NUMBERS = {"message_central": message_central.TO, "esms": esms.TO, "engagelab": engagelab.TO}
VENDORS = tuple(NUMBERS)

type Sending = Callable[..., requests.Response]


def sender(vendors: Vendors, vendor: str) -> Sending:
    """What sends a code at a vendor; credentials are had beforehand."""
    if vendor == "message_central":
        auth = {"authToken": message_central.token(vendors)["token"]}
        query = {**message_central.NUMBER, "flowType": "SMS"}
        path = "/verification/v3/send"
        return lambda **options: vendors.call(vendor, "POST", path, params=query, headers=auth, **options)
    if vendor == "esms":
        return lambda **options: vendors.call(vendor, "GET", esms.GENERATE, params=esms.CODE_ORDER, **options)
    return lambda **options: vendors.call(
        vendor, "POST", "/v1/messages", json=engagelab.ORDER, auth=engagelab.AUTH, **options
    )


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("vendor", "mode", "status", "verdict"),
    [
        ("message_central", "refuse", 400, ("responseCode", 400)),
        ("message_central", "no_balance", 400, ("responseCode", 800)),
        ("message_central", "error_500", 500, ("responseCode", 500)),
        ("esms", "refuse", 200, ("CodeResult", "146")),
        ("esms", "no_balance", 200, ("CodeResult", "103")),
        ("esms", "unauthorized", 200, ("CodeResult", "101")),
        ("engagelab", "refuse", 400, ("code", 5012)),
        ("engagelab", "no_balance", 403, ("code", 2004)),
        ("engagelab", "unauthorized", 401, ("code", 2001)),
        ("engagelab", "error_500", 500, ("code", 1000)),
    ],
)
def test_a_definite_mode_answers_in_the_vendors_own_words(
    vendors: Vendors, vendor: str, mode: str, status: int, verdict: tuple[str, object]
) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode=mode)
    answer = send()
    assert (answer.status_code, answer.json()[verdict[0]]) == (status, verdict[1])
    assert vendors.messages() == []


def test_esms_fails_with_a_page_and_message_central_refuses_a_token_without_a_body(vendors: Vendors) -> None:
    send = sender(vendors, "esms")
    vendors.order("esms", mode="error_500")
    answer = send()
    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "text/html")
    send = sender(vendors, "message_central")
    vendors.order("message_central", mode="unauthorized")
    answer = send()
    assert (answer.status_code, answer.content) == (401, b"")


def test_too_many_requests_says_when_to_come_back(vendors: Vendors, vendor: str) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode="too_many_requests")
    answer = send()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "30")


def test_html_and_malformed_are_200_and_no_json(vendors: Vendors, vendor: str) -> None:
    send = sender(vendors, vendor)
    for mode, content_type in (("html", "text/html"), ("malformed", "application/json")):
        vendors.order(vendor, mode=mode)
        answer = send()
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
        with pytest.raises(requests.JSONDecodeError):
            answer.json()


def test_timeout_leaves_the_client_without_an_answer(vendors: Vendors, vendor: str) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode="timeout")
    with pytest.raises(requests.ReadTimeout):
        send(timeout=0.3)
    assert [entry["mode"] for entry in vendors.requests(vendor)][-1] == "timeout"
    assert send().ok


def test_reset_is_a_tcp_reset_after_the_request_was_read(vendors: Vendors) -> None:
    vendors.order("engagelab", mode="reset")
    port = int(vendors.servers.listeners["engagelab"].base_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    assert [(entry["path"], entry["mode"]) for entry in vendors.requests("engagelab")] == [
        ("/v1/messages", "reset")
    ]


def test_drip_sends_its_answer_in_small_pieces(vendors: Vendors, vendor: str) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode="drip")
    with send(stream=True) as answer:
        assert int(answer.headers["Content-Length"]) >= 240
        assert len(answer.raw.read1(65_536)) < 20


def test_huge_is_more_than_fifty_megabytes(vendors: Vendors) -> None:
    send = sender(vendors, "esms")
    vendors.order("esms", mode="huge")
    with send(stream=True) as answer:
        assert sum(len(chunk) for chunk in answer.iter_content(1 << 20)) > 50 * 1024 * 1024


@pytest.mark.parametrize(("vendor", "status"), [("message_central", 307), ("esms", 302), ("engagelab", 307)])
def test_redirect_points_to_another_host_that_tells_whether_anybody_followed(
    vendors: Vendors, vendor: str, status: int
) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode="redirect")
    answer = send()
    location = answer.headers["Location"]
    assert answer.status_code == status
    assert location.startswith("http://localhost:")
    assert vendors.session.get(location, headers={"Connection": "close"}, timeout=5).status_code == 204
    assert [entry["path"] for entry in vendors.requests(vendor)][-1] == "/elsewhere"


def test_down_refuses_connections_until_ok_on_the_same_port(vendors: Vendors, vendor: str) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode="down")
    with pytest.raises(requests.ConnectionError, match="refused"):
        send()
    vendors.order(vendor, mode="ok")
    assert send().ok


def test_down_cuts_connections_that_were_kept_alive(vendors: Vendors) -> None:
    url = vendors.servers.listeners["esms"].base_url + "/Nothing"
    with requests.Session() as session:
        assert session.get(url, timeout=5).status_code == 404
        vendors.order("esms", mode="down")
        with pytest.raises(requests.ConnectionError):
            session.get(url, timeout=5)


def test_a_mode_strikes_as_often_as_asked_and_then_wears_off(vendors: Vendors, vendor: str) -> None:
    send = sender(vendors, vendor)
    vendors.order(vendor, mode="error_500", times=2)
    assert [send().status_code for _ in range(3)] == [500, 500, 200]
    vendors.order(vendor, mode="error_500", times=9)
    vendors.order(vendor, mode="ok")
    vendors.clock.move(600)
    assert send().status_code == 200


@pytest.mark.parametrize("mode", ["error_500", "timeout", "reset", "html", "malformed", "drip"])
def test_with_deliver_the_text_arrives_although_the_answer_goes_wrong(
    vendors: Vendors, vendor: str, mode: str
) -> None:
    send = sender(vendors, vendor)
    for deliver, texts in ((False, 0), (True, 1)):
        vendors.order(vendor, mode=mode, deliver=deliver)
        with suppress(requests.ConnectionError, requests.ReadTimeout):
            send(timeout=0.3, stream=True).close()
        assert len(vendors.messages(NUMBERS[vendor])) == texts


def test_a_mode_strikes_checks_too(vendors: Vendors) -> None:
    esms.generate(vendors)
    code = vendors.code(esms.TO)
    vendors.order("esms", mode="error_500")
    query = {**esms.KEYS, "Phone": "0901888484", "Code": code}
    assert vendors.call("esms", "GET", "/CheckCodeGen_V4_get", params=query).status_code == 500
    assert esms.check(vendors, code)["CodeResult"] == "100"


def test_a_token_call_is_struck_by_unauthorized_alone(vendors: Vendors) -> None:
    vendors.order("message_central", mode="error_500")
    assert message_central.token(vendors)["status"] == 200
    vendors.order("message_central", mode="unauthorized")
    assert message_central.token(vendors) == {"status": 400, "error": "password is wrong"}
    assert message_central.token(vendors)["status"] == 200


def test_the_log_of_requests_holds_neither_credentials_nor_codes(vendors: Vendors) -> None:
    for name in VENDORS:
        assert sender(vendors, name)().ok
    esms.check(vendors, vendors.code(esms.TO))
    esms.text(vendors)
    engagelab.verify(vendors, "1", vendors.code(engagelab.TO))
    engagelab.post(vendors, "/v1/codes", {**engagelab.ORDER, "code": "398210"})
    shown = str([vendors.requests(name) for name in VENDORS])
    token = message_central.token(vendors)["token"].split(".")[0]
    hidden = [*esms.KEYS.values(), *engagelab.AUTH, message_central.CUSTOMER, message_central.KEY, token]
    hidden += [message["code"] for message in vendors.messages()]
    hidden += ["bG9jYWwtZGV2LWtleTpsb2NhbC1kZXYtc2VjcmV0"]  # the Basic credentials
    assert [secret for secret in hidden if secret in shown] == []


def test_the_log_of_requests_shows_method_path_query_headers_body_and_mode(vendors: Vendors) -> None:
    engagelab.send(vendors)
    esms.generate(vendors)
    [entry] = vendors.requests("engagelab")
    assert (entry["method"], entry["path"], entry["mode"]) == ("POST", "/v1/messages", "ok")
    assert entry["body"] == engagelab.ORDER
    assert entry["headers"]["Authorization"] == "***"
    [entry] = vendors.requests("esms")
    assert (entry["query"]["Phone"], entry["query"]["ApiKey"]) == ("0901888484", "***")


@pytest.mark.parametrize("body", [b"ApiKey=secret", b'"secret"', b"{"])
def test_a_body_that_is_no_object_is_not_shown(vendors: Vendors, body: bytes) -> None:
    vendors.call("esms", "POST", esms.GENERATE, data=body)
    [entry] = vendors.requests("esms")
    assert str(entry["body"]).startswith(f"<{len(body)} bytes")


@pytest.mark.parametrize(
    ("path", "body", "status", "named"),
    [
        ("/local/vendors/nobody", {"mode": "ok"}, 404, "engagelab"),
        ("/local/vendors/esms", {"mode": "sulk"}, 400, "too_many_requests"),
        ("/local/vendors/esms", {}, 400, "too_many_requests"),
        ("/local/vendors/esms", [], 400, "JSON object"),
        ("/local/vendors/esms", {"mode": "ok", "time": 1}, 400, "mode, times, deliver"),
        ("/local/vendors/esms", {"mode": "refuse", "times": 0}, 400, "from 1"),
        ("/local/vendors/esms", {"mode": "refuse", "times": True}, 400, "from 1"),
        ("/local/vendors/esms", {"mode": "refuse", "times": "2"}, 400, "from 1"),
        ("/local/vendors/esms", {"mode": "refuse", "deliver": "yes"}, 400, "true or false"),
        ("/local/elsewhere", {}, 404, "/local/messages"),
    ],
)
def test_an_order_that_cannot_be_followed_says_what_can(
    vendors: Vendors, path: str, body: Any, status: int, named: str
) -> None:
    answer = vendors.control("POST", path, body)
    assert answer.status_code == status
    assert named in answer.text
    assert answer.json()["error"]


def test_an_order_that_is_no_json_is_a_400(vendors: Vendors) -> None:
    url = f"{vendors.servers.control_url}/local/vendors/esms"
    answer = vendors.session.post(url, data="mode=ok", headers={"Connection": "close"}, timeout=5)
    assert (answer.status_code, "JSON" in answer.json()["error"]) == (400, True)


def test_messages_are_listed_newest_first_and_by_number_however_it_is_written(vendors: Vendors) -> None:
    engagelab.send(vendors)
    vendors.clock.move(1)
    esms.generate(vendors)
    assert [message["vendor"] for message in vendors.messages()] == ["esms", "engagelab"]
    newest = vendors.messages()[0]
    assert list(newest) == ["vendor", "to", "text", "code", "received_at"]
    assert newest["received_at"] == "2027-01-15T08:00:01.000Z"
    for written in ("%2B84901888484", "+84901888484", "84901888484"):
        assert vendors.control("GET", f"/local/messages?to={written}").json() == [newest]
