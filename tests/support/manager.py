"""Secrets Manager as far as it is read here."""

from __future__ import annotations

from typing import Any, cast

from mypy_boto3_secretsmanager import SecretsManagerClient


class FakeManager:
    """Answers get_secret_value with what it is told to."""

    def __init__(self, says: str | Exception | None = '{"a":1}') -> None:
        self.says = says
        self.calls = 0

    @property
    def as_client(self) -> SecretsManagerClient:
        return cast("SecretsManagerClient", self)

    def get_secret_value(self, **_: object) -> dict[str, Any]:
        self.calls += 1
        if isinstance(self.says, Exception):
            raise self.says
        return {} if self.says is None else {"SecretString": self.says}
