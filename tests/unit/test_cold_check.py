"""What a check of a gateway-held code loads and calls, and what the send function has loaded before a start.

Each in a fresh interpreter, through the real entry.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from countersign.aws.items import verification_item
from countersign.dialects.registry import DIALECTS, NATIVE
from tests.support.builders import PEPPER, verification
from tests.support.clock import NOON

ROOT = Path(__file__).parents[2]
FORBIDDEN = ("requests", "phonenumbers", "jwt", "asyncio", "pydantic", "aws_xray_sdk")
UNNEEDED = (
    "countersign.aws.changes",
    "countersign.aws.counters",
    "countersign.aws.requests_queue",
    "countersign.aws.usage",
    "countersign.counting",
    "countersign.dialects.native_messages",
    "countersign.intake",
    "countersign.limits",
    "countersign.phone",
    "countersign.pumping",
    "countersign.routing",
    "countersign.scripts",
    "countersign.service.guard",
    "countersign.service.holding",
    "countersign.service.rehearsal",
    "countersign.service.resend",
    "countersign.service.wish",
    "countersign.providers",
    "countersign.stream",
    "countersign.usage",
    *(f"countersign.dialects.{name}" for name in DIALECTS if name != NATIVE),
)
# What a start asks for in its course: imported in the init phase, which has a whole CPU.
PRELOADED = (
    "countersign.aws.usage",
    "countersign.limits",
    "countersign.phone",
    "countersign.providers.registry",
    "countersign.pumping",
    "countersign.service.guard",
    "countersign.service.start",
    "requests",
)
ID = "abcdefghijklmnopqrstuvwxyz"
EVENT = {
    "version": "2.0",
    "rawPath": f"/otp/v1/verifications/{ID}/check",
    "headers": {"authorization": "Basic ZGVtbzpkZW1vLXNlY3JldA==", "content-type": "application/json"},
    "requestContext": {"http": {"method": "POST", "path": f"/otp/v1/verifications/{ID}/check"}},
    "body": '{"code":"123456"}',
    "isBase64Encoded": False,
}
PROGRAM = """
import json, sys
event = json.load(sys.stdin)
import app

class Context:
    aws_request_id = "request-1"
    def get_remaining_time_in_millis(self):
        return 25000

result = app.handler(event, Context())
print("RESULT " + json.dumps({"result": result, "modules": sorted(sys.modules)}))
"""


@dataclass
class FakeAws:
    """Answers the two calls that a check makes, and remembers what was called."""

    port: int = 0
    calls: list[str] = field(default_factory=list)

    def answer(self, target: str, request: dict[str, Any]) -> dict[str, object]:
        self.calls.append(target.rpartition(".")[2])
        if target.endswith("GetSecretValue"):
            secret = {"pepper": PEPPER, "clients": {"demo": {"secrets": ["demo-secret"]}}}
            return {"ARN": request["SecretId"], "Name": "clients", "SecretString": json.dumps(secret)}
        guess = request["ExpressionAttributeValues"][":guess"]["S"]
        solved = verification(ID, code=guess, guess=guess, attempts=1, checked_at=NOON)
        return {"Attributes": verification_item(solved, writer="w")}


@pytest.fixture
def aws() -> Iterator[FakeAws]:
    fake = FakeAws()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            body = json.dumps(fake.answer(self.headers["X-Amz-Target"], request)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the base class writes to stderr."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    fake.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def outcome(aws: FakeAws) -> dict[str, Any]:
    """The result and the modules of one check in a container of its own."""
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{aws.port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "POWERTOOLS_METRICS_NAMESPACE": "Countersign",
        "POWERTOOLS_SERVICE_NAME": "countersign",
        "TABLE_NAME": "table",
        "CLIENTS_SECRET_ARN": "arn:clients",
        "VENDORS_SECRET_ARN": "arn:vendors",
        "MESSAGE_CENTRAL_URL": "https://mc.example",
        "ESMS_URL": "https://esms.example",
        "ENGAGELAB_URL": "https://el.example",
        "SECRET_TTL_SECONDS": "300",
    }
    found: dict[str, Any] = _run(PROGRAM, function="verify", environment=environment, given=EVENT)
    return found


def _run(program: str, *, function: str, environment: dict[str, str], given: object = None) -> Any:
    """What a program in a function's folder prints as its result."""
    paths = [str(ROOT / "functions" / function), str(ROOT / "layers" / "countersign")]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys; sys.path[:0] = {paths!r}\n{program}"],
        env=environment,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [line] = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return json.loads(line.removeprefix("RESULT "))


def test_a_check_of_a_gateway_held_code_loads_little_and_calls_once(
    outcome: dict[str, Any], aws: FakeAws
) -> None:
    result = outcome["result"]
    assert (result["statusCode"], json.loads(result["body"])["status"]) == (200, "approved")
    loaded = set(outcome["modules"])
    assert [name for name in FORBIDDEN if name in loaded] == []
    assert [name for name in UNNEEDED if name in loaded] == []
    assert "countersign.service.check" in loaded
    assert aws.calls == ["GetSecretValue", "UpdateItem"]


def test_what_every_start_needs_is_loaded_before_the_first_request() -> None:
    program = 'import json\nimport app\nprint("RESULT " + json.dumps(sorted(sys.modules)))'
    loaded = set(_run(program, function="send", environment={}))
    assert [name for name in PRELOADED if name not in loaded] == []
    unneeded = ("countersign.counting", "countersign.intake", "countersign.dialects.native_messages")
    assert [name for name in unneeded if name in loaded] == []
