"""One gateway over an emulated AWS, with every simulated vendor on a real port."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from local.accounts import vendor_accounts
from local.vendors.faults import FaultOrder, Mode
from local.vendors.handset import Handset
from local.vendors.server import VendorServers
from tests.matrix.callers import SECRET
from tests.support.aws import make_table
from tests.support.clock import FakeClock
from tests.support.emulated import empty_aws
from tests.support.gateway import PEPPER, Gateway, environment_of
from tests.support.gateway import policy as usual_policy
from tests.support.loop import LoopThread

WAYS = ("message_central:vendor", "esms:vendor", "esms:gateway", "engagelab:vendor", "engagelab:gateway")


@dataclass
class Everything:
    """The gateway, and the phone on which its vendors' texts arrive."""

    gateway: Gateway
    handset: Handset
    clients: dict[str, Any]
    secrets_manager: Any
    arn: str
    loop: LoopThread
    servers: VendorServers

    def client(self, name: str, *, dialect: str, settings: object, way: str, **policy: object) -> str:
        """A client that may speak one dialect, whose codes go one way."""
        section = {
            "secrets": [SECRET],
            "dialects": {dialect: settings},
            "policy": usual_policy(routes=way) | policy,
        }
        self.clients[name] = section
        document = {"pepper": PEPPER, "clients": self.clients}
        self.secrets_manager.put_secret_value(SecretId=self.arn, SecretString=json.dumps(document))
        self.gateway.clock.advance(11)  # so that a client that is not known yet is looked for
        return name

    def break_vendor(self, name: str, mode: str) -> None:
        """Make a simulator misbehave for its next call."""
        self.loop.run(self.servers.listeners[name].obey(FaultOrder(mode=Mode(mode))))

    def code_on(self, number: str) -> str:
        """The code of the newest text."""
        return self.handset.messages(to=number)[0].code


@pytest.fixture(scope="module")
def everything(emulator: str) -> Iterator[Everything]:
    loop = LoopThread()
    clock = FakeClock()
    servers = VendorServers(clock=lambda: float(clock.now()))
    loop.run(servers.start())
    urls = {name: listener.base_url for name, listener in servers.listeners.items()}
    with empty_aws(emulator):
        make_table()
        manager = boto3.client("secretsmanager")
        document = json.dumps({"pepper": PEPPER, "clients": {}})
        clients_arn = manager.create_secret(Name="clients", SecretString=document)["ARN"]
        vendors_arn = manager.create_secret(Name="vendors", SecretString=json.dumps(vendor_accounts()))["ARN"]
        environment = environment_of(
            clients_arn=clients_arn,
            vendors_arn=vendors_arn,
            ROUTES=json.dumps({way: {"*": {"*": [way]}} for way in WAYS}),
            MESSAGE_CENTRAL_URL=urls["message_central"],
            ESMS_URL=urls["esms"],
            ENGAGELAB_URL=urls["engagelab"],
        )
        gateway = Gateway(environment, clock=clock)
        yield Everything(gateway, servers.handset, {}, manager, clients_arn, loop, servers)
    loop.run(servers.stop())
    loop.close()
