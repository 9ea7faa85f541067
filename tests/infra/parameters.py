"""Rules of template.yaml on what a deployer may set; see rules.py. And how to break them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .reading import Template, takes
from .rules import Rule

URL_PARAMETERS = ("MessageCentralUrl", "EsmsUrl", "EngageLabUrl")
VENDOR_URLS = (
    "https://vendor.example",
    "https://vendor.example:8443/MainService.svc/json",
    "http://127.0.0.1:4010/esms",
    "http://localhost:4010",
)
NO_VENDOR_URLS = (
    "",
    "http://vendor.example",  # credentials in the clear
    "http://127.0.0.1.vendor.example",
    "https://user:secret@vendor.example",
    "https://vendor.example/",
    "https://vendor.example/v1?key=1",
    "https://vendor.example/#here",
    "https://vendor.example\nhttps://other.example",
    "ftp://vendor.example",
    "https://" + "a" * 200,
)
TOPICS = (
    "",
    "arn:aws:sns:eu-central-1:123456789012:alarms",
    "arn:aws-cn:sns:cn-north-1:123456789012:alarms.fifo",
)
NO_TOPICS = (
    "alarms",
    "arn:aws:sqs:eu-central-1:123456789012:alarms",
    "arn:aws:sns:eu-central-1:123456789012:alarms:subscription",
)
NO_ROUTES = ("", "[]", "null", "x{}", "{}x", "{" + " " * 2560 + "}")
WAYS = {"message_central:vendor", "esms:vendor", "engagelab:vendor"}
LAMBDA_ENVIRONMENT_LIMIT = 4096  # bytes of names and values together
# A table's name has the stack's in it (at most 128 characters), a secret's ARN has not.
GENERATED_LENGTH = {
    "TABLE_NAME": 150,
    "CLIENTS_SECRET_ARN": 110,
    "VENDORS_SECRET_ARN": 110,
    "COGNITO_USER_POOL_ID": 55,
}


def defaults_are_within_their_own_bounds(template: Template) -> Iterator[str]:
    for name, parameter in template["Parameters"].items():
        default = parameter["Default"]
        if parameter["Type"] == "String":
            within = takes(template, name, value=default)
        elif "MinValue" in parameter:
            within = parameter["MinValue"] <= default <= parameter["MaxValue"]
        else:
            within = default in parameter["AllowedValues"]
        if not within:
            yield f"{name} does not take its own default"


def vendors_are_called_over_https_or_on_this_machine(template: Template) -> Iterator[str]:
    for name in URL_PARAMETERS:
        yield from (f"{name} refuses {url}" for url in VENDOR_URLS if not takes(template, name, value=url))
        yield from (f"{name} takes {url}" for url in NO_VENDOR_URLS if takes(template, name, value=url))


def alarms_notify_a_topic_or_nobody(template: Template) -> Iterator[str]:
    name = "AlarmTopicArn"
    yield from (f"{topic} is refused" for topic in TOPICS if not takes(template, name, value=topic))
    yield from (f"{topic} is taken" for topic in NO_TOPICS if takes(template, name, value=topic))


def routes_are_a_small_object(template: Template) -> Iterator[str]:
    yield from (f"{value[:9]} is taken" for value in NO_ROUTES if takes(template, "Routes", value=value))


def default_routes_name_known_vendors_for_every_country(template: Template) -> Iterator[str]:
    routes = json.loads(template["Parameters"]["Routes"]["Default"])
    if list(routes) != ["default"] or set(routes["default"]) != {"VN", "IN", "*"}:
        yield "the countries of the default are others"
    for country, channels in routes.get("default", {}).items():
        for steps in channels.values():
            if not len(steps) == len(set(steps)) >= 2:
                yield f"{country} has no second vendor, or one twice"
            if not set(steps) <= WAYS:
                yield f"{country} goes over {sorted(set(steps) - WAYS)}"


def the_longest_parameters_fit_into_lambdas_environment(template: Template) -> Iterator[str]:
    parameters = template["Parameters"]
    variables = {
        **template["Globals"]["Function"]["Environment"]["Variables"],
        **template["Resources"]["CognitoSmsFunction"]["Properties"]["Environment"]["Variables"],
    }
    total = 0
    for name, value in variables.items():
        parameter = parameters.get(value["Ref"], {}) if isinstance(value, dict) and "Ref" in value else {}
        longest = parameter.get("MaxLength") or len(str(parameter.get("MaxValue", "x" * 16)))
        total += len(name) + (len(value) if isinstance(value, str) else GENERATED_LENGTH.get(name, longest))
    if total > LAMBDA_ENVIRONMENT_LIMIT:
        yield f"the environment of the function with the most variables can have {total} bytes"


PARAMETER_RULES: tuple[Rule, ...] = (
    defaults_are_within_their_own_bounds,
    vendors_are_called_over_https_or_on_this_machine,
    alarms_notify_a_topic_or_nobody,
    routes_are_a_small_object,
    default_routes_name_known_vendors_for_every_country,
    the_longest_parameters_fit_into_lambdas_environment,
)

ANYTHING = r"[\s\S]*"
PLAIN_URL = r"https://[a-z.]+"
LONE_VENDOR = '{"default":{"VN":{"*":["esms:vendor"]},"IN":{"*":["esms:vendor","engagelab:vendor"]},"*":{}}}'
STRANGER = '{"default":{"VN":{"*":["esms:vendor","twilio:vendor"]},"IN":{},"*":{}}}'

PARAMETER_MUTATIONS: tuple[tuple[Rule, str, object], ...] = (
    (defaults_are_within_their_own_bounds, "Parameters/ThrottleRate/Default", 0),
    (defaults_are_within_their_own_bounds, "Parameters/LogRetentionDays/Default", 31),
    (defaults_are_within_their_own_bounds, "Parameters/EsmsUrl/Default", "http://vendor.example"),
    (defaults_are_within_their_own_bounds, "Parameters/LogLevel/Default", "TRACE"),
    (vendors_are_called_over_https_or_on_this_machine, "Parameters/EsmsUrl/AllowedPattern", ANYTHING),
    (vendors_are_called_over_https_or_on_this_machine, "Parameters/EngageLabUrl/AllowedPattern", PLAIN_URL),
    (vendors_are_called_over_https_or_on_this_machine, "Parameters/MessageCentralUrl/MaxLength", 208),
    (alarms_notify_a_topic_or_nobody, "Parameters/AlarmTopicArn/AllowedPattern", ANYTHING),
    (alarms_notify_a_topic_or_nobody, "Parameters/AlarmTopicArn/MaxLength", 44),
    (routes_are_a_small_object, "Parameters/Routes/AllowedPattern", ANYTHING),
    (routes_are_a_small_object, "Parameters/Routes/MaxLength", 2600),
    (default_routes_name_known_vendors_for_every_country, "Parameters/Routes/Default", "{}"),
    (default_routes_name_known_vendors_for_every_country, "Parameters/Routes/Default", LONE_VENDOR),
    (default_routes_name_known_vendors_for_every_country, "Parameters/Routes/Default", STRANGER),
    (the_longest_parameters_fit_into_lambdas_environment, "Parameters/LogLevel/MaxLength", 3000),
)
