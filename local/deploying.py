"""The real template on the emulator: `sam deploy`, then what the emulator leaves out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
from botocore.config import Config

from local.building import empty_config
from local.emulator import ACCESS_KEY, REGION, SECRET_KEY, aws_environment
from local.process import StackError, interpreter_first, run_step

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest
    from mypy_boto3_apigatewayv2 import ApiGatewayV2Client

STACK_NAME = "countersign"
BUCKET = "countersign-local"
DEPLOY_SECONDS = 180.0

ROUTES: Mapping[str, Mapping[str, Mapping[str, list[str]]]] = {
    "default": {
        "VN": {"*": ["esms:vendor", "engagelab:vendor"]},
        "IN": {"*": ["message_central:vendor", "esms:vendor"]},
        "*": {"*": ["engagelab:vendor", "esms:vendor"]},
    },
    "gateway": {
        "VN": {"*": ["esms:gateway", "engagelab:gateway"]},
        "IN": {"*": ["engagelab:gateway", "esms:gateway"]},
        "*": {"*": ["engagelab:gateway", "esms:gateway"]},
    },
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """The outputs of the stack that tools need."""

    api_id: str
    send_function: str
    verify_function: str
    count_function: str
    publish_function: str
    webhook_function: str
    receipts_function: str
    webhooks: str
    webhooks_dead_letters: str
    bus: str
    table: str
    clients_secret: str
    vendors_secret: str
    cognito_sms_function: str | None  # None: the parameters name no user pool, as the next
    cognito_challenge_function: str | None

    @classmethod
    def of(cls, outputs: Mapping[str, str]) -> Deployment:
        return cls(
            api_id=outputs["ApiId"],
            send_function=outputs["SendFunctionName"],
            verify_function=outputs["VerifyFunctionName"],
            count_function=outputs["CountFunctionName"],
            publish_function=outputs["PublishFunctionName"],
            webhook_function=outputs["WebhookFunctionName"],
            receipts_function=outputs["ReceiptsFunctionName"],
            webhooks=outputs["WebhooksUrl"],
            webhooks_dead_letters=outputs["WebhooksDeadLettersUrl"],
            bus=outputs["BusName"],
            table=outputs["TableName"],
            clients_secret=outputs["ClientsSecretArn"],
            vendors_secret=outputs["VendorsSecretArn"],
            cognito_sms_function=outputs.get("CognitoSmsFunctionArn"),
            cognito_challenge_function=outputs.get("CognitoChallengeFunctionArn"),
        )


def session() -> boto3.Session:
    """A session of the emulator's root, whatever account and proxy the user has set up."""
    core = botocore.session.get_session()
    core.set_default_client_config(Config(proxies={}, retries={"total_max_attempts": 2}, read_timeout=60))
    return boto3.Session(
        botocore_session=core,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


def parameters(vendors: Mapping[str, str]) -> dict[str, str]:
    """The template's parameters for vendors that listen at these base URLs."""
    return {
        "Routes": json.dumps(ROUTES, separators=(",", ":")),
        "MessageCentralUrl": vendors["message_central"],
        "EsmsUrl": vendors["esms"],
        "EngageLabUrl": vendors["engagelab"],
        "TestNumbers": "on",
        "WebhookLoopback": "on",
        "LogLevel": "INFO",
        "DeletionProtection": "false",
        "SecretTtlSeconds": "300",
    }


def deploy(build_dir: Path, *, endpoint: str, settings: Mapping[str, str], logs: Path) -> Deployment:
    """`sam deploy` of the built template.

    Raises StackError.
    """
    session().client("s3", endpoint_url=endpoint).create_bucket(Bucket=BUCKET)
    command = ["sam", "deploy", "--template-file", str(build_dir / "template.yaml")]
    command += ["--stack-name", STACK_NAME, "--region", REGION, "--s3-bucket", BUCKET]
    command += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"]
    command += ["--config-file", str(empty_config(logs))]
    # Quoted as JSON strings: the values are JSON themselves.
    command += ["--parameter-overrides", *(f"{name}={json.dumps(value)}" for name, value in settings.items())]
    environment = interpreter_first(os.environ) | aws_environment(endpoint)
    environment |= {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "1"}
    environment.pop("AWS_PROFILE", None)
    log = logs / "deploy.log"
    run_step("sam deploy", command, log=log, env=environment, cwd=build_dir, seconds=DEPLOY_SECONDS)
    cloudformation = session().client("cloudformation", endpoint_url=endpoint)
    stack = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    try:
        return Deployment.of(outputs)
    except KeyError as missing:
        raise StackError(f"the stack has no output {missing}; it has {', '.join(sorted(outputs))}") from None


def allow_plain_http(*, endpoint: str) -> None:
    """Take out of the queues' policies what wants TLS: the emulator speaks HTTP on the loopback."""
    sqs = session().client("sqs", endpoint_url=endpoint)
    # The emulator takes a request for one over TLS by what a proxy in front of it would say.
    sqs.meta.events.register("before-sign.sqs", _as_over_tls)
    for url in sqs.list_queues().get("QueueUrls", []):
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        policy: dict[str, Any] = json.loads(found.get("Attributes", {}).get("Policy", "{}"))
        kept = [one for one in policy.get("Statement", []) if "aws:SecureTransport" not in json.dumps(one)]
        if kept != policy.get("Statement", []):
            changed = json.dumps(policy | {"Statement": kept}) if kept else ""
            sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": changed})


def _as_over_tls(request: AWSRequest, **_: object) -> None:
    request.headers["X-Forwarded-Proto"] = "https"


def create_routes(deployment: Deployment, *, endpoint: str) -> int:
    """Make the routes that the emulator ignores in the template's API definition. How many there are.

    Raises StackError where an integration is not one that this knows.
    """
    cloudformation = session().client("cloudformation", endpoint_url=endpoint)
    # botocore parses a JSON template itself, though its types say that it is text.
    processed: Any = cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")[
        "TemplateBody"
    ]
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    physical = {found["LogicalResourceId"]: found.get("PhysicalResourceId", "") for found in resources}
    functions = session().client("lambda", endpoint_url=endpoint)
    gateway = session().client("apigatewayv2", endpoint_url=endpoint)
    logical = next(name for name, found in physical.items() if found == deployment.api_id)
    integrations: dict[str, str] = {}
    count = 0
    for path, methods in processed["Resources"][logical]["Properties"]["Body"]["paths"].items():
        for method, definition in methods.items():
            integration = definition["x-amazon-apigateway-integration"]
            function = _function_of(integration["uri"])
            if function not in integrations:
                found = functions.get_function(FunctionName=physical[function])
                arn = found["Configuration"]["FunctionArn"]
                integrations[function] = _integrate(gateway, deployment.api_id, arn, integration)
            key = _route_key(path, method)
            gateway.create_route(
                ApiId=deployment.api_id, RouteKey=key, Target=f"integrations/{integrations[function]}"
            )
            count += 1
    return count


