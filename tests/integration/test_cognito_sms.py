"""The custom SMS sender over an emulated AWS: its KMS, the real SDK, the vendors stubbed on the wire."""

from __future__ import annotations

import base64
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from cognito_codes import CognitoCodes
from mypy_boto3_kms import KMSClient

from countersign.bootstrap.changes import stream_edge
from countersign.bootstrap.cognito import sms_trigger
from countersign.cognito.edge import TriggerEdge, TriggerFailedError
from countersign.model import Receipt, Secret
from countersign.service.redelivery import is_to_be_sent_again
from functions.cognito_sms import app as sms_app
from tests.support.cognito import POOL_ID, TO, encrypted, sms_event
from tests.support.gateway import Context, Gateway, policy
from tests.support.stream import Recorder, failed
from tests.support.vendors import ENGAGELAB_CODES, ENGAGELAB_REFUSED, ESMS_NO_BALANCE, ESMS_RAW, Vendors

from .conftest import Aws

FAILED = "The code could not be sent or checked."
TRY_LATER = "Too many codes were sent lately; try again later."
CODE = "428913"


@dataclass
class Pool:
    """A user pool with its key, and the function that is its SMS sender."""

    kms: KMSClient
    key_arn: str
    gateway: Gateway
    edge: TriggerEdge

    def code(self, code: str = CODE, **how: Any) -> str:
        return encrypted(code, kms=self.kms, **({"key_arn": self.key_arn} | how))

    def deliver(self, event: object) -> None:
        """Lambda invokes the function; Cognito reads no answer."""
        assert self.edge(event, Context()) == {}

    def send(self, code: str = CODE, **attributes: Any) -> dict[str, Any]:
        event = sms_event(self.code(code), **attributes)
        self.deliver(event)
        return event

    def refused(self, event: object, *, text: str = FAILED) -> str:
        """What the log says of an event that is refused, in the words that Cognito and Lambda get."""
        with pytest.raises(TriggerFailedError) as raised:
            self.edge(event, Context())
        assert str(raised.value) == text
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__
        return str(self.gateway.lines("RequestRefused")[-1]["outcome"])

    def unreadable(self, code: str) -> str:
        """What the log names as the cause of a code that cannot be decrypted."""
        before = len(self.gateway.lines("a code could not be decrypted"))
        assert self.refused(sms_event(code)) == "invalid_request"
        [line] = self.gateway.lines("a code could not be decrypted")[before:]
        return str(line["cause"])


def clients(*, dialects: Mapping[str, object] | None = None, **settings: object) -> dict[str, Any]:
    own = policy(routes="gateway", **settings)
    section = {"secrets": ["x"], "policy": own, "dialects": dict(dialects or {})}
    return {"pepper": "canary-pepper-of-the-integration-tests-0001", "clients": {"pool": section}}


@pytest.fixture
def make_pool(aws: Aws, make_gateway: Callable[..., Gateway], vendors: Vendors) -> Callable[..., Pool]:
    kms = boto3.client("kms")
    key_arn = kms.create_key()["KeyMetadata"]["Arn"]

    def make(**settings: Any) -> Pool:
        aws.put_clients(clients(**settings))
        gateway = make_gateway(COGNITO_CLIENT="pool", COGNITO_USER_POOL_ID=POOL_ID, COGNITO_KEY_ARN=key_arn)
        return Pool(kms, key_arn, gateway, sms_trigger(gateway.container, codes=CognitoCodes))

    return make


