"""What a check of a gateway-held code loads and calls, and what the send function has loaded before a start.

Each in a fresh interpreter, through the real entry.
"""

from __future__ import annotations

import base64
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
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from countersign.aws.items import verification_item
from countersign.dialects.registry import DIALECTS, NATIVE
from tests.support.builders import NUMBER, PEPPER, keys, secret, verification
from tests.support.clock import NOON
from tests.support.signing import HeldKey, verified

ROOT = Path(__file__).parents[2]
FORBIDDEN = ("requests", "phonenumbers", "jwt", "asyncio", "pydantic", "aws_xray_sdk")
UNNEEDED = (
    "countersign.aws.changes",
    "countersign.aws.counters",
    "countersign.aws.requests_queue",
    "countersign.aws.usage",
    "countersign.aws.signing_key",
    "countersign.counting",
    "countersign.dialects.native_messages",
    "countersign.intake",
    "countersign.es256",
    "countersign.limits",
    "countersign.phone",
    "countersign.proof",
    "countersign.pumping",
    "countersign.routing",
    "countersign.scripts",
    "countersign.service.guard",
    "countersign.service.holding",
    "countersign.service.prove",
    "countersign.service.rehearsal",
    "countersign.service.resend",
    "countersign.service.wish",
    "countersign.providers",
    "countersign.stream",
    "countersign.usage",
    "countersign.webhooks",
    "countersign.aws.webhooks",
    *(f"countersign.dialects.{name}" for name in DIALECTS if name != NATIVE),
)
# What a check loads that asks for a proof, in the order above.
OF_PROOFS = (
    "countersign.aws.signing_key",
    "countersign.es256",
    "countersign.proof",
    "countersign.service.prove",
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
SIGNS = HeldKey()
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
    """Answers the calls that a check makes, and remembers what was called."""

    port: int = 0
    calls: list[str] = field(default_factory=list)

    def answer(self, target: str, request: dict[str, Any]) -> dict[str, object]:
        self.calls.append(target.rpartition(".")[2])
        if target.endswith("GetSecretValue"):
            document = {"pepper": PEPPER, "clients": {"demo": {"secrets": ["demo-secret"]}}}
            return {"ARN": request["SecretId"], "Name": "clients", "SecretString": json.dumps(document)}
        if target.endswith("GetPublicKey"):
            return {
                "KeySpec": "ECC_NIST_P256",
                "KeyUsage": "SIGN_VERIFY",
                "PublicKey": base64.b64encode(SIGNS.spki).decode(),
            }
        if target.endswith("Sign"):
            digest = base64.b64decode(request["Message"])
            der = SIGNS.private.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
            return {"Signature": base64.b64encode(der).decode()}
        if target.endswith("GetItem"):
            sealed = keys().seal(secret(NUMBER), context=ID)
            pending = verification(ID, to_sealed=sealed, expires_at=4_000_000_000)
            return {"Item": verification_item(pending, writer="w")}
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
    return _checked(aws, EVENT)


def _checked(aws: FakeAws, event: dict[str, Any]) -> dict[str, Any]:
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
        "PROOF_KEY_ARN": "arn:key",
        "PROOF_ISSUER": "urn:countersign:test",
        "PROOF_TTL_SECONDS": "120",
    }
    found: dict[str, Any] = _run(PROGRAM, function="verify", environment=environment, given=event)
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


def test_a_check_with_a_proof_loads_the_few_lines_of_its_own_and_no_library(aws: FakeAws) -> None:
    outcome = _checked(aws, EVENT | {"body": '{"code":"123456","audience":"shop"}'})
    approved = json.loads(outcome["result"]["body"])
    claims = verified(
        approved["proof"], key=SIGNS.public().jwk(), audience="shop", issuer="urn:countersign:test"
    )
    assert claims["verification_id"] == ID
    loaded = set(outcome["modules"])
    assert [name for name in FORBIDDEN if name in loaded] == []
    assert [name for name in UNNEEDED if name in loaded] == list(OF_PROOFS)
    assert aws.calls == ["GetSecretValue", "GetItem", "GetPublicKey", "Sign", "UpdateItem"]


def test_what_every_start_needs_is_loaded_before_the_first_request() -> None:
    program = 'import json\nimport app\nprint("RESULT " + json.dumps(sorted(sys.modules)))'
    loaded = set(_run(program, function="send", environment={}))
    assert [name for name in PRELOADED if name not in loaded] == []
    unneeded = ("countersign.counting", "countersign.intake", "countersign.dialects.native_messages")
    assert [name for name in unneeded if name in loaded] == []
