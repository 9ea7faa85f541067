"""Rules of template.yaml on the triggers of a Cognito user pool; see rules.py. And how to break them."""

from __future__ import annotations

from collections.abc import Iterator

from .reading import DELETE, Template, takes
from .rules import CHALLENGE, SMS, Rule

PERMISSIONS = ("CognitoSmsPermission", "CognitoChallengePermission")
COGNITO_SECONDS = 5  # what Cognito gives a trigger that it waits for
RETRIES = {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 600}


def _is_set(parameter: str) -> Template:
    return {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, ""]}]}


CONDITIONS = {
    "HasCognito": {"Fn::And": [_is_set("CognitoClient"), _is_set("CognitoUserPoolArn")]},
    "HasCognitoSms": {"Fn::And": [{"Condition": "HasCognito"}, _is_set("CognitoKeyArn")]},
}
CONDITION_OF = {"CognitoSms": "HasCognitoSms", "CognitoChallenge": "HasCognito"}
TOGETHER = {"CognitoClient": "CognitoUserPoolArn", "CognitoKeyArn": "CognitoClient"}
THIS_POOL = {"Fn::Select": [1, {"Fn::Split": ["/", {"Ref": "CognitoUserPoolArn"}]}]}
ARNS = {
    "CognitoUserPoolArn": "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/eu-central-1_aB3dE5gH7",
    "CognitoKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}
NO_ARNS = {
    "CognitoUserPoolArn": (
        "eu-central-1_aB3dE5gH7",
        "arn:aws:cognito-idp:eu-central-1:123456789012:userpool/*",
    ),
    "CognitoKeyArn": ("alias/codes", "arn:aws:kms:eu-central-1:123456789012:alias/codes", "*"),
}


def cognitos_part_is_made_where_the_parameters_ask_for_it(template: Template) -> Iterator[str]:
    for name, condition in CONDITIONS.items():
        if template["Conditions"].get(name) != condition:
            yield f"{name} follows other parameters"
    for section in ("Resources", "Outputs"):
        for name, entry in template[section].items():
            wanted = next((one for prefix, one in CONDITION_OF.items() if name.startswith(prefix)), None)
            if entry.get("Condition") != wanted:
                yield f"{name} is made under {entry.get('Condition')}"


def cognitos_parameters_are_asked_for_together(template: Template) -> Iterator[str]:
    found = {}
    for rule in template.get("Rules", {}).values():
        [assertion] = rule["Assertions"]
        found[str(rule["RuleCondition"])] = assertion["Assert"]
    if found != {str(_is_set(one)): _is_set(other) for one, other in TOGETHER.items()}:
        yield "a parameter can be set without the one that it needs"
    for name, arn in ARNS.items():
        if not takes(template, name, value=arn):
            yield f"{name} refuses {arn}"
        yield from (f"{name} takes {other}" for other in NO_ARNS[name] if takes(template, name, value=other))


def only_the_user_pool_may_call_its_triggers(template: Template) -> Iterator[str]:
    for name in PERMISSIONS:
        if template["Resources"][name]["Properties"] != {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": name.replace("Permission", "Function")},
            "Principal": "cognito-idp.amazonaws.com",
            "SourceAccount": {"Ref": "AWS::AccountId"},
            "SourceArn": {"Ref": "CognitoUserPoolArn"},
        }:
            yield f"{name} lets somebody else call"


def triggers_keep_to_cognitos_time(template: Template) -> Iterator[str]:
    if template["Resources"][CHALLENGE]["Properties"]["Timeout"] > COGNITO_SECONDS:
        yield "a challenge can run on after Cognito has given it up"
    if template["Resources"][SMS]["Properties"].get("EventInvokeConfig") != RETRIES:
        yield "a code that was not sent is tried again too often, or when it is of no use"


def the_pools_key_opens_no_message_of_another_pool(template: Template) -> Iterator[str]:
    policy = template["Resources"]["CognitoSmsRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    [statement] = [one for one in policy["Statement"] if one.get("Sid") == "Codes"]
    if statement.get("Condition") != {
        "StringEqualsIfExists": {"kms:EncryptionContext:userpool-id": THIS_POOL}
    }:
        yield "the role decrypts what was encrypted for another pool"


COGNITO_RULES: tuple[Rule, ...] = (
    cognitos_part_is_made_where_the_parameters_ask_for_it,
    cognitos_parameters_are_asked_for_together,
    only_the_user_pool_may_call_its_triggers,
    triggers_keep_to_cognitos_time,
    the_pools_key_opens_no_message_of_another_pool,
)

PERMISSION = "Resources/CognitoSmsPermission/Properties"
STATEMENT = "Resources/CognitoSmsRole/Properties/Policies/0/PolicyDocument/Statement/3"

COGNITO_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (cognitos_part_is_made_where_the_parameters_ask_for_it, "Resources/CognitoSmsFunction/Condition", DELETE),
    (
        cognitos_part_is_made_where_the_parameters_ask_for_it,
        "Resources/CognitoSmsThrottlesAlarm/Condition",
        "HasCognito",
    ),
    (
        cognitos_part_is_made_where_the_parameters_ask_for_it,
        "Outputs/CognitoChallengeFunctionArn/Condition",
        DELETE,
    ),
    (cognitos_part_is_made_where_the_parameters_ask_for_it, "Resources/Table/Condition", "HasCognito"),
    (cognitos_part_is_made_where_the_parameters_ask_for_it, "Conditions/HasCognitoSms/Fn::And/1", DELETE),
    (cognitos_parameters_are_asked_for_together, "Rules/CognitoNeedsAUserPool", DELETE),
    (cognitos_parameters_are_asked_for_together, "Parameters/CognitoUserPoolArn/AllowedPattern", "[a-z]*"),
    (cognitos_parameters_are_asked_for_together, "Parameters/CognitoKeyArn/AllowedPattern", ".*"),
    (only_the_user_pool_may_call_its_triggers, f"{PERMISSION}/SourceArn", DELETE),
    (only_the_user_pool_may_call_its_triggers, f"{PERMISSION}/FunctionName/Ref", "SendFunction"),
    (triggers_keep_to_cognitos_time, f"Resources/{CHALLENGE}/Properties/Timeout", 6),
    (triggers_keep_to_cognitos_time, f"Resources/{SMS}/Properties/EventInvokeConfig", DELETE),
    (the_pools_key_opens_no_message_of_another_pool, f"{STATEMENT}/Condition", DELETE),
)
