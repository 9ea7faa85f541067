"""What the eSMS dialect says over HTTP: paths and methods that there are not, and trouble of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.esms_caller import (
    BRANDNAME,
    CHECKCODE,
    GENCODE,
    HEADERS,
    JSON,
    MULTICHANNEL,
    Caller,
    accepted,
    clients,
    refusal,
    section,
    success,
)
from tests.support.gateway import Gateway
from tests.support.vendors import ESMS_CHECK, ESMS_GENCODE, Vendors

from .conftest import Aws

NO_NETWORK = "Network not registered: no vendor"
NOT_CARRIED = refusal(
    "146", "No vendor of the route carries such a code: its text, length, letters or channel"
)
MOMENT = "A code was sent to this number a moment ago."


@pytest.fixture
def shop(aws: Aws, gateway: Gateway, vendors: Vendors) -> Caller:
    """A client whose codes are ours."""
    aws.put_clients(clients())
    return Caller(gateway, vendors)


@pytest.mark.parametrize(
    "path", [f"{JSON}/SendMultipleMessage_V4_get", JSON, "/MainService.svc/", f"{GENCODE}/x"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404(shop: Caller, path: str, method: str) -> None:
    answer = shop.gateway.http(method, path)
    assert (answer.status, answer.json) == (404, refusal("99", "There is no such path."))
    assert answer.headers == HEADERS


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", GENCODE, "GET, POST"),
        ("GET", f"{JSON}/SendMessageAutoGenCode_V4_post_json", "POST"),
        ("GET", MULTICHANNEL, "POST"),
        ("DELETE", CHECKCODE, "GET, POST"),
        ("OPTIONS", f"{CHECKCODE}/", "GET, POST"),
    ],
)
def test_another_method_is_405(shop: Caller, method: str, path: str, allowed: str) -> None:
    answer = shop.gateway.http(method, path)
    assert (answer.status, answer.json) == (405, refusal("99", "This path does not take that method."))
    assert answer.headers == HEADERS | {"Allow": allowed}


def test_trouble_at_the_vendor_of_a_code_is_503_and_costs_nothing(shop: Caller) -> None:
    accepted(shop.send(ApiKey="branch"))
    branch = Caller(shop.gateway, shop.vendors, client="branch")
    shop.vendors.now_answers("GET", ESMS_CHECK, {"error": "down"}, status=500)
    for _ in range(6):
        trouble = branch.check("123456")
        words = "The vendor that holds the code gave no usable answer; no attempt was counted."
        assert (trouble.status, trouble.json) == (503, refusal("99", words))
        assert trouble.headers == HEADERS | {"Retry-After": "2"}
    shop.vendors.now_answers("GET", ESMS_CHECK, {"CodeResult": "100"})
    assert branch.check("123456").json == success()


def test_a_store_without_an_answer_is_503(
    make_gateway: Callable[..., Gateway], vendors: Vendors, aws: Aws
) -> None:
    aws.put_clients(clients())
    caller = Caller(make_gateway(TABLE_NAME="nothing-of-that-name"), vendors)
    for answer in (caller.send(), caller.check("123456")):
        assert (answer.status, answer.json) == (503, refusal("99", "The service cannot answer now."))
        assert answer.headers == HEADERS | {"Retry-After": "1"}
    assert vendors.urls == []


@pytest.mark.parametrize(
    ("esms", "fault"),
    [
        ({"brandname": "X"}, "brandname is not a setting"),
        ({"brandnames": BRANDNAME}, "brandnames must be a list of texts that are not empty"),
        ({"brandnames": [""]}, "brandnames must be a list of texts that are not empty"),
        ({"brandnames": [5]}, "brandnames must be a list of texts that are not empty"),
        ({"multichannel_templates": 5}, "multichannel_templates must be a list of texts that are not empty"),
        ({"own_text": "no"}, "own_text must be required or preferred"),
        ({"own_text": ["required"]}, "own_text must be required or preferred"),
    ],
)
def test_settings_that_cannot_be_read_are_503_and_said_in_the_log(
    shop: Caller, aws: Aws, esms: dict[str, Any], fault: str
) -> None:
    aws.put_clients(clients(own=section(esms=esms)))
    for answer in (shop.send(ApiKey="own"), shop.send_multichannel(ApiKey="own")):
        words = "The service is not set up correctly."
        assert (answer.status, answer.json) == (503, refusal("99", words))
        assert answer.headers == HEADERS | {"Retry-After": "60"}
    said = {line["fault"] for line in shop.gateway.lines("configuration fault")}
    assert said == {f"client own: dialects.esms.{fault}"}
    assert shop.vendors.urls == []


def test_what_nobody_expected_is_500(shop: Caller) -> None:
    def fail(**_: object) -> None:
        raise RuntimeError("CANARY 0901888484")

    shop.gateway.container.dynamodb.meta.events.register("before-call", fail)
    for answer in (shop.send(), shop.check("123456")):
        words = "The service failed; nothing was verified."
        assert (answer.status, answer.json) == (500, refusal("99", words))
        assert answer.headers == HEADERS
    assert ESMS_GENCODE not in shop.vendors.urls
