"""CAMARA's words for every error of ours; what its parsing reads, without a gateway around it."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace

import pytest

from countersign import errors
from countersign.dialects.camara_answers import (
    ABORTED,
    INTERNAL,
    INVALID_OTP,
    NOT_CARRIED,
    NOT_SENT,
    NOT_SERVED,
    PHONE_NUMBER_BLOCKED,
    VERIFICATION_EXPIRED,
    VERIFICATION_FAILED,
    ScopeMissingError,
    Words,
    refused,
    words_of,
)
from countersign.dialects.camara_parsing import own_text_binds, parse_guess, parse_send
from countersign.dialects.http import HttpRequest
from countersign.errors import (
    CanceledError,
    ConfigurationError,
    CooldownError,
    CountersignError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotCarriedError,
    UndeliverableError,
    WrongCodeError,
)
from countersign.policy import Policy
from tests.support.builders import verification

# Status and code of the API's definition, and of the design guide's table of errors.
STANDARD = {
    (400, "INVALID_ARGUMENT"),
    (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP"),
    (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED"),
    (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_FAILED"),
    (401, "UNAUTHENTICATED"),
    (403, "PERMISSION_DENIED"),
    (403, "ONE_TIME_PASSWORD_SMS.MAX_OTP_CODES_EXCEEDED"),
    (403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_NOT_ALLOWED"),
    (403, "ONE_TIME_PASSWORD_SMS.PHONE_NUMBER_BLOCKED"),
    (404, "NOT_FOUND"),
    (405, "METHOD_NOT_ALLOWED"),
    (409, "ABORTED"),
    (409, "ALREADY_EXISTS"),
    (415, "UNSUPPORTED_MEDIA_TYPE"),
    (429, "TOO_MANY_REQUESTS"),
    (500, "INTERNAL"),
    (503, "UNAVAILABLE"),
}


def every_error() -> list[CountersignError]:
    made: dict[str, CountersignError] = {
        "InvalidRequestError": InvalidRequestError("No."),
        "InvalidNumberError": errors.InvalidNumberError("No."),
        "NotCarriedError": NotCarriedError("No.", has_route=True),
        "MethodNotAllowedError": MethodNotAllowedError(("POST",)),
        "CooldownError": CooldownError(live_id=None, resend_at=1, retry_after_seconds=1),
    }
    return [
        made.get(name) or kind()
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, CountersignError)
    ]


@pytest.mark.parametrize("validating", [True, False])
@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_has_words_of_the_standard(error: CountersignError, validating: bool) -> None:
    words = words_of(error, validating=validating)
    assert (words.status, words.code) in STANDARD
    assert words is not INTERNAL or type(error) is CountersignError
    answer = refused(error, request=HttpRequest(method="POST", path="/", headers={}), validating=validating)
    assert answer.status == words.status >= 400
    assert json.loads(answer.body).keys() == {"status", "code", "message"}


@pytest.mark.parametrize(
    ("attempts", "checking", "words"),
    [(4, 0, INVALID_OTP), (4, 1, INVALID_OTP), (5, 1, INVALID_OTP), (5, 0, VERIFICATION_FAILED)],
)
def test_the_last_wrong_guess_fails_once_nothing_is_with_a_vendor(
    attempts: int, checking: int, words: Words
) -> None:
    about = replace(verification("v"), attempts_max=5, attempts=attempts, checking=checking)
    assert words_of(WrongCodeError(verification=about), validating=True) is words


def test_a_wrong_code_of_nothing_known_is_an_invalid_otp() -> None:
    assert words_of(WrongCodeError(), validating=True) is INVALID_OTP


def test_words_differ_between_a_send_and_a_validation() -> None:
    assert words_of(CanceledError(), validating=False) is ABORTED
    assert words_of(CanceledError(), validating=True) is VERIFICATION_EXPIRED
    refusal = UndeliverableError()
    assert words_of(refusal, validating=False) is NOT_SENT
    refusal.number_refused = True
    assert words_of(refusal, validating=False) is PHONE_NUMBER_BLOCKED
    assert words_of(refusal, validating=True) is VERIFICATION_EXPIRED


def test_a_country_without_a_route_is_not_a_text_that_cannot_be_sent() -> None:
    assert words_of(NotCarriedError("No.", has_route=False), validating=False) is NOT_SERVED
    assert words_of(NotCarriedError("No.", has_route=True), validating=False) is NOT_CARRIED


@pytest.mark.parametrize(
    ("error", "authorization", "challenge"),
    [
        (errors.UnauthenticatedError(), None, 'Bearer realm="countersign"'),
        (errors.UnauthenticatedError(), "Bearer x.y", 'Bearer realm="countersign", error="invalid_token"'),
        (
            ScopeMissingError(),
            "Bearer x.y",
            'Bearer realm="countersign", error="insufficient_scope",'
            ' scope="one-time-password-sms:send-validate"',
        ),
        (InvalidRequestError("No."), "Bearer x.y", None),
    ],
)
def test_who_is_not_let_in_is_told_what_to_bring(
    error: CountersignError, authorization: str | None, challenge: str | None
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    asked = HttpRequest(method="POST", path="/", headers=headers)
    assert refused(error, request=asked, validating=False).headers.get("WWW-Authenticate") == challenge


def test_an_invalid_argument_says_what_to_correct_and_nothing_else_does() -> None:
    asked = HttpRequest(method="POST", path="/", headers={})
    invalid = refused(InvalidRequestError("Say more."), request=asked, validating=False)
    assert json.loads(invalid.body)["message"] == "Say more."
    canceled = refused(CanceledError("Not for others."), request=asked, validating=False)
    assert json.loads(canceled.body)["message"] == ABORTED.message


def request(**members: str) -> HttpRequest:
    return HttpRequest(method="POST", path="/", headers={}, body=json.dumps(members).encode())


def test_a_send_is_read_with_the_standards_numbers() -> None:
    body = request(phoneNumber="+84901888484", message="a {{code}} b {{{code}}}")
    start = parse_send(body, policy=Policy(), text_is_binding=False)
    assert (start.code_length, start.ttl_seconds, start.cooldown_seconds) == (6, 300, 0)
    assert not start.one_at_a_time
    assert start.text is not None
    assert (start.text.parts, start.text.binding) == (("a ", " b {", "}"), False)
    assert start.text.with_code("123456") == "a 123456 b {123456}"


def test_a_send_is_read_with_the_policys_numbers() -> None:
    policy = Policy(code_length=4, ttl_seconds=600, cooldown_seconds=30)
    body = request(phoneNumber="+84901888484", message="{{code}}")
    start = parse_send(body, policy=policy, text_is_binding=True)
    assert (start.code_length, start.ttl_seconds, start.cooldown_seconds) == (4, 600, 30)
    assert start.text is not None
    assert start.text.binding


def test_no_two_sends_have_the_same_id() -> None:
    body = request(phoneNumber="+84901888484", message="{{code}}")
    ids = {parse_send(body, policy=Policy(), text_is_binding=True).verification_id for _ in range(50)}
    assert len(ids) == 50


def test_a_guess_does_not_print_its_code() -> None:
    guess = parse_guess(request(authenticationId="ea0840f3-3663-4149-bd10-c7c6b8912105", code="123456"))
    assert "123456" not in repr(guess)
    assert guess.code.reveal() == "123456"


def test_a_callers_text_binds_unless_the_operator_says_otherwise() -> None:
    assert own_text_binds({}, client_id="shop")
    assert own_text_binds({"own_text": "required"}, client_id="shop")
    assert not own_text_binds({"own_text": "preferred"}, client_id="shop")
    with pytest.raises(ConfigurationError, match=r"^client shop: dialects\.camara\.own_text must be "):
        own_text_binds({"own_text": True}, client_id="shop")
    with pytest.raises(ConfigurationError, match=r"^client shop: dialects\.camara\.ttl is not a setting$"):
        own_text_binds({"ttl": 1}, client_id="shop")