def allow_batches(*, endpoint: str) -> None:
    """Grant what the emulator asks for in a batch where AWS asks for `sqs:SendMessage`."""
    cloudformation = session().client("cloudformation", endpoint_url=endpoint)
    iam = session().client("iam", endpoint_url=endpoint)
    resources = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    for role in (found for found in resources if found["ResourceType"] == "AWS::IAM::Role"):
        name = role.get("PhysicalResourceId", "")
        for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
            # botocore parses the document, though its types say that it is text.
            document: Any = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for statement in document["Statement"]:
                if "sqs:SendMessage" in statement["Action"]:
                    actions = statement["Action"]
                    listed = actions if isinstance(actions, list) else [actions]
                    statement["Action"] = [*listed, "sqs:SendMessageBatch"]
            iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))


def _integrate(gateway: ApiGatewayV2Client, api_id: str, arn: str, definition: Mapping[str, Any]) -> str:
    made = gateway.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion=definition.get("payloadFormatVersion", "2.0"),
        TimeoutInMillis=definition.get("timeoutInMillis", 29_000),
    )
    return made["IntegrationId"]


def _function_of(uri: object) -> str:
    """The logical id in `arn:…/functions/${LogicalId.Arn}/invocations`, as SAM writes it."""
    text = uri.get("Fn::Sub") if isinstance(uri, Mapping) else None
    if not isinstance(text, str) or "/functions/${" not in text:
        raise StackError(f"an integration of the API does not name a function: {uri!r}")
    return text.partition("/functions/${")[2].partition(".Arn}")[0]


def _route_key(path: str, method: str) -> str:
    if path in {"$default", "/$default"}:  # SAM writes the second one where FailOnWarnings is set
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"
