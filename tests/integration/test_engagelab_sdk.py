"""The vendor's own Python SDK against the gateway, over real HTTP; only its base URL is another.

The SDK repeats nothing by itself: it marks what may be repeated as `retryable`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from engagelab_otp import EngagelabError, OTPClient  # type: ignore[import-untyped]  # it has no types

from tests.support.engagelab import TO, clients
from tests.support.gateway import Gateway
from tests.support.served import served
from tests.support.vendors import ENGAGELAB_CODES, ESMS_RAW, Vendors
from tests.support.world import another

from .conftest import Aws


@pytest.fixture
def base_url(aws: Aws, gateway: Gateway) -> Iterator[str]:
    aws.put_clients(clients())
    with served(gateway) as url:
        yield f"{url}/v1"


def sdk(base_url: str, key: str = "app", secret: str = "demo-secret") -> Any:
    client = OTPClient(key, secret)
    client.BASE_URL = base_url
    return client


def refused(error: pytest.ExceptionInfo[Any], code: int, status: int, *, retryable: bool) -> None:
    assert (error.value.code, error.value.http_status, error.value.retryable) == (code, status, retryable)
    assert str(error.value)


def test_a_right_code_is_a_value(base_url: str, vendors: Vendors) -> None:
    client = sdk(base_url)
    sent = client.send(TO, "plain")
    assert sent == {"message_id": sent["message_id"], "send_channel": "sms"}
    code = vendors.code_sent()
    assert client.verify(sent["message_id"], code) == {
        "message_id": sent["message_id"],
        "verify_code": code,
        "verified": True,
    }


def test_a_wrong_code_is_a_value_too(base_url: str, vendors: Vendors) -> None:
    client = sdk(base_url)
    message_id = client.send(TO, "plain")["message_id"]
    wrong = another(vendors.code_sent())
    assert client.verify(message_id, wrong) == {
        "message_id": message_id,
        "verify_code": wrong,
        "verified": False,
    }


def test_a_code_is_good_once(base_url: str, vendors: Vendors) -> None:
    client = sdk(base_url)
    message_id, code = client.send(TO, "plain")["message_id"], vendors.code_sent()
    assert client.verify(message_id, code)["verified"] is True
    with pytest.raises(EngagelabError, match="verify code has expired") as again:
        client.verify(message_id, code)
    refused(again, 3003, 400, retryable=False)


def test_an_expired_code_is_an_error(base_url: str, gateway: Gateway, vendors: Vendors) -> None:
    client = sdk(base_url)
    message_id, code = client.send(TO, "plain")["message_id"], vendors.code_sent()
    gateway.clock.advance(300)
    with pytest.raises(EngagelabError) as late:
        client.verify(message_id, code)
    refused(late, 3003, 400, retryable=False)


def test_an_unknown_message_is_an_error(base_url: str) -> None:
    with pytest.raises(EngagelabError, match="message does not exist") as unknown:
        sdk(base_url).verify("1725407449772531712", "667090")
    refused(unknown, 4001, 400, retryable=False)


def test_an_unknown_template_is_an_error(base_url: str) -> None:
    with pytest.raises(EngagelabError, match="template does not exist") as unknown:
        sdk(base_url).send(TO, "t-unknown")
    refused(unknown, 4001, 400, retryable=False)


@pytest.mark.parametrize(("key", "secret"), [("app", "wrong"), ("nobody", "demo-secret")])
def test_bad_credentials_are_an_error(base_url: str, vendors: Vendors, key: str, secret: str) -> None:
    client = sdk(base_url, key, secret)
    with pytest.raises(EngagelabError) as sending:
        client.send(TO, "plain")
    refused(sending, 2001, 401, retryable=False)
    with pytest.raises(EngagelabError) as verifying:
        client.verify("1725407449772531712", "667090")
    refused(verifying, 2001, 401, retryable=False)
    assert vendors.urls == []


def test_a_disabled_key_and_a_key_for_other_calls_are_told_apart(base_url: str) -> None:
    with pytest.raises(EngagelabError) as disabled:
        sdk(base_url, "app-off").send(TO, "plain")
    refused(disabled, 2002, 401, retryable=False)
    with pytest.raises(EngagelabError) as elsewhere:
        sdk(base_url, "native-only").send(TO, "plain")
    refused(elsewhere, 2004, 403, retryable=False)


def test_a_second_send_comes_too_early(base_url: str, vendors: Vendors) -> None:
    client = sdk(base_url)
    client.send(TO, "plain")
    with pytest.raises(EngagelabError) as early:
        client.send(TO, "plain")
    refused(early, 3004, 400, retryable=False)
    assert vendors.urls == [ESMS_RAW]


def test_the_limit_of_a_number_is_not_to_be_retried(base_url: str) -> None:
    client = sdk(base_url)
    for template in ("plain", "short", "long"):  # each of which may be guessed at five times
        client.send(TO, template)
    with pytest.raises(EngagelabError) as limited:
        client.send(TO, "voice")
    refused(limited, 5015, 400, retryable=False)


def test_a_send_that_nobody_took_may_be_retried(base_url: str, vendors: Vendors) -> None:
    client = sdk(base_url)
    vendors.now_answers("POST", ESMS_RAW, {"CodeResult": "103"})
    vendors.now_answers("POST", ENGAGELAB_CODES, {"code": 5012, "message": "x"}, status=400)
    with pytest.raises(EngagelabError) as failed:
        client.send(TO, "plain")
    refused(failed, 5001, 400, retryable=True)
    vendors.now_answers("POST", ESMS_RAW, {"CodeResult": "100", "SMSID": "1"})
    assert client.send(TO, "plain")["send_channel"] == "sms"


def test_trouble_of_ours_may_be_retried(base_url: str) -> None:
    with pytest.raises(EngagelabError) as trouble:
        sdk(base_url).send(TO, "broken")
    refused(trouble, 1000, 500, retryable=True)


def test_parameters_and_languages_reach_the_text(base_url: str, vendors: Vendors) -> None:
    sdk(base_url).send(TO, "shop", {"shop": "A店"}, "ja")
    content = vendors.last(ESMS_RAW).body
    assert content is not None
    assert vendors.code_sent() in str(content)
    assert "\\u306f" in str(content)  # は, of the Japanese text


@pytest.mark.parametrize("to", [TO, [TO]], ids=["a string", "a list"])
def test_a_custom_message_carries_the_callers_code(base_url: str, vendors: Vendors, to: object) -> None:
    client = sdk(base_url)
    sent = client.send_custom(to, "plain", {"code": "398210"})
    assert vendors.code_sent() == "398210"
    assert client.verify(sent["message_id"], 398210)["verified"] is True


def test_a_custom_message_to_many_is_refused(base_url: str, vendors: Vendors) -> None:
    with pytest.raises(EngagelabError, match="exactly one number") as many:
        sdk(base_url).send_custom([TO, "+84901888485"], "plain", {"code": "398210"})
    refused(many, 3002, 400, retryable=False)
    assert vendors.urls == []
