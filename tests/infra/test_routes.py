"""The routes of template.yaml and the endpoints of the code lead to each other."""

from __future__ import annotations

import re

import pytest

from countersign.dialects.dialect import Function
from countersign.dialects.http import HttpRequest
from countersign.dialects.registry import DIALECTS
from countersign.dialects.router import Router
from countersign.errors import MethodNotAllowedError, NotFoundError
from tests.support.api import function_of, routes

from .endpoints import Spoken, explicit_routes, spoken

SPOKEN = list(spoken())
EXPLICIT = explicit_routes()
GREEDY = [path for _, path, _ in routes() if "+}" in path]
ESMS = "/MainService.svc/json"


def _filled(path: str) -> str:
    """The path of a request, for a path with variables."""
    return re.sub(r"\{\w+\+?\}", "x", path)


def _leads(found: Spoken, method: str, path: str, *, function: Function) -> bool:
    try:
        Router(found.dialect, function=function).find(HttpRequest(method=method, path=path, headers={}))
    except (NotFoundError, MethodNotAllowedError):
        return False
    return True


def _answering(path: str) -> str:
    """The dialect that the front gives the path to."""
    return next(name for name, entry in DIALECTS.items() if path.startswith(entry.prefixes))


@pytest.mark.parametrize("found", SPOKEN, ids=lambda found: found.operation)
def test_a_request_for_an_endpoint_reaches_a_function_that_serves_it(found: Spoken) -> None:
    path = _filled(found.endpoint.path)
    function = function_of(found.endpoint.method, path)
    assert function in found.endpoint.functions
    assert _leads(found, found.endpoint.method, path, function=function)


@pytest.mark.parametrize("found", SPOKEN, ids=lambda found: found.operation)
def test_an_endpoints_path_is_its_own_dialects(found: Spoken) -> None:
    assert _answering(found.endpoint.path) == found.dialect_name


@pytest.mark.parametrize("found", SPOKEN, ids=lambda found: found.operation)
def test_an_endpoint_has_a_route_of_its_own_or_a_greedy_one_rather_than_the_default(found: Spoken) -> None:
    under_greedy = any(found.endpoint.path.startswith(path.partition("{")[0]) for path in GREEDY)
    own = [path for method, path, _ in EXPLICIT if method == found.endpoint.method]
    assert under_greedy or found.endpoint.path in own


@pytest.mark.parametrize(("method", "path", "function"), EXPLICIT)
def test_no_route_leads_nowhere(method: str, path: str, function: Function) -> None:
    filled = _filled(path)
    mine = [found for found in SPOKEN if found.dialect_name == _answering(filled)]
    assert _leads(mine[0], method, filled, function=function)


@pytest.mark.parametrize(
    ("method", "path", "function"),
    [
        ("GET", f"{ESMS}/SendMessageAutoGenCode_V4_get", Function.SEND),
        ("GET", f"{ESMS}//SendMessageAutoGenCode_V4_get", Function.SEND),
        ("POST", f"{ESMS}/SendMessageAutoGenCode_V5/", Function.SEND),
        ("GET", f"{ESMS}/CheckCodeGen_V4_get", Function.VERIFY),
        ("GET", f"{ESMS}//CheckCodeGen_V4_get", Function.SEND),
        ("GET", f"{ESMS}/CheckCodeGen_V4_get/", Function.SEND),
        ("GET", "/verification/v3/validateOtp/", Function.VERIFY),
    ],
)
def test_a_spelling_that_clients_use_reaches_a_function_that_serves_it(
    method: str, path: str, function: Function
) -> None:
    assert function_of(method, path) is function
    mine = next(found for found in SPOKEN if found.dialect_name == _answering(path))
    assert _leads(mine, method, path, function=function)


def test_a_path_that_nobody_serves_goes_to_the_default() -> None:
    assert function_of("GET", "/nothing") is Function.VERIFY
    assert function_of("PUT", "/v1/messages") is Function.VERIFY
    assert function_of("GET", "/MainService.svc/") is Function.VERIFY
