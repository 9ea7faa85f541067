"""The JSON Schemas of docs/schemas/, made of what openapi.json says of the same things.

`python -m tests.docs.schemas` (with layers/countersign on PYTHONPATH) writes them anew.
"""

from __future__ import annotations

import json
from typing import Any

from countersign.dialects.native_messages import REQUESTED
from tests.docs.markdown import DOCS, ROOT

OPENAPI = ROOT / "layers" / "countersign" / "countersign" / "openapi.json"
FOLDER = DOCS / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

type Schema = dict[str, Any]

MOMENT: Schema = {"type": "string", "format": "date-time", "maxLength": 40}
CLIENT: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "description": "A client of the clients' secret; its policy applies.",
}


def _components() -> Schema:
    components: Schema = json.loads(OPENAPI.read_text(encoding="utf-8"))["components"]["schemas"]
    return components


def _here(schema: object) -> Any:
    """The same with references into `$defs`."""
    if isinstance(schema, dict):
        return {name: _here(value) for name, value in schema.items()}
    if isinstance(schema, list):
        return [_here(value) for value in schema]
    prefix = "#/components/schemas/"
    if isinstance(schema, str) and schema.startswith(prefix):
        return f"#/$defs/{schema.removeprefix(prefix)}"
    return schema


def _of(*names: str) -> Schema:
    components = _components()
    return {name: _here(components[name]) for name in names}


def request() -> Schema:
    """What a message on the queue may be."""
    definitions = _of("Channel", "Start")
    start = definitions.pop("Start")
    start["properties"] |= {
        "client": CLIENT,
        "client_id": CLIENT | {"description": "The same, as in a direct invocation."},
        "operation": {"const": "start"},
        "idempotency_key": {
            "type": "string",
            "minLength": 1,
            "maxLength": 250,
            "pattern": "^[!-~]+$",
            "description": "In place of the message's id, or the event's.",
        },
        "requested_at": MOMENT | {"description": "When it was asked for, if that was before it was sent."},
    }
    start["oneOf"] = [{"required": ["client"]}, {"required": ["client_id"]}]
    start["description"] = "Asks for one verification."
    event = {
        "type": "object",
        "description": "An event of EventBridge, as its rule puts it on the queue.",
        "required": ["detail-type", "id", "time", "detail"],
        "properties": {
            "detail-type": {"const": REQUESTED},
            "id": {"type": "string", "minLength": 1, "maxLength": 64},
            "time": MOMENT,
            "detail": {"$ref": "#/$defs/Message"},
        },
    }
    return {
        "$schema": DRAFT,
        "$id": "urn:countersign:request",
        "title": "Request",
        "description": "A message on the queue of requests: a request, or an event with one as its detail.",
        "if": {"type": "object", "required": ["detail-type"]},
        "then": {"$ref": "#/$defs/Event"},
        "else": {"$ref": "#/$defs/Message"},
        "$defs": {"Message": start, "Event": event, **definitions},
    }


def direct_answer() -> Schema:
    """What both functions answer to a direct invocation."""
    return {
        "$schema": DRAFT,
        "$id": "urn:countersign:direct-answer",
        "title": "Direct answer",
        "description": "What the send and the verify function answer to a direct invocation.",
        "type": "object",
        "required": ["status_code", "body"],
        "additionalProperties": False,
        "properties": {
            "status_code": {"type": "integer", "minimum": 200, "maximum": 599},
            "body": {"type": "object"},
        },
        "if": {"properties": {"status_code": {"maximum": 299}}},
        "then": {
            "properties": {"status_code": {"enum": [200, 201]}, "body": {"$ref": "#/$defs/Verification"}}
        },
        "else": {
            "properties": {"status_code": {"minimum": 400}, "body": {"$ref": "#/$defs/Problem"}},
        },
        "$defs": _of("Channel", "VerificationId", "Verification", "Problem"),
    }


MAKERS = {"request": request, "direct_answer": direct_answer}


def read(name: str) -> Schema:
    """A schema as it lies in the folder."""
    schema: Schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return schema


def text_of(schema: Schema) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for stem, make in MAKERS.items():
        (FOLDER / f"{stem}.json").write_text(text_of(make()), encoding="utf-8")
