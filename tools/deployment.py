"""The deployed stack, as far as the command needs it: names from CloudFormation, a client per service."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, final

import boto3
from botocore.config import Config

from tools.result import AwsError, ToolError, UsageError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).resolve().parent.parent
LOCAL_STACK = ROOT / ".local" / "stack.json"  # written by `make run`, gone when it ends

# Invocations are not repeated: a start that was answered too late may have sent.
_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 3})
_ONE_TRY = Config(connect_timeout=5, read_timeout=60, retries={"total_max_attempts": 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which stack, by the command's options."""

    stack: str
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of the stack."""

    logical_id: str
    physical_id: str
    kind: str  # AWS::SQS::Queue …


def default_stack(samconfig: Path = ROOT / "samconfig.toml") -> str:
    """The stack's name that `sam deploy` uses; `countersign` where the file says nothing."""
    try:
        document: dict[str, Any] = tomllib.loads(samconfig.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return "countersign"
    for command in ("deploy", "global"):
        name = document.get("default", {}).get(command, {}).get("parameters", {}).get("stack_name")
        if isinstance(name, str):
            return name
    return "countersign"


class Alarms(Protocol):
    """As much of a CloudWatch client as is used."""

    def describe_alarms(self, *, AlarmNames: list[str], StateValue: str) -> Mapping[str, Any]:  # noqa: N803
        """AWS's own names."""
        ...


@final
class Deployment:
    """One stack in one account and region."""

    def __init__(self, session: boto3.Session, *, stack: str, endpoint_url: str | None = None) -> None:
        self._session = session
        self._stack = stack
        self._endpoint_url = endpoint_url

    @classmethod
    def of(cls, target: Target) -> Deployment:
        """Raises ToolError where no local stack runs; AWS is asked at the first use."""
        if target.endpoint_url is not None and not re.match(r"https?://[^/]", target.endpoint_url):
            raise UsageError("the endpoint must be an address that begins with http:// or https://")
        if not target.local:
            session = boto3.Session(profile_name=target.profile, region_name=target.region)
            return cls(session, stack=target.stack, endpoint_url=target.endpoint_url)
        try:
            local = json.loads(LOCAL_STACK.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ToolError(
                "no local stack is running: start one with `make run` and leave it open"
            ) from None
        session = boto3.Session(
            region_name=local["region"],
            aws_access_key_id=local["aws_access_key_id"],
            aws_secret_access_key=local["aws_secret_access_key"],
        )
        return cls(session, stack=target.stack, endpoint_url=local["endpoint"])

    def _client(self, service: str, *, config: Config = _CONFIG) -> object:
        if self._endpoint_url is not None:
            config = config.merge(Config(proxies={}))  # an emulator is on this machine
        session = cast("Any", self._session)  # its overloads want the service's name as a literal
        client: object = session.client(service, endpoint_url=self._endpoint_url, config=config)
        return client

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        return cast("CloudFormationClient", self._client("cloudformation"))

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return cast("DynamoDBClient", self._client("dynamodb"))

    @cached_property
    def secrets_manager(self) -> SecretsManagerClient:
        return cast("SecretsManagerClient", self._client("secretsmanager"))

    @cached_property
    def functions(self) -> LambdaClient:
        return cast("LambdaClient", self._client("lambda", config=_ONE_TRY))

    @cached_property
    def queues(self) -> SQSClient:
        return cast("SQSClient", self._client("sqs"))

    @cached_property
    def alarms(self) -> Alarms:
        return cast("Alarms", self._client("cloudwatch"))

    @cached_property
    def _description(self) -> Mapping[str, Any]:
        return self.cloudformation.describe_stacks(StackName=self._stack)["Stacks"][0]

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        """The template's parameters, as this stack was deployed with."""
        found = self._description.get("Parameters", [])
        return {entry["ParameterKey"]: entry.get("ParameterValue", "") for entry in found}

    def parameter(self, name: str) -> str:
        """One of them. Raises AwsError where the stack has none of that name."""
        if name not in self.parameters:
            raise AwsError(f"the stack {self._stack} has no parameter {name}: is it another one?")
        return self.parameters[name]

    @property
    def place(self) -> str:
        """Which stack it is, for a question before something is lost."""
        return f"the stack {self._stack} in {self.cloudformation.meta.region_name}"

    @property
    def allows_loopback(self) -> bool:
        """Whether webhooks may go to this machine, as on the local stack."""
        return self.parameters.get("WebhookLoopback") == "on"

    def output(self, name: str) -> str:
        """An output of the stack. Raises AwsError where it has none of that name."""
        for entry in self._description.get("Outputs", []):
            if entry["OutputKey"] == name:
                return str(entry["OutputValue"])
        raise AwsError(f"the stack {self._stack} has no output {name}: is it an older version?")

    def resources(self, kind: str) -> tuple[Resource, ...]:
        """The stack's resources of one type, by logical id."""
        found: list[Resource] = []
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self._stack)
        for page in pages:
            for entry in page["StackResourceSummaries"]:
                if entry["ResourceType"] == kind:
                    physical = entry.get("PhysicalResourceId", "")
                    found.append(Resource(entry["LogicalResourceId"], physical, kind))
        return tuple(sorted(found, key=lambda resource: resource.logical_id))
