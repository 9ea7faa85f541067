"""Rules of template.yaml on roles and alarms; see rules.py."""

from __future__ import annotations

from collections.abc import Iterator

from .reading import Template, resources
from .rules import FUNCTIONS, Rule

X_RAY = {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}  # IAM knows no resources for these


SECRETS = {
    ("secretsmanager:GetSecretValue", "ClientsSecret.Id"),
    ("secretsmanager:GetSecretValue", "VendorsSecret.Id"),
}
PROOFS = {("kms:GetPublicKey", "ProofKey.Arn"), ("kms:Sign", "ProofKey.Arn")}
STREAM = {
    *((f"dynamodb:{action}", "Table.StreamArn") for action in ("DescribeStream", "ListStreams")),
    *((f"dynamodb:{action}", "Table.StreamArn") for action in ("GetRecords", "GetShardIterator")),
}
OF_A_QUEUE = ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage", "SendMessage")
REQUESTS = {
    *((f"sqs:{action}", "Requests.Arn") for action in ("ReceiveMessage", "DeleteMessage")),
    *((f"sqs:{action}", "Requests.Arn") for action in ("GetQueueAttributes", "ChangeMessageVisibility")),
}
WAITING = {
    *((f"sqs:{action}", "Webhooks.Arn") for action in ("DeleteMessage", "GetQueueAttributes")),
    *((f"sqs:{action}", "Webhooks.Arn") for action in ("ReceiveMessage", "ChangeMessageVisibility")),
    ("secretsmanager:GetSecretValue", "ClientsSecret.Id"),
}


