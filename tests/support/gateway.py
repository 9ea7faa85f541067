"""Both functions in this process: their real objects over an emulated AWS, vendors stubbed on the wire."""

from __future__ import annotations

import base64
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from botocore.client import BaseClient
from botocore.session import Session

from countersign.bootstrap import Container
from countersign.dialects.dialect import Function
from countersign.edge import Edge
from countersign.telemetry import PowertoolsTelemetry
from tests.support.api import function_of
from tests.support.aws import TABLE
from tests.support.clock import FakeClock
from tests.support.vendors import ENGAGELAB_URL, ESMS_URL, MESSAGE_CENTRAL_URL

PEPPER = "canary-pepper-of-the-integration-tests-0001"
VERIFICATIONS = "/otp/v1/verifications"
SERVER = "203.0.113.17"  # where requests come from unless a test says otherwise


def policy(**settings: object) -> dict[str, object]:
    """A policy of a client whose own servers call, so that no limit of an address is in the way."""
    return {"trusted_networks": ["203.0.113.0/24"]} | settings


CLIENTS: dict[str, Any] = {
    "pepper": PEPPER,
    "clients": {
        "demo": {"secrets": ["demo-secret"], "policy": policy()},
        "demo-gateway": {"secrets": ["demo-secret"], "policy": policy(routes="gateway")},
        "eager": {
            "secrets": ["demo-secret"],
            "policy": policy(routes="gateway", cooldown_seconds=0, sends=2),
        },
        "off": {"secrets": ["demo-secret"], "disabled": True},
    },
}
VENDORS: dict[str, Any] = {
    "esms": {
        "api_key": "canary-esms-key",
        "secret_key": "canary-esms-secret",
        "brandname": "Countersign",
        "message": "{OTP} is your code",
    },
    "engagelab": {
        "dev_key": "canary-el-key",
        "dev_secret": "canary-el-secret",
        "templates": {"sms": "t1", "voice": "t2"},
    },
    "message_central": {"customer_id": "canary-mc-customer", "password": "canary-mc-password"},
}
ROUTES: dict[str, Any] = {
    "default": {
        "IN": {"*": ["message_central:vendor", "esms:vendor"]},
        "*": {"*": ["esms:vendor", "engagelab:vendor"]},
    },
    "gateway": {"*": {"*": ["esms:gateway", "engagelab:gateway"]}},
}
_serial = count(1)


@dataclass(frozen=True)
class Context:
    """Lambda's context."""

    aws_request_id: str = "request-1"
    milliseconds: int = 25_000

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


