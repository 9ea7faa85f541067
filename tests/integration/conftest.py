"""Both functions over an emulated AWS, with the vendors stubbed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
import responses
from botocore.session import Session
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_secretsmanager import SecretsManagerClient

from countersign.aws.clients import trimmed_session
from tests.integration.hostile.siege import Siege
from tests.support.aws import TABLE, make_proof_key, make_table
from tests.support.emulated import empty_aws
from tests.support.gateway import CLIENTS, VENDORS, Gateway, environment_of
from tests.support.publishing import BUS, Outlets, Publishing, make_outlets
from tests.support.samples import forget
from tests.support.vendors import Vendors


@dataclass(frozen=True)
class Aws:
    """The table, the two secrets and the key of the proofs."""

    dynamodb: DynamoDBClient
    secrets_manager: SecretsManagerClient
    clients_arn: str
    vendors_arn: str
    proof_key_arn: str
    held: dict[str, str] = field(default_factory=dict)  # what the secrets hold

    def items(self) -> list[dict[str, Any]]:
        return list(self.dynamodb.scan(TableName=TABLE)["Items"])

    def put_clients(self, document: object) -> None:
        self._put(self.clients_arn, document)

    def put_vendors(self, document: object) -> None:
        self._put(self.vendors_arn, document)

    def _put(self, arn: str, document: object) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        if self.held.get(arn) != text:  # most tests find the secrets as they should be
            self.secrets_manager.put_secret_value(SecretId=arn, SecretString=text)
            self.held[arn] = text


@pytest.fixture(scope="session")
def session() -> Session:
    """What clients of AWS come from. Reading botocore's data anew is most of what a container costs."""
    return trimmed_session()


@pytest.fixture(scope="module")
def aws_of_the_module(emulator: str) -> Iterator[Aws]:
    with empty_aws(emulator):
        dynamodb = make_table()
        manager = boto3.client("secretsmanager")
        clients = manager.create_secret(Name="clients", SecretString="{}")["ARN"]
        vendors = manager.create_secret(Name="vendors", SecretString="{}")["ARN"]
        yield Aws(dynamodb, manager, clients, vendors, make_proof_key())


@pytest.fixture
def aws(aws_of_the_module: Aws) -> Iterator[Aws]:
    """An empty table, and the secrets as they should be."""
    aws_of_the_module.put_clients(CLIENTS)
    aws_of_the_module.put_vendors(VENDORS)
    yield aws_of_the_module
    for item in aws_of_the_module.items():
        aws_of_the_module.dynamodb.delete_item(TableName=TABLE, Key={"pk": item["pk"]})


@pytest.fixture(scope="module")
def outlets_of_the_module(aws_of_the_module: Aws) -> Outlets:
    del aws_of_the_module  # which has emptied the emulator
    return make_outlets()


@pytest.fixture
def outlets(outlets_of_the_module: Outlets) -> Iterator[Outlets]:
    """A bus that somebody listens to, and an empty queue of looks."""
    yield outlets_of_the_module
    outlets_of_the_module.purge()


@pytest.fixture
def publish_environment(outlets: Outlets) -> dict[str, str]:
    """All that the publish function has: no secret."""
    return {
        "TABLE_NAME": TABLE,
        "EVENT_BUS_NAME": BUS,
        "EXPIRIES_URL": outlets.expiries_url,
        "REQUESTS_URL": outlets.requests_url,
    }


@pytest.fixture
def publishing(aws: Aws, publish_environment: dict[str, str], session: Session) -> Publishing:
    return Publishing(publish_environment, session=session)


@pytest.fixture
def vendors(aws: Aws) -> Iterator[Vendors]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        yield Vendors(wire)


@pytest.fixture
def environment(aws: Aws) -> dict[str, str]:
    return environment_of(
        clients_arn=aws.clients_arn, vendors_arn=aws.vendors_arn, proof_key_arn=aws.proof_key_arn
    )


@pytest.fixture
def entry_points(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], vendors: Vendors
) -> Iterator[None]:
    """The functions as Lambda starts them, for the sample events."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget()
    yield
    forget()


@pytest.fixture
def make_gateway(environment: dict[str, str], vendors: Vendors, session: Session) -> Callable[..., Gateway]:
    """Another container, with changes of the environment."""

    def make(**changes: str) -> Gateway:
        return Gateway(environment | changes, session=session)

    return make


@pytest.fixture
def gateway(make_gateway: Callable[..., Gateway]) -> Gateway:
    return make_gateway()


@pytest.fixture(scope="module")
def besieged_with(aws_of_the_module: Aws, session: Session) -> Iterator[Callable[[object], Siege]]:
    """One gateway for all tests of a module, with these clients: for requests that change nothing."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
        vendors = Vendors(wire)

        def make(clients: object) -> Siege:
            aws_of_the_module.put_clients(clients)
            aws_of_the_module.put_vendors(VENDORS)
            environment = environment_of(
                clients_arn=aws_of_the_module.clients_arn,
                vendors_arn=aws_of_the_module.vendors_arn,
                proof_key_arn=aws_of_the_module.proof_key_arn,
            )
            gateway = Gateway(environment, session=session)
            gateway.read("nobody", client="nobody")  # from here on it knows its clients
            return Siege(gateway, vendors, aws_of_the_module.items)

        yield make
