"""Whatever is sent, the answer is one that openapi.json declares, and never a crash."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig

from tests.docs.openapi import document
from tests.fuzz.subject import SECONDS_BETWEEN, Subject

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)


def _config(examples: int, *, coverage: bool) -> SchemathesisConfig:
    """Always the same requests, and no files."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 20_260_101,
            "suppress-health-check": ["all"],
            "cache": {"enabled": False},
            "generation": {
                "max-examples": examples,
                "deterministic": True,
                "database": "none",
                "no-shrink": True,
            },
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "phases": {
                "stateful": {"enabled": False},
                "coverage": {"enabled": coverage, "unexpected-methods": ["get", "put", "post", "delete"]},
            },
        }
    )


ALLOWED = schemathesis.openapi.from_dict(document(), config=_config(10, coverage=True))
STRANGERS = schemathesis.openapi.from_dict(document(), config=_config(4, coverage=False))


def _tag(case: schemathesis.Case[Any]) -> str:
    return str(case.operation.definition.raw["tags"][0])


@pytest.fixture(autouse=True)
def an_empty_table(subject: Subject) -> None:
    """Each operation begins with numbers that have all their sends left."""
    subject.forget()


@ALLOWED.parametrize()
def test_a_client_is_answered_as_documented(case: schemathesis.Case[Any], subject: Subject) -> None:
    subject.gateway.clock.advance(SECONDS_BETWEEN)
    tag = _tag(case)
    subject.prepare(case, tag=tag)
    subject.make_it_about_something(case, tag=tag)
    case.call_and_validate(base_url=subject.base_url, headers=subject.headers(tag), timeout=20)


@STRANGERS.parametrize()
def test_a_stranger_is_answered_as_documented_and_nothing_is_sent(
    case: schemathesis.Case[Any], subject: Subject
) -> None:
    before = len(subject.vendors.wire.calls)
    subject.prepare(case, tag="none")
    case.call_and_validate(base_url=subject.base_url, timeout=20)
    assert not [url for url in subject.vendors.urls[before:] if not url.startswith(subject.base_url)]
