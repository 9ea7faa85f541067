"""The gateway over real HTTP for a whole module, with vendors that take everything."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator

import boto3
import pytest
import responses

from local.accounts import DEMO_DIALECTS
from tests.fuzz.subject import Subject
from tests.support.aws import make_proof_key, make_table
from tests.support.emulated import empty_aws
from tests.support.gateway import CLIENTS, VENDORS, Gateway, environment_of
from tests.support.served import served
from tests.support.vendors import Vendors

# Every dialect, and numbers that let many requests through to the vendors.
POLICY = {"routes": "gateway", "cooldown_seconds": 0, "sends_per_10_minutes": 10, "sends_per_day": 20}


@pytest.fixture(scope="module")
def subject(emulator: str) -> Iterator[Subject]:
    clients = copy.deepcopy(CLIENTS)
    clients["clients"]["demo-gateway"] |= {"policy": POLICY, "dialects": DEMO_DIALECTS}
    with empty_aws(emulator):
        dynamodb = make_table()
        manager = boto3.client("secretsmanager")
        arns = {
            name: manager.create_secret(Name=name, SecretString=json.dumps(value))["ARN"]
            for name, value in (("clients", clients), ("vendors", VENDORS))
        }
        environment = environment_of(
            clients_arn=arns["clients"], vendors_arn=arns["vendors"], proof_key_arn=make_proof_key()
        )
        with responses.RequestsMock(assert_all_requests_are_fired=False) as wire:
            gateway = Gateway(environment)
            with served(gateway) as base_url:
                wire.add_passthru(base_url)
                vendors = Vendors(wire)
                yield Subject(gateway=gateway, vendors=vendors, base_url=base_url, dynamodb=dynamodb)
