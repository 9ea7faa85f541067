"""What happens when all is well is as openapi.json has it, too: tokens, sends, wrong and right codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from countersign.dialects.http import HttpResponse
from tests.docs.openapi import document, operations
from tests.fuzz.subject import KEYS, Sent, Subject
from tests.support.gateway import HttpAnswer

OPERATIONS = {operation.id: operation for operation in operations(document())}
WRONG = "9zzz9z"
SENDS = {
    "native": "start",
    "message_central": "messageCentralSend",
    "esms": "esmsGencode",
    "engagelab": "engagelabMessage",
    "camara": "camaraSendCode",
}


@dataclass(frozen=True)
class Verdicts:
    """What a check answers: status and what tells in the body, for a wrong code, the right one, and again."""

    operation_id: str
    wrong: tuple[int, object]
    right: tuple[int, object]
    again: tuple[int, object]
    tells: str


VERDICTS = {
    "native": Verdicts("check", (400, "wrong_code"), (200, None), (409, "already_approved"), "code"),
    "message_central": Verdicts("messageCentralValidate", (400, 702), (200, 200), (400, 703), "responseCode"),
    "esms": Verdicts("esmsCheck", (200, "117"), (200, "100"), (200, "117"), "CodeResult"),
    "engagelab": Verdicts("engagelabVerify", (200, False), (200, True), (400, None), "verified"),
    "camara": Verdicts(
        "camaraValidateCode",
        (400, "ONE_TIME_PASSWORD_SMS.INVALID_OTP"),
        (204, None),
        (400, "ONE_TIME_PASSWORD_SMS.VERIFICATION_EXPIRED"),
        "code",
    ),
}


def as_documented(operation_id: str, answer: HttpAnswer) -> HttpAnswer:
    response = HttpResponse(status=answer.status, headers=answer.headers, body=answer.text)
    assert list(OPERATIONS[operation_id].faults(response)) == []
    return answer


def check(subject: Subject, tag: str, *, sent: Sent, code: str) -> HttpAnswer:
    operation = OPERATIONS[VERDICTS[tag].operation_id]
    query: Mapping[str, str] = {}
    body: Mapping[str, str] | None = None
    match tag:
        case "message_central":
            query = {"verificationId": sent.id, "code": code}
        case "esms":
            query = KEYS | {"Phone": sent.phone, "Code": code}
        case "engagelab":
            body = {"message_id": sent.id, "verify_code": code}
        case "camara":
            body = {"authenticationId": sent.id, "code": code}
        case _:
            body = {"code": code}
    path = operation.path.replace("{id}", sent.id)
    answer = subject.call(operation.method, path, query=query, body=body, headers=subject.headers(tag))
    return as_documented(operation.id, answer)


@pytest.mark.parametrize("tag", SENDS)
def test_a_code_is_sent_and_checked_in_documented_words(subject: Subject, tag: str) -> None:
    sent = subject.send(tag)
    as_documented(SENDS[tag], sent.answer)
    verdicts = VERDICTS[tag]
    for code, expected in ((WRONG, verdicts.wrong), (sent.code, verdicts.right), (sent.code, verdicts.again)):
        answer = check(subject, tag, sent=sent, code=code)
        told = answer.json.get(verdicts.tells) if answer.text else None
        assert (answer.status, told) == expected


def test_tokens_are_documented(subject: Subject) -> None:
    assert as_documented("token", subject.access_token()).json["token_type"] == "Bearer"
    assert as_documented("messageCentralToken", subject.message_central_token()).json["status"] == 200


def test_the_other_operations_of_a_verification_are_documented(subject: Subject) -> None:
    headers = subject.headers("native")
    here = f"/otp/v1/verifications/{subject.send('native').id}"
    resent = subject.call("POST", f"{here}/resend", headers=headers)
    assert as_documented("resend", resent).json["status"] == "pending"
    assert as_documented("read", subject.call("GET", here, headers=headers)).json["sends_left"] == 3
    canceled = subject.call("DELETE", here, headers=headers)
    assert as_documented("cancel", canceled).json["status"] == "canceled"


def test_the_service_tells_of_itself_as_documented(subject: Subject) -> None:
    assert as_documented("health", subject.call("GET", "/health")).json["status"] == "ok"
    assert as_documented("openapi", subject.call("GET", "/openapi.json")).json == document()
