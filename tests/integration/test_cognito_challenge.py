"""Sign-in without a password: Cognito's three triggers, with the session that it keeps between them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from countersign.bootstrap.cognito import challenge_trigger
from countersign.cognito.edge import TriggerEdge, TriggerFailedError
from functions.cognito_challenge import app as challenge_app
from tests.support.aws import TABLE
from tests.support.cognito import POOL_ID, SignIn, sample
from tests.support.gateway import Context, Gateway, policy
from tests.support.vendors import (
    ENGAGELAB_CODES,
    ENGAGELAB_REFUSED,
    ESMS_CHECK,
    ESMS_NO_BALANCE,
    ESMS_RAW,
    Vendors,
)
from tests.support.world import another

from .conftest import Aws

NUMBER = "+84901888484"
FAILED = "The code could not be sent or checked."
TRY_LATER = "Too many codes were sent lately; try again later."


@dataclass
class Pool:
    """The function that is a user pool's three triggers."""

    gateway: Gateway
    edge: TriggerEdge

    def sign_in(self, *, begun: bool = True, context: Context | None = None, **about: Any) -> SignIn:
        sign_in = SignIn(self.edge, context or Context(milliseconds=5_000), **about)
        if begun:
            sign_in.begun()
        return sign_in


def attributes(**changes: str | None) -> dict[str, str]:
    found = sample("create_auth_challenge")["request"]["userAttributes"] | changes
    return {name: value for name, value in found.items() if value is not None}


@pytest.fixture
def make_pool(aws: Aws, make_gateway: Callable[..., Gateway]) -> Callable[..., Pool]:
    def make(*, routes: str = "gateway", **settings: object) -> Pool:
        section = {"secrets": ["x"], "policy": policy(routes=routes, **settings), "dialects": {}}
        aws.put_clients(
            {"pepper": "canary-pepper-of-the-integration-tests-0001", "clients": {"pool": section}}
        )
        gateway = make_gateway(COGNITO_CLIENT="pool", COGNITO_USER_POOL_ID=POOL_ID)
        return Pool(gateway, challenge_trigger(gateway.container))

    return make


@pytest.fixture
def pool(make_pool: Callable[..., Pool]) -> Pool:
    return make_pool()


