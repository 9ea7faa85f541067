"""The environment variables of the functions, read once and by nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from countersign.errors import ConfigurationError


class Setting(StrEnum):
    """Names of the environment variables; template.yaml sets exactly these (a test holds that)."""

    TABLE_NAME = "TABLE_NAME"  # every function; the count function has no other
    EVENT_BUS_NAME = "EVENT_BUS_NAME"  # the publish function alone, as the next two
    EXPIRIES_URL = "EXPIRIES_URL"
    REQUESTS_URL = "REQUESTS_URL"
    CLIENTS_SECRET_ARN = "CLIENTS_SECRET_ARN"
    VENDORS_SECRET_ARN = "VENDORS_SECRET_ARN"
    ROUTES = "ROUTES"  # the send function alone
    TEST_NUMBERS = "TEST_NUMBERS"  # the send function alone
    MESSAGE_CENTRAL_URL = "MESSAGE_CENTRAL_URL"
    ESMS_URL = "ESMS_URL"
    ENGAGELAB_URL = "ENGAGELAB_URL"
    SECRET_TTL_SECONDS = "SECRET_TTL_SECONDS"
    DAILY_SENDS_WARNING = "DAILY_SENDS_WARNING"  # the send function alone, as the next
    DAILY_SENDS_LIMIT = "DAILY_SENDS_LIMIT"
    WEBHOOKS_QUEUE_URL = "WEBHOOKS_QUEUE_URL"  # the webhook function alone, as the next
    WEBHOOK_LOOPBACK = "WEBHOOK_LOOPBACK"
    PROOF_KEY_ARN = "PROOF_KEY_ARN"  # the verify function alone, as the next two
    PROOF_ISSUER = "PROOF_ISSUER"
    PROOF_TTL_SECONDS = "PROOF_TTL_SECONDS"
    COGNITO_CLIENT = "COGNITO_CLIENT"  # the functions of Cognito's triggers alone, as the next
    COGNITO_USER_POOL_ID = "COGNITO_USER_POOL_ID"
    COGNITO_KEY_ARN = "COGNITO_KEY_ARN"  # the SMS sender alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a deployment decides for the functions that answer callers."""

    clients_secret_arn: str
    vendors_secret_arn: str
    vendor_urls: Mapping[str, str]
    secret_ttl_seconds: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Read the variables. Raises ConfigurationError that names the one at fault."""
        return cls(
            clients_secret_arn=required(environment, Setting.CLIENTS_SECRET_ARN),
            vendors_secret_arn=required(environment, Setting.VENDORS_SECRET_ARN),
            vendor_urls={
                "message_central": required(environment, Setting.MESSAGE_CENTRAL_URL),
                "esms": required(environment, Setting.ESMS_URL),
                "engagelab": required(environment, Setting.ENGAGELAB_URL),
            },
            secret_ttl_seconds=whole(environment, Setting.SECRET_TTL_SECONDS),
        )


def required(environment: Mapping[str, str], setting: Setting) -> str:
    """The variable's value. Raises ConfigurationError where it is not set."""
    value = environment.get(setting, "")
    if not value:
        raise ConfigurationError(f"the environment variable {setting} is not set")
    return value


def whole(environment: Mapping[str, str], setting: Setting) -> int:
    """The variable's value as a whole number. Raises ConfigurationError where it is none, or not set."""
    value = required(environment, setting)
    if not value.isascii() or not value.isdigit():
        raise ConfigurationError(f"{setting} must be a whole number")
    return int(value)


def switched_on(environment: Mapping[str, str], setting: Setting) -> bool:
    """Whether a variable says `on`. Raises ConfigurationError for what is neither `on` nor `off`."""
    value = required(environment, setting)
    if value not in ("on", "off"):
        raise ConfigurationError(f"{setting} must be on or off")
    return value == "on"
