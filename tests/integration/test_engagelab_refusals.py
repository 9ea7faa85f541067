"""When EngageLab's protocol refuses, and in which of the vendor's words."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.support.engagelab import TO, App, clients, nobody_takes_it, refused
from tests.support.gateway import Gateway, basic
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ENGAGELAB_MESSAGES,
    ESMS_GENCODE,
    ESMS_NO_BALANCE,
    ESMS_OK,
    ESMS_RAW,
    Vendors,
)

from .conftest import Aws

WRONG_CREDENTIALS = "authentication failed, incorrect or missing credentials"
OPERATIONS = ("/v1/messages", "/v1/codes", "/v1/custom-messages", "/v1/verifications")
BODY = {"to": TO, "code": "398210", "template": {"id": "plain", "params": {"code": "398210"}}}
GUESS = {"message_id": "1725407449772531712", "verify_code": "667090"}


@pytest.fixture(autouse=True)
def configured(aws: Aws) -> None:
    aws.put_clients(clients())


@pytest.fixture
def app(gateway: Gateway) -> App:
    return App(gateway)


# Who calls ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic YXBw",
        basic("app", "wrong"),
        basic("nobody"),
        basic("", ""),
        "Bearer " + basic("app")[6:],
        basic("app") + ",Basic YTpi",
        "Basic " + basic("app-off", "wrong")[6:],
    ],
)
def test_wrong_or_missing_credentials_are_2001(
    gateway: Gateway, vendors: Vendors, path: str, authorization: str | None
) -> None:
    headers = {"authorization": authorization} if authorization is not None else {}
    answer = gateway.http("POST", path, body="not even JSON", headers=headers)
    refused(answer, 401, 2001, WRONG_CREDENTIALS)
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="countersign", charset="UTF-8"'
    assert vendors.urls == []


@pytest.mark.parametrize("path", OPERATIONS)
def test_a_disabled_client_is_2002(gateway: Gateway, path: str) -> None:
    answer = App(gateway, "app-off").post(path, BODY | GUESS)
    refused(answer, 401, 2002, "authentication failed, the credentials have been disabled")


@pytest.mark.parametrize("path", OPERATIONS)
def test_a_client_of_other_dialects_is_2004(gateway: Gateway, path: str) -> None:
    answer = App(gateway, "native-only").post(path, BODY | GUESS)
    refused(answer, 403, 2004, "no permission to call this API")
    [line] = gateway.lines("RequestRefused")
    assert (line["client"], line["dialect"], line["outcome"]) == (
        "native-only",
        "engagelab",
        "permission_denied",
    )


# Paths, methods, documents --------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/v1/", "/v1/message", "/v1/messages/", "/v1/template-configs", "/v1/codes/1"]
)
def test_an_unknown_path_is_404(app: App, path: str) -> None:
    refused(app.post(path, BODY), 404, 3001, "there is no such path")


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_405(gateway: Gateway, path: str, method: str) -> None:
    answer = gateway.http(method, path, headers={"authorization": basic("app")})
    refused(answer, 405, 3001, "this path does not take that method")
    assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", OPERATIONS)
@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "The body is empty; it must be a JSON object."),
        ("{", "The body is not JSON."),
        ("[]", "The body must be a JSON object."),
        ('"x"', "The body must be a JSON object."),
    ],
)
def test_what_is_no_json_object_is_3001(app: App, path: str, body: str, message: str) -> None:
    refused(app.post(path, body), 400, 3001, message)


def test_another_media_type_is_3001(app: App) -> None:
    app.headers["content-type"] = "application/x-www-form-urlencoded"
    refused(app.message(), 400, 3001, "Send the body as application/json.")


def test_too_large_a_body_is_3001(app: App) -> None:
    answer = app.post("/v1/messages", json.dumps(BODY) + " " * 8_192)
    refused(answer, 400, 3001, "The body is larger than 8192 bytes.")


def test_a_template_that_is_not_configured_is_4001(app: App, vendors: Vendors) -> None:
    for answer in (app.message("T1"), app.code("398210", "T1"), app.custom({"code": "398210"}, "T1")):
        refused(answer, 400, 4001, "template does not exist")
    assert vendors.urls == []


def test_a_client_without_templates_has_none(gateway: Gateway) -> None:
    refused(App(gateway, "demo").message(), 400, 4001, "template does not exist")


@pytest.mark.parametrize(
    "message_id",
    ["1725407449772531712", "9999999999999999999", "17254074497725317", "t1", "١" * 19, "x" * 999],
)
def test_a_message_that_does_not_exist_is_4001(app: App, message_id: str) -> None:
    refused(app.verify(message_id, "667090"), 400, 4001, "message does not exist")


# Numbers and routes ---------------------------------------------------------------------


def test_what_is_no_number_is_5011(app: App, vendors: Vendors) -> None:
    hint = "`to` must be an international number such as +84901888484."
    refused(app.message(to="84901888484"), 400, 5011, hint)
    refused(app.message(to="user@example.com"), 400, 5011, hint)
    refused(app.message(to="+84901"), 400, 5011, "`to` is not a number that is in use anywhere.")
    assert vendors.urls == []


def test_a_landline_is_unreachable(app: App, vendors: Vendors) -> None:
    refused(app.message(to="+842439447777"), 400, 5012, "the target is unreachable")
    assert vendors.urls == []


def test_a_landline_can_be_called(app: App, vendors: Vendors) -> None:
    assert app.message("voice", to="+842439447777").json["send_channel"] == "voice"
    assert vendors.urls == [ENGAGELAB_CODES]


def test_a_country_without_a_route_is_unreachable(make_gateway: Callable[..., Gateway]) -> None:
    routes = {"gateway": {"IN": {"*": ["esms:gateway"]}}}
    app = App(make_gateway(ROUTES=json.dumps(routes)))
    refused(app.message(), 400, 5012, "the target is unreachable")


@pytest.mark.parametrize(
    ("client", "template", "members"),
    [
        ("app", "shop", {"params": {"shop": "A"}}),  # a text of the client's own
        ("app-vendor", "short", {}),  # its templates make codes of 6
    ],
)
def test_what_no_vendor_of_the_route_can_carry_is_not_compliant(
    make_gateway: Callable[..., Gateway],
    vendors: Vendors,
    client: str,
    template: str,
    members: dict[str, object],
) -> None:
    routes = {
        "gateway": {"*": {"*": ["engagelab:gateway"]}},
        "default": {"*": {"*": ["engagelab:vendor"]}},
    }
    app = App(make_gateway(ROUTES=json.dumps(routes)), client)
    refused(app.message(template, **members), 400, 5014, "no vendor of the route can carry this template")
    assert vendors.urls == []


def test_a_code_of_the_callers_is_not_compliant_where_vendors_make_their_own(
    make_gateway: Callable[..., Gateway], vendors: Vendors
) -> None:
    routes = {"default": {"*": {"*": ["message_central:vendor"]}}}
    app = App(make_gateway(ROUTES=json.dumps(routes)), "app-vendor")
    refused(app.code("398210"), 400, 5014, "no vendor of the route can carry this template")
    assert vendors.urls == []


def test_a_number_that_a_vendor_refuses_is_on_its_blacklist(gateway: Gateway, vendors: Vendors) -> None:
    vendors.now_answers("GET", ESMS_GENCODE, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_MESSAGES, {"code": 5013, "message": "x"}, status=400)
    refused(App(gateway, "app-vendor").message(), 400, 5013, "the number is on a blacklist")


def test_what_nobody_took_has_failed_and_may_be_tried_at_once(app: App, vendors: Vendors) -> None:
    nobody_takes_it(vendors)
    refused(app.message(), 400, 5001, "sending failed")
    vendors.now_answers("POST", ESMS_RAW, ESMS_OK)
    assert app.message().status == 200


def test_what_may_have_been_sent_is_a_success(app: App, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, {"error": "down"}, status=500)
    message_id = app.sent()
    assert app.verify(message_id, vendors.code_sent()).json["verified"] is True
    assert vendors.urls == [ESMS_RAW]


# What another way has done to a message -------------------------------------------------


def test_a_message_that_was_undeliverable_has_no_code(app: App, aws: Aws, vendors: Vendors) -> None:
    nobody_takes_it(vendors)
    app.message()
    [message_id] = [item["pk"]["S"][-19:] for item in aws.items() if "to_masked" in item]
    refused(app.verify(message_id, "123456"), 400, 3003, "verify code has expired")


def test_the_native_api_cannot_name_a_message_of_this_dialect(
    app: App, gateway: Gateway, vendors: Vendors
) -> None:
    message_id = app.sent()
    answer = gateway.check(message_id, vendors.code_sent(), client="app")
    assert answer.status in {403, 404}
    assert app.verify(message_id, vendors.code_sent()).json["verified"] is True
