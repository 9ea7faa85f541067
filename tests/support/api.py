"""Which function a request reaches: API Gateway's choice among the routes of template.yaml."""

from __future__ import annotations

import re
from functools import cache

from countersign.dialects.dialect import Function
from tests.infra.reading import Template, read_template

FUNCTIONS = {"SendFunction": Function.SEND, "VerifyFunction": Function.VERIFY}

type Routes = tuple[tuple[str, str, Function], ...]  # method (or ANY), path, function


@cache
def routes() -> Routes:
    """Every route of template.yaml but `$default`."""
    return routes_of(read_template())


def routes_of(template: Template) -> Routes:
    """Every route but `$default`."""
    found = []
    for name, function in FUNCTIONS.items():
        for event in template["Resources"][name]["Properties"]["Events"].values():
            properties = event["Properties"]
            if "Path" in properties:
                found.append((str(properties["Method"]), str(properties["Path"]), function))
    return tuple(found)


def function_of(method: str, path: str, *, among: Routes | None = None) -> Function:
    """A full match goes before one with variables, a greedy variable comes last, `$default` after all."""
    matches = [
        (pattern.count("{") + 10 * pattern.count("+}"), verb == "ANY", function)
        for verb, pattern, function in (routes() if among is None else among)
        if verb in {method, "ANY"} and _pattern(pattern).fullmatch(path)
    ]
    return min(matches)[2] if matches else Function.VERIFY


@cache
def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\+?\})", path)
    return re.compile(
        "".join(
            (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
            for part in parts
        )
    )
