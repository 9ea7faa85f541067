"""An operator's desk: a stack in the emulator, and the command as it is typed there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.exceptions import ReadTimeoutError
from mypy_boto3_dynamodb import DynamoDBClient
from mypy_boto3_secretsmanager import SecretsManagerClient

from countersign.aws.items import verification_item
from countersign.aws.store import DynamoStore
from countersign.aws.table import Table
from countersign.bootstrap import Container
from countersign.dialects.dialect import Function
from countersign.model import Verification
from tests.infra.reading import read_template
from tests.support.clock import NOON, FakeClock
from tests.support.gateway import Context, environment_of
from tools.command import main
from tools.console import Console
from tools.deployment import Deployment, Target

STACK = "desk"
MOMENT = datetime.fromtimestamp(NOON, UTC)
ROUTES: Mapping[str, Any] = {
    "default": {
        "VN": {"*": ["esms:vendor", "engagelab:vendor"]},
        "*": {"sms": ["engagelab:gateway"], "*": ["message_central:vendor"]},
    },
    "payments": {"*": {"*": ["engagelab:gateway"]}},
}
PEPPER = "canary-pepper-of-the-operators-tests-0001"
CLIENTS: Mapping[str, Any] = {
    "pepper": PEPPER,
    "clients": {"shop": {"secrets": ["canary-secret-of-the-shop-1"], "policy": {"cooldown_seconds": 30}}},
}
VENDORS: Mapping[str, Any] = {
    "engagelab": {
        "dev_key": "canary-el-key",
        "dev_secret": "canary-el-secret",
        "templates": {"sms": "t1"},
    },
}
_KEPT = ("Table", "ClientsSecret", "VendorsSecret", "CountDeadLetters", "CountDeadLettersAlarm")


class Terminal(io.StringIO):
    """A stream that a person sits at."""

    def isatty(self) -> bool:
        return True


class Interrupted(io.StringIO):
    """An input where a person presses Ctrl-C after some lines."""

    def __init__(self, *lines: str) -> None:
        super().__init__("".join(f"{line}\n" for line in lines))

    def readline(self, size: int = -1, /) -> str:  # type: ignore[override]  # typeshed mixes text and bytes here
        line = super().readline(size)
        if not line:
            raise KeyboardInterrupt
        return line


@dataclass(frozen=True)
class Ran:
    """What a command left."""

    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class InProcess:
    """As much of a Lambda client as `send-test` needs: the real functions, in this process."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.crashes = False

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803  # boto3's names
        if self.crashes:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b"{}")}
        edge = Container(self._environment).edge(Function(FunctionName))
        answer = edge(json.loads(Payload), Context())
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@dataclass
class Desk:
    """Runs commands. What leaves them is looked through for secrets each time."""

    endpoint: str
    dynamodb: DynamoDBClient
    secrets_manager: SecretsManagerClient
    outputs: Mapping[str, str]
    functions: InProcess
    now: datetime = MOMENT
    before_the_move: Callable[[], object] | None = None  # once, between a command's look and its write
    loses_answers: bool = False
    loses: str | None = None  # the answer to the `move` of a label, or to the `tidying` after it
    parameters: Mapping[str, str] | None = None  # of the stack, where a test wants others
    deployments: list[Deployment] = field(default_factory=list)

    def run(
        self,
        *arguments: str,
        typed: str | io.StringIO = "",
        terminal: bool = False,
        shows_what_it_makes: bool = False,
        stack: str = STACK,
    ) -> Ran:
        """Run a command; `typed` is what its input holds."""
        held = _secrets(self.clients()) | _secrets(self.vendors())
        given = typed if isinstance(typed, io.StringIO) else io.StringIO(typed)
        out, err = (Terminal() if terminal else io.StringIO()), io.StringIO()
        console = Console(stdin=given, stdout=out, stderr=err)
        exit_code = main(
            ["--stack", stack, *arguments], console=console, connect=self._connect, clock=lambda: self.now
        )
        if not shows_what_it_makes:
            held |= _secrets(self.clients()) | _secrets(self.vendors())
        shown = {one for one in held if one in out.getvalue() + err.getvalue()}
        assert not shown, f"{arguments} shows a secret"
        return Ran(exit_code, out.getvalue(), err.getvalue())

    def _connect(self, target: Target) -> Deployment:
        deployment = Deployment(boto3.Session(), stack=target.stack, endpoint_url=self.endpoint)
        replaced: dict[str, object] = {"functions": self.functions}
        if self.parameters is not None:
            replaced["parameters"] = self.parameters
        if self.before_the_move is not None:
            meddler, self.before_the_move = self.before_the_move, None
            replaced["secrets_manager"] = _Meddled(deployment.secrets_manager, meddler)
        if self.loses_answers:
            replaced["secrets_manager"] = _LosesAnswers(deployment.secrets_manager)
        if self.loses is not None:
            replaced["secrets_manager"] = _Cut(deployment.secrets_manager, self.loses)
        vars(deployment).update(replaced)
        self.deployments.append(deployment)
        return deployment

    def clients(self) -> dict[str, Any]:
        return self._document("ClientsSecretArn")

    def vendors(self) -> dict[str, Any]:
        return self._document("VendorsSecretArn")

    def _document(self, output: str) -> dict[str, Any]:
        answer = self.secrets_manager.get_secret_value(SecretId=self.outputs[output])
        document: dict[str, Any] = json.loads(answer["SecretString"])
        return document

    def put(self, output: str, document: object) -> None:
        text = document if isinstance(document, str) else json.dumps(document)
        self.secrets_manager.put_secret_value(SecretId=self.outputs[output], SecretString=text)

    def labels(self, output: str) -> dict[str, list[str]]:
        """The labelled versions of a secret."""
        return dict(self.secrets_manager.describe_secret(SecretId=self.outputs[output])["VersionIdsToStages"])

    @property
    def table(self) -> str:
        return self.outputs["TableName"]

    @property
    def store(self) -> DynamoStore:
        return DynamoStore(Table(self.table, client=lambda: self.dynamodb, clock=FakeClock()))

    def write(self, *verifications: Verification) -> None:
        for one in verifications:
            self.dynamodb.put_item(TableName=self.table, Item=verification_item(one, writer="w"))

    def items(self) -> set[str]:
        """The keys of what is in the table."""
        return {item["pk"]["S"] for item in self.dynamodb.scan(TableName=self.table)["Items"]}


