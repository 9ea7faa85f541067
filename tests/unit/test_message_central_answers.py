"""Which code and HTTP status of Message Central's table each error is, and what an answer never lacks."""

from __future__ import annotations

import inspect
import json
import re

import pytest

from countersign import errors
from countersign.dialects import message_central_answers as answers
from countersign.dialects.message_central_answers import ResponseCode
from countersign.edge import InternalError
from countersign.errors import (
    AlreadyApprovedError,
    AttemptsExhaustedError,
    CanceledError,
    ClientDisabledError,
    CooldownError,
    CountersignError,
    CountryNotAllowedError,
    ExpiredError,
    GuessLimitError,
    IdempotencyConflictError,
    InvalidNumberError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotCarriedError,
    NotFoundError,
    NumberNotAllowedError,
    PayloadTooLargeError,
    PermissionDeniedError,
    RateLimitError,
    SendLimitError,
    SendsExhaustedError,
    ServiceUnavailableError,
    UnauthenticatedError,
    UndeliverableError,
    UnsupportedMediaTypeError,
    VendorUnavailableError,
    WrongCodeError,
)
from countersign.model import Secret
from tests.support.builders import phone, verification
from tests.support.clock import NOON

ID = "4242424242424242"
COOLDOWN = CooldownError(live_id=ID, resend_at=NOON + 30, retry_after_seconds=30)


def refused_number() -> UndeliverableError:
    error = UndeliverableError()
    error.number_refused = True
    return error


SENDS: list[tuple[CountersignError, int, int]] = [
    (InvalidRequestError("No.", field="flowType"), 400, 400),
    (InvalidNumberError("No.", field="mobileNumber"), 400, 400),
    (answers.InvalidCustomerError("No."), 400, 501),
    (answers.InvalidCountryError("No."), 400, 511),
    (NotCarriedError("No.", has_route=False), 400, 511),
    (NotCarriedError("No.", has_route=True), 400, 400),
    (NumberNotAllowedError(), 400, 400),
    (CountryNotAllowedError(), 400, 511),
    (PayloadTooLargeError(), 400, 400),
    (UnsupportedMediaTypeError(), 400, 400),
    (answers.RequestExistsError(COOLDOWN, live_id=ID, phone=phone()), 400, 506),
    (CooldownError(live_id=None, resend_at=NOON, retry_after_seconds=1), 400, 800),
    (SendLimitError(retry_after_seconds=1), 400, 800),
    (GuessLimitError(retry_after_seconds=1), 400, 800),
    (RateLimitError(retry_after_seconds=1), 400, 800),
    (SendsExhaustedError(), 400, 800),
    (CanceledError(), 400, 409),
    (IdempotencyConflictError(), 400, 409),
    (refused_number(), 400, 400),
    (UndeliverableError(), 502, 500),
    (VendorUnavailableError(), 503, 500),
    (ServiceUnavailableError(), 503, 500),
    (InternalError(), 500, 500),
    (CountersignError(), 500, 500),
]

CHECKS: list[tuple[CountersignError, int, int]] = [
    (InvalidRequestError("No.", field="code"), 400, 400),
    (PayloadTooLargeError(), 400, 400),
    (NotFoundError(), 400, 505),
    (WrongCodeError(), 400, 702),
    (AlreadyApprovedError(), 400, 703),
    (ExpiredError(), 400, 705),
    (AttemptsExhaustedError(), 400, 800),
    (CanceledError(), 400, 700),
    (UndeliverableError(), 400, 700),
    (VendorUnavailableError(retry_after_seconds=2), 503, 500),
    (ServiceUnavailableError(retry_after_seconds=1), 503, 500),
    (InternalError(), 500, 500),
]


def name_of(value: object) -> str | None:
    return type(value).__name__ if isinstance(value, Exception) else None


@pytest.mark.parametrize(("error", "status", "code"), SENDS, ids=name_of)
def test_a_refused_send_is_this_code(error: CountersignError, status: int, code: int) -> None:
    answer = answers.send_refused(error)
    document = json.loads(answer.body)
    assert (answer.status, document["responseCode"]) == (status, code)
    assert document["message"] == ResponseCode(code).name
    if "data" in document:
        assert document["data"]["responseCode"] == str(code)
        assert set(document["data"]) == set(sent_data())
    assert set(document) - {"data"} == {"responseCode", "message"}


