"""Each error in EngageLab's words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from countersign import errors
from countersign.dialects.engagelab_answers import UnknownSubjectError, WrongGuessError, refused, words_of
from countersign.edge import InternalError
from countersign.errors import CountersignError, UndeliverableError
from countersign.model import Secret


def kinds(base: type[CountersignError] = CountersignError) -> Iterator[type[CountersignError]]:
    """Every class of the tree in errors.py."""
    for kind in base.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
        yield from kinds(kind)


KINDS = list(kinds())


def an_error(kind: type[CountersignError]) -> CountersignError:
    if kind is errors.CooldownError:
        return errors.CooldownError(live_id="1", resend_at=1, retry_after_seconds=7)
    if kind is errors.MethodNotAllowedError:
        return errors.MethodNotAllowedError(("POST",))
    if kind is errors.NotCarriedError:
        return errors.NotCarriedError("detail", has_route=True)
    if issubclass(kind, errors.InvalidRequestError):
        return kind("`to` is wrong.", field="to")
    return kind()


SENDS = {
    "InvalidRequestError": (3002, 400),
    "InvalidNumberError": (5011, 400),
    "NotCarriedError": (5014, 400),
    "PayloadTooLargeError": (3001, 400),
    "UnsupportedMediaTypeError": (3001, 400),
    "UnauthenticatedError": (2001, 401),
    "ClientDisabledError": (2002, 401),
    "PermissionDeniedError": (2004, 403),
    "NumberNotAllowedError": (5012, 400),
    "CountryNotAllowedError": (5012, 400),
    "GuessLimitError": (5015, 400),
    "NotFoundError": (3001, 404),
    "MethodNotAllowedError": (3001, 405),
    "WrongCodeError": (1000, 500),  # a check says it with WrongGuessError; a send has none
    "ExpiredError": (3003, 400),
    "AlreadyApprovedError": (3003, 400),
    "CanceledError": (3004, 400),
    "AttemptsExhaustedError": (3003, 400),
    "CooldownError": (3004, 400),
    "SendsExhaustedError": (1000, 500),
    "SendLimitError": (5015, 400),
    "RateLimitError": (5015, 400),
    "IdempotencyConflictError": (1000, 500),
    "UndeliverableError": (5001, 400),
    "VendorUnavailableError": (1000, 500),
    "ServiceUnavailableError": (1000, 500),
}
CHECKS = SENDS | {"CanceledError": (3003, 400), "UndeliverableError": (3003, 400)}


def test_the_table_has_every_error_that_there_is() -> None:
    assert {kind.__name__ for kind in KINDS} == set(SENDS)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("checking", [False, True])
def test_every_error_has_its_code_and_status(kind: type[CountersignError], *, checking: bool) -> None:
    words = words_of(an_error(kind), checking=checking)
    assert (words.code, words.status) == (CHECKS if checking else SENDS)[kind.__name__]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_no_error_reads_like_a_success(kind: type[CountersignError]) -> None:
    for checking in (False, True):
        answer = refused(an_error(kind), checking=checking)
        document = answer.document()
        assert isinstance(document, dict)
        assert set(document) == {"code", "message"}
        assert type(document["code"]) is int
        assert document["message"]
        assert answer.status >= 400


def test_what_nobody_expected_is_an_internal_error() -> None:
    answer = refused(InternalError(), checking=False)
    assert (answer.status, answer.body) == (500, '{"code":1000,"message":"internal error"}')


def test_a_number_that_a_vendor_refuses_is_on_a_blacklist_for_a_send_alone() -> None:
    error = UndeliverableError()
    error.number_refused = True
    assert words_of(error, checking=False).code == 5013
    assert words_of(error, checking=True).code == 3003


def test_a_place_without_a_route_is_unreachable() -> None:
    assert words_of(errors.NotCarriedError("detail", has_route=False), checking=False).code == 5012


def test_a_document_that_is_broken_has_another_code_than_a_member() -> None:
    answer = refused(errors.InvalidRequestError("The body is not JSON."), checking=False)
    assert (answer.status, answer.body) == (400, '{"code":3001,"message":"The body is not JSON."}')


def test_an_unknown_message_is_no_unknown_path() -> None:
    answer = refused(UnknownSubjectError("message does not exist"), checking=True)
    assert (answer.status, answer.body) == (400, '{"code":4001,"message":"message does not exist"}')


def test_a_wrong_code_is_told_with_200() -> None:
    wrong = WrongGuessError(message_id="1725407449772531712", guess=Secret("66709"), verification=None)
    answer = refused(wrong, checking=True)
    assert (answer.status, answer.body) == (
        200,
        '{"message_id":"1725407449772531712","verify_code":"66709","verified":false}',
    )


def test_waiting_is_told_in_a_header() -> None:
    cooldown = refused(an_error(errors.CooldownError), checking=False)
    assert cooldown.headers["Retry-After"] == "7"
    assert "Retry-After" not in refused(errors.ExpiredError(), checking=True).headers


def test_a_401_says_how_and_a_405_says_what() -> None:
    unauthenticated = refused(errors.UnauthenticatedError(), checking=False)
    assert unauthenticated.headers["WWW-Authenticate"].startswith("Basic ")
    assert refused(an_error(errors.MethodNotAllowedError), checking=False).headers["Allow"] == "POST"
