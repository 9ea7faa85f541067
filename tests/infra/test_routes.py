"""The paths of the code's endpoints; that the template's routes lead to them is said by serving.py."""

from __future__ import annotations

import pytest

from countersign.dialects.dialect import Function
from tests.support.api import function_of

from .endpoints import Spoken
from .serving import dialect_of, every_endpoint


@pytest.mark.parametrize("found", every_endpoint(), ids=lambda found: found.operation)
def test_an_endpoints_path_is_its_own_dialects(found: Spoken) -> None:
    assert dialect_of(found.endpoint.path) == found.dialect_name


def test_a_path_that_nobody_serves_goes_to_the_default() -> None:
    assert function_of("GET", "/nothing") is Function.VERIFY
    assert function_of("PUT", "/v1/messages") is Function.VERIFY
    assert function_of("GET", "/MainService.svc/") is Function.VERIFY