@pytest.mark.parametrize(("error", "status", "code"), CHECKS, ids=name_of)
def test_a_refused_check_is_this_code_and_nothing_else(
    error: CountersignError, status: int, code: int
) -> None:
    answer = answers.check_refused(error)
    assert answer.status == status
    assert answer.body == f'{{"responseCode":{code},"message":"{ResponseCode(code).name}"}}'


def test_the_tables_above_have_all_thirteen_codes() -> None:
    reached = {code for _, _, code in SENDS + CHECKS} | {200}
    assert reached == {code.value for code in ResponseCode}
    assert len(ResponseCode) == 13


def every_error() -> list[type[CountersignError]]:
    return [
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, CountersignError) and kind is not CountersignError
    ]


@pytest.mark.parametrize("kind", every_error())
def test_no_error_is_ever_a_success(kind: type[CountersignError]) -> None:
    error = kind.__new__(kind)
    CountersignError.__init__(error, "A reason.")
    for name, value in {
        "allowed": (),
        "live_id": None,
        "resend_at": 0,
        "field": None,
        "has_route": True,
    }.items():
        setattr(error, name, value)
    for answer in (answers.send_refused(error), answers.check_refused(error)):
        document = json.loads(answer.body)
        assert answer.status >= 400
        assert document["responseCode"] != 200
        assert document["message"] != "SUCCESS"
        assert (document.get("data") or {}).get("responseCode") != "200"
    token = answers.token_refused(error)
    assert json.loads(token.body)["status"] >= 400
    assert "token" not in json.loads(token.body)


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (answers.InvalidCustomerError("No."), 200, '{"status":400,"error":"customerId is invalid"}'),
        (InvalidRequestError("No."), 200, '{"status":400,"error":"customerId is invalid"}'),
        (ClientDisabledError(), 200, '{"status":400,"error":"customerId is invalid"}'),
        (PermissionDeniedError(), 200, '{"status":400,"error":"customerId is invalid"}'),
        (UnauthenticatedError(), 200, '{"status":400,"error":"password is wrong"}'),
        (PayloadTooLargeError(), 413, '{"status":413,"error":"Content Too Large"}'),
        (ServiceUnavailableError(), 503, '{"status":500,"error":"The service cannot answer now."}'),
        (InternalError(), 500, '{"status":500,"error":"The service failed; nothing was verified."}'),
    ],
    ids=name_of,
)
def test_a_refused_token_is_said_so(error: CountersignError, status: int, body: str) -> None:
    answer = answers.token_refused(error)
    assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize("refuse", [answers.send_refused, answers.check_refused, answers.token_refused])
def test_waiting_is_said_where_it_helps(refuse: object) -> None:
    assert callable(refuse)
    assert refuse(ServiceUnavailableError(retry_after_seconds=7)).headers["Retry-After"] == "7"
    assert "Retry-After" not in refuse(ServiceUnavailableError()).headers


def test_another_method_says_which_ones_there_are() -> None:
    answer = answers.no_such_route(MethodNotAllowedError(("GET",)))
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")


def sent_data(*, expires_at: int = NOON + 60, now: int = NOON) -> dict[str, object]:
    sent = answers.sent(verification(ID, expires_at=expires_at), phone=phone(), now=now)
    data: dict[str, object] = json.loads(sent.body)["data"]
    return data


@pytest.mark.parametrize(("passed", "left"), [(0, "60"), (1, "59"), (60, "0"), (75, "0")])
def test_a_timeout_is_the_life_that_is_left(passed: int, left: str) -> None:
    assert sent_data(now=NOON + passed)["timeout"] == left


def test_transactions_are_uuids_of_version_4_that_never_repeat() -> None:
    ids = [str(sent_data()["transactionId"]) for _ in range(200)]
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(pattern, one) for one in ids)
    assert len(set(ids)) == 200
    assert {one[19] for one in ids} == set("89ab")


def test_a_number_that_cannot_be_read_is_null() -> None:
    answer = answers.completed(verification(ID), number=None)
    assert json.loads(answer.body)["data"]["mobileNumber"] is None
    known = answers.completed(verification(ID), number=Secret("+84901888484"))
    assert json.loads(known.body)["data"]["mobileNumber"] == "901888484"
