"""The vendors' own lines, as the README quotes them, against the running stack.

Each line is run by a shell as it stands there. What a reader would put in is put in: the
address of this stack, the token, the id and the code.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from engagelab_otp import EngagelabError, OTPClient  # type: ignore[import-untyped]  # it has no types

from local.stack import Stack
from tests.docs.markdown import README, blocks
from tests.end_to_end.calling import CALL_SECONDS, fresh_number, other_code

SECTION = "Coming from Message Central / eSMS / EngageLab"
LINES = [block.text for block in blocks(README, "sh", under=SECTION)]
MC_TOKEN, MC_SEND, MC_VALIDATE, ESMS_SEND, ESMS_CHECK, LAB_SEND, LAB_CHECK = LINES[:7]
OAUTH2_TOKEN, CAMARA_SEND, CAMARA_VALIDATE = LINES[7:]


def run(stack: Stack, line: str, **put_in: str) -> Any:
    """The JSON that a line is answered with."""
    return json.loads(printed(stack, line, **put_in))


def printed(stack: Stack, line: str, **put_in: str) -> str:
    """What a line prints, in which each of `put_in` has taken the place of what the README shows."""
    for shown, value in put_in.items():
        assert shown in line
        line = line.replace(shown, value)
    line = line.replace("http://127.0.0.1:3000", stack.url)
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, timeout=CALL_SECONDS, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    answer = run(stack, MC_TOKEN)
    assert answer == {"status": 200, "token": answer["token"]}
    return str(answer["token"])


def test_message_centrals_lines_work(stack: Stack, token: str) -> None:
    sent = run(stack, MC_SEND, TOKEN=token)
    assert (sent["responseCode"], sent["message"], sent["data"]["responseCode"]) == (200, "SUCCESS", "200")
    verification_id = sent["data"]["verificationId"]
    code = stack.messages("+919999999999")[0]["code"]
    assert len(code) == 4
    wrong = run(stack, MC_VALIDATE, TOKEN=token, **{"2949": verification_id, "1476": other_code(code)})
    assert (wrong["responseCode"], wrong["message"]) == (702, "WRONG_OTP_PROVIDED")
    again = run(stack, MC_SEND, TOKEN=token)
    assert (again["responseCode"], again["data"]["verificationId"]) == (506, verification_id)
    right = run(stack, MC_VALIDATE, TOKEN=token, **{"2949": verification_id, "1476": code})
    assert right["data"]["verificationStatus"] == "VERIFICATION_COMPLETED"
    assert (right["data"]["verficationId"], right["data"]["verificationId"]) == (
        verification_id,
        int(verification_id),
    )
    used = run(stack, MC_VALIDATE, TOKEN=token, **{"2949": verification_id, "1476": code})
    assert (used["responseCode"], used["message"]) == (703, "ALREADY_VERIFIED")


def test_esmss_lines_work(stack: Stack) -> None:
    sent = run(stack, ESMS_SEND)
    assert (sent["CodeResult"], sent["CountRegenerate"]) == ("100", 0)
    message = stack.messages("+84901888485")[0]
    assert message["text"] == f"{message['code']} la ma xac minh dang ky Baotrixemay cua ban"
    assert run(stack, ESMS_CHECK, **{"686868": other_code(message["code"])})["CodeResult"] == "117"
    assert run(stack, ESMS_CHECK, **{"686868": message["code"]})["CodeResult"] == "100"
    assert run(stack, ESMS_CHECK, **{"686868": message["code"]})["CodeResult"] == "117"


def test_engagelabs_lines_work(stack: Stack) -> None:
    sent = run(stack, LAB_SEND)
    message_id, code = sent["message_id"], stack.messages("+6591234567")[0]["code"]
    assert sent == {"message_id": message_id, "send_channel": "sms"}
    shown = {"1725407449772531712": message_id}
    wrong = other_code(code)
    assert run(stack, LAB_CHECK, **shown, **{"667090": wrong}) == {
        "message_id": message_id,
        "verify_code": wrong,
        "verified": False,
    }
    right = {"message_id": message_id, "verify_code": code, "verified": True}
    assert run(stack, LAB_CHECK, **shown, **{"667090": code}) == right
    assert run(stack, LAB_CHECK, **shown, **{"667090": code})["code"] == 3003


def test_engagelabs_sdk_works(stack: Stack) -> None:
    """The README's Python, and what else an application of that vendor meets."""
    [example] = [block.text for block in blocks(README, "python", under=SECTION)]
    to = fresh_number("SG")

    def typed(prompt: str) -> str:
        assert prompt == "code: "
        return stack.messages(to)[0]["code"]

    example = example.replace("http://127.0.0.1:3000", stack.url).replace("+6591234568", to)
    names: dict[str, Any] = {"input": typed}
    exec(example, names)
    assert names["verified"] is True
    client, message_id = names["client"], names["message_id"]
    with pytest.raises(EngagelabError) as again:
        client.verify(message_id, stack.messages(to)[0]["code"])
    assert (again.value.code, again.value.http_status) == (3003, 400)
    with pytest.raises(EngagelabError) as unknown:
        client.verify("1725407449772531712", "667090")
    assert (unknown.value.code, unknown.value.http_status) == (4001, 400)
    another_id = client.send(fresh_number("SG"), "t1")["message_id"]
    assert client.verify(another_id, "000000")["verified"] is False
    stranger = OTPClient("demo", "another-secret")
    stranger.BASE_URL = client.BASE_URL
    with pytest.raises(EngagelabError) as refused:
        stranger.send(to, "t1")
    assert (refused.value.code, refused.value.http_status) == (2001, 401)


def test_camaras_lines_work(stack: Stack) -> None:
    token = run(stack, OAUTH2_TOKEN)["access_token"]
    to = fresh_number("VN")
    shown = {"TOKEN": token}
    sent = run(stack, CAMARA_SEND, **shown, **{"+84901888486": to})
    [message] = stack.messages(to)
    assert message["text"] == f"{message['code']} is your code"
    shown |= {"ea0840f3-3663-4149-bd10-c7c6b8912105": sent["authenticationId"]}
    wrong = printed(stack, CAMARA_VALIDATE, **shown, **{"686868": other_code(message["code"])})
    assert wrong.startswith("HTTP/1.1 400")
    assert "INVALID_OTP" in wrong
    right = printed(stack, CAMARA_VALIDATE, **shown, **{"686868": message["code"]})
    assert right.startswith("HTTP/1.1 204")
    assert "x-correlator: " in right.lower()
    used = printed(stack, CAMARA_VALIDATE, **shown, **{"686868": message["code"]})
    assert "VERIFICATION_EXPIRED" in used