def _grants(log_group: str, *, table: set[str], more: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Action and resource, as `Name.Attribute`, the name of a parameter, or `*`."""
    return more | {
        *((f"dynamodb:{action}", "Table.Arn") for action in table),
        *((f"logs:{action}", f"{log_group}.Arn") for action in ("CreateLogStream", "PutLogEvents")),
        *((action, "*") for action in X_RAY),
    }


GRANTS = {
    "SendRole": _grants(
        "SendLogGroup", table={"BatchGetItem", "GetItem", "PutItem", "UpdateItem"}, more=SECRETS | REQUESTS
    ),
    "VerifyRole": _grants("VerifyLogGroup", table={"GetItem", "UpdateItem"}, more=SECRETS | PROOFS),
    "CognitoSmsRole": _grants(
        "CognitoSmsLogGroup",
        table={"BatchGetItem", "GetItem", "PutItem", "UpdateItem"},
        more=SECRETS | {("kms:Decrypt", "CognitoKeyArn")},
    ),
    "CognitoChallengeRole": _grants(
        "CognitoChallengeLogGroup", table={"BatchGetItem", "GetItem", "PutItem", "UpdateItem"}, more=SECRETS
    ),
    "CountRole": _grants(
        "CountLogGroup", table={"UpdateItem"}, more=STREAM | {("sqs:SendMessage", "CountDeadLetters.Arn")}
    ),
    "PublishRole": _grants(
        "PublishLogGroup",
        table={"GetItem", "UpdateItem"},
        more=STREAM
        | {("events:PutEvents", "Bus.Arn"), ("sqs:SendMessage", "PublishDeadLetters.Arn")}
        | {("sqs:SendMessage", "Requests.Arn")}
        | {(f"sqs:{action}", "Expiries.Arn") for action in OF_A_QUEUE},
    ),
    "WebhookRole": _grants("WebhookLogGroup", table={"BatchGetItem", "UpdateItem"}, more=WAITING),
    "ReceiptsRole": _grants(
        "ReceiptsLogGroup",
        table={"UpdateItem"},
        more={("secretsmanager:GetSecretValue", "VendorsSecret.Id")},
    ),
}
SERVICE, NAMESPACE = {"service": "countersign"}, "Countersign"
ALARMS: dict[tuple[str, str], list[dict[str, object]]] = {
    ("AWS/Lambda", "Errors"): [{"FunctionName": {"Ref": name}} for name in FUNCTIONS],
    ("AWS/Lambda", "Throttles"): [{"FunctionName": {"Ref": name}} for name in FUNCTIONS],
    ("AWS/Lambda", "IteratorAge"): [
        {"FunctionName": {"Ref": name}} for name in ("CountFunction", "PublishFunction")
    ],
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): [
        {"QueueName": {"Fn::GetAtt": [name, "QueueName"]}}
        for name in (
            "CountDeadLetters",
            "PublishDeadLetters",
            "ExpiriesDeadLetters",
            "RequestsDeadLetters",
            "WebhooksDeadLetters",
        )
    ],
    ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible"): [
        {"QueueName": {"Fn::GetAtt": ["Webhooks", "QueueName"]}}
    ],
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): [{"QueueName": {"Fn::GetAtt": ["Requests", "QueueName"]}}],
    ("AWS/ApiGateway", "5xx"): [{"ApiId": {"Ref": "Api"}}],
    ("AWS/DynamoDB", "ReadThrottleEvents"): [{"TableName": {"Ref": "Table"}}],
    ("AWS/DynamoDB", "WriteThrottleEvents"): [{"TableName": {"Ref": "Table"}}],
    ("AWS/DynamoDB", "SystemErrors"): [
        {"TableName": {"Ref": "Table"}, "Operation": operation}
        for operation in ("UpdateItem", "TransactWriteItems")
    ],
    ("Countersign", "VendorFailure"): [
        {**SERVICE, "provider": provider} for provider in ("message_central", "esms", "engagelab")
    ],
    ("Countersign", "ConfigurationFault"): [{**SERVICE}],
    ("Countersign", "BudgetWarning"): [{**SERVICE}],
    ("Countersign", "BudgetExhausted"): [{**SERVICE}],
    ("Countersign", "PumpingSuspected"): [{**SERVICE}],
    ("Countersign", "WebhookDisabled"): [{**SERVICE}],
}
LEVELS = {  # what is a level, not a count
    "IteratorAge": 60_000,
    "ApproximateNumberOfMessagesVisible": 1,
    "ApproximateNumberOfMessagesNotVisible": 60_000,  # half of what SQS takes in flight
    "ApproximateAgeOfOldestMessage": 300,
}
NOTIFY = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}


def each_function_has_a_role_of_its_own(template: Template) -> Iterator[str]:
    roles = resources(template, "AWS::IAM::Role")
    if set(roles) != {name.replace("Function", "Role") for name in FUNCTIONS}:
        yield f"the roles are {sorted(roles)}"
    for name, function in resources(template, "AWS::Serverless::Function").items():
        if function.get("Role") != {"Fn::GetAtt": [name.replace("Function", "Role"), "Arn"]}:
            yield f"{name} does not have its own role"
        if "Policies" in function or "Connectors" in template["Resources"][name]:
            yield f"{name} lets SAM write policies"


def roles_are_lambdas_and_hold_no_managed_policy(template: Template) -> Iterator[str]:
    for name, role in resources(template, "AWS::IAM::Role").items():
        if role.get("ManagedPolicyArns"):
            yield f"{name} has managed policies"
        principals = [entry["Principal"] for entry in role["AssumeRolePolicyDocument"]["Statement"]]
        if principals != [{"Service": "lambda.amazonaws.com"}]:
            yield f"{name} can be assumed by {principals}"


def roles_hold_single_actions_on_single_resources(template: Template) -> Iterator[str]:
    for name, role in resources(template, "AWS::IAM::Role").items():
        statements = [entry for policy in role["Policies"] for entry in policy["PolicyDocument"]["Statement"]]
        found = {grant for statement in statements for grant in _pairs(statement)}
        if found != GRANTS[name]:
            yield f"{name}: {sorted(found ^ GRANTS[name])}"
        for action, resource in found:
            if "*" in action or ("*" in resource and action not in X_RAY):
                yield f"{name}: a wildcard in {action} on {resource}"


def _pairs(statement: Template) -> Iterator[tuple[str, str]]:
    if statement.get("Effect") != "Allow" or {"NotAction", "NotResource"} & statement.keys():
        yield "not an Allow", str(statement)
        return
    for action in _listed(statement["Action"]):
        for resource in _listed(statement["Resource"]):
            match resource:
                case {"Fn::GetAtt": target}:
                    yield str(action), ".".join(target)
                case {"Ref": parameter}:
                    yield str(action), str(parameter)
                case _:
                    yield str(action), str(resource)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def alarms_watch_what_is_measured(template: Template) -> Iterator[str]:
    found: dict[tuple[str, str], list[dict[str, object]]] = {}
    for alarm in resources(template, "AWS::CloudWatch::Alarm").values():
        dimensions = {entry["Name"]: entry["Value"] for entry in alarm.get("Dimensions", [])}
        found.setdefault((alarm["Namespace"], alarm["MetricName"]), []).append(dimensions)
    for metric in ALARMS.keys() | found.keys():
        if sorted(map(str, found.get(metric, []))) != sorted(map(str, ALARMS.get(metric, []))):
            yield f"{metric}: {found.get(metric)}"


def alarms_ring_and_stay_quiet_without_data(template: Template) -> Iterator[str]:
    for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        if alarm.get("TreatMissingData") != "notBreaching":
            yield f"{name} rings without data"
        if alarm.get("AlarmActions") != NOTIFY or alarm.get("OKActions") != NOTIFY:
            yield f"{name} does not notify the topic, if there is one"
        metric = alarm["MetricName"]
        statistic = "Maximum" if metric in LEVELS else "Sum"
        if (
            alarm.get("ComparisonOperator") != "GreaterThanOrEqualToThreshold"
            or alarm.get("Statistic") != statistic
        ):
            yield f"{name} does not count up to its threshold"
        if metric in LEVELS and alarm.get("Threshold") != LEVELS[metric]:
            yield f"{name} rings too early or too late"
        if not alarm.get("AlarmDescription"):
            yield f"{name} is not described"


def metrics_are_written_where_the_alarms_look(template: Template) -> Iterator[str]:
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    if {"service": variables.get("POWERTOOLS_SERVICE_NAME")} != SERVICE:
        yield "the functions count for another service"
    if variables.get("POWERTOOLS_METRICS_NAMESPACE") != NAMESPACE:
        yield "the functions count in another namespace"


ACCESS_RULES: tuple[Rule, ...] = (
    each_function_has_a_role_of_its_own,
    roles_are_lambdas_and_hold_no_managed_policy,
    roles_hold_single_actions_on_single_resources,
    alarms_watch_what_is_measured,
    alarms_ring_and_stay_quiet_without_data,
    metrics_are_written_where_the_alarms_look,
)
