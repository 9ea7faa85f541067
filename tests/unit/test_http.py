"""HTTP events, routes and what a function answers."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from countersign.clock import Deadline
from countersign.dialects.dialect import Dialect, Endpoint, Function, Refusal
from countersign.dialects.http import BODY_LIMIT_BYTES, HttpRequest, HttpResponse
from countersign.dialects.router import Router
from countersign.errors import InvalidRequestError, MethodNotAllowedError, NotFoundError, PayloadTooLargeError
from tests.support.clock import FakeClock


def event(**changes: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "version": "2.0",
        "rawPath": "/health",
        "headers": {"Content-Type": "application/json", "X-Twice": "a,b"},
        "requestContext": {"http": {"method": "post", "path": "/health"}},
        "body": '{"a":1}',
        "isBase64Encoded": False,
    }
    return plain | changes


def test_an_event_is_read() -> None:
    request = HttpRequest.from_event(event())
    assert (request.method, request.path, request.body) == ("POST", "/health", b'{"a":1}')
    assert request.headers == {"content-type": "application/json", "x-twice": "a,b"}
    assert request.parameters == {}
    assert request.fault is None


def test_a_body_in_base64_is_decoded() -> None:
    body = base64.b64encode("Xin chào".encode()).decode()
    assert HttpRequest.from_event(event(body=body, isBase64Encoded=True)).body == "Xin chào".encode()


@pytest.mark.parametrize(
    "missing", ["version", "rawPath", "headers", "body", "isBase64Encoded", "routeKey", "cookies"]
)
def test_whatever_is_missing_has_a_default(missing: str) -> None:
    read = HttpRequest.from_event({name: value for name, value in event().items() if name != missing})
    assert read.method == "POST"


@pytest.mark.parametrize("context", [None, {}, {"http": None}, {"http": []}, {"http": "POST"}, [], "http", 7])
def test_what_is_no_event_of_the_format_is_refused(context: object) -> None:
    with pytest.raises(InvalidRequestError):
        HttpRequest.from_event(event(requestContext=context))


@pytest.mark.parametrize("headers", [None, [], "a: b", {}, {"a": None}, {"a": 1}])
def test_strange_headers_do_no_harm(headers: object) -> None:
    request = HttpRequest.from_event(event(headers=headers))
    assert all(isinstance(value, str) for value in request.headers.values())


@pytest.mark.parametrize("body", [None, 7, {}, []])
def test_a_body_that_is_no_text_is_no_body(body: object) -> None:
    assert HttpRequest.from_event(event(body=body)).body == b""


@pytest.mark.parametrize(("length", "fits"), [(BODY_LIMIT_BYTES, True), (BODY_LIMIT_BYTES + 1, False)])
@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_has_at_most_8192_bytes(length: int, *, fits: bool, encoded: bool) -> None:
    plain = "a" * length
    body = base64.b64encode(plain.encode()).decode() if encoded else plain
    read = event(body=body, isBase64Encoded=encoded)
    if fits:
        assert HttpRequest.from_event(read).body == plain.encode()
    else:
        assert isinstance(HttpRequest.from_event(read).fault, PayloadTooLargeError)


def test_bytes_are_counted_not_characters() -> None:
    assert isinstance(HttpRequest.from_event(event(body="ạ" * 4_096)).fault, PayloadTooLargeError)


def test_a_huge_body_is_not_even_decoded() -> None:
    read = HttpRequest.from_event(event(body="=" * 6_000_000, isBase64Encoded=True))
    assert isinstance(read.fault, PayloadTooLargeError)


@pytest.mark.parametrize("body", ["%", "a", "abc", "YQ==YQ==", "YQ", "ü", "YQ==\n", "\ud800"])
def test_a_body_that_is_not_base64_is_refused(body: str) -> None:
    read = HttpRequest.from_event(event(body=body, isBase64Encoded=True))
    assert isinstance(read.fault, InvalidRequestError)
    assert read.body == b""


def test_a_lone_surrogate_in_a_body_is_left_to_the_parser() -> None:
    assert HttpRequest.from_event(event(body="\ud800")).body == b"\xed\xa0\x80"


def test_a_request_is_printed_without_what_it_carries() -> None:
    request = HttpRequest.from_event(
        event(headers={"authorization": "Basic CANARY"}, body="CANARY", rawPath="/CANARY")
    )
    assert repr(request) == "HttpRequest(POST)"


def test_a_response_is_a_functions_result() -> None:
    response = HttpResponse(status=201, headers={"A": "b"}, body='{"a":"ä"}')
    assert response.as_result() == {
        "statusCode": 201,
        "headers": {"A": "b"},
        "body": '{"a":"ä"}',
        "isBase64Encoded": False,
    }
    assert response.document() == {"a": "ä"}
    assert HttpResponse(status=204, headers={}).document() is None


# Routes ---------------------------------------------------------------------------------------


def answer(request: HttpRequest, deadline: Deadline) -> HttpResponse:
    del deadline
    return HttpResponse(status=200, headers={}, body=request.path)


HERE, THERE = frozenset({Function.VERIFY}), frozenset({Function.SEND})


class Things(Dialect):
    """A dialect of routes alone."""

    def __init__(self) -> None:
        """Nothing is used."""

    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint("POST", "/v1/things", answer, HERE),
            Endpoint("GET", "/v1/things/{id}", answer, HERE | THERE),
            Endpoint("DELETE", "/v1/things/{id}", answer, HERE),
            Endpoint("POST", "/v1/things/{id}/check.now", answer, HERE),
            Endpoint("POST", "/v1/others", answer, THERE),
        )

    def refuse(self, refusal: Refusal) -> HttpResponse:
        return HttpResponse(status=refusal.error.status, headers={})


class LenientThings(Things):
    """The same, whatever the letter case."""

    def canonical(self, path: str) -> str:
        return path.lower()


ROUTER = Router(Things(), function=Function.VERIFY)


def find(method: str, path: str) -> tuple[str, dict[str, str]]:
    endpoint, parameters = ROUTER.find(HttpRequest(method=method, path=path, headers={}))
    return endpoint.path, parameters


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", "/v1/things", ("/v1/things", {})),
        ("GET", "/v1/things/a", ("/v1/things/{id}", {"id": "a"})),
        ("DELETE", "/v1/things/%2F", ("/v1/things/{id}", {"id": "%2F"})),
        ("POST", "/v1/things/a/check.now", ("/v1/things/{id}/check.now", {"id": "a"})),
    ],
)
def test_a_path_leads_to_its_endpoint(method: str, path: str, expected: tuple[str, dict[str, str]]) -> None:
    assert find(method, path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/v1",
        "/v1/things/",
        "/v1/things//",
        "/v1/things/a/b",
        "/v1/things/a/checkXnow",
        "/V1/things",
        "/v1/things\n",
        "//v1/things",
        "/v1/things?x",
        "/prod/v1/things",
    ],
)
def test_a_path_that_is_not_there_is_not_found(path: str) -> None:
    with pytest.raises(NotFoundError):
        find("POST", path)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/v1/things", ("POST",)),
        ("POST", "/v1/things/a", ("DELETE", "GET")),
        ("", "/v1/things", ("POST",)),
        ("HEAD", "/v1/things/a", ("DELETE", "GET")),
    ],
)
def test_another_method_is_told_which_ones_there_are(
    method: str, path: str, allowed: tuple[str, ...]
) -> None:
    with pytest.raises(MethodNotAllowedError) as refused:
        find(method, path)
    assert refused.value.allowed == allowed


def test_a_path_of_the_other_function_is_known_by_its_methods() -> None:
    with pytest.raises(MethodNotAllowedError) as refused:
        find("PUT", "/v1/others")
    assert refused.value.allowed == ("POST",)


def test_a_function_does_not_answer_what_the_other_one_serves() -> None:
    with pytest.raises(MethodNotAllowedError):
        find("POST", "/v1/others")
    router = Router(Things(), function=Function.SEND)
    endpoint, _ = router.find(HttpRequest(method="GET", path="/v1/things/a", headers={}))
    assert endpoint.path == "/v1/things/{id}"


def test_a_lenient_dialect_says_which_spellings_are_one() -> None:
    router = Router(LenientThings(), function=Function.VERIFY)
    endpoint, parameters = router.find(HttpRequest(method="GET", path="/V1/THINGS/a", headers={}))
    assert (endpoint.path, parameters) == ("/v1/things/{id}", {"id": "a"})


# Queries --------------------------------------------------------------------------------------


def query_of(text: str) -> dict[str, str]:
    return HttpRequest.from_event(event(rawQueryString=text)).query()


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("", {}),
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("&verificationId=5&code=1", {"verificationId": "5", "code": "1"}),
        ("a=%2B1+2", {"a": "+1 2"}),
        ("a=%C3%A4&b=", {"a": "ä", "b": ""}),
        ("a", {"a": ""}),
        ("a=1;b=2", {"a": "1;b=2"}),
    ],
)
def test_a_query_is_read(text: str, parameters: dict[str, str]) -> None:
    assert query_of(text) == parameters


@pytest.mark.parametrize(
    "text",
    [
        "a=1&a=2",
        "a=1&%61=2",
        "a=%ff",
        "a=%C3",
        "a=%ed%a0%80",
        "a=\ud800",
        "&".join(f"p{n}=1" for n in range(65)),
        "a=" + "1" * 8_192,
    ],
)
def test_a_query_that_is_ambiguous_or_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequestError):
        query_of(text)


# Deadlines ------------------------------------------------------------------------------------


def test_a_deadline_runs_down_and_never_below_nothing() -> None:
    clock = FakeClock()
    deadline = Deadline(5, clock=clock)
    assert deadline.remaining() == 5
    clock.advance(3)
    assert deadline.remaining() == 2
    assert deadline.within(10).remaining() == 2
    assert deadline.within(1).remaining() == 1
    clock.advance(3)
    assert deadline.remaining() == 0
