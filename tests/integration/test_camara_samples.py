"""The sample events of CAMARA's API and of the token endpoint, through the functions' own entry points."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.camara import CORRELATOR, HEADERS
from tests.support.samples import EVENTS, answered
from tests.support.vendors import ESMS_CHECK, ESMS_GENCODE, Vendors

NAMES = ("http_oauth2_token", "http_camara_send_code", "http_camara_validate_code")
PLACEHOLDERS = ("ACCESS.TOKEN.PLACEHOLDER", "ea0840f3-3663-4149-bd10-c7c6b8912105")


def sample(name: str, *, token: str = PLACEHOLDERS[0], authentication_id: str = PLACEHOLDERS[1]) -> Any:
    text = (EVENTS / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(text.replace(PLACEHOLDERS[0], token).replace(PLACEHOLDERS[1], authentication_id))


pytestmark = pytest.mark.usefixtures("entry_points")


def call(name: str, **more: str) -> dict[str, Any]:
    return answered(sample(name, **more))


def test_the_samples_get_a_token_send_and_validate(vendors: Vendors) -> None:
    given = call("http_oauth2_token")
    assert given["statusCode"] == 200
    answer = json.loads(given["body"])
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "one-time-password-sms:send-validate")
    token = answer["access_token"]
    sent = call("http_camara_send_code", token=token)
    assert (sent["statusCode"], sent["headers"]["x-correlator"]) == (200, CORRELATOR)
    authentication_id = json.loads(sent["body"])["authenticationId"]
    validated = call("http_camara_validate_code", token=token, authentication_id=authentication_id)
    assert (validated["statusCode"], validated["headers"], validated["body"]) == (204, HEADERS, "")
    again = call("http_camara_validate_code", token=token, authentication_id=authentication_id)
    assert json.loads(again["body"])["code"] == "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED"
    assert vendors.urls == [ESMS_GENCODE, ESMS_CHECK]


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_sample_with_its_placeholder_is_unauthenticated(name: str) -> None:
    result = call(name)
    assert (result["statusCode"], json.loads(result["body"])["code"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_a_whole_event(name: str) -> None:
    event = sample(name)
    assert (event["version"], event["isBase64Encoded"]) == ("2.0", False)
    context = event["requestContext"]
    assert event["routeKey"] == context["routeKey"] == f"{context['http']['method']} {event['rawPath']}"
    assert context["http"]["path"] == event["rawPath"]
    assert {"accountId", "apiId", "domainName", "requestId", "stage", "timeEpoch"} <= set(context)
    assert event["headers"]["content-length"] == str(len(event["body"]))


def test_there_is_one_sample_of_each_operation() -> None:
    found = {path.stem for prefix in ("http_camara_", "http_oauth2_") for path in EVENTS.glob(f"{prefix}*")}
    assert found == set(NAMES)
