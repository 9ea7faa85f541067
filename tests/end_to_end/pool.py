"""The user pool of the deployed stack, and the key under which it encrypts codes."""

from __future__ import annotations

from dataclasses import dataclass

from local.deploying import session

CLIENT = "pool"


@dataclass(frozen=True, slots=True)
class UserPool:
    """A user pool that is not of the stack, as a customer's is not."""

    id: str
    arn: str
    key_arn: str

    @property
    def settings(self) -> dict[str, str]:
        """The template's parameters for it."""
        return {"CognitoClient": CLIENT, "CognitoUserPoolArn": self.arn, "CognitoKeyArn": self.key_arn}


def made_at(endpoint: str) -> UserPool:
    """A new pool and a new key at the emulator."""
    made = session().client("cognito-idp", endpoint_url=endpoint).create_user_pool(PoolName="customers")
    key = session().client("kms", endpoint_url=endpoint).create_key(Description="Codes of the pool")
    pool = made["UserPool"]
    return UserPool(pool["Id"], pool["Arn"], key["KeyMetadata"]["Arn"])
