"""Rules of template.yaml on what refers to what, where a wrong name is a right one; see rules.py.

The linter knows references to nothing. That TABLE_NAME holds the name of a secret is no error to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from .reading import DELETE, Template, resources
from .rules import Rule

HAS_ALARM_TOPIC = {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}]}
FIVE_MINUTES = 300


def environment_values_come_from_what_they_are_named_after(template: Template) -> Iterator[str]:
    shared = template["Globals"]["Function"].get("Environment", {}).get("Variables", {})
    for function, properties in resources(template, "AWS::Serverless::Function").items():
        own = properties.get("Environment", {}).get("Variables", {})
        for name, value in {**shared, **own}.items():
            if not _is_named_after(name.replace("_", ""), value):
                yield f"{function}: {name} holds {value}"


def outputs_give_what_they_are_named_after(template: Template) -> Iterator[str]:
    for name, output in template["Outputs"].items():
        if name != "ApiUrl" and not _is_named_after(name, output["Value"]):
            yield f"{name} gives {output['Value']}"
    if not str(template["Outputs"]["ApiUrl"]["Value"].get("Fn::Sub")).startswith(
        "https://${Api}.execute-api."
    ):
        yield "ApiUrl is not the address of the API"


def _is_named_after(name: str, value: object) -> bool:
    """Whether the resource or parameter that a value refers to is in its name; text refers to nothing."""
    match value:
        case {"Ref": target} | {"Fn::GetAtt": [target, _]}:
            return str(target).casefold() in name.casefold()
        case {"Fn::If": [_, given, {"Fn::Sub": _}]}:  # a name of the stack's own, unless one is given
            return _is_named_after(name, given)
        case {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": target}]}]}:  # an id in an ARN
            return str(target).removesuffix("Arn").casefold() in name.casefold()
    return isinstance(value, str)


def functions_have_the_memory_that_the_parameter_says(template: Template) -> Iterator[str]:
    defaults = template["Globals"]["Function"]
    for name, function in resources(template, "AWS::Serverless::Function").items():
        if function.get("MemorySize", defaults.get("MemorySize")) != {"Ref": "MemorySizeMb"}:
            yield f"{name} has memory of its own"


def roles_let_lambda_assume_them(template: Template) -> Iterator[str]:
    for name, role in resources(template, "AWS::IAM::Role").items():
        document = role["AssumeRolePolicyDocument"]
        grants = [(entry.get("Effect"), entry.get("Action")) for entry in document["Statement"]]
        if grants != [("Allow", "sts:AssumeRole")]:
            yield f"{name} is not assumed: {grants}"


def alarms_look_at_the_last_five_minutes(template: Template) -> Iterator[str]:
    for name, alarm in resources(template, "AWS::CloudWatch::Alarm").items():
        if (alarm.get("Period"), alarm.get("EvaluationPeriods")) != (FIVE_MINUTES, 1):
            yield f"{name} looks at another time"
        if alarm["MetricName"] == "VendorFailure" and alarm.get("Threshold") != {
            "Ref": "VendorFailureThreshold"
        }:
            yield f"{name} does not ring at the parameter's number"


def alarms_have_a_topic_if_one_is_named(template: Template) -> Iterator[str]:
    if template["Conditions"].get("HasAlarmTopic") != HAS_ALARM_TOPIC:
        yield "HasAlarmTopic does not follow AlarmTopicArn"


WIRING_RULES: tuple[Rule, ...] = (
    environment_values_come_from_what_they_are_named_after,
    outputs_give_what_they_are_named_after,
    functions_have_the_memory_that_the_parameter_says,
    roles_let_lambda_assume_them,
    alarms_look_at_the_last_five_minutes,
    alarms_have_a_topic_if_one_is_named,
)

ENVIRONMENT = "Globals/Function/Environment/Variables"
SEND = "Resources/SendFunction/Properties"
TRUST = "Resources/VerifyRole/Properties/AssumeRolePolicyDocument/Statement/0"
ALARM = "Resources/EsmsFailureAlarm/Properties"
CONDITION = "Conditions/HasAlarmTopic"

WIRING_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (
        environment_values_come_from_what_they_are_named_after,
        f"{ENVIRONMENT}/TABLE_NAME",
        {"Fn::GetAtt": ["ClientsSecret", "Id"]},
    ),
    (
        environment_values_come_from_what_they_are_named_after,
        f"{ENVIRONMENT}/POWERTOOLS_LOG_LEVEL/Ref",
        "Routes",
    ),
    (
        environment_values_come_from_what_they_are_named_after,
        f"{SEND}/Environment/Variables/ROUTES/Ref",
        "LogLevel",
    ),
    (
        environment_values_come_from_what_they_are_named_after,
        "Resources/VerifyFunction/Properties/Environment/Variables/PROOF_ISSUER/Fn::If/1/Ref",
        "EsmsUrl",
    ),
    (
        environment_values_come_from_what_they_are_named_after,
        "Resources/VerifyFunction/Properties/Environment/Variables/PROOF_KEY_ARN/Fn::GetAtt/0",
        "VendorsSecret",
    ),
    (outputs_give_what_they_are_named_after, "Outputs/ProofIssuer/Value/Fn::If/1/Ref", "LogLevel"),
    (outputs_give_what_they_are_named_after, "Outputs/SendFunctionName/Value/Ref", "VerifyFunction"),
    (outputs_give_what_they_are_named_after, "Outputs/TableName/Value", {"Ref": "Api"}),
    (outputs_give_what_they_are_named_after, "Outputs/ApiUrl/Value/Fn::Sub", "http://${Api}"),
    (functions_have_the_memory_that_the_parameter_says, "Globals/Function/MemorySize", 128),
    (functions_have_the_memory_that_the_parameter_says, f"{SEND}/MemorySize", {"Ref": "ThrottleRate"}),
    (roles_let_lambda_assume_them, f"{TRUST}/Effect", "Deny"),
    (roles_let_lambda_assume_them, f"{TRUST}/Action", "sts:*"),
    (alarms_look_at_the_last_five_minutes, f"{ALARM}/Period", 86_400),
    (alarms_look_at_the_last_five_minutes, f"{ALARM}/EvaluationPeriods", DELETE),
    (alarms_look_at_the_last_five_minutes, f"{ALARM}/Threshold", 1000),
    (alarms_have_a_topic_if_one_is_named, CONDITION, {"Fn::Equals": [{"Ref": "AlarmTopicArn"}, ""]}),
    (alarms_have_a_topic_if_one_is_named, f"{CONDITION}/Fn::Not/0/Fn::Equals/1", "none"),
)
