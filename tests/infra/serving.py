"""Rules of template.yaml on its routes: they and the endpoints of the code lead to each other; see rules.py.

rules.py says which routes there are; these say that they are the right ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from countersign.dialects.dialect import Function
from countersign.dialects.http import HttpRequest
from countersign.dialects.registry import DIALECTS
from countersign.dialects.router import Router
from countersign.errors import MethodNotAllowedError, NotFoundError
from tests.support.api import function_of, routes_of

from .endpoints import Spoken, explicit_routes, spoken
from .reading import DELETE, Template
from .rules import Rule

ESMS = "/MainService.svc/json"
SPELLINGS = (
    ("GET", f"{ESMS}/SendMessageAutoGenCode_V4_get", Function.SEND),
    ("GET", f"{ESMS}//SendMessageAutoGenCode_V4_get", Function.SEND),
    ("POST", f"{ESMS}/SendMessageAutoGenCode_V5/", Function.SEND),
    ("GET", f"{ESMS}/CheckCodeGen_V4_get", Function.VERIFY),
    ("GET", f"{ESMS}//CheckCodeGen_V4_get", Function.SEND),
    ("GET", f"{ESMS}/CheckCodeGen_V4_get/", Function.SEND),
    ("GET", "/verification/v3/validateOtp/", Function.VERIFY),
)


@cache
def every_endpoint() -> tuple[Spoken, ...]:
    return tuple(spoken())


def dialect_of(path: str) -> str:
    """The dialect that the front gives the path to."""
    return next(name for name, entry in DIALECTS.items() if path.startswith(entry.prefixes))


def endpoints_reach_a_function_that_serves_them(template: Template) -> Iterator[str]:
    routes = routes_of(template)
    for found in every_endpoint():
        path = _filled(found.endpoint.path)
        function = function_of(found.endpoint.method, path, among=routes)
        served = function in found.endpoint.functions
        if not served or not _leads(found, found.endpoint.method, path, function=function):
            yield f"{found.operation} goes to {function}, which does not serve it"


def endpoints_have_a_route_of_their_own_or_a_greedy_one(template: Template) -> Iterator[str]:
    routes = routes_of(template)
    greedy = tuple(path.partition("{")[0] for _, path, _ in routes if "+}" in path)
    own = {(method, path) for method, path, _ in explicit_routes(routes)}
    for found in every_endpoint():
        path = found.endpoint.path
        if (found.endpoint.method, path) not in own and not (greedy and path.startswith(greedy)):
            yield f"{found.operation} is left to the default"


def no_route_leads_nowhere(template: Template) -> Iterator[str]:
    for method, path, function in explicit_routes(routes_of(template)):
        filled = _filled(path)
        mine = next(found for found in every_endpoint() if found.dialect_name == dialect_of(filled))
        if not _leads(mine, method, filled, function=function):
            yield f"{method} {path} leads nowhere in {function}"


def spellings_of_clients_reach_a_function_that_serves_them(template: Template) -> Iterator[str]:
    routes = routes_of(template)
    for method, path, function in SPELLINGS:
        mine = next(found for found in every_endpoint() if found.dialect_name == dialect_of(path))
        reached = function_of(method, path, among=routes)
        if reached is not function or not _leads(mine, method, path, function=reached):
            yield f"{method} {path} goes to {reached}, not to {function}"


def _filled(path: str) -> str:
    """The path of a request, for a path with variables."""
    return re.sub(r"\{\w+\+?\}", "x", path)


def _leads(found: Spoken, method: str, path: str, *, function: Function) -> bool:
    try:
        Router(found.dialect, function=function).find(HttpRequest(method=method, path=path, headers={}))
    except (NotFoundError, MethodNotAllowedError):
        return False
    return True


SERVING_RULES: tuple[Rule, ...] = (
    endpoints_reach_a_function_that_serves_them,
    endpoints_have_a_route_of_their_own_or_a_greedy_one,
    no_route_leads_nowhere,
    spellings_of_clients_reach_a_function_that_serves_them,
)

EVENTS = "Resources/{}Function/Properties/Events"
SEND_EVENTS, VERIFY_EVENTS = EVENTS.format("Send"), EVENTS.format("Verify")
NOWHERE = {
    "Type": "HttpApi",
    "Properties": {
        "ApiId": {"Ref": "Api"},
        "Path": "/otp/v1/verifications/{id}/history",
        "Method": "GET",
        "PayloadFormatVersion": "2.0",
        "TimeoutInMillis": 29000,
    },
}

SERVING_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (endpoints_reach_a_function_that_serves_them, f"{SEND_EVENTS}/Start/Properties/Path", "/otp/v1/sends"),
    (endpoints_reach_a_function_that_serves_them, f"{SEND_EVENTS}/EngageLabCode", DELETE),
    (endpoints_have_a_route_of_their_own_or_a_greedy_one, f"{VERIFY_EVENTS}/Read", DELETE),
    (no_route_leads_nowhere, f"{VERIFY_EVENTS}/History", NOWHERE),
    (spellings_of_clients_reach_a_function_that_serves_them, f"{VERIFY_EVENTS}/EsmsCheck", DELETE),
)
