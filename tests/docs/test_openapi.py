"""openapi.json is OpenAPI 3.1, and says what template and code say."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31

import countersign
from countersign import __version__
from countersign.dialects.http import HttpRequest
from countersign.dialects.registry import DIALECTS
from tests.docs.openapi import document, operations, references, resolved, text, validator
from tests.infra.endpoints import explicit_routes, spoken

DOCUMENT = document()
OPERATIONS = operations(DOCUMENT)
# Of the native dialect's module, but about no verification.
SERVICE = {"GET /health", "GET /openapi.json", "GET /.well-known/jwks.json"}
IMPORT_ALL = """
import sys
opened = []
sys.addaudithook(lambda name, arguments: opened.append(str(arguments[0])) if name == "open" else None)
from importlib import import_module
import countersign.bootstrap
from countersign.dialects.registry import DIALECTS
for name in DIALECTS:
    import_module("countersign.dialects." + name)
assert not [path for path in opened if path.endswith("openapi.json")]
from countersign.dialects.http import HttpRequest
from countersign.dialects.native import Native
endpoint = next(one for one in Native(None).endpoints() if one.path == "/openapi.json")
endpoint.handler(HttpRequest(method="GET", path="/openapi.json", headers={}), None)
assert [path for path in opened if path.endswith("openapi.json")]
"""


def test_the_document_is_openapi_31() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    jsonschema.Draft202012Validator(OPENAPI_31).validate(DOCUMENT)


def test_a_document_that_is_not_openapi_is_found_out() -> None:
    broken = copy.deepcopy(DOCUMENT)
    broken["paths"]["/health"]["get"]["responces"] = {}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(OPENAPI_31).validate(broken)


def test_every_schema_is_one() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    named = set(references(DOCUMENT))
    for reference in named:
        assert resolved(DOCUMENT, {"$ref": reference})
    components = {
        f"#/components/{kind}/{name}"
        for kind, section in DOCUMENT["components"].items()
        if kind != "securitySchemes"
        for name in section
    }
    assert named == components


def test_the_documented_operations_are_those_of_the_code() -> None:
    assert sorted(operation.key for operation in OPERATIONS) == sorted(one.operation for one in spoken())


def test_the_documented_operations_are_routes_of_the_template() -> None:
    documented = {operation.key for operation in OPERATIONS}
    explicit = {f"{method} {path}" for method, path, _ in explicit_routes()}
    assert explicit <= documented
    assert all(key.partition(" ")[2].startswith("/MainService.svc/") for key in documented - explicit)


def test_an_operation_is_filed_under_its_dialect() -> None:
    dialects = {one.operation: one.dialect_name for one in spoken()}
    for operation in OPERATIONS:
        expected = "service" if operation.key in SERVICE else dialects[operation.key]
        assert operation.section["tags"] == [expected], operation.key
    assert {tag["name"] for tag in DOCUMENT["tags"]} == {*DIALECTS, "service"}
    assert all(tag["description"] for tag in DOCUMENT["tags"])


def test_operations_have_names_summaries_and_a_word_about_credentials() -> None:
    names = [operation.id for operation in OPERATIONS]
    assert len(names) == len(set(names))
    schemes = set(DOCUMENT["components"]["securitySchemes"])
    used = set()
    for operation in OPERATIONS:
        assert operation.section["summary"].endswith(".")
        asked = {scheme for way in operation.section["security"] for scheme in way}
        assert asked <= schemes
        used |= asked
    assert used == schemes


def test_the_document_names_the_version_and_no_host() -> None:
    assert DOCUMENT["info"]["version"] == __version__
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]
    assert "://" not in text()


def _examples(node: object) -> Iterator[tuple[dict[str, Any], object]]:
    if isinstance(node, dict):
        for value in node.get("examples", ()) if isinstance(node.get("examples"), list) else ():
            yield node, value
        for value in node.values():
            yield from _examples(value)
    elif isinstance(node, list):
        for value in node:
            yield from _examples(value)


def test_every_example_is_of_its_own_schema() -> None:
    found = list(_examples(DOCUMENT))
    assert len(found) > 10
    for schema, value in found:
        validator(DOCUMENT, schema).validate(value)


def test_the_document_is_served_as_it_lies_in_the_package() -> None:
    native = next(one.dialect for one in spoken() if one.dialect_name == "native")
    endpoint = next(one for one in native.endpoints() if one.path == "/openapi.json")
    answer = endpoint.handler(HttpRequest(method="GET", path="/openapi.json", headers={}), _no_deadline())
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.body == text()


def test_a_cold_start_does_not_read_the_document() -> None:
    environment = {"PYTHONPATH": str(Path(countersign.__file__).parents[1])}
    command = [sys.executable, "-c", IMPORT_ALL]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ran.returncode == 0, ran.stderr


def _no_deadline() -> Any:
    return None
