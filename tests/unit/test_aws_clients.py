"""The trimmed clients reach the endpoints, and sign for the scopes, of untrimmed ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.compat import HTTPHeaders

from countersign.aws.clients import dynamodb_client, secrets_client, trimmed_session

REGIONS = ["us-east-1", "eu-central-1", "ap-southeast-1", "il-central-1", "cn-north-1", "us-gov-west-1"]


class _Empty:
    def stream(self, **_: object) -> Iterator[bytes]:
        yield b"{}"


def _seen(client: Any, service: str) -> tuple[str, str]:
    """The URL and the signing scope of one call, which goes nowhere."""
    calls: list[tuple[str, str]] = []

    def answer(request: AWSRequest, **_: object) -> AWSResponse:
        authorization = request.headers["Authorization"]
        text = authorization.decode() if isinstance(authorization, bytes) else str(authorization)
        calls.append((str(request.url), text.split("/", 2)[2].split(",")[0]))
        return AWSResponse(str(request.url), 200, HTTPHeaders(), _Empty())

    client.meta.events.register("before-send", answer)
    if service == "dynamodb":
        client.get_item(TableName="t", Key={"pk": {"S": "x"}})
    else:
        client.get_secret_value(SecretId="x")
    return calls[0]


@pytest.mark.parametrize("variant", ["plain", "fips", "dualstack"])
@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", ["dynamodb", "secretsmanager"])
def test_endpoint_and_signing_scope_are_those_of_the_untrimmed_client(
    service: str, region: str, variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_DEFAULT_REGION": region,
        "AWS_USE_FIPS_ENDPOINT": str(variant == "fips").lower(),
        "AWS_USE_DUALSTACK_ENDPOINT": str(variant == "dualstack").lower(),
    }.items():
        monkeypatch.setenv(name, value)
    make = dynamodb_client if service == "dynamodb" else secrets_client
    stock = botocore.session.Session().create_client(service, region_name=region)
    assert _seen(make(trimmed_session()), service) == _seen(stock, service)