@pytest.fixture(autouse=True)
def nothing_secret_is_logged(
    pool: Pool, vendors: Vendors, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    yield
    said = pool.gateway.log.getvalue() + "".join(capfd.readouterr())
    assert NUMBER[3:] not in said
    assert not re.search(r'"[0-9]{6}"', said)


def test_a_right_code_signs_in(pool: Pool, vendors: Vendors) -> None:
    sign_in = pool.sign_in()
    assert vendors.urls == [ESMS_RAW]
    assert sign_in.shown == {"to": "+•••••••8484", "expires_in_seconds": "300"}
    assert sign_in.tried(vendors.code_sent()) == "tokens"
    [line] = pool.gateway.lines("VerificationApproved")
    assert line["client"] == "pool"


def test_what_the_user_is_told_does_not_lead_to_the_verification(pool: Pool) -> None:
    sign_in = pool.sign_in()
    assert sign_in.private["verification_id"] == sign_in.metadata
    assert re.fullmatch(r"[a-z2-7]{26}", sign_in.metadata)
    assert sign_in.metadata not in json.dumps(sign_in.shown)


def test_a_wrong_code_may_be_followed_by_the_right_one_without_another_text(
    pool: Pool, vendors: Vendors
) -> None:
    sign_in = pool.sign_in()
    code, shown = vendors.code_sent(), sign_in.shown
    pool.gateway.clock.advance(90)
    assert sign_in.tried(another(code)) == "CUSTOM_CHALLENGE"
    assert sign_in.shown == shown
    assert sign_in.tried(code) == "tokens"
    assert vendors.urls == [ESMS_RAW]


def test_five_wrong_codes_are_the_end_and_the_right_one_is_none_any_more(
    pool: Pool, vendors: Vendors
) -> None:
    sign_in = pool.sign_in()
    code = vendors.code_sent()
    came = [sign_in.tried(another(code)) for _ in range(5)]
    assert came == ["CUSTOM_CHALLENGE"] * 4 + ["failed"]
    assert sign_in.answered(code) is False
    outcomes = [line["outcome"] for line in pool.gateway.lines("RequestRefused")]
    assert outcomes == ["wrong_code"] * 5 + ["attempts_exhausted"]


def test_a_policy_of_fewer_attempts_holds(make_pool: Callable[..., Pool], vendors: Vendors) -> None:
    sign_in = make_pool(attempts=2).sign_in()
    code = vendors.code_sent()
    sign_in.tried(another(code))
    sign_in.tried(another(code))
    assert sign_in.answered(code) is False


def test_what_is_no_code_costs_no_attempt_but_a_round(pool: Pool, vendors: Vendors) -> None:
    sign_in = pool.sign_in()
    for nonsense in ("", "12", "12345678901", "✓✓✓✓✓✓"):
        assert sign_in.tried(nonsense) == "CUSTOM_CHALLENGE"
    assert sign_in.tried(vendors.code_sent()) == "tokens"


def test_a_late_code_is_refused(pool: Pool, vendors: Vendors) -> None:
    sign_in = pool.sign_in()
    pool.gateway.clock.advance(300)
    assert sign_in.tried(vendors.code_sent()) == "CUSTOM_CHALLENGE"
    assert pool.gateway.lines("RequestRefused")[-1]["outcome"] == "expired"


def test_a_code_signs_in_once(pool: Pool, vendors: Vendors) -> None:
    sign_in, beside = pool.sign_in(), pool.sign_in()
    code = vendors.code_sent()
    assert sign_in.tried(code) == "tokens"
    assert sign_in.answered(code) is False
    assert beside.tried(code) == "CUSTOM_CHALLENGE"
    assert pool.gateway.lines("RequestRefused")[-1]["outcome"] == "already_approved"


def test_a_challenge_that_is_created_again_at_once_is_the_same_one(pool: Pool, vendors: Vendors) -> None:
    first, again = pool.sign_in(), pool.sign_in()
    assert (again.private, again.shown) == (first.private, first.shown)
    assert vendors.urls == [ESMS_RAW]
    pool.gateway.clock.advance(60)
    assert pool.sign_in().private != first.private


def test_a_cooldown_of_none_leaves_room_for_cognitos_three_calls(
    make_pool: Callable[..., Pool], vendors: Vendors
) -> None:
    pool = make_pool(cooldown_seconds=0)
    for _ in range(3):
        pool.sign_in()
        pool.gateway.clock.advance(4)
    assert vendors.urls == [ESMS_RAW]


def test_an_unknown_user_sees_the_same_and_never_signs_in(pool: Pool, vendors: Vendors) -> None:
    known, unknown = pool.sign_in(), pool.sign_in(exists=False, attributes={}, user="somebody")
    assert vendors.urls == [ESMS_RAW]
    assert unknown.shown.keys() == known.shown.keys()
    assert re.fullmatch(r"\+•{7}[0-9]{4}", unknown.shown["to"])
    assert unknown.shown["expires_in_seconds"] == known.shown["expires_in_seconds"]
    shown = unknown.shown
    assert [unknown.tried("123456") for _ in range(5)] == ["CUSTOM_CHALLENGE"] * 4 + ["failed"]
    assert unknown.shown == shown
    assert pool.sign_in(exists=False, attributes={}, user="somebody").shown == shown
    assert pool.sign_in(exists=False, attributes={}, user="somebody else").shown != shown


def test_an_unknown_user_gets_no_tokens_whatever_the_session_says(pool: Pool, vendors: Vendors) -> None:
    sign_in = pool.sign_in(exists=False)
    sign_in.session = [{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True}]
    assert sign_in.defined() == "failed"
    sign_in.private = pool.sign_in().private
    assert sign_in.answered(vendors.code_sent()) is False


@pytest.mark.parametrize("about", [{"exists": False, "attributes": {}}, {"attributes": {}}])
def test_what_cognito_keeps_of_nobody_is_as_long_as_of_somebody(about: dict[str, Any], pool: Pool) -> None:
    """It is in the session that the user holds, encrypted, but its length can be seen."""
    known, unknown = pool.sign_in(), pool.sign_in(**about)
    assert re.fullmatch(r"[a-z2-7]{26}", unknown.metadata)
    assert unknown.private == {"verification_id": unknown.metadata}
    assert (len(unknown.metadata), unknown.metadata != known.metadata) == (len(known.metadata), True)
    kept = unknown.metadata
    assert unknown.tried("123456") == "CUSTOM_CHALLENGE"
    assert unknown.metadata == kept


def test_a_number_that_was_verified_by_hand_is_verified(pool: Pool, vendors: Vendors) -> None:
    """Cognito keeps what an administrator has written: `Value=True` stays so."""
    sign_in = pool.sign_in(attributes=attributes(phone_number_verified="True"))
    assert sign_in.tried(vendors.code_sent()) == "tokens"


@pytest.mark.parametrize(
    "changes",
    [
        {"phone_number": None},
        {"phone_number": ""},
        {"phone_number": "+1234"},
        {"phone_number_verified": "false"},
        {"phone_number_verified": None},
    ],
)
def test_a_user_without_a_verified_number_is_as_one_who_does_not_exist(
    changes: dict[str, str | None], pool: Pool, vendors: Vendors
) -> None:
    sign_in = pool.sign_in(attributes=attributes(**changes))
    assert vendors.urls == []
    assert re.fullmatch(r"\+•{7}[0-9]{4}", sign_in.shown["to"])
    assert sign_in.tried("123456") == "CUSTOM_CHALLENGE"


def test_only_challenges_of_ours_lead_to_tokens(pool: Pool) -> None:
    right = {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": ""}
    for session in (
        [{"challengeName": "SRP_A", "challengeResult": True}],
        [{"challengeName": "PASSWORD_VERIFIER", "challengeResult": True}],
        [{"challengeName": "SRP_A", "challengeResult": True}, right],
        [right, right | {"challengeResult": False}],
        [right | {"challengeResult": "true"}] * 5,
    ):
        sign_in = pool.sign_in(begun=False)
        sign_in.session = session
        assert sign_in.defined() == "failed", session


def test_the_samples_of_define_say_what_comes_next(pool: Pool) -> None:
    answers = {}
    for name in (
        "define_auth_challenge",
        "define_auth_challenge_after_wrong",
        "define_auth_challenge_after_right",
    ):
        answered: Any = pool.edge(sample(name), Context())
        answers[name.removeprefix("define_auth_challenge")] = answered["response"]
    again = {"challengeName": "CUSTOM_CHALLENGE", "issueTokens": False, "failAuthentication": False}
    tokens = {"issueTokens": True, "failAuthentication": False}
    assert answers == {"": again, "_after_wrong": again, "_after_right": tokens}


def test_a_code_that_the_vendor_holds_signs_in_too(make_pool: Callable[..., Pool], vendors: Vendors) -> None:
    pool = make_pool(routes="default")
    assert pool.sign_in().tried("428913") == "tokens"
    assert vendors.urls[-1] == ESMS_CHECK


def test_a_vendor_in_trouble_is_no_wrong_answer(make_pool: Callable[..., Pool], vendors: Vendors) -> None:
    pool = make_pool(routes="default")
    sign_in = pool.sign_in()
    vendors.now_answers("GET", ESMS_CHECK, {}, status=500)
    with pytest.raises(TriggerFailedError, match=FAILED):
        sign_in.answered("428913")
    vendors.now_answers("GET", ESMS_CHECK, {"CodeResult": "100"})
    assert sign_in.tried("428913") == "tokens"


def test_the_next_vendor_sends_where_the_first_does_not(pool: Pool, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    sign_in = pool.sign_in()
    assert vendors.urls == [ESMS_RAW, ENGAGELAB_CODES]
    assert sign_in.tried(vendors.code_sent()) == "tokens"


def test_what_nobody_sends_is_raised(pool: Pool, vendors: Vendors) -> None:
    vendors.now_answers("POST", ESMS_RAW, ESMS_NO_BALANCE)
    vendors.now_answers("POST", ENGAGELAB_CODES, ENGAGELAB_REFUSED, status=400)
    with pytest.raises(TriggerFailedError, match=FAILED):
        pool.sign_in()


def test_limits_are_told_in_constant_words(pool: Pool, vendors: Vendors) -> None:
    for _ in range(5):
        pool.sign_in()
        pool.gateway.clock.advance(60)
    with pytest.raises(TriggerFailedError, match=TRY_LATER):
        pool.sign_in()
    assert len(vendors.urls) == 5


def test_a_new_sign_in_right_after_one_that_succeeded_waits(pool: Pool, vendors: Vendors) -> None:
    assert pool.sign_in().tried(vendors.code_sent()) == "tokens"
    with pytest.raises(TriggerFailedError, match=TRY_LATER):
        pool.sign_in()
    pool.gateway.clock.advance(60)
    assert pool.sign_in().tried(vendors.code_sent()) == "tokens"


def test_a_code_that_is_only_about_to_be_sent_is_waited_for(pool: Pool, vendors: Vendors, aws: Aws) -> None:
    pool.sign_in()
    for item in aws.items():  # as in the moment between the claim of a number and the verification
        if item["pk"]["S"].startswith("V#"):
            aws.dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"]})
    with pytest.raises(TriggerFailedError, match=TRY_LATER):
        pool.sign_in()
    assert vendors.urls == [ESMS_RAW]


def test_with_too_little_time_nothing_is_sent(pool: Pool, vendors: Vendors) -> None:
    with pytest.raises(TriggerFailedError, match=FAILED):
        pool.sign_in(context=Context(milliseconds=2_500))
    assert vendors.urls == []


@pytest.mark.parametrize(
    "change",
    [
        {"triggerSource": "CustomSMSSender_SignUp"},
        {"triggerSource": "PreSignUp_SignUp"},
        {"userPoolId": "us-east-1_ANOTHER"},
        {"userPoolId": None},
        {"request": None},
        {"request": {"session": {}}},
        {"request": {"session": [3]}},
        {"request": {"challengeName": "SMS_MFA", "session": []}},
    ],
)
def test_what_is_no_event_of_this_pools_challenge_is_refused(
    change: dict[str, object], pool: Pool, vendors: Vendors
) -> None:
    with pytest.raises(TriggerFailedError, match=FAILED):
        pool.edge(sample("create_auth_challenge") | change, Context())
    assert vendors.urls == []


@pytest.mark.parametrize(
    "private", [None, {}, {"verification_id": 3}, {"verification_id": "x"}, {"verification_id": ""}]
)
def test_an_answer_to_no_verification_is_wrong(private: object, pool: Pool) -> None:
    event = sample("verify_auth_challenge")
    event["request"]["privateChallengeParameters"] = private
    answered: Any = pool.edge(event, Context())
    assert answered["response"] == {"answerCorrect": False}


@pytest.mark.usefixtures("entry_points")
def test_the_function_starts_as_lambda_starts_it(
    make_pool: Callable[..., Pool], vendors: Vendors, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pool()  # for the client in the secret
    monkeypatch.setenv("COGNITO_CLIENT", "pool")
    monkeypatch.setenv("COGNITO_USER_POOL_ID", POOL_ID)
    # By the clock on the wall, on a machine that may be busy: so without Cognito's five seconds.
    created: Any = challenge_app.handler(sample("create_auth_challenge"), Context())
    assert created["response"]["publicChallengeParameters"]["to"] == "+•••••••8484"
    assert vendors.urls == [ESMS_RAW]


def test_the_sample_of_an_answer_is_of_a_verification_that_nobody_has(pool: Pool) -> None:
    answered: Any = pool.edge(sample("verify_auth_challenge"), Context())
    assert answered["response"] == {"answerCorrect": False}
    assert pool.gateway.lines("RequestRefused")[-1]["outcome"] == "not_found"
