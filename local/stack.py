"""The whole local stack: started, used and ended as one thing.

    with Stack(port=0) as stack:
        requests.post(f"{stack.url}/otp/v1/verifications", ...)
        stack.messages("+84901888484")

Order: simulators and emulator side by side, build, deploy, routes, secrets, front, one warm call each.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import requests

from local.accounts import DEMO_CLIENTS, esms_callback_url, vendor_accounts
from local.building import build
from local.deploying import allow_batches, allow_plain_http, create_routes, deploy, parameters
from local.deploying import session as session_of_root
from local.emulator import ACCESS_KEY, HOST, REGION, SECRET_KEY, Emulator
from local.listening import BusListener
from local.logs import FollowedLogs, FunctionLogs
from local.process import Child, StackError, tail

if TYPE_CHECKING:
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

type Service = Literal[
    "dynamodb",
    "events",
    "lambda",
    "secretsmanager",
    "sqs",
    "cloudformation",
    "apigatewayv2",
    "kms",
    "cognito-idp",
]

ROOT = Path(__file__).resolve().parent.parent
CALL_SECONDS = 60.0
LEAST_MEMORY_BYTES = 4 * 1024**3  # a container takes 16 MB, and a test may want a hundred of them


class Stack:
    """A running local stack. Use it as a context manager; on the way out every process has ended."""

    def __init__(
        self,
        *,
        port: int = 0,
        root: Path = ROOT,
        logs: Path | None = None,
        description: Path | None = None,
        settings: Mapping[str, str] | Callable[[str], Mapping[str, str]] | None = None,
        reports: bool = False,
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """A stack that is not running yet.

        `port` 0 takes a free one. `logs` is the folder of the logs (a temporary one without it),
        `description` the file by which tools find the stack. `settings` are template parameters
        that differ from the local ones, or what makes them (a key, say) at the emulator's endpoint.
        With `reports` vendors call back when a text has arrived.
        """
        self._port, self._root, self._say = port, root, say
        self._description, self._settings = description, settings or {}
        self._given_logs = logs
        self._reports = reports
        self._cleanup = ExitStack()
        self._children: list[Child] = []
        self.url = ""
        self.endpoint = ""

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            self._start(starting)
            self._cleanup = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._cleanup.close()

    def _start(self, starting: ExitStack) -> None:
        folder = Path(tempfile.mkdtemp(prefix="countersign-", dir=memory_folder()))
        starting.callback(shutil.rmtree, folder, ignore_errors=True)
        self.logs = self._given_logs or folder / "logs"
        self._say("Starting the vendor simulators and MiniStack")
        vendors = self._child("vendor simulators", "local.vendors", starting)
        emulator = Emulator(state=folder, log=self.logs / "ministack.log", cwd=folder)
        self._children.append(emulator.child)
        starting.callback(emulator.child.stop)
        build_dir = build(self._root, logs=self.logs, say=self._say)
        addresses: dict[str, Any] = vendors.ready_line(seconds=30)
        emulator.wait()
        self.endpoint, self._control = emulator.endpoint, str(addresses["control"])
        self._say("Deploying the application (sam deploy)")
        own = self._settings(self.endpoint) if callable(self._settings) else self._settings
        settings = parameters(addresses["vendors"]) | dict(own)
        self.deployment = deploy(build_dir, endpoint=self.endpoint, settings=settings, logs=self.logs)
        allow_plain_http(endpoint=self.endpoint)
        count = create_routes(self.deployment, endpoint=self.endpoint)
        allow_batches(endpoint=self.endpoint)
        self._say(f"Created {count} routes; writing the secrets")
        self.put_clients(DEMO_CLIENTS)
        self.put_vendors(vendor_accounts(api_url=self.api_url))
        self._follow_logs(starting)
        self._open_front(starting)
        if self._reports:
            self.report("delivered")
        self._say("Warming the functions")
        self._warm()
        if self._given_logs is not None:
            bus = BusListener(endpoint=self.endpoint, bus=self.deployment.bus, url=self.url)
            starting.enter_context(bus)
        self._describe(starting)

    def _child(self, name: str, module: str, starting: ExitStack, *arguments: str) -> Child:
        command = [sys.executable, "-m", module, *arguments]
        log = self.logs / f"{module.removeprefix('local.')}.log"
        child = Child(name, command, log=log, env=os.environ, cwd=ROOT, tethered=True, speaks=True)
        self._children.append(child)
        starting.callback(child.stop)
        return child

    def _open_front(self, starting: ExitStack) -> None:
        arguments = ("--port", str(self._port), "--api", self.api_url, "--control", self._control)
        front = self._child("front", "local.front", starting, *arguments)
        self.url = str(front.ready_line(seconds=30)["url"])

    def _follow_logs(self, starting: ExitStack) -> None:
        self._function_logs = FunctionLogs(endpoint=self.endpoint)
        if self._given_logs is not None:
            followed = FollowedLogs(self._function_logs, path=self.logs / "functions.log")
            followed.start()
            starting.callback(followed.stop)

    def _warm(self) -> None:
        """One call to each function, so that the first user does not wait for a cold start."""
        calls = (("GET", "/health"), ("POST", "/otp/v1/verifications"))
        with ThreadPoolExecutor(len(calls)) as pool:
            answers = list(pool.map(lambda call: self._call(*call), calls))
        for (method, path), answer in zip(calls, answers, strict=True):
            if answer.status_code >= 500:
                shown = f"{method} {path} answered {answer.status_code}: {answer.text[:500]}"
                logged = f"{self.function_logs()[-4000:]}\n{tail(self.logs / 'ministack.log')}"
                raise StackError(f"{shown}\n{logged}")

    def _call(
        self, method: str, path: str, body: object = None, *, query: Mapping[str, str] | None = None
    ) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # no proxy lies between this machine and itself
            return session.request(method, f"{self.url}{path}", params=query, json=body, timeout=CALL_SECONDS)

    def _describe(self, starting: ExitStack) -> None:
        if self._description is None:
            return
        description = {
            "url": self.url,
            "endpoint": self.endpoint,
            "region": REGION,
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
            "api_id": self.deployment.api_id,
            "table": self.deployment.table,
            "functions": self.function_names,
            "pid": os.getpid(),
        }
        self._description.parent.mkdir(parents=True, exist_ok=True)
        self._description.write_text(json.dumps(description, indent=2) + "\n")
        starting.callback(self._description.unlink, missing_ok=True)

    @property
    def api_url(self) -> str:
        """Where the emulator serves the API, for processes that know nothing of the front."""
        return f"{self.endpoint}/_aws/execute-api/{self.deployment.api_id}/$default"

    @property
    def table_name(self) -> str:
        return self.deployment.table

    @property
    def function_names(self) -> dict[str, str]:
        """`{"send": …, "verify": …, …}`, by the folders in functions/."""
        deployed = self.deployment
        return {
            "send": deployed.send_function,
            "verify": deployed.verify_function,
            "count": deployed.count_function,
            "publish": deployed.publish_function,
            "webhook": deployed.webhook_function,
            "receipts": deployed.receipts_function,
        }

    def fallen(self) -> Child | None:
        """A child that has ended although nobody asked it to."""
        return next((child for child in self._children if not child.alive), None)

    def messages(self, to: str | None = None) -> list[dict[str, str]]:
        """What is on the handset (for one E.164 number), newest first."""
        query = {} if to is None else {"to": to}
        answer = self._call("GET", "/local/messages", query=query)
        answer.raise_for_status()
        found: list[dict[str, str]] = answer.json()
        return found

    def events(self, about: str | None = None) -> list[dict[str, Any]]:
        """What the bus has told (of one verification), newest first, while something listens to it."""
        answer = self._call("GET", "/local/events", query={} if about is None else {"id": about})
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def vendor(self, name: str, *, mode: str, times: int = 1, deliver: bool = False) -> None:
        """Make a vendor misbehave; see local/vendors/faults.py."""
        body = {"mode": mode, "times": times, "deliver": deliver}
        self._call("POST", f"/local/vendors/{name}", body).raise_for_status()

    def report(self, mode: str, *, by: str | None = None, delay_seconds: float = 0.2) -> None:
        """How a vendor, or each one that reports, does so from now on; see local/vendors/reports.py."""
        urls = {"esms": esms_callback_url(self.api_url), "engagelab": f"{self.api_url}/receipts/engagelab"}
        for name, url in urls.items():
            if by not in (None, name):
                continue
            body = {"mode": mode, "url": url, "delay_seconds": delay_seconds}
            self._call("POST", f"/local/vendors/{name}/reports", body).raise_for_status()

    def reports(self, name: str) -> list[dict[str, Any]]:
        """The last calls of a vendor that told of texts: text, state, try, status."""
        answer = self._call("GET", f"/local/vendors/{name}/reports")
        answer.raise_for_status()
        told: list[dict[str, Any]] = answer.json()["told"]
        return told

    def vendor_requests(self, name: str) -> list[dict[str, Any]]:
        """What a vendor received, oldest first, credentials and codes masked."""
        answer = self._call("GET", f"/local/vendors/{name}/requests")
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    @overload
    def client(self, service: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, service: Literal["events"]) -> EventBridgeClient: ...
    @overload
    def client(self, service: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
    @overload
    def client(self, service: Literal["sqs"]) -> SQSClient: ...
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["apigatewayv2"]) -> ApiGatewayV2Client: ...
    @overload
    def client(self, service: Literal["kms"]) -> KMSClient: ...
    @overload
    def client(self, service: Literal["cognito-idp"]) -> CognitoIdentityProviderClient: ...
    def client(self, service: Service) -> object:
        """A boto3 client of the emulator's root, whom IAM lets do everything."""
        return session_of_root().client(service, endpoint_url=self.endpoint)

    def function_logs(self) -> str:
        """Everything that the functions have logged."""
        return self._function_logs.text()

    def put_clients(self, clients: Mapping[str, object]) -> None:
        """Replace the clients; the pepper that the template made stays."""
        secrets = self.client("secretsmanager")
        held = json.loads(secrets.get_secret_value(SecretId=self.deployment.clients_secret)["SecretString"])
        value = json.dumps({"pepper": held["pepper"], "clients": clients})
        secrets.put_secret_value(SecretId=self.deployment.clients_secret, SecretString=value)

    def put_vendors(self, vendors: Mapping[str, object]) -> None:
        """Replace the vendors' accounts."""
        secrets = self.client("secretsmanager")
        secrets.put_secret_value(SecretId=self.deployment.vendors_secret, SecretString=json.dumps(vendors))

    def recycle(self, *names: str) -> None:
        """End the containers of `send`, `verify` or both, and what these keep of secrets and tokens.

        The emulator removes the folder of each container, with a copy of the layer in it: seconds for dozens.
        """
        functions = self.client("lambda")
        for name in [self.function_names[name] for name in names or ("send", "verify")]:
            memory = functions.get_function_configuration(FunctionName=name)["MemorySize"]
            functions.update_function_configuration(FunctionName=name, MemorySize=memory)


def memory_folder(folder: Path = Path("/dev/shm"), *, least_bytes: int = LEAST_MEMORY_BYTES) -> Path | None:
    """A folder in memory for all that the stack writes, or None where there is none that takes it.

    The emulator unpacks the layer, some 2,000 files, once per container, and deletes them with it
    while everybody waits: on a disk that takes minutes after a test with many containers.
    """
    try:
        found = os.statvfs(folder)
    except OSError:
        return None
    takes_it = found.f_bavail * found.f_frsize >= least_bytes and not found.f_flag & os.ST_NOEXEC
    return folder if takes_it and os.access(folder, os.W_OK) else None


def port_is_free(port: int) -> bool:
    """Whether this machine's loopback has nobody listening there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
