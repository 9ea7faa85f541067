"""Message Central's token: fetched once, kept as long as it is good, renewed where it is refused."""

from __future__ import annotations

import base64

import pytest
import responses

from countersign.model import Delivery
from countersign.orders import SendResult
from countersign.ports import SharedToken
from countersign.providers.message_central_token import expires_at
from countersign.providers.transport import VendorHttp

from .cases import SHARE_NAME, make, with_token
from .exchange import wire_bytes
from .fakes import NOW, SECTIONS, TOKEN, FakeAccounts, FakeTokens, real_deadline, send_order
from .raw_server import RawServer, Script, answer, is_silent, refused_url, replies, resets
from .tokens import ACCEPTED, DAY, FRESH, LOGIN, NEWER, SEND, Container, accepts_only, jwt, logins


def test_the_login_is_exactly_these_bytes(http: VendorHttp) -> None:
    section = {
        **SECTIONS["message_central"],
        "password": "pass>>?\xfe",
        "country": "IN",
        "email": "a+b@c.test",
    }
    accounts = FakeAccounts(sections={"message_central": section})
    with RawServer(replies(answer(b'{"status":400,"error":"x"}'))) as server:
        Container(http, FakeTokens(), base_url=server.url, accounts=accounts).send()
    key = base64.b64encode(b"pass>>?\xc3\xbe").decode()
    assert key == "cGFzcz4+P8O+"
    line = (
        "GET /auth/v1/authentication/token?customerId=C-CANARY1&key=cGFzcz4%2BP8O%2B&scope=NEW"
        "&country=IN&email=a%2Bb%40c.test"
    )
    assert server.requests == [wire_bytes(server, line)]


def test_one_login_serves_many_sends(http: VendorHttp, wire: responses.RequestsMock) -> None:
    wire.add("GET", LOGIN, json={"status": 200, "token": FRESH})
    accepts_only(wire, FRESH)
    tokens = FakeTokens()
    first, second = Container(http, tokens), Container(http, tokens)
    for container in (first, first, second):
        assert container.send().outcome is Delivery.ACCEPTED
    assert logins(wire) == 1
    assert tokens.log == [f"begin {SHARE_NAME} 10", "save"]
    assert tokens.tokens == {SHARE_NAME: SharedToken(FRESH, expires_at=NOW + DAY)}


def test_the_name_of_the_shared_token_holds_no_credential(http: VendorHttp) -> None:
    tokens = FakeTokens()
    Container(http, tokens, base_url=refused_url()).send()
    assert "CANARY" not in "".join(tokens.log)


@pytest.mark.parametrize(("left_seconds", "logged_in"), [(61, 0), (60, 1), (0, 1), (-5, 1)])
def test_a_token_is_renewed_a_little_before_it_runs_out(
    http: VendorHttp, wire: responses.RequestsMock, left_seconds: int, logged_in: int
) -> None:
    tokens = FakeTokens(tokens={SHARE_NAME: SharedToken(TOKEN, expires_at=NOW + left_seconds)})
    wire.add("GET", LOGIN, json={"status": 200, "token": FRESH})
    wire.add("POST", SEND, json=ACCEPTED)
    assert Container(http, tokens).send().outcome is Delivery.ACCEPTED
    assert logins(wire) == logged_in


def test_a_token_held_in_memory_is_renewed_too(http: VendorHttp, wire: responses.RequestsMock) -> None:
    container = Container(http, with_token())
    wire.add("POST", SEND, json=ACCEPTED)
    wire.add("GET", LOGIN, json={"status": 200, "token": NEWER})
    container.send()
    container.clock.advance(DAY)
    container.send()
    assert wire.calls[-1].request.headers["authToken"] == NEWER