class _Meddled:
    """A Secrets Manager client between whose read and write somebody else does something."""

    def __init__(self, inner: SecretsManagerClient, meddler: Callable[[], object]) -> None:
        self._inner, self._meddler = inner, meddler

    def __getattr__(self, name: str) -> Any:
        if name == "put_secret_value":
            self._meddler()
        return getattr(self._inner, name)


class _LosesAnswers:
    """A Secrets Manager client that makes each write twice, as botocore does where an answer is lost."""

    def __init__(self, inner: SecretsManagerClient) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name not in {"put_secret_value", "update_secret_version_stage"}:
            return call

        def twice(**arguments: Any) -> Any:
            call(**arguments)
            return call(**arguments)

        return twice


class _Cut:
    """A Secrets Manager client that moves labels, and never hears so."""

    def __init__(self, inner: SecretsManagerClient, lost: str) -> None:
        self._inner, self._lost = inner, lost

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._inner, name)
        if name != "update_secret_version_stage":
            return call

        def unheard(**arguments: Any) -> Any:
            answer = call(**arguments)
            if ("MoveToVersionId" in arguments) == (self._lost == "move"):
                raise ReadTimeoutError(endpoint_url="https://secretsmanager.example")
            return answer

        return unheard


def _secrets(value: object) -> set[str]:
    """The strings of a document that nobody may see: credentials, peppers, keys."""
    if isinstance(value, dict):
        hidden = ("pepper", "previous_pepper", "password", "api_key", "secret_key", "dev_key", "dev_secret")
        found = {inner for name, inner in value.items() if name in hidden and isinstance(inner, str)}
        found |= set(value["secrets"]) if isinstance(value.get("secrets"), list) else set()
        return found | {one for inner in value.values() for one in _secrets(inner)}
    return set()


def template() -> str:
    """What of the project's template the command looks at, without functions."""
    whole = read_template()
    resources = {name: whole["Resources"][name] for name in _KEPT}
    for name in ("ClientsSecret", "VendorsSecret"):
        resources[name]["Properties"] = {"SecretString": "{}"}
    resources["Table"]["Properties"].pop("DeletionProtectionEnabled")
    for name in ("AlarmActions", "OKActions"):
        resources["CountDeadLettersAlarm"]["Properties"].pop(name)
    wanted = ("TableName", "ClientsSecretArn", "VendorsSecretArn")
    outputs = {name: whole["Outputs"][name] for name in wanted}
    outputs |= {"SendFunctionName": {"Value": "send"}, "VerifyFunctionName": {"Value": "verify"}}
    parameters = {name: whole["Parameters"][name] for name in ("Routes", "AlarmTopicArn")}
    return json.dumps({"Parameters": parameters, "Resources": resources, "Outputs": outputs})


@contextmanager
def desk_at(endpoint: str) -> Iterator[Desk]:
    """A desk in an emulator in which there is nothing yet."""
    cloudformation = boto3.client("cloudformation")
    parameters = {"Routes": json.dumps(ROUTES), "AlarmTopicArn": "arn:aws:sns:us-east-1:123456789012:alarms"}
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=template(),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {entry["OutputKey"]: entry["OutputValue"] for entry in stack["Outputs"]}
    environment = environment_of(
        clients_arn=outputs["ClientsSecretArn"],
        vendors_arn=outputs["VendorsSecretArn"],
        TABLE_NAME=outputs["TableName"],
        ROUTES=json.dumps(ROUTES),
        TEST_NUMBERS="on",
    )
    yield Desk(
        endpoint,
        boto3.client("dynamodb"),
        boto3.client("secretsmanager"),
        outputs,
        InProcess(environment),
    )
