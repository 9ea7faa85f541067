"""What a client wishes for beyond its policy: refused, or not known to the protocol and without effect."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode

import boto3
import pytest

from tests.integration.hostile.refusals import word_of
from tests.integration.hostile.shop import SECRET, message_central_token
from tests.integration.hostile.town import BOUND, OTHER, Town
from tests.support.aws import TABLE
from tests.support.camara import SEND_CODE, token_for
from tests.support.esms_caller import BRANDNAME, GENCODE
from tests.support.gateway import VERIFICATIONS, HttpAnswer, basic
from tests.support.message_central import SEND

KEYS = {"ApiKey": BOUND, "SecretKey": SECRET}
MC_WISH = {"countryCode": "84", "flowType": "SMS"}
ESMS_WISH = {**KEYS, "Brandname": BRANDNAME, "Type": "2", "message": "{OTP} la ma", "IsNumber": "1"}
EL_WISH = {"template": {"id": "plain"}}
CAMARA_WISH = {"message": "{{code}} is your code"}
# What would help a guesser or a pumper, by the names that somebody may try.
GREEDY: Mapping[str, object] = {
    "attempts": 1_000,
    "max_attempts": 1_000,
    "maxAttempts": "1000",
    "sends": 1_000,
    "ttl": 86_400,
    "ttl_seconds": 600,
    "timeout": "600",
    "code_length": 4,
    "cooldown_seconds": 0,
    "policy": {"attempts": 10, "code_length": 4, "ttl_seconds": 600},
    "countries": ["KP"],
    "client_id": OTHER,
    "verification_id": "1",
    "purpose": "login",
}


class Wisher:
    """Sends as the client whose policy is narrow: what each dialect lets it wish for."""

    def __init__(self, town: Town) -> None:
        self.town = town
        gateway = town.siege.gateway
        self.basic = {"authorization": basic(BOUND)}
        self.bearer = {"authorization": f"Bearer {token_for(gateway, BOUND)}"}
        self.token = {"authtoken": message_central_token(gateway, BOUND)}

    def send(self, dialect: str, **more: object) -> HttpAnswer:
        gateway, number = self.town.siege.gateway, self.town.number()
        match dialect:
            case "native":
                body = json.dumps({"to": number} | more)
                return gateway.http("POST", VERIFICATIONS, body=body, headers=self.basic)
            case "message_central":
                query = urlencode(MC_WISH | {"mobileNumber": number[3:]} | more)
                return gateway.http("POST", SEND, query=query, headers=self.token)
            case "esms":
                return gateway.http("POST", GENCODE, body=json.dumps(ESMS_WISH | {"Phone": number} | more))
            case "engagelab":
                body = json.dumps(EL_WISH | {"to": number} | more)
                path = "/v1/codes" if "code" in more else "/v1/messages"
                return gateway.http("POST", path, body=body, headers=self.basic)
        body = json.dumps(CAMARA_WISH | {"phoneNumber": number} | more)
        return gateway.http("POST", SEND_CODE, body=body, headers=self.bearer)


@pytest.fixture(scope="module")
def wisher(town: Town) -> Wisher:
    return Wisher(town)


BEYOND: tuple[tuple[str, str, Mapping[str, object]], ...] = (
    ("native", "400 invalid_request", {"code_length": 5}),
    ("native", "400 invalid_request", {"code_length": 11}),
    ("native", "400 invalid_request", {"ttl_seconds": 121}),
    *(
        ("native", "400 invalid_request", {name: value})
        for name, value in GREEDY.items()
        if name != "purpose"
    ),
    ("message_central", "400 400", {"otpLength": "4"}),
    ("message_central", "400 400", {"otpLength": "5"}),
    ("message_central", "400 400", {"otpLength": "9"}),
    ("message_central", "400 501", {"customerId": OTHER}),
    ("esms", "200 99", {"NumCharOfCode": "5"}),
    ("esms", "200 99", {"NumCharOfCode": 11}),
    ("esms", "200 99", {"TimeAlive": "3"}),
    ("esms", "200 99", {"TimeAlive": 60}),
    ("engagelab", "400 3002", {"code": "12345"}),
    ("engagelab", "400 3002", {"code": "12345678901"}),
    *(("camara", "400 INVALID_ARGUMENT", {name: value}) for name, value in GREEDY.items()),
)


@pytest.mark.parametrize(("dialect", "word", "wish"), BEYOND, ids=lambda part: str(part)[:40])
def test_a_wish_beyond_the_policy_is_refused(
    town: Town, wisher: Wisher, dialect: str, word: str, wish: Mapping[str, object]
) -> None:
    with town.siege.nothing_done():
        answer = wisher.send(dialect, **wish)
    assert word_of(answer, dialect=dialect) == word


@pytest.mark.parametrize("dialect", ["message_central", "esms", "engagelab"])
def test_a_wish_that_a_protocol_does_not_know_changes_nothing(
    town: Town, wisher: Wisher, dialect: str
) -> None:
    """Their vendors ignore what they do not document, and clients send more than that."""

    def granted(answer: HttpAnswer) -> list[object]:
        said = answer.json.get("data") or answer.json
        id_ = said.get("verificationId") or said.get("SMSID") or said.get("message_id")
        key = {"pk": {"S": f"V#{BOUND}#{id_}"}}
        item = boto3.client("dynamodb").get_item(TableName=TABLE, Key=key)["Item"]
        lives = int(item["expires_at"]["N"]) - town.siege.gateway.clock.now()
        return [lives, *(item[name] for name in ("attempts_max", "sends_max", "code_length", "purpose"))]

    plain = granted(wisher.send(dialect))
    assert granted(wisher.send(dialect, **GREEDY)) == plain
    assert plain[:4] == [120, {"N": "5"}, {"N": "5"}, {"N": "6"}]
