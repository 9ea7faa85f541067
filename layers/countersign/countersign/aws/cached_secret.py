"""One secret of Secrets Manager: cached, kept through an outage, looked at again sparingly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, final

from botocore.exceptions import BotoCoreError, ClientError

from countersign.clock import Clock
from countersign.errors import ConfigurationError, ServiceUnavailableError
from countersign.ports import Telemetry

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

# Wrong credentials are free to send, and each fetch costs money and quota: one container
# fetches again at most once in this time, however many wrong credentials arrive.
RENEW_PAUSE_SECONDS = 10
STALE_SECONDS = 3_600  # how long a cached secret outlives an outage of Secrets Manager

_OPERATORS_FAULT = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DecryptionFailure",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
    }
)


@final
class CachedSecret:
    """One secret whose value is a JSON object."""

    def __init__(
        self,
        arn: str,
        *,
        label: str,
        client: Callable[[], SecretsManagerClient],
        ttl_seconds: int,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._arn = arn
        self._label = label
        self._client = client
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._telemetry = telemetry
        self._value: dict[str, object] | None = None
        self._fetched_at = 0
        self._tried_at = 0

    def value(self) -> dict[str, object]:
        """The secret, at most `ttl_seconds` old (an hour while Secrets Manager is away).

        Raises ConfigurationError (missing, not allowed, malformed) or ServiceUnavailableError.
        """
        now = self._clock.now()
        held = self._value if now - self._fetched_at <= STALE_SECONDS else None
        if held is not None and now - max(self._fetched_at, self._tried_at) < self._ttl_seconds:
            return held
        self._tried_at = now
        try:
            self._value = self._fetch()
        except (ConfigurationError, ServiceUnavailableError) as error:
            if held is None:
                raise
            self._telemetry.warning("a secret could not be refreshed", secret=self._label, cause=str(error))
            return held
        self._fetched_at = now
        return self._value

    def renewed(self) -> dict[str, object] | None:
        """The secret fetched again, or None where it is unchanged or was fetched a moment ago."""
        before = self._value
        fresh = self._value if self.look() else None
        return None if fresh == before else fresh

    def look(self, *, pause_seconds: int = RENEW_PAUSE_SECONDS) -> bool:
        """Fetch the secret now; False where that was done or tried less than a pause ago.

        Raises as `value` does; what was cached then stays.
        """
        now = self._clock.now()
        if now - max(self._fetched_at, self._tried_at) < pause_seconds:
            return False
        self._tried_at = now
        self._value = self._fetch()
        self._fetched_at = now
        return True

    def _fetch(self) -> dict[str, object]:
        try:
            answer = self._client().get_secret_value(SecretId=self._arn)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _OPERATORS_FAULT:
                raise ConfigurationError(f"the {self._label} secret cannot be read: {code}") from error
            raise ServiceUnavailableError(retry_after_seconds=1) from error
        except BotoCoreError as error:
            raise ServiceUnavailableError(retry_after_seconds=1) from error
        try:
            document = json.loads(answer.get("SecretString", ""))
        except ValueError as error:
            raise ConfigurationError(f"the {self._label} secret is not JSON") from error
        if not isinstance(document, dict):
            raise ConfigurationError(f"the {self._label} secret must be a JSON object")
        return document
