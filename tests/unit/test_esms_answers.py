"""Answers of the eSMS dialect: every error has one, and none looks like a success."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest

from countersign import errors
from countersign.dialects.dialect import Refusal, UseCases
from countersign.dialects.esms import Esms
from countersign.dialects.esms_answers import code_invalid, refused, verified
from countersign.dialects.http import HttpRequest
from countersign.edge import InternalError
from countersign.errors import CountersignError

SPECIAL: dict[str, tuple[Any, ...]] = {
    "InvalidRequestError": ("Bad.",),
    "InvalidNumberError": ("Bad.",),
    "MethodNotAllowedError": (("GET",),),
}
NAMED: dict[str, dict[str, Any]] = {
    "CooldownError": {"live_id": "CANARY", "resend_at": 5, "retry_after_seconds": 5},
}


def every_error() -> list[CountersignError]:
    found: list[CountersignError] = [
        InternalError(),
        errors.NotCarriedError("Bad.", has_route=True),
        errors.NotCarriedError("Bad.", has_route=False),
    ]
    for name, one in vars(errors).items():
        if isinstance(one, type) and issubclass(one, CountersignError) and name != "NotCarriedError":
            found.append(one(*SPECIAL.get(name, ()), **NAMED.get(name, {})))
    return found


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_has_an_answer_that_is_no_success(error: CountersignError) -> None:
    answer = refused(error)
    document = json.loads(answer.body)
    assert list(document) == ["CodeResult", "CountRegenerate", "ErrorMessage"]
    assert document["CodeResult"] != "100"
    assert document["CountRegenerate"] == 0
    assert document["ErrorMessage"]
    assert "CANARY" not in answer.body
    assert type(answer.status) is int
    is_ours = error.status >= 500 and not isinstance(error, errors.UndeliverableError)
    assert (answer.status >= 500) is is_ours


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("0901888484", "0901888484"),
        ("+84 (901) 888-484", "+84 (901) 888-484"),
        ('0901","CodeResult":"100', "0901100"),
        ("<b>0901</b>", "0901"),
        ("9" * 99, "9" * 32),
    ],
)
def test_a_phone_is_repeated_as_a_phone_alone(phone: str, shown: str) -> None:
    assert json.loads(verified(phone).body)["ErrorMessage"] == f"{shown}, Content: Success!"
    assert json.loads(code_invalid(phone).body)["ErrorMessage"] == f"{shown}, Content: Code Invalid"


@pytest.mark.parametrize(
    "error",
    [
        errors.WrongCodeError(),
        errors.ExpiredError(),
        errors.AlreadyApprovedError(),
        errors.AttemptsExhaustedError(),
        errors.CanceledError(),
        errors.NotFoundError(),
        errors.UndeliverableError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_became_of_the_verification_its_code_is_invalid(error: CountersignError) -> None:
    dialect = Esms(cast("UseCases", None))  # a refusal uses none of them
    request = HttpRequest(
        method="GET", path="/MainService.svc/json//CheckCodeGen_V4_get/", headers={}, raw_query="phone=0901"
    )
    answer = dialect.refuse(Refusal(error=error, request=request, trace_id="t", now=0))
    assert (answer.status, answer.body) == (200, code_invalid("0901").body)
