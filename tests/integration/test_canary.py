"""Nothing secret leaves: every log line, metric, answer and stored item of many flows is searched."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import pytest
import requests
import responses
from botocore.session import Session

from tests.support.gateway import CLIENTS, PEPPER, VENDORS, VERIFICATIONS, Gateway, basic, environment_of
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ENGAGELAB_MESSAGES,
    ENGAGELAB_VERIFY,
    ESMS_BAD_KEY,
    ESMS_CHECK,
    ESMS_GENCODE,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    ESMS_WRONG,
    MC_JWT,
    MC_SEND,
    MC_VALIDATE,
    Vendors,
)

from .conftest import Aws

VIETNAM, SINGAPORE, INDIA = "+84901888484", "+6598765432", "+919876543210"
TYPED = ("428913", "739204", "582017", "6174", "ABZ9K1")
NUMBERS = (
    *("84901888484", "0901888484", "901888484", "901 888 484", "901-888-484", "90188848"),
    *("6598765432", "98765432", "9876 5432"),
    *("919876543210", "9876543210", "09876543210", "98765 43210"),
)
SPELT = ("+84 901 888 484", "+84-901-888-484", "+84(901)888484")


class Story:
    """Runs the flows and keeps the codes that went out."""

    def __init__(self, gateway: Gateway, vendors: Vendors, said: io.StringIO) -> None:
        self.said = said
        self.gateway = gateway
        self.vendors = vendors
        self.codes: list[str] = []

    def gateway_held(self) -> None:
        gateway = self.gateway
        for spelling in SPELT:
            started = gateway.start(spelling, client="demo-gateway", purpose=f"p{len(self.codes)}")
            code = self.vendors.code_sent()
            self.codes.append(code)
            gateway.check(started.id, TYPED[0], client="demo-gateway")
            gateway.clock.advance(60)
            gateway.resend(started.id, client="demo-gateway")
            gateway.read(started.id, client="demo-gateway")
            assert gateway.check(started.id, code, client="demo-gateway").status == 200
            gateway.check(started.id, code, client="demo-gateway")
            gateway.cancel(started.id, client="demo-gateway")

    def vendor_held(self) -> None:
        gateway = self.gateway
        for number, code in ((VIETNAM, TYPED[1]), (SINGAPORE, TYPED[2]), (INDIA, TYPED[3])):
            started = gateway.start(number, key=f"key-{number[1:4]}")
            gateway.start(number, key=f"key-{number[1:4]}")
            gateway.start(number)
            assert gateway.check(started.id, code).status == 200
        started = gateway.direct(gateway.send, client_id="demo", to=VIETNAM, purpose="direct")
        gateway.direct(gateway.verify, client_id="demo", id=started.id, code=TYPED[4])

    def refused(self) -> None:
        gateway = self.gateway
        gateway.start("+8490188848")
        gateway.start(VIETNAM + "99")
        gateway.request("POST", VERIFICATIONS, {"to": VIETNAM, "code": TYPED[0]})
        gateway.request("POST", VERIFICATIONS, raw='{"to":"' + VIETNAM)
        gateway.request("POST", VERIFICATIONS, {"to": VIETNAM}, secret="demo-secret-wrong")
        gateway.request("POST", VERIFICATIONS, {"to": VIETNAM}, headers={"authorization": "Bearer " + MC_JWT})
        gateway.request("POST", f"{VERIFICATIONS}/{VIETNAM}/check", {"code": TYPED[0]})
        gateway.request("GET", f"{VERIFICATIONS}/{TYPED[1]}")

    def vendors_in_trouble(self) -> None:
        gateway, vendors = self.gateway, self.vendors
        leak = requests.exceptions.ConnectTimeout(f"{ESMS_GENCODE}?Phone=84901888484&ApiKey=canary-esms-key")
        answers: list[object] = [ESMS_NO_BALANCE, ESMS_BAD_KEY, {"error": "x" + VIETNAM}, leak]
        for number, answer in enumerate(answers):
            vendors.now_answers("GET", ESMS_GENCODE, answer)
            vendors.now_answers("POST", ESMS_RAW, answer)
            vendors.now_answers("POST", ENGAGELAB_MESSAGES, {"code": 5012, "message": VIETNAM}, status=400)
            vendors.now_answers("POST", ENGAGELAB_CODES, {"code": 1000, "message": VIETNAM}, status=500)
            vendors.now_answers("POST", MC_SEND, leak)
            for client in ("demo", "demo-gateway"):
                for to in (VIETNAM, SINGAPORE, INDIA):
                    gateway.start(to, client=client, purpose=f"trouble-{number}")
            self.codes.append(vendors.code_sent())

    def checks_in_trouble(self) -> None:
        gateway, vendors = self.gateway, self.vendors
        vietnam, india = gateway.start(VIETNAM, purpose="c"), gateway.start(INDIA, purpose="c")
        leak = requests.exceptions.ReadTimeout(f"{ESMS_CHECK}?Phone=84901888484&Code={TYPED[0]}")
        for answer in (ESMS_WRONG, leak, {"CodeResult": "100000"}, {}):
            vendors.now_answers("GET", ESMS_CHECK, answer)
            vendors.now_answers("GET", MC_VALIDATE, answer)
            vendors.now_answers("POST", ENGAGELAB_VERIFY, answer)
            gateway.check(vietnam.id, TYPED[0])
            gateway.check(india.id, TYPED[1])


@pytest.fixture(scope="module")
def story(aws_of_the_module: Aws, session: Session) -> Story:
    """The flows, run once: every test searches what is left of them."""
    aws = aws_of_the_module
    aws.put_clients(CLIENTS)
    aws.put_vendors(VENDORS)
    environment = environment_of(clients_arn=aws.clients_arn, vendors_arn=aws.vendors_arn)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire, everything_said() as said:
        gateway = Gateway(environment, session=session)
        story = Story(gateway, Vendors(wire), said)
        story.gateway_held()
        gateway.clock.advance(700)
        story.vendor_held()
        gateway.clock.advance(700)
        story.checks_in_trouble()
        gateway.clock.advance(700)
        story.vendors_in_trouble()
        story.refused()
    return story


@contextmanager
def everything_said() -> Iterator[io.StringIO]:
    """What any library logs from INFO on, and what is printed (metrics are)."""
    said = io.StringIO()
    root, handler = logging.getLogger(), logging.StreamHandler(said)
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(said), redirect_stderr(said):
            yield said
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def secrets() -> list[str]:
    found = [PEPPER, MC_JWT, MC_JWT.rpartition(".")[2], "demo-secret"]
    for section in VENDORS.values():
        found += [value for value in section.values() if str(value).startswith("canary")]
    found += [basic(client) for client in CLIENTS["clients"]]
    found += [one.removeprefix("Basic ") for one in found if one.startswith("Basic ")]
    found.append(base64.b64encode(b"canary-el-key:canary-el-secret").decode())
    found.append(base64.b64encode(b"canary-mc-password").decode())
    return found


def leaks(text: str, story: Story) -> list[str]:
    """What of all the secrets, codes and numbers occurs in a text."""
    found = [secret for secret in secrets() if secret in text]
    found += [number for number in NUMBERS if number in text]
    codes = {*story.codes, *TYPED}
    found += [code for code in codes if re.search(rf"(?<![0-9A-Za-z]){code}(?![0-9A-Za-z])", text)]
    return found


def test_the_flows_are_what_they_should_be(story: Story) -> None:
    messages = {line["message"] for line in story.gateway.lines()}
    assert messages >= {
        *("VerificationStarted", "VerificationApproved", "VerificationResent", "RequestRefused"),
        *("DeliveryAccepted", "DeliveryRejected", "DeliveryUnknown", "CheckAnswered", "CheckUnknown"),
    }
    assert len(set(story.codes)) >= 6
    statuses = {json.loads(answer).get("statusCode") for answer in story.gateway.answers}
    assert statuses >= {200, 201, 400, 401, 404, 409, 429, 502, 503}


def test_no_log_line_and_no_metric_holds_a_secret_a_code_or_a_number(story: Story) -> None:
    said = story.said.getvalue()
    assert '"VerificationApproved":[1.0]' in said  # metrics are printed
    for text in (story.gateway.log.getvalue(), said):
        assert leaks(text, story) == []


def test_no_answer_holds_a_secret_a_code_or_a_number(story: Story) -> None:
    for answer in story.gateway.answers:
        assert leaks(answer, story) == []


def test_nothing_is_stored_that_tells_a_secret_a_code_or_a_number(
    story: Story, aws_of_the_module: Aws
) -> None:
    items = aws_of_the_module.items()
    assert len(items) > 10
    assert leaks(json.dumps(items, default=str), story) == []


def test_the_search_finds_what_it_looks_for(story: Story) -> None:
    for hidden in (*secrets(), *NUMBERS, *story.codes, *TYPED):
        assert leaks(f'{{"x":"{hidden}"}}', story) != []


def test_every_outcome_says_whose_it_was(story: Story) -> None:
    names = {"verification_id", "client", "country", "channel", "provider", "outcome", "milliseconds"}
    for message in ("VerificationStarted", "VerificationApproved", "VerificationResent", "DeliveryAccepted"):
        lines = story.gateway.lines(message)
        assert lines
        assert all(names <= set(line) for line in lines)
