"""Inside a measured child: requests to the built functions, and answers in place of the network.

What is replaced is the last step only: botocore's HTTP session and requests' adapter.
Serialisation, signing, retries and parsing are the real ones, and so is every log line.
This module is imported by a child that sees nothing of the project but the built folders.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from countersign.model import Verification

PEPPER = "a pepper for measurements, 32 or more"
CLIENT, CLIENT_SECRET = "demo", "demo-secret"
CODE = "123456"
VERIFICATION_ID = "abcdefghijklmnopqrstuvwxyz"
_CREATED_AT = 1_700_000_000


class _Context:
    """The context that Lambda passes."""

    aws_request_id = "8f7d5a3e-6a5e-4b0c-9d55-6a1f0f5f8a11"

    def get_remaining_time_in_millis(self) -> int:
        return 25_000


class _Raw:
    """The body of an answer, as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._body


def _event(method: str, path: str, *, body: Mapping[str, object]) -> dict[str, object]:
    """An HTTP event in API Gateway's payload format 2.0."""
    credentials = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "accept": "*/*",
            "accept-encoding": "gzip, deflate",
            "authorization": f"Basic {credentials}",
            "content-length": "41",
            "content-type": "application/json",
            "host": "abcdefghij.execute-api.eu-west-1.amazonaws.com",
            "user-agent": "example/1.0",
            "x-amzn-trace-id": "Root=1-6740f2a1-0123456789abcdef01234567",
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": "abcdefghij.execute-api.eu-west-1.amazonaws.com",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7"},
            "requestId": "JKJaXmPLvHcESHA=",
            "stage": "$default",
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }


def _started() -> Verification:
    from countersign.model import Channel, Custody, Delivery, Verification

    return Verification(
        id=VERIFICATION_ID,
        client_id=CLIENT,
        slot="abcdefghijklmnop",
        number_key="abcdefghijklmnopqrstuvwxyz234567",
        to_masked="+84•••••8484",
        to_sealed="abcdefghijklmnop.abcdefghijklmnop.abcdefghijklmnopqrstuvwx",
        country="VN",
        channel=Channel.SMS,
        purpose="login",
        created_at=_CREATED_AT,
        expires_at=_CREATED_AT + 300,
        resend_at=_CREATED_AT + 60,
        attempts_max=5,
        sends=1,
        sends_max=5,
        code_length=6,
        ttl_seconds=300,
        request="abcdefghijklmnopqrstuvwxyz234567",
        delivery=Delivery.ACCEPTED,
        provider="esms",
        custody=Custody.GATEWAY,
        attempts=1,
        code="a" * 52,
        code_seed="abcdefghijklmnop",
        vendor_reference="bd1d8a0c9e0f4b6c8d2e",
    )


def _solved() -> Verification:
    from countersign.codes import Keys
    from countersign.model import Secret

    code = Keys(PEPPER).code_hash(CLIENT, verification_id=VERIFICATION_ID, code=Secret(CODE))
    return replace(_started(), code=code, guess=code, checked_at=_CREATED_AT + 20)


def _secrets() -> dict[str, bytes]:
    """Answers of Secrets Manager, by the last letters of the secret's name."""
    documents: dict[str, object] = {
        "clients": {"pepper": PEPPER, "clients": {CLIENT: {"secrets": [CLIENT_SECRET]}}},
        "vendors": {
            "esms": {"api_key": "k", "secret_key": "s", "brandname": "b", "message": "{OTP} is your code"},
            "engagelab": {"dev_key": "a", "dev_secret": "b", "templates": {"sms": "t"}},
        },
    }
    return {
        name: json.dumps({"Name": name, "VersionId": "1", "SecretString": json.dumps(document)}).encode()
        for name, document in documents.items()
    }


def _counters(now: int) -> bytes:
    """The answer to a look at the usage: what 14 days of some texts an hour leave in each counter.

    An address and a circuit that are not in trouble have no item, or one of a few attributes.
    """
    from countersign.aws.items import attribute, counter_pk, key
    from countersign.codes import Keys
    from countersign.model import Secret
    from countersign.usage import Kind, Span, bucket_name, prefix_of, scopes_of

    kept = {Span.TEN_MINUTES: 8, Span.HOUR: 26, Span.DAY: 15}
    buckets = {
        bucket_name(kind, span, at=now - back * span.seconds): attribute(1)
        for kind in Kind
        for span, many in kept.items()
        if not (kind is Kind.SENT and span is Span.DAY)
        for back in range(many)
    }
    block = Keys(PEPPER).prefix_key(prefix_of(Secret("+84901888484")))
    scopes = scopes_of(CLIENT, country="VN", prefix_key=block)
    items = [{**key(counter_pk(name)), **buckets} for name in scopes.values()]
    return json.dumps({"Responses": {"countersign": items}, "UnprocessedKeys": {}}).encode()