@pytest.fixture
def pool(make_pool: Callable[..., Pool]) -> Pool:
    return make_pool()


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(pool: Pool, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    yield
    said = pool.gateway.log.getvalue() + "".join(capfd.readouterr())
    for secret in (CODE, "901888484", "Passw0rd"):
        assert secret not in said


@pytest.mark.parametrize("committed", [True, False])
def test_the_pools_code_is_sent_as_it_is(committed: bool, pool: Pool, vendors: Vendors) -> None:
    pool.deliver(sms_event(pool.code(committed=committed)))
    assert vendors.urls == [ESMS_RAW]
    assert vendors.code_sent() == CODE
    [started] = pool.gateway.lines("VerificationStarted")
    assert (started["client"], started["country"], started["provider"]) == ("pool", "VN", "esms")


KINDS = {
    "SignUp": "sign_up",
    "ResendCode": "resend_code",
    "ForgotPassword": "forgot_password",
    "UpdateUserAttribute": "update_user_attribute",
    "VerifyUserAttribute": "verify_user_attribute",
    "Authentication": "authentication",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_source_that_carries_a_code_sends_it(kind: str, pool: Pool, vendors: Vendors, aws: Aws) -> None:
    pool.send(source=f"CustomSMSSender_{kind}")
    assert vendors.code_sent() == CODE
    [item] = [item for item in aws.items() if "purpose" in item]
    assert (item["purpose"]["S"], item["reference"]["S"]) == ("cognito:sms", KINDS[kind])


def test_texts_for_one_thing_after_another_use_up_no_guesses_of_the_number(
    make_pool: Callable[..., Pool], vendors: Vendors
) -> None:
    pool = make_pool(sends_per_10_minutes=10)
    for kind in KINDS:
        pool.send(source=f"CustomSMSSender_{kind}")
    assert len(vendors.urls) == len(KINDS)


def test_three_deliveries_of_an_event_are_one_text(pool: Pool, vendors: Vendors) -> None:
    event = pool.send()
    for minutes in (1, 2):
        pool.gateway.clock.advance(60 * minutes)
        pool.deliver(event)
    assert vendors.urls == [ESMS_RAW]


def test_a_text_of_the_pools_code_is_never_followed_by_one_with_another_code(
    make_pool: Callable[..., Pool], vendors: Vendors, aws: Aws
) -> None:
    pool = make_pool(on_undelivered="next_provider", dialects={"native": {}})
    pool.send()
    [item] = [item for item in aws.items() if "purpose" in item]
    pool.gateway.clock.advance(60)
    native = {"client_id": "pool", "operation": "resend", "id": item["pk"]["S"].rpartition("#")[2]}
    refused = pool.gateway.direct(pool.gateway.send, **native)
    assert (refused.status, refused.code) == (429, "sends_exhausted")
    verification = pool.gateway.container.store.get("pool", native["id"])
    assert verification is not None
    undelivered = replace(verification, receipt=Receipt.UNDELIVERED)
    assert not is_to_be_sent_again(undelivered, now=pool.gateway.clock.now())
    assert is_to_be_sent_again(replace(undelivered, sends_max=2), now=pool.gateway.clock.now())
    assert vendors.urls == [ESMS_RAW]


def test_another_event_of_the_same_code_is_another_text(pool: Pool, vendors: Vendors) -> None:
    pool.send()
    pool.send()
    assert vendors.urls == [ESMS_RAW, ESMS_RAW]


def test_a_vendor_that_is_down_is_passed_over(pool: Pool, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    pool.send()
    assert vendors.urls == [ESMS_RAW, ENGAGELAB_CODES]
    assert vendors.code_sent() == CODE


def test_what_no_vendor_took_is_tried_again_by_a_later_delivery_and_then_never(
    pool: Pool, vendors: Vendors
) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    event = sms_event(pool.code())
    for seconds in (60, 120):
        assert pool.refused(event) == "undeliverable"
        pool.gateway.clock.advance(seconds)
    vendors.now_answers("POST", ESMS_RAW, {"CodeResult": "100", "SMSID": "x"})
    before = len(vendors.urls)
    pool.deliver(event)
    pool.deliver(event)
    assert vendors.urls[before:] == [ESMS_RAW]


def test_an_event_that_nobody_takes_is_tried_three_times(pool: Pool, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    event = sms_event(pool.code())
    for _ in range(5):
        assert pool.refused(event) == "undeliverable"
        pool.gateway.clock.advance(60)
    assert vendors.urls.count(ESMS_RAW) == 3


def test_another_key_is_refused_before_kms_is_asked(pool: Pool, vendors: Vendors) -> None:
    other = pool.kms.create_key()["KeyMetadata"]["Arn"]
    asked: list[str] = []
    events = pool.gateway.container.kms.meta.events
    events.register("before-call.kms", lambda event_name, **_: asked.append(event_name))
    assert pool.unreadable(pool.code(key_arn=other)) == "DecryptKeyError"
    assert asked == []
    pool.deliver(sms_event(pool.code()))
    assert asked == ["before-call.kms.Decrypt"]
    vendors.wire.calls.reset()
    assert vendors.urls == []


@pytest.mark.parametrize("context", [{}, {"userpool-id": "us-east-1_ANOTHER"}, {"purpose": "test"}])
def test_a_code_for_another_pool_is_refused(context: dict[str, str], pool: Pool, vendors: Vendors) -> None:
    assert pool.unreadable(pool.code(context=context)) == "UnreadableCodeError"
    assert vendors.urls == []


def test_an_altered_message_is_refused_wherever_it_was_altered(pool: Pool, vendors: Vendors) -> None:
    message = base64.b64decode(pool.code())
    for place in range(0, len(message), 29):
        altered = bytearray(message)
        altered[place] ^= 1
        assert pool.unreadable(base64.b64encode(altered).decode()) != "UnreadableCodeError"
    assert pool.unreadable(base64.b64encode(message[:-1]).decode()) != "UnreadableCodeError"
    assert vendors.urls == []


@pytest.mark.parametrize("code", ["not base64!", "QUJD", "A" * 20_000, ""])
def test_what_is_no_message_is_refused(code: str, pool: Pool) -> None:
    assert pool.refused(sms_event(code)) == "invalid_request"


def test_a_user_without_a_number_is_refused(pool: Pool) -> None:
    assert pool.refused(sms_event(pool.code(), phone_number=None)) == "invalid_request"
    assert pool.refused(sms_event(pool.code(), phone_number="0901888484")) == "invalid_number"


@pytest.mark.parametrize("source", ["AdminCreateUser", "AccountTakeOverNotification", "SomethingNew"])
def test_what_carries_no_code_is_refused(source: str, pool: Pool, vendors: Vendors) -> None:
    event = sms_event(pool.code("Passw0rd"), source=f"CustomSMSSender_{source}")
    assert pool.refused(event) == "invalid_request"
    assert vendors.urls == []


@pytest.mark.parametrize("code", ["Passw0rd", "123", "12345678901"])
def test_a_code_that_is_no_code_of_digits_is_refused(code: str, pool: Pool, vendors: Vendors) -> None:
    assert pool.refused(sms_event(pool.code(code))) == "invalid_request"
    assert vendors.urls == []


def test_an_event_of_another_pool_or_of_another_trigger_is_refused(pool: Pool) -> None:
    assert pool.refused(sms_event(pool.code()) | {"userPoolId": "us-east-1_ANOTHER"}) == "permission_denied"
    event = sms_event(pool.code(), source="DefineAuthChallenge_Authentication")
    assert pool.refused(event) == "invalid_request"
    event = sms_event(pool.code())
    event["request"]["type"] = "customEmailSenderRequestV1"
    assert pool.refused(event) == "invalid_request"
    strangers: tuple[object, ...] = (None, [], {}, {"triggerSource": 3})
    for nonsense in strangers:
        assert pool.refused(nonsense) == "invalid_request"


def test_limits_of_the_number_hold_and_are_told_in_constant_words(pool: Pool, vendors: Vendors) -> None:
    for _ in range(5):
        pool.send()
    assert pool.refused(sms_event(pool.code()), text=TRY_LATER) == "send_limit"
    assert len(vendors.urls) == 5


def test_the_clients_policy_holds(make_pool: Callable[..., Pool], vendors: Vendors) -> None:
    elsewhere = make_pool(countries=["DE"])
    assert elsewhere.refused(sms_event(elsewhere.code())) == "country_not_allowed"
    longer = make_pool(code_length=8)
    assert longer.refused(sms_event(longer.code())) == "invalid_request"
    slower = make_pool(cooldown_seconds=60)
    slower.send()
    assert slower.refused(sms_event(slower.code()), text=TRY_LATER) == "cooldown"
    assert vendors.urls == [ESMS_RAW]


def test_without_its_settings_nothing_is_sent_and_the_log_names_the_setting(
    make_gateway: Callable[..., Gateway], vendors: Vendors
) -> None:
    gateway = make_gateway(COGNITO_USER_POOL_ID=POOL_ID)
    with pytest.raises(TriggerFailedError, match=r"^The code could not be sent or checked\.$"):
        sms_trigger(gateway.container, codes=CognitoCodes)(sms_event("QUJD"), Context())
    [line] = gateway.lines("configuration fault")
    assert line["fault"] == "the environment variable COGNITO_CLIENT is not set"


class Broken:
    """A decryption that fails as nobody expected, with the code in the text."""

    def open(self, message: bytes, *, pool_id: str) -> Secret:
        raise RuntimeError(CODE)


def test_what_nobody_expected_is_told_in_the_same_words(pool: Pool, vendors: Vendors) -> None:
    edge = sms_trigger(pool.gateway.container, codes=lambda _kms, _key_arn: Broken())
    with pytest.raises(TriggerFailedError) as raised:
        edge(sms_event(pool.code()), Context())
    assert "".join(traceback.format_exception(raised.value)).count(FAILED) == 1
    assert CODE not in "".join(traceback.format_exception(raised.value)[-1:])
    [line] = pool.gateway.lines("unexpected failure")
    assert line["error_type"] == "RuntimeError"
    assert vendors.urls == []


def test_what_the_runtime_logs_of_a_failure_holds_no_code_and_no_number(pool: Pool, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    with pytest.raises(TriggerFailedError) as raised:
        pool.deliver(sms_event(pool.code()))
    logged = "".join(traceback.format_exception(raised.value))
    assert FAILED in logged
    assert CODE not in logged
    assert TO[3:] not in logged


@pytest.mark.usefixtures("entry_points")
def test_the_function_starts_as_lambda_starts_it(
    pool: Pool, vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COGNITO_CLIENT", "pool")
    monkeypatch.setenv("COGNITO_USER_POOL_ID", POOL_ID)
    monkeypatch.setenv("COGNITO_KEY_ARN", pool.key_arn)
    assert sms_app.handler(sms_event(pool.code()), Context()) == {}
    assert vendors.code_sent() == CODE


def test_the_number_and_the_code_are_not_stored_in_the_clear(pool: Pool, aws: Aws) -> None:
    pool.send()
    stored = json.dumps(aws.items())
    assert CODE not in stored
    assert TO[3:] not in stored


def test_texts_that_are_checked_elsewhere_rouse_no_suspicion_and_count_in_every_limit(
    make_pool: Callable[..., Pool], aws: Aws, vendors: Vendors
) -> None:
    pool = make_pool(pumping="deny", country_sends_per_hour=6)
    recorder = Recorder(aws.dynamodb, now=pool.gateway.clock.now)
    client: Any = pool.gateway.container.dynamodb
    recorder.follow(client, prefix="V#")
    counting = stream_edge(pool.gateway.container)
    for last in range(6):  # of our own codes, the fourth without an approval would be denied
        pool.send(phone_number=f"+8490188848{last}")
        assert failed(counting({"Records": recorder.records}, Context())) == []
        recorder.records = []
    assert len(vendors.urls) == 6
    assert pool.gateway.lines("PumpingSuspected") == []
    refused = sms_event(pool.code(), phone_number="+84901888486")
    assert pool.refused(refused, text=TRY_LATER) == "rate_limit"
    [line] = pool.gateway.lines("LimitReached")
    assert (line["scope"], line["texts"]) == ("country", 6)
