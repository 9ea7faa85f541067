"""The tree of errors is what its drawing says."""

from __future__ import annotations

import inspect
import re

import pytest
import requests
from botocore.exceptions import ClientError, ReadTimeoutError

from countersign import errors
from countersign.dialects.native_answers import problem_response
from countersign.errors import (
    ConfigurationError,
    CooldownError,
    CountersignError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotCarriedError,
    ServiceUnavailableError,
    cause_of,
)

ROW = re.compile(r"^ {4}(?P<branch>[│├└─ ]*)(?P<name>\w+Error) +(?P<status>[0-9]{3}) +(?P<code>\w+)")


def drawn() -> dict[str, tuple[str, int, str]]:
    """Each class of the drawing: its parent, its status, its code."""
    rows: dict[str, tuple[str, int, str]] = {}
    parents = {0: "CountersignError"}
    for line in (errors.__doc__ or "").splitlines():
        match = ROW.match(line)
        if match is None:
            continue
        depth = len(match["branch"]) // 4
        parents[depth] = match["name"]
        rows[match["name"]] = (parents[depth - 1], int(match["status"]), match["code"])
    return rows


def written() -> dict[str, type[CountersignError]]:
    classes = [
        one for _, one in inspect.getmembers(errors, inspect.isclass) if one.__module__ == errors.__name__
    ]
    return {one.__name__: one for one in classes if issubclass(one, CountersignError)}


def test_the_drawing_shows_every_class_and_no_other() -> None:
    assert set(drawn()) == set(written()) - {"CountersignError"}
    assert len(drawn()) > 10


@pytest.mark.parametrize(
    ("name", "parent", "status", "code"), [(name, *row) for name, row in drawn().items()]
)
def test_a_class_is_what_the_drawing_says(name: str, parent: str, status: int, code: str) -> None:
    one = written()[name]
    assert one.__bases__ == (written()[parent],)
    assert (one.status, one.code) == (status, code)


def test_codes_are_stable_names_and_no_two_are_the_same() -> None:
    codes = [one.code for one in written().values()]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_every_error_is_a_refusal() -> None:
    assert all(400 <= one.status < 600 for one in written().values())


def test_a_fault_of_the_operator_stands_outside_the_tree() -> None:
    assert not issubclass(ConfigurationError, CountersignError)


def made() -> list[CountersignError]:
    """One of each."""
    errors_made: list[CountersignError] = []
    for one in written().values():
        if one is CooldownError:
            errors_made.append(CooldownError(live_id="v1", resend_at=60, retry_after_seconds=5))
        elif one is MethodNotAllowedError:
            errors_made.append(MethodNotAllowedError(("GET",)))
        elif one is NotCarriedError:
            errors_made.append(NotCarriedError("No vendor carries that.", has_route=True))
        elif issubclass(one, InvalidRequestError):
            errors_made.append(one("`to` is missing.", field="to"))
        else:
            errors_made.append(one())
    return errors_made


@pytest.mark.parametrize("error", made(), ids=lambda error: type(error).__name__)
def test_every_error_is_a_problem_of_rfc_9457(error: CountersignError) -> None:
    response = problem_response(error, trace_id="trace-1", now=0)
    document = response.document()
    assert isinstance(document, dict)
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.status == document["status"] == error.status
    assert document["type"] == f"urn:countersign:problem:{error.code}"
    assert document["title"] == error.title
    assert document["code"] == error.code
    assert document["trace_id"] == "trace-1"
    assert document["detail"] == str(error)
    assert document["detail"].endswith(".")


def unavailable(cause: BaseException | None) -> ServiceUnavailableError:
    error = ServiceUnavailableError()
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        (None, None),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "+84901888484"}}, "PutItem"),
            "AccessDenied",
        ),
        (ClientError({}, "PutItem"), "ClientError"),
        (ReadTimeoutError(endpoint_url="https://example.com"), "ReadTimeoutError"),
        (requests.ConnectionError("refused", response=requests.Response()), "ConnectionError"),
    ],
)
def test_what_lies_behind_an_error_is_told_by_its_code_or_type(
    cause: BaseException | None, told: str | None
) -> None:
    assert cause_of(unavailable(cause)) == told


def test_a_code_of_awss_is_told_however_deep_it_lies() -> None:
    refused = ClientError({"Error": {"Code": "AccessDeniedException", "Message": ""}}, "Decrypt")
    read = ValueError("cannot be read")
    read.__context__ = refused
    assert cause_of(unavailable(read)) == "AccessDeniedException"