@dataclass(frozen=True)
class HttpAnswer:
    """What came back over HTTP, to the byte."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Answer:
    """What a function answered."""

    status: int
    headers: Mapping[str, str]
    body: dict[str, Any]

    @property
    def id(self) -> str:
        return str(self.body["id"])

    @property
    def code(self) -> str:
        return str(self.body["code"])


def basic(client: str = "demo", secret: str = "demo-secret") -> str:
    return "Basic " + base64.b64encode(f"{client}:{secret}".encode()).decode()


def http_event(
    method: str,
    path: str,
    *,
    body: str | None = None,
    headers: Mapping[str, str],
    query: str = "",
    source: str = SERVER,
) -> dict[str, Any]:
    """A request as API Gateway hands it over (payload format 2.0), with what is read of it."""
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": dict(headers),
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": source}},
        "body": body,
        "isBase64Encoded": False,
    }


class Gateway:
    """One container of each function, over the same table and the same secrets."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        clock: FakeClock | None = None,
        session: Session | None = None,
    ) -> None:
        self.clock = clock or FakeClock()
        self.log = io.StringIO()
        self.answers: list[str] = []
        logger = Logger(service=f"countersign-{next(_serial)}", stream=self.log, location=None)
        telemetry = PowertoolsTelemetry(
            logger=logger, metrics=Metrics(service="countersign", namespace="Countersign")
        )
        self.container = Container(environment, clock=self.clock, telemetry=telemetry, session=session)
        self.send: Edge = self.container.edge(Function.SEND)
        self.verify: Edge = self.container.edge(Function.VERIFY)
        self.calls: Counter[str] = Counter()
        self.watch(self.container.dynamodb)
        self.watch(self.container.secrets_manager)

    def watch(self, client: Any) -> None:
        """Count the calls of a client of AWS."""
        assert isinstance(client, BaseClient)

        def note(event_name: str, **_: object) -> None:
            self.calls[event_name.removeprefix("before-call.")] += 1

        client.meta.events.register("before-call", note)

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        client: str = "demo",
        secret: str = "demo-secret",
        headers: Mapping[str, str] | None = None,
        raw: str | None = None,
        source: str = SERVER,
        to: Edge | None = None,
    ) -> Answer:
        """A request over HTTP, routed to the function that has its path."""
        sent = {"authorization": basic(client, secret)} | dict(headers or {})
        text = raw if raw is not None else json.dumps(body) if body is not None else None
        if text is not None:
            sent = {"content-type": "application/json"} | sent
        edge = to or self.edge_of(method, path)
        return self.event(edge, http_event(method, path, body=text, headers=sent, source=source))

    def edge_of(self, method: str, path: str) -> Edge:
        """The function that API Gateway would call."""
        return self.send if function_of(method, path) is Function.SEND else self.verify

    def http(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        source: str = SERVER,
    ) -> HttpAnswer:
        """A request as it is, in any dialect; nothing is added to it."""
        event = http_event(method, path, body=body, headers=headers or {}, query=query, source=source)
        result: Any = self.edge_of(method, path)(event, Context())
        self.answers.append(json.dumps(result, ensure_ascii=False))
        return HttpAnswer(result["statusCode"], result["headers"], result["body"])

    def event(self, edge: Edge, event: Mapping[str, Any], *, context: Context | None = None) -> Answer:
        result: Any = edge(event, context or Context())
        self.answers.append(json.dumps(result, ensure_ascii=False))
        json.dumps(result)  # what Lambda does with it
        if "statusCode" in result:
            assert result["isBase64Encoded"] is False
            return Answer(result["statusCode"], result["headers"], json.loads(result["body"]))
        return Answer(result["status_code"], {}, result["body"])

    def direct(self, edge: Edge, **members: Any) -> Answer:
        return self.event(edge, members)

    def start(self, to: str = "+84901888484", *, client: str = "demo", **more: Any) -> Answer:
        headers = {"idempotency-key": more.pop("key")} if "key" in more else {}
        source = more.pop("source", SERVER)
        body = {"to": to} | more
        return self.request("POST", VERIFICATIONS, body, client=client, headers=headers, source=source)

    def check(self, id_: str, code: str, *, client: str = "demo", audience: str | None = None) -> Answer:
        body = {"code": code} if audience is None else {"code": code, "audience": audience}
        return self.request("POST", f"{VERIFICATIONS}/{id_}/check", body, client=client)

    def resend(
        self, id_: str, *, client: str = "demo", body: object = None, key: str | None = None
    ) -> Answer:
        headers = {"idempotency-key": key} if key else {}
        return self.request("POST", f"{VERIFICATIONS}/{id_}/resend", body, client=client, headers=headers)

    def read(self, id_: str, *, client: str = "demo") -> Answer:
        return self.request("GET", f"{VERIFICATIONS}/{id_}", client=client)

    def cancel(self, id_: str, *, client: str = "demo") -> Answer:
        return self.request("DELETE", f"{VERIFICATIONS}/{id_}", client=client)

    def counted(self) -> dict[str, int]:
        """The calls to AWS since the last look."""
        counted = dict(self.calls)
        self.calls.clear()
        return counted

    def lines(self, message: str | None = None) -> list[dict[str, Any]]:
        """The log, or its lines with one message."""
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.log.getvalue().splitlines()]
        return [line for line in lines if message is None or line["message"] == message]


def problem(answer: Answer, status: int, code: str) -> None:
    """The answer is this problem, as RFC 9457 and our documentation want it."""
    assert (answer.status, answer.code) == (status, code)
    body = answer.body
    assert body["type"] == f"urn:countersign:problem:{code}"
    assert (body["status"], body["trace_id"]) == (status, "request-1")
    assert body["title"]
    assert body["detail"].endswith(".")
    if answer.headers:
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Cache-Control"] == "no-store"
        waits = body.get("retry_after_seconds")
        assert answer.headers.get("Retry-After") == (str(waits) if waits is not None else None)


def unavailable(answer: Answer) -> None:
    """The operator has to act."""
    assert (answer.status, answer.code) == (503, "service_unavailable")
    assert answer.headers["Retry-After"] == "60"
    assert answer.body["detail"] == "The service is not set up correctly."


PROOF_ISSUER = "urn:countersign:eu-west-1:countersign"


def environment_of(
    *, clients_arn: str, vendors_arn: str, proof_key_arn: str = "arn:no-key", **changes: str
) -> dict[str, str]:
    return {
        "TABLE_NAME": TABLE,
        "CLIENTS_SECRET_ARN": clients_arn,
        "VENDORS_SECRET_ARN": vendors_arn,
        "ROUTES": json.dumps(ROUTES),
        "TEST_NUMBERS": "off",
        "MESSAGE_CENTRAL_URL": MESSAGE_CENTRAL_URL,
        "ESMS_URL": ESMS_URL,
        "ENGAGELAB_URL": ENGAGELAB_URL,
        "SECRET_TTL_SECONDS": "300",
        "DAILY_SENDS_WARNING": "10000",
        "DAILY_SENDS_LIMIT": "20000",
        "PROOF_KEY_ARN": proof_key_arn,
        "PROOF_ISSUER": PROOF_ISSUER,
        "PROOF_TTL_SECONDS": "120",
    } | changes
