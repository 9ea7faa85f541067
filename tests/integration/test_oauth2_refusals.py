"""What the token endpoint refuses, in the words of RFC 6749, 5.2; no token leaves."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from countersign.dialects.dialect import Function
from countersign.edge import Edge
from tests.integration.hostile.siege import Siege
from tests.support.camara import CAMARA_SCOPE, FORM, NATIVE_SCOPE, TOKEN, ask_token, clients, section
from tests.support.gateway import Context, Gateway, HttpAnswer, basic, http_event

from .conftest import Aws

HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
}
CHALLENGE = 'Basic realm="countersign", charset="UTF-8"'
DESCRIPTION = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749, 5.2
GRANT = "grant_type=client_credentials"
CREDENTIALS = "client_id=shop&client_secret=demo-secret"

WRONG = "The client credentials are missing or wrong."
TWICE = "A parameter is given twice."
UNREADABLE = "The body cannot be read."
NOT_A_FORM = f"Send the body as {FORM}."
NO_SCOPE = "`scope` is unknown, malformed, or not for this client."
NO_GRANT = "`grant_type` must be client_credentials."
NO_QUERY = "Send the parameters in the body; those of a URL end up in logs."
TWO_WAYS = "The client must authenticate in one way, not in two."


@pytest.fixture(scope="module")
def siege(besieged_with: Callable[[object], Siege]) -> Siege:
    return besieged_with(clients())


@pytest.fixture
def gateway(aws: Aws, make_gateway: Callable[..., Gateway]) -> Gateway:
    aws.put_clients(clients())
    return make_gateway()


def refused(answer: HttpAnswer, status: int, error: str, description: str, **headers: str) -> None:
    document = {"error": error, "error_description": description}
    assert (answer.status, answer.json) == (status, document)
    assert answer.text == json.dumps(document, separators=(",", ":"))
    assert dict(answer.headers) == HEADERS | {name.replace("_", "-"): text for name, text in headers.items()}
    assert DESCRIPTION.fullmatch(description)


@dataclass(frozen=True)
class Hostile:
    """A request, and how it must be refused."""

    body: str | None
    error: str
    description: str
    status: int = 400
    query: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"authorization": basic("shop")})
    content_type: str | None = FORM


def bad(body: str | None, description: str, **more: Any) -> Hostile:
    return Hostile(body, "invalid_request", description, **more)


def stranger(authorization: str | None, body: str = GRANT, description: str = WRONG) -> Hostile:
    headers = {} if authorization is None else {"authorization": authorization}
    return Hostile(body, "invalid_client", description, 401, headers=headers)


def scope(text: str, description: str = NO_SCOPE, **more: Any) -> Hostile:
    return Hostile(f"{GRANT}&scope={text}", "invalid_scope", description, **more)


def grant(text: str) -> Hostile:
    return Hostile(f"grant_type={text}", "unsupported_grant_type", NO_GRANT)


def encoded(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


MISSING = "`grant_type` is missing."
REQUESTS: dict[str, Hostile] = {
    # forms
    "an empty grant": bad("grant_type=", MISSING),
    "a grant without a value": bad("grant_type", MISSING),
    "a grant in capitals": bad("GRANT_TYPE=client_credentials", MISSING),
    "JSON in a form": bad('{"grant_type":"client_credentials"}', MISSING),
    "no type": bad(GRANT, NOT_A_FORM, content_type=None),
    "two types": bad(GRANT, NOT_A_FORM, content_type=f"{FORM}, {FORM}"),
    "a scope twice": bad(f"{GRANT}&scope={NATIVE_SCOPE}&scope={CAMARA_SCOPE}", TWICE),
    "an unknown parameter twice": bad(f"{GRANT}&x=1&x=2", TWICE),
    "a secret twice": bad(f"{GRANT}&{CREDENTIALS}&client_secret=demo-secret", TWICE, headers={}),
    # URLs
    "a query": bad(GRANT, NO_QUERY, query="x=1"),
    "everything in the query": bad(None, NO_QUERY, query=f"{GRANT}&{CREDENTIALS}", headers={}),
    "a secret in the query": bad(GRANT, NO_QUERY, query="client_secret=demo-secret"),
    # grants
    "a password grant": grant("password&username=shop&password=x"),
    "a code grant": grant("authorization_code&code=x"),
    "a refresh": grant("refresh_token&refresh_token=x"),
    "a grant in other letters": grant("Client_Credentials"),
    # scopes
    "an unknown scope": scope("openid"),
    "a known and an unknown scope": scope(f"{NATIVE_SCOPE}%20openid"),
    "two spaces": scope(f"{NATIVE_SCOPE}%20%20{CAMARA_SCOPE}"),
    "a space at the end": scope(f"{NATIVE_SCOPE}%20"),
    "a comma": scope(f"{NATIVE_SCOPE},{CAMARA_SCOPE}"),
    "a tab": scope(f"{NATIVE_SCOPE}%09{CAMARA_SCOPE}"),
    "a scope in capitals": scope(NATIVE_SCOPE.upper()),
    "a scope of another dialect": scope(CAMARA_SCOPE, headers={"authorization": basic("native-only")}),
    "one scope too many": scope(
        f"{CAMARA_SCOPE}%20{NATIVE_SCOPE}", headers={"authorization": basic("vendor-held")}
    ),
    "a client of no scope": Hostile(
        GRANT, "invalid_scope", NO_SCOPE, headers={"authorization": basic("esms-only")}
    ),
    # who asks
    "both ways at once": bad(f"{GRANT}&{CREDENTIALS}", TWO_WAYS),
    "Basic and another's id": bad(
        f"{GRANT}&client_id=demo", "`client_id` is not the client that has authenticated."
    ),
    "nobody": stranger(None),
    "an id without a secret": stranger(None, f"{GRANT}&client_id=shop"),
    "a secret without an id": stranger(None, f"{GRANT}&client_secret=demo-secret"),
    "an empty secret": stranger(None, f"{GRANT}&client_id=shop&client_secret="),
    "a wrong secret": stranger(None, f"{GRANT}&client_id=shop&client_secret=wrong"),
    "an unknown client": stranger(None, f"{GRANT}&client_id=nobody&client_secret=demo-secret"),
    "a disabled client": stranger(
        None, f"{GRANT}&client_id=off&client_secret=demo-secret", "The client is disabled."
    ),
    "a wrong secret in Basic, encoded": stranger(basic("shop", "wr%6fng")),
    "an unknown client in Basic": stranger(basic("nobody")),
    "a disabled client in Basic": stranger(basic("off"), description="The client is disabled."),
    "a disabled client in Basic, encoded": stranger(basic("of%66"), description="The client is disabled."),
    "a wrong secret of a disabled client": stranger(basic("off", "wrong")),
    "an empty header": stranger(""),
    "a scheme alone": stranger("Basic"),
    "a Bearer token": stranger("Bearer a.b.c"),
    "credentials that are not base64": stranger("Basic shop:demo-secret"),
    "a bad grant of a stranger": stranger(basic("shop", "wrong"), "grant_type=password"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_gets_no_token(siege: Siege, name: str) -> None:
    hostile = REQUESTS[name]
    headers = dict(hostile.headers)
    if hostile.content_type is not None:
        headers["content-type"] = hostile.content_type
    with siege.nothing_done():
        answer = siege.gateway.http("POST", TOKEN, query=hostile.query, body=hostile.body, headers=headers)
    challenge = {"WWW_Authenticate": CHALLENGE} if hostile.status == 401 else {}
    refused(answer, hostile.status, hostile.error, hostile.description, **challenge)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_another_method_is_refused(gateway: Gateway, method: str) -> None:
    answer = gateway.http(method, TOKEN, headers={"authorization": basic("shop")})
    refused(answer, 405, "invalid_request", "This path does not take that method.", Allow="POST")


@pytest.mark.parametrize("path", ["/oauth2/", "/oauth2/authorize", "/oauth2/token/", "/oauth2/revoke"])
def test_an_unknown_path_is_not_found(gateway: Gateway, path: str) -> None:
    answer = gateway.http("POST", path, body=GRANT, headers={"content-type": FORM})
    refused(answer, 404, "invalid_request", "There is no such path.")


def test_a_refusal_of_a_known_client_is_logged_with_its_name(gateway: Gateway) -> None:
    ask_token(gateway, "shop", scope="openid")
    line = gateway.lines("RequestRefused")[-1]
    assert (line["client"], line["dialect"], line["outcome"]) == ("shop", "oauth2", "invalid_scope")


def test_a_disabled_client_whose_secret_looks_encoded_is_told_that_it_is_disabled(
    gateway: Gateway, aws: Aws
) -> None:
    aws.put_clients(clients(odd=section() | {"secrets": ["100%25"], "disabled": True}))
    answer = ask_token(gateway, "odd", secret="100%25")
    refused(answer, 401, "invalid_client", "The client is disabled.", WWW_Authenticate=CHALLENGE)


def test_a_client_that_was_switched_off_gets_no_more_tokens(gateway: Gateway, aws: Aws) -> None:
    assert ask_token(gateway).status == 200
    aws.put_clients(clients(shop=section() | {"disabled": True}))
    gateway.clock.advance(301)
    refused(ask_token(gateway), 401, "invalid_client", "The client is disabled.", WWW_Authenticate=CHALLENGE)


# Our own faults ---------------------------------------------------------------------------------


def test_a_secret_that_is_broken_is_temporarily_unavailable(gateway: Gateway, aws: Aws) -> None:
    aws.put_clients("broken")
    refused(
        ask_token(gateway),
        503,
        "temporarily_unavailable",
        "The service is not set up correctly.",
        Retry_After="60",
    )


def test_a_pepper_that_is_short_gives_no_token(gateway: Gateway, aws: Aws) -> None:
    aws.put_clients(clients() | {"pepper": "short"})
    refused(
        ask_token(gateway),
        503,
        "temporarily_unavailable",
        "The service is not set up correctly.",
        Retry_After="60",
    )


def test_a_secret_store_that_does_not_answer_is_temporarily_unavailable(
    make_gateway: Callable[..., Gateway],
) -> None:
    gateway = make_gateway()

    def fail(**_: object) -> None:
        raise ConnectionClosedError(endpoint_url="https://canary.test")

    gateway.container.secrets_manager.meta.events.register("before-call", fail)
    answer = ask_token(gateway)
    refused(answer, 503, "temporarily_unavailable", "The service cannot answer now.", Retry_After="1")


class Broken:
    """Whatever is asked of it fails with a text that nobody may see."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("CANARY")


def test_what_nobody_expected_is_a_server_error_without_its_text(gateway: Gateway) -> None:
    broken: Any = Broken()
    edge = Edge(broken, function=Function.VERIFY, telemetry=gateway.container.telemetry, clock=gateway.clock)
    headers = {"authorization": basic("shop"), "content-type": FORM}
    result: Any = edge(http_event("POST", TOKEN, body=GRANT, headers=headers), Context())
    answer = HttpAnswer(result["statusCode"], result["headers"], result["body"])
    refused(answer, 500, "server_error", "The service failed; nothing was verified.")
    assert "CANARY" not in gateway.log.getvalue()


def test_a_token_and_its_secret_are_in_no_line_of_the_log(gateway: Gateway) -> None:
    token = ask_token(gateway).json["access_token"]
    ask_token(gateway, secret="wrong")
    told = gateway.log.getvalue()
    assert token not in told
    assert "demo-secret" not in told
    assert "secret" not in gateway.answers[-1]
