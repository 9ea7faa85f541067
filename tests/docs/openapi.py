"""Reads the OpenAPI document of the package, and judges answers by it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema

from countersign.dialects.http import HttpResponse

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UNDECLARED_HEADERS = {
    "Content-Type",
    "X-Content-Type-Options",
}  # the first is `content`, the second no interface


@cache
def text() -> str:
    return files("countersign").joinpath("openapi.json").read_text(encoding="utf-8")


def document() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(text())
    return parsed


def resolved(root: Mapping[str, Any], node: Any) -> Any:
    """What a reference stands for; anything else is itself."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = root
        for step in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


@dataclass(frozen=True)
class Operation:
    """A documented operation."""

    root: Mapping[str, Any]
    method: str
    path: str
    section: Mapping[str, Any]

    @property
    def key(self) -> str:
        """`POST /v1/messages`, as a route of API Gateway and an endpoint of the code name it."""
        return f"{self.method} {self.path}"

    @property
    def id(self) -> str:
        return str(self.section["operationId"])

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.section["responses"]}

    def faults(self, answer: HttpResponse) -> Iterator[str]:
        """How an answer differs from the description; nothing if it is as described."""
        if answer.status not in self.statuses:
            yield f"{answer.status} is not declared"
            return
        response = resolved(self.root, self.section["responses"][str(answer.status)])
        for fault in (*self._faults_of_headers(answer, response), *self._faults_of_body(answer, response)):
            yield f"{answer.status}: {fault}"

    def _faults_of_headers(self, answer: HttpResponse, response: Mapping[str, Any]) -> Iterator[str]:
        declared = {name: resolved(self.root, one) for name, one in response.get("headers", {}).items()}
        for name in set(answer.headers) - set(declared) - UNDECLARED_HEADERS:
            yield f"the header {name} is not declared"
        for name, header in declared.items():
            if name not in answer.headers:
                if header.get("required"):
                    yield f"the header {name} is missing"
            elif not validator(self.root, header["schema"]).is_valid(answer.headers[name]):
                yield f"the header {name} is not as declared"

    def _faults_of_body(self, answer: HttpResponse, response: Mapping[str, Any]) -> Iterator[str]:
        if "content" not in response:
            if answer.body:
                yield "a body that is not declared"
            return
        content_type = answer.headers.get("Content-Type", "").partition(";")[0]
        if content_type not in response["content"]:
            yield f"{content_type} is not declared"
            return
        schema = response["content"][content_type]["schema"]
        for error in validator(self.root, schema).iter_errors(json.loads(answer.body)):
            yield f"{error.json_path}: {error.message}"


def validator(root: Mapping[str, Any], schema: Mapping[str, Any]) -> jsonschema.Draft202012Validator:
    """For a schema whose references point into the document."""
    return jsonschema.Draft202012Validator(
        {"components": root["components"], "allOf": [schema]},
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


def operations(root: Mapping[str, Any]) -> list[Operation]:
    return [
        Operation(root, method.upper(), path, section)
        for path, item in root["paths"].items()
        for method, section in item.items()
        if method in METHODS
    ]
