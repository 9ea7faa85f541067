"""docs/routes.schema.json and the service agree about routes, and where they differ it is on purpose."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.errors import ConfigurationError
from countersign.model import ANY, Channel
from countersign.providers.registry import _VENDORS
from countersign.routing import Routes
from local.deploying import ROUTES as LOCAL_ROUTES
from tests.docs.markdown import DOCS, blocks
from tests.infra.reading import read_template

SCHEMA = json.loads((DOCS / "routes.schema.json").read_text(encoding="utf-8"))
DEFAULT = json.loads(read_template()["Parameters"]["Routes"]["Default"])
SHOWN = [json.loads(block.text) for block in blocks(DOCS / "configuration.md", "json")[:2]]

ESMS = ["esms:vendor"]
MALFORMED: dict[str, Any] = {
    "not an object": [],
    "no table": {},
    "table is a list": {"default": []},
    "no country": {"default": {}},
    "no channel": {"default": {"VN": {}}},
    "no vendor": {"default": {"VN": {"sms": []}}},
    "vendors in a string": {"default": {"VN": {"sms": "esms:vendor"}}},
    "vendor is a number": {"default": {"VN": {"sms": [1]}}},
    "no custody": {"default": {"VN": {"sms": ["esms"]}}},
    "unknown custody": {"default": {"VN": {"sms": ["esms:nobody"]}}},
    "no name": {"default": {"VN": {"sms": [":vendor"]}}},
    "a space": {"default": {"VN": {"sms": ["esms: vendor"]}}},
    "unknown channel": {"default": {"VN": {"fax": ESMS}}},
    "country in small letters": {"default": {"vn": {"sms": ESMS}}},
    "channel in capitals": {"default": {"VN": {"SMS": ESMS}}},
    "vendor twice": {"default": {"VN": {"sms": ["esms:vendor", "engagelab:vendor", "esms:vendor"]}}},
    "vendor in both custodies": {"default": {"VN": {"sms": ["esms:vendor", "esms:gateway"]}}},
}
STRICTER: dict[str, Any] = {
    "unknown vendor": {"default": {"VN": {"sms": ["egagelab:vendor"]}}},
    "custody that the vendor has not": {"default": {"VN": {"sms": ["message_central:gateway"]}}},
}


def _takes_schema(document: object) -> bool:
    return jsonschema.Draft202012Validator(SCHEMA).is_valid(document)


def _takes_service(document: object) -> bool:
    try:
        Routes.parse(json.dumps(document))
    except ConfigurationError:
        return False
    return True


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "document", [DEFAULT, LOCAL_ROUTES, *SHOWN], ids=["default", "local", "doc 1", "doc 2"]
)
def test_routes_in_use_and_in_the_documents_are_taken_by_both(document: object) -> None:
    assert (_takes_schema(document), _takes_service(document)) == (True, True)


@pytest.mark.parametrize("document", MALFORMED.values(), ids=MALFORMED)
def test_malformed_routes_are_refused_by_both(document: object) -> None:
    assert (_takes_schema(document), _takes_service(document)) == (False, False)


@pytest.mark.parametrize("document", STRICTER.values(), ids=STRICTER)
def test_the_schema_refuses_what_the_service_would_pass_over(document: object) -> None:
    assert (_takes_schema(document), _takes_service(document)) == (False, True)


def test_the_schema_knows_every_vendor_and_every_channel() -> None:
    definitions = SCHEMA["$defs"]
    assert {step.partition(":")[0] for step in definitions["step"]["enum"]} == set(_VENDORS)
    once = {rule["contains"]["pattern"] for rule in definitions["route"]["allOf"]}
    assert once == {f"^{vendor}:" for vendor in _VENDORS}
    assert definitions["channels"]["propertyNames"]["enum"] == [*Channel, ANY]


_STEPS = st.lists(
    st.sampled_from(
        ["esms:vendor", "esms:gateway", "engagelab:gateway", "message_central:vendor", "esms:", 1]
    )
)
_CHANNELS = st.dictionaries(st.sampled_from(["sms", "zalo", "*", "fax"]), _STEPS, max_size=2)
_COUNTRIES = st.dictionaries(st.sampled_from(["VN", "001", "*"]), _CHANNELS, max_size=2)


@given(st.dictionaries(st.sampled_from(["default", "gateway"]), _COUNTRIES, max_size=2))
def test_whatever_the_routes_both_say_the_same_of_them(document: dict[str, Any]) -> None:
    assert _takes_schema(document) == _takes_service(document)
