"""Last in its folder: whatever the other tests made the functions log, it may be shown to anybody."""

from __future__ import annotations

import json
import re
from collections import Counter

from local.deploying import session
from local.logs import GROUPS, FunctionLogs
from local.stack import Stack
from tests.end_to_end.calling import Caller, fresh_number
from tests.end_to_end.denials import is_denial


def test_no_log_line_holds_a_code_a_secret_or_a_whole_number(stack: Stack) -> None:
    caller, to = Caller(stack, "demo-gateway"), fresh_number("VN")
    caller.check(caller.start(to).body["id"], caller.code_for(to))
    logs = stack.function_logs()
    assert "VerificationApproved" in logs
    assert "demo-secret" not in logs
    assert "Basic " not in logs
    # Of the dialects whose queries hold codes and secrets, and of their tokens.
    for tell_tale in ("eyJ", "SecretKey", "rawQueryString", "verificationId=", "Code=", "key="):
        assert tell_tale not in logs
    secrets = stack.client("secretsmanager")
    for name in (stack.deployment.clients_secret, stack.deployment.vendors_secret):
        secret = json.loads(secrets.get_secret_value(SecretId=name)["SecretString"])
        values = _secret_values(secret)
        assert values
        assert not [value for value in values if value in logs]
    shown = _without_ids(logs)
    digits = set(re.findall(r"[0-9]+", shown))
    for message in stack.messages():
        code = message["code"]
        assert message["to"].lstrip("+") not in logs
        assert code not in (digits if code.isdecimal() else shown)


def test_the_logs_are_read_to_their_end(stack: Stack) -> None:
    before = Counter(stack.function_logs().splitlines())
    piecemeal = Counter(FunctionLogs(endpoint=stack.endpoint, events_at_once=500).text().splitlines())
    after = Counter(stack.function_logs().splitlines())  # the stream's functions may still be at work
    assert before.total() > 500
    assert before <= piecemeal <= after


def test_the_logs_are_those_of_every_function(stack: Stack) -> None:
    logs = session().client("logs", endpoint_url=stack.endpoint)
    read = {
        group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix=GROUPS)["logGroups"]
    }
    functions = stack.client("lambda").list_functions()["Functions"]
    groups = {one["FunctionName"]: one["LoggingConfig"]["LogGroup"] for one in functions}
    assert len(groups) >= 6  # more where a parameter asks for them
    assert set(groups.values()) <= read


def test_no_role_lacks_a_permission(stack: Stack, provoked_denials: list[str]) -> None:
    denials = [line for line in stack.function_logs().splitlines() if is_denial(line)]
    assert Counter(denials) - Counter(provoked_denials) == Counter()


def test_nothing_unexpected_happened(stack: Stack) -> None:
    logs = stack.function_logs()
    # Cognito's triggers tell by raising, and the runtime writes that down; its text is constant.
    assert logs.count("Traceback") == logs.count("TriggerFailedError: The code could not be sent or checked.")
    assert "unexpected failure" not in logs


def _without_ids(logs: str) -> str:
    """Durations, timestamps and identifiers may hold six digits by chance; a code has no such neighbours."""
    without_times = re.sub(r'"(Timestamp|timestamp|milliseconds)": ?"?[^,}]*', "", logs)
    return re.sub(
        r"[0-9a-f]{8}-[0-9a-f-]{27,}|1-[0-9a-f]{8}-[0-9a-f]{24}|\b(evt_)?[a-z2-7]{26}\b|[\d.]+ ms",
        "",
        without_times,
    )


_SECRET_MEMBERS = {
    "pepper",
    "secrets",
    "password",
    "api_key",
    "secret_key",
    "dev_key",
    "dev_secret",
    "customer_id",
    "callback_secret",
    "callback_url",
}


def _secret_values(value: object, *, secret: bool = False) -> list[str]:
    """The strings under members that hold a credential."""
    if isinstance(value, str):
        return [value] if secret else []
    if isinstance(value, dict):
        return [
            text
            for name, inner in value.items()
            for text in _secret_values(inner, secret=secret or name in _SECRET_MEMBERS)
        ]
    if isinstance(value, list):
        return [text for inner in value for text in _secret_values(inner, secret=secret)]
    return []