def stub_aws(verification: Verification) -> None:
    """Answer every request of botocore in place of the network.

    DynamoDB answers writes on a verification with this one; a number is always free, and its
    counters are as full as they get.
    """
    from botocore.awsrequest import AWSResponse
    from botocore.httpsession import URLLib3Session

    from countersign.aws.items import verification_item

    item = json.dumps({"Attributes": verification_item(verification, writer="abcdefghijklmnop")}).encode()
    secrets, counters = _secrets(), _counters(int(time.time()))

    def answer(_: object, request: Any) -> AWSResponse:
        target, body = request.headers["X-Amz-Target"], request.body
        if target.startswith(b"secretsmanager"):
            content = secrets["vendors" if b"vendors" in body else "clients"]
        else:
            content = item if target.endswith(b"UpdateItem") and b'"V#' in body else b"{}"
            content = counters if target.endswith(b"BatchGetItem") else content
        headers: Any = {
            "Content-Type": "application/x-amz-json-1.0",
            "Content-Length": str(len(content)),
            "x-amzn-RequestId": "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMNOP",
            "x-amz-crc32": str(zlib.crc32(content)),
        }
        return AWSResponse(request.url, 200, headers, _Raw(content))

    URLLib3Session.send = answer  # type: ignore[assignment,method-assign]  # the stub's parameters are looser


def stub_vendor() -> None:
    """Answer every request to a vendor as eSMS accepts a text."""
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter
    from requests.structures import CaseInsensitiveDict
    from urllib3 import HTTPResponse

    content = b'{"CodeResult":"100","CountRegenerate":0,"SMSID":"bd1d8a0c9e0f4b6c8d2e"}'
    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}

    def answer(_: HTTPAdapter, request: PreparedRequest, **__: object) -> Response:
        response = Response()
        response.status_code = 200
        response.headers = CaseInsensitiveDict(headers)
        response.url = request.url or ""
        response.request = request
        response.raw = HTTPResponse(BytesIO(content), headers=headers, status=200, preload_content=False)
        return response

    HTTPAdapter.send = answer  # type: ignore[assignment,method-assign]  # the stub's parameters are looser


def request_of(function: str) -> Callable[[], int]:
    """A call of the built function's handler with an HTTP event; returns the HTTP status.

    Imports the function, whose folder leads `sys.path`.
    """
    app = import_module("app")
    if function == "verify":
        stub_aws(_solved())
        event = _event("POST", f"/otp/v1/verifications/{VERIFICATION_ID}/check", body={"code": CODE})
    else:
        stub_aws(_started())
        stub_vendor()
        event = _event("POST", "/otp/v1/verifications", body={"to": "+84901888484", "purpose": "login"})
    context = _Context()

    def request() -> int:
        status = app.handler(event, context)["statusCode"]
        assert isinstance(status, int)
        return status

    return request


def first(function: str) -> None:
    """One request; anything but its success ends the child with an error."""
    status = request_of(function)()
    if status not in (200, 201):
        raise SystemExit(f"the first request to {function} was answered with {status}")


def stock_client(region: str) -> Any:
    """DynamoDB's client as boto3 makes it."""
    import boto3

    return boto3.client("dynamodb", region_name=region)


def gateway_client() -> Any:
    """DynamoDB's client as the gateway makes it."""
    from countersign.aws.clients import dynamodb_client, trimmed_session

    return dynamodb_client(trimmed_session())


def update_item(client: Any) -> Callable[[], object]:
    """One conditional update, of the size that a check's has.

    Written out here and not taken from the store, so that a change there cannot move the yardstick.
    """
    names = "attempts attempts_max checked_at checking check_step code expires_at guess stored_status writer"
    values = {
        ":one": {"N": "1"},
        ":now": {"N": str(_CREATED_AT)},
        ":guess": {"S": "a" * 52},
        ":pending": {"S": "pending"},
        ":writer": {"S": "abcdefghijklmnop"},
    }

    def call() -> object:
        return client.update_item(
            TableName="countersign",
            Key={"pk": {"S": f"V#{CLIENT}#{VERIFICATION_ID}"}},
            UpdateExpression="SET #attempts = #attempts + :one, #checking = #checking + #check_step,"
            " #guess = :guess, #checked_at = :now, #writer = :writer",
            ConditionExpression="#stored_status = :pending AND #expires_at > :now AND"
            " #attempts < #attempts_max AND #guess <> #code AND #writer <> :writer",
            ExpressionAttributeNames={f"#{name}": name for name in names.split()},
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )

    return call


def warm(function: str, *, region: str, blocks: int, operations: int, warm_up: int) -> None:
    """Print the CPU seconds of one `update_item`, stock and through the gateway's client, and of one request.

    As a JSON array in this order. The three take turns in blocks. The log goes to the null device,
    line by line as in Lambda.
    """
    results = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is the real stdout
    request = request_of(function)
    calls = (update_item(stock_client(region)), update_item(gateway_client()), request)
    for _ in range(warm_up):
        if request() not in (200, 201):
            raise SystemExit(f"a request to {function} was refused")
        for call in calls:
            call()
    spent = [0.0] * len(calls)
    for _ in range(blocks):
        for which, call in enumerate(calls):
            began = time.process_time()
            for _ in range(operations):
                call()
            spent[which] += time.process_time() - began
    os.write(results, json.dumps([seconds / blocks / operations for seconds in spent]).encode())