def test_a_refused_token_is_renewed_once_and_the_send_repeated_once(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    tokens = with_token()
    wire.add("GET", LOGIN, json={"status": 200, "token": FRESH})
    accepts_only(wire, FRESH)
    assert Container(http, tokens).send().outcome is Delivery.ACCEPTED
    assert [str(call.request.url).startswith(SEND) for call in wire.calls] == [True, False, True]
    assert tokens.tokens[SHARE_NAME].token == FRESH


def test_a_token_that_another_container_renewed_is_taken_over(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    tokens = with_token()
    container = Container(http, tokens)
    wire.add("POST", SEND, json=ACCEPTED)
    container.send()
    wire.reset()
    tokens.tokens[SHARE_NAME] = SharedToken(NEWER, expires_at=NOW + DAY)
    accepts_only(wire, NEWER)
    assert container.send().outcome is Delivery.ACCEPTED
    assert logins(wire) == 0


def test_a_vendor_that_refuses_every_token_is_not_asked_for_ever(
    http: VendorHttp, wire: responses.RequestsMock
) -> None:
    wire.add("GET", LOGIN, json={"status": 200, "token": FRESH})
    wire.add("POST", SEND, body=b"", status=401)
    result = Container(http, with_token()).send()
    assert result == SendResult(outcome=Delivery.REJECTED, detail="credentials refused", is_outage=True)
    assert len(wire.calls) == 3


def test_a_rotated_password_is_used_at_once(http: VendorHttp, wire: responses.RequestsMock) -> None:
    accounts = FakeAccounts(renewed={**SECTIONS["message_central"], "password": "new"})
    wire.add("GET", LOGIN, json={"status": 400, "error": "password is wrong"})
    new = responses.matchers.query_param_matcher({"key": "bmV3"}, strict_match=False)
    wire.add("GET", LOGIN, json={"status": 200, "token": FRESH}, match=[new])
    accepts_only(wire, FRESH)
    assert Container(http, with_token(), accounts=accounts).send().outcome is Delivery.ACCEPTED
    assert [call.request.method for call in wire.calls] == ["POST", "GET", "GET", "POST"]


@pytest.mark.parametrize("error", ["customerId is invalid", "password is wrong"])
def test_bad_credentials_come_with_status_200_and_are_refused(
    http: VendorHttp, wire: responses.RequestsMock, error: str
) -> None:
    tokens, accounts = FakeTokens(), FakeAccounts()
    wire.add("GET", LOGIN, json={"status": 400, "error": error})
    result = Container(http, tokens, accounts=accounts).send()
    assert result == SendResult(outcome=Delivery.REJECTED, detail="credentials refused", is_outage=True)
    assert len(accounts.renewals) == 1
    assert not tokens.leased


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (502, b"<html>"),
        (429, b""),
        (405, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b"{}"),
        (200, b'{"status":200}'),
        (200, b'{"status":200,"token":7}'),
        (200, b'{"status":200,"token":""}'),
        (200, b'{"status":200,"token":"a\\r\\nb: c"}'),
        (200, b'{"status":200,"token":"\\u00e9"}'),
        (200, b'{"status":500,"token":"a.b.c"}'),
        (200, b'{"token":"a.b.c"}'),
    ],
)
def test_a_failed_login_is_provably_not_sent(
    http: VendorHttp, wire: responses.RequestsMock, status: int, body: bytes
) -> None:
    tokens = FakeTokens()
    wire.add("GET", LOGIN, body=body, status=status)
    result = Container(http, tokens).send()
    assert result == SendResult(outcome=Delivery.REJECTED, detail="token call failed", is_outage=True)
    assert len(wire.calls) == 1
    assert (tokens.leased, tokens.tokens) == (False, {})


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_is_refused_by_status_is_refused_credentials(
    http: VendorHttp, wire: responses.RequestsMock, status: int
) -> None:
    wire.add("GET", LOGIN, body=b"", status=status)
    assert Container(http, FakeTokens()).send().detail == "credentials refused"


@pytest.mark.parametrize("script", [resets, is_silent], ids=["reset", "timeout"])
def test_a_login_that_breaks_off_is_provably_not_sent(http: VendorHttp, script: Script) -> None:
    with RawServer(script) as server:
        provider = make("message_central", http=http, tokens=FakeTokens(), base_url=server.url)
        result = provider.send(send_order(), deadline=real_deadline(0.5))
    assert result == SendResult(outcome=Delivery.REJECTED, detail="token call failed", is_outage=True)


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (jwt({"exp": NOW + 3600}), NOW + 3600),
        (jwt({"exp": NOW + 3600.9}), NOW + 3600),
        (jwt({"exp": NOW - 1}), NOW - 1),
        (jwt({"exp": NOW + 5 * 365 * DAY}), NOW + 7 * DAY),
        *(
            (token, NOW + 600)
            for token in (
                "opaque",
                "a.b.c",
                "a.é.c",
                "a.%%%.c",
                jwt([]),
                jwt({}),
                jwt({"exp": "soon"}),
                jwt({"exp": True}),
                jwt({"exp": None}),
                jwt({"exp": float("inf")}),
                jwt({"exp": float("nan")}),
            )
        ),
    ],
)
def test_the_life_of_a_token_is_its_own_word_for_a_week_at_most(token: str, expected: int) -> None:
    assert expires_at(token, now=NOW) == expected
