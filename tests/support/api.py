"""Which function a request reaches: API Gateway's choice among the routes of template.yaml."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from countersign.dialects.dialect import Function
from tests.infra.reading import read_template

FUNCTIONS = {"SendFunction": Function.SEND, "VerifyFunction": Function.VERIFY}


@cache
def routes() -> tuple[tuple[str, str, Function], ...]:
    """Method (or ANY), path and function of every route but `$default`."""
    template: Any = read_template()
    found = []
    for name, function in FUNCTIONS.items():
        for event in template["Resources"][name]["Properties"]["Events"].values():
            properties = event["Properties"]
            if "Path" in properties:
                found.append((str(properties["Method"]), str(properties["Path"]), function))
    return tuple(found)


def function_of(method: str, path: str) -> Function:
    """A full match goes before one with variables, a greedy variable comes last, `$default` after all."""
    matches = [
        (pattern.count("{") + 10 * pattern.count("+}"), verb == "ANY", function)
        for verb, pattern, function in routes()
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
