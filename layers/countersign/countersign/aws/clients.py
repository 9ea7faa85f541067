"""AWS clients, made without what a cold start or a call need not pay for.

botocore's own loader looks through the folders of some 400 services and reads the
endpoints of all of them (about 10 ms of CPU); ours knows the few services in use and
the partitions. The endpoint itself comes from each service's rule set, as ever. A test
compares endpoints and signing scopes with those of the untrimmed loader.

The items of DynamoDB's calls and answers pass through botocore as they are: reading the counters
of a start is several hundred attributes, and was more CPU than the rest of the start.

Each call names us in a User-Agent of our own, for botocore would build its long one anew
every time, letter by letter: a tenth of the CPU of a call.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from countersign import __version__

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

SERVICES = ("dynamodb", "events", "kms", "secretsmanager", "sqs")

# Attributes on the wire are in the notation in which they are asked for and answered, {"S": "x"}, unless they
# are binary, of which the table has none. botocore would walk through each, and ask it after ten types.
_ATTRIBUTE = "AttributeValue"
_AS_IT_IS = {"type": "structure", "members": {}, "document": True}

_PARTITIONS = (
    ("aws", "amazonaws.com", "api.aws", r"^(us|eu|ap|sa|ca|me|af|il|mx)\-\w+\-\d+$"),
    ("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", r"^cn\-\w+\-\d+$"),
    ("aws-us-gov", "amazonaws.com", "api.aws", r"^us\-gov\-\w+\-\d+$"),
    ("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", r"^eusc\-(de)\-\w+\-\d+$"),
)

_HOSTNAME = "{service}.{region}.{dnsSuffix}"
_FIPS = "{service}-fips.{region}.{dnsSuffix}"

_USER_AGENT = f"countersign/{__version__} Botocore/{botocore.__version__}"

_TABLE_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    user_agent=_USER_AGENT,
    parameter_validation=False,  # a tenth of a call; DynamoDB checks the same, and refuses likewise
)
_SECRETS_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 2},
    user_agent=_USER_AGENT,
)
# No caller waits for these; whoever does not get through is called again by Lambda.
_OUTLET_CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 3},
    user_agent=_USER_AGENT,
)
_HURRIED_CONFIG = Config(
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},  # the function's time is nearly over
    user_agent=_USER_AGENT,
)
_KMS_CONFIG = Config(
    connect_timeout=1,
    read_timeout=1,
    retries={"mode": "standard", "total_max_attempts": 2},
    user_agent=_USER_AGENT,
)


class TrimmedLoader(Loader):
    """botocore's data loader, holding only the services used."""

    def list_available_services(self, type_name: str) -> list[str]:
        del type_name
        return list(SERVICES)

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Mapping[str, Any]:
        model: Mapping[str, Any] = super().load_service_model(service_name, type_name, api_version)
        if (service_name, type_name) == ("dynamodb", "service-2"):
            shapes = model["shapes"]
            for name, shape in shapes.items():
                if shape["type"] == "map" and shape["value"]["shape"] == _ATTRIBUTE:
                    shapes[name] = _AS_IT_IS
        return model

    def load_data_with_path(self, name: str) -> tuple[dict[str, Any], str]:
        if name == "endpoints":
            # A path among botocore's own data: it takes any other for endpoints of the user's, which
            # would go before the rule sets.
            return _endpoints(), str(Path(self.BUILTIN_DATA_PATH, "endpoints.json"))
        return super().load_data_with_path(name)


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
                    "hostname": _HOSTNAME,
                    "protocols": ["https"],
                    "signatureVersions": ["v4"],
                    "variants": [
                        {"tags": ["fips"], "dnsSuffix": suffix, "hostname": _FIPS},
                        {"tags": ["dualstack", "fips"], "dnsSuffix": dual_suffix, "hostname": _FIPS},
                        {"tags": ["dualstack"], "dnsSuffix": dual_suffix, "hostname": _HOSTNAME},
                    ],
                },
                "regions": {},
                "services": {},
            }
            for name, suffix, dual_suffix, pattern in _PARTITIONS
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


def events_client(session: botocore.session.Session) -> EventBridgeClient:
    return cast("EventBridgeClient", session.create_client("events", config=_OUTLET_CONFIG))


def queues_client(session: botocore.session.Session) -> SQSClient:
    return cast("SQSClient", session.create_client("sqs", config=_OUTLET_CONFIG))


def hurried_queues_client(session: botocore.session.Session) -> SQSClient:
    """For the last moments of a function: it tries once."""
    return cast("SQSClient", session.create_client("sqs", config=_HURRIED_CONFIG))


def kms_client(session: botocore.session.Session) -> KMSClient:
    """Gives up after 2 tries of at most 2 s each: a check waits, and nothing of it is counted yet."""
    return cast("KMSClient", session.create_client("kms", config=_KMS_CONFIG))
