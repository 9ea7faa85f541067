"""A door that knows the clients: SecretClients over a secret that a test writes."""

from __future__ import annotations

import json

from countersign.aws.cached_secret import CachedSecret
from countersign.aws.peppers import SecretPeppers
from countersign.aws.secrets import SecretClients
from countersign.client import Client, TokenUse
from tests.support.builders import PEPPER
from tests.support.clock import FakeClock
from tests.support.manager import FakeManager
from tests.support.telemetry import RecordingTelemetry

DIALECTS = frozenset({"native", "esms", "camara"})
SECRETS = ["first", "second"]
NONE = object()  # no such member


class Door:
    """`demo` has two secrets, unless the test says otherwise."""

    def __init__(self, **sections: object) -> None:
        self.clock = FakeClock()
        self.manager = FakeManager()
        self.write(**(sections or {"demo": {"secrets": SECRETS}}))
        secret = CachedSecret(
            "arn",
            label="clients",
            client=lambda: self.manager.as_client,
            ttl_seconds=300,
            clock=self.clock,
            telemetry=RecordingTelemetry(),
        )
        self.peppers = SecretPeppers(secret)
        self.clients = SecretClients(secret, peppers=self.peppers, dialects=DIALECTS)

    def write(self, *, pepper: object = PEPPER, previous: object = NONE, **sections: object) -> None:
        peppers = {"pepper": pepper} | ({} if previous is NONE else {"previous_pepper": previous})
        self.manager.says = json.dumps({**peppers, "clients": sections})

    def enter(self, secret: str = "first", client_id: str = "demo") -> Client:
        return self.clients.authenticate(client_id, secret=secret)

    def token(
        self,
        secret: str = "first",
        *,
        use: TokenUse = TokenUse.OAUTH2,
        lifetime_seconds: int = 3_600,
        scope: str = "",
    ) -> str:
        client = self.enter(secret)
        return self.clients.issue_token(
            client,
            secret=secret,
            use=use,
            now=self.clock.now(),
            lifetime_seconds=lifetime_seconds,
            scope=scope,
        )

    def show(self, token: str, use: TokenUse = TokenUse.OAUTH2) -> str:
        """The id of the client that a token lets in."""
        return self.clients.bearer(token, use=use, now=self.clock.now()).client.id
