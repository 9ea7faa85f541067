"""The simulators report what became of their texts, as the vendors document it."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.local.conftest import Vendors
from tests.local.engagelab_customer import TO, post, send
from tests.local.esms_customer import KEYS, generate
from tests.local.esms_customer import text as own_text

WAIT_SECONDS = 10.0


class Customer:
    """A customer's own server, which answers with the next of `statuses`, and with 200 after them."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.calls: list[tuple[str, str, dict[str, str], bytes]] = []
        customer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._take()

            def do_POST(self) -> None:
                self._take()

            def _take(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                customer.calls.append((self.command, self.path, headers, body))
                self.send_response(customer.statuses.pop(0) if customer.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/called"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def customer() -> Iterator[Customer]:
    server = Customer()
    yield server
    server.close()


def until(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.02)


def reports(vendors: Vendors, vendor: str, mode: str, customer: Customer | None) -> None:
    url = customer.url if customer is not None else None
    order = {"mode": mode, "url": url, "delay_seconds": 0}
    answer = vendors.control("POST", f"/local/vendors/{vendor}/reports", order)
    assert (answer.status_code, answer.json()) == (200, {"vendor": vendor, **order, "delay_seconds": 0.0})


def told(vendors: Vendors, vendor: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = vendors.control("GET", f"/local/vendors/{vendor}/reports").json()["told"]
    return found


def statuses(customer: Customer) -> list[str]:
    rows = [row for _, _, _, body in customer.calls for row in json.loads(body)["rows"]]
    return [row["status"]["message_status"] for row in rows]


ENGAGELAB = {
    "none": [],
    "delivered": ["sent", "delivered"],
    "undelivered": ["sent", "delivered_failed"],
    "duplicate": ["sent", "sent", "delivered", "delivered"],
    "reordered": ["delivered", "sent"],
}


@pytest.mark.parametrize("mode", ENGAGELAB)
def test_engagelab_tells_each_state_in_the_order_of_the_mode(
    vendors: Vendors, customer: Customer, mode: str
) -> None:
    reports(vendors, "engagelab", mode, customer)
    message_id = send(vendors)[1]["message_id"]
    until(lambda: len(told(vendors, "engagelab")) == len(ENGAGELAB[mode]))
    assert statuses(customer) == ENGAGELAB[mode]
    for method, path, headers, body in customer.calls:
        assert (method, path, headers["content-type"]) == ("POST", "/called", "application/json")
        [row] = json.loads(body)["rows"]
        assert (row["message_id"], row["to"]) == (message_id, TO)


@pytest.mark.parametrize("path", ["/v1/codes", "/v1/custom-messages"])
def test_engagelab_tells_of_a_code_of_its_customers_too(
    vendors: Vendors, customer: Customer, path: str
) -> None:
    reports(vendors, "engagelab", "delivered", customer)
    template = {"id": "t-sms", "language": "default", "params": {"code": "123456"}}
    _, body = post(vendors, path, {"to": TO, "template": template, "code": "123456"})
    until(lambda: len(customer.calls) == 2)
    assert {row["text"] for row in told(vendors, "engagelab")} == {body["message_id"]}


def test_engagelab_signs_time_nonce_and_name_and_not_the_body(vendors: Vendors, customer: Customer) -> None:
    reports(vendors, "engagelab", "duplicate", customer)
    send(vendors)
    until(lambda: len(customer.calls) == 4)
    nonces = set()
    for _, _, headers, _ in customer.calls:
        fields = dict(part.split("=", 1) for part in headers["x-callback-id"].split(";"))
        assert int(fields["timestamp"]) == vendors.clock()
        signed = fields["timestamp"] + fields["nonce"] + fields["username"]
        expected = hmac.new(b"local-callback-secret", signed.encode(), hashlib.sha256).hexdigest()
        assert (fields["username"], fields["signature"]) == ("countersign", expected)
        nonces.add(fields["nonce"])
    assert len(nonces) == 4


@pytest.mark.parametrize(
    ("mode", "calls", "success"), [("delivered", 1, 1), ("duplicate", 2, 1), ("undelivered", 1, 0)]
)
def test_esms_calls_once_a_text_is_finished_and_says_the_same_when_asked(
    vendors: Vendors, customer: Customer, mode: str, calls: int, success: int
) -> None:
    reports(vendors, "esms", mode, customer)
    sms_id = generate(vendors)["SMSID"]
    until(lambda: len(told(vendors, "esms")) == calls)
    for method, path, _, body in customer.calls:
        query = {name: value for name, [value] in parse_qs(urlsplit(path).query).items()}
        assert (method, urlsplit(path).path, body) == ("GET", "/called", b"")
        assert (query["SMSID"], query["SendStatus"], query["phonenumber"]) == (sms_id, "5", "0901888484")
        assert (query["SendSuccess"], query["SendFailed"]) == (str(success), str(1 - success))
    asked = vendors.call("esms", "GET", "/GetSendStatus", params={**KEYS, "RefId": sms_id}).json()
    assert (asked["SendSuccess"], asked["SendFailed"]) == (success, 1 - success)


def test_a_text_may_name_the_url_that_esms_calls(vendors: Vendors, customer: Customer) -> None:
    reports(vendors, "esms", "delivered", None)
    own_text(vendors, CallbackUrl=f"{customer.url}/own")
    until(lambda: len(customer.calls) == 1)
    assert urlsplit(customer.calls[0][1]).path == "/called/own"


def test_a_text_that_names_another_machine_is_reported_to_nobody(vendors: Vendors) -> None:
    reports(vendors, "esms", "delivered", None)
    own_text(vendors, CallbackUrl="http://192.0.2.1/called")
    assert told(vendors, "esms") == []


def test_what_is_not_answered_with_200_is_told_again(vendors: Vendors, customer: Customer) -> None:
    customer.statuses = [503, 404]
    reports(vendors, "esms", "delivered", customer)
    generate(vendors)
    until(lambda: len(told(vendors, "esms")) == 3)
    assert [(one["try"], one["status"]) for one in told(vendors, "esms")] == [(1, 503), (2, 404), (3, 200)]


def test_a_refused_text_is_not_reported(vendors: Vendors, customer: Customer) -> None:
    reports(vendors, "engagelab", "delivered", customer)
    vendors.order("engagelab", mode="refuse")
    assert send(vendors)[0] == 400
    assert send(vendors)[0] == 200
    until(lambda: len(customer.calls) == 2)
    assert len({row["text"] for row in told(vendors, "engagelab")}) == 1


def test_message_central_reports_nothing(vendors: Vendors, customer: Customer) -> None:
    reports(vendors, "message_central", "delivered", customer)
    assert told(vendors, "message_central") == []


@pytest.mark.parametrize(
    "order",
    [
        None,
        [],
        {"mode": "lost"},
        {"mode": 1},
        {"mode": "delivered", "url": "http://example.com/"},
        {"mode": "delivered", "url": "https://127.0.0.1/"},
        {"mode": "delivered", "url": 7},
        {"mode": "delivered", "url": "http://[::1"},
        {"mode": "delivered", "delay_seconds": -1},
        {"mode": "delivered", "delay_seconds": 61},
        {"mode": "delivered", "delay_seconds": True},
        {"mode": "delivered", "times": 1},
    ],
)
def test_an_order_that_makes_no_sense_says_what_is_allowed(vendors: Vendors, order: object) -> None:
    answer = vendors.control("POST", "/local/vendors/esms/reports", order)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_what_an_order_does_not_say_stays_as_it_is(vendors: Vendors, customer: Customer) -> None:
    reports(vendors, "engagelab", "delivered", customer)
    answer = vendors.control("POST", "/local/vendors/engagelab/reports", {"mode": "undelivered"})
    assert answer.json()["url"] == customer.url
    send(vendors)
    until(lambda: len(customer.calls) == 2)
    assert statuses(customer) == ["sent", "delivered_failed"]


def test_an_unknown_vendor_reports_nothing(vendors: Vendors) -> None:
    assert vendors.control("GET", "/local/vendors/nobody/reports").status_code == 404
    assert vendors.control("POST", "/local/vendors/nobody/reports", {"mode": "none"}).status_code == 404
