"""AWS clients, made without what a cold start need not pay for.

botocore's own loader looks through the folders of some 400 services and reads the
endpoints of all of them (about 10 ms of CPU); ours knows the two services in use and
the partitions. The endpoint itself comes from each service's rule set, as ever. A test
compares endpoints and signing scopes with those of the untrimmed loader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

SERVICES = ("dynamodb", "secretsmanager")

_PARTITIONS = (
    ("aws", "amazonaws.com", r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$"),
    ("aws-cn", "amazonaws.com.cn", r"^cn\-\w+\-\d+$"),
    ("aws-us-gov", "amazonaws.com", r"^us\-gov\-\w+\-\d+$"),
    ("aws-eusc", "amazonaws.eu", r"^eusc\-(de)\-\w+\-\d+$"),
)

_TABLE_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
_SECRETS_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
)


class TrimmedLoader(Loader):
    """botocore's data loader, holding only the services used."""

    def list_available_services(self, type_name: str) -> list[str]:
        del type_name
        return list(SERVICES)

    def load_data(self, name: str) -> object:
        if name == "endpoints":
            return _endpoints()
        return super().load_data(name)


def _endpoints() -> dict[str, object]:
    return {
        "version": 3,
        "partitions": [
            {
                "partition": name,
                "dnsSuffix": suffix,
                "regionRegex": pattern,
                "partitionName": name,
                "defaults": {
                    "hostname": "{service}.{region}.{dnsSuffix}",
                    "protocols": ["https"],
                    "signatureVersions": ["v4"],
                },
                "regions": {},
                "services": {},
            }
            for name, suffix, pattern in _PARTITIONS
        ],
    }


def trimmed_session() -> botocore.session.Session:
    """A botocore session whose loader is trimmed; credentials and region come from the environment."""
    session = botocore.session.Session()
    session.register_component("data_loader", TrimmedLoader())
    return session


def dynamodb_client(session: botocore.session.Session) -> DynamoDBClient:
    """Gives up after 3 tries of at most 3 s each: a caller is waiting."""
    return cast("DynamoDBClient", session.create_client("dynamodb", config=_TABLE_CONFIG))


def secrets_client(session: botocore.session.Session) -> SecretsManagerClient:
    return cast("SecretsManagerClient", session.create_client("secretsmanager", config=_SECRETS_CONFIG))
