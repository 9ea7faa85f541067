"""The rules of template.yaml. Each takes a template and says in words what breaks it; nothing if all is well.

test_mutated_templates.py runs every rule on the real template, and on the broken ones of mutations.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from countersign.settings import Setting

from .reading import Template, resources

type Rule = Callable[[Template], Iterator[str]]

SEND, VERIFY, COUNT, PUBLISH = "SendFunction", "VerifyFunction", "CountFunction", "PublishFunction"
WEBHOOK, RECEIPTS = "WebhookFunction", "ReceiptsFunction"
SMS, CHALLENGE = "CognitoSmsFunction", "CognitoChallengeFunction"
FUNCTIONS = (SEND, VERIFY, COUNT, PUBLISH, WEBHOOK, RECEIPTS, SMS, CHALLENGE)
POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
OF_SENDING = {
    Setting.ROUTES,
    Setting.TEST_NUMBERS,
    Setting.DAILY_SENDS_WARNING,
    Setting.DAILY_SENDS_LIMIT,
}
OF_COGNITO = {Setting.COGNITO_CLIENT, Setting.COGNITO_USER_POOL_ID, Setting.COGNITO_KEY_ARN}
OF_PUBLISHING = {Setting.EVENT_BUS_NAME, Setting.EXPIRIES_URL, Setting.REQUESTS_URL}
OF_WEBHOOKS = {Setting.WEBHOOKS_QUEUE_URL, Setting.WEBHOOK_LOOPBACK}
OF_PROOFS = {Setting.PROOF_KEY_ARN, Setting.PROOF_ISSUER, Setting.PROOF_TTL_SECONDS}  # of verify alone
OF_OTHERS = OF_PUBLISHING | OF_WEBHOOKS | OF_COGNITO  # than send and verify
OF_RECEIPTS = {Setting.TABLE_NAME, Setting.VENDORS_SECRET_ARN, Setting.ESMS_URL, Setting.SECRET_TTL_SECONDS}
_SENDS = POWERTOOLS | {setting.value for setting in Setting if setting not in OF_OTHERS | OF_PROOFS}
ENVIRONMENT = {
    SEND: _SENDS,
    VERIFY: POWERTOOLS | {setting.value for setting in Setting if setting not in OF_SENDING | OF_OTHERS},
    COUNT: POWERTOOLS | {Setting.TABLE_NAME.value},
    PUBLISH: POWERTOOLS | {setting.value for setting in {Setting.TABLE_NAME, *OF_PUBLISHING}},
    WEBHOOK: POWERTOOLS
    | OF_WEBHOOKS
    | {Setting.TABLE_NAME.value, Setting.CLIENTS_SECRET_ARN.value, Setting.SECRET_TTL_SECONDS.value},
    RECEIPTS: POWERTOOLS | {setting.value for setting in OF_RECEIPTS},
    SMS: _SENDS | {setting.value for setting in OF_COGNITO},
    CHALLENGE: _SENDS | {setting.value for setting in OF_COGNITO - {Setting.COGNITO_KEY_ARN}},
}
ROUTES = {
    "POST /otp/v1/verifications": SEND,
    "POST /otp/v1/verifications/{id}/resend": SEND,
    "POST /otp/v1/verifications/{id}/check": VERIFY,
    "GET /otp/v1/verifications/{id}": VERIFY,
    "DELETE /otp/v1/verifications/{id}": VERIFY,
    "GET /health": VERIFY,
    "GET /openapi.json": VERIFY,
    "GET /.well-known/jwks.json": VERIFY,
    "POST /oauth2/token": VERIFY,
    "GET /auth/v1/authentication/token": VERIFY,
    "POST /verification/v3/send": SEND,
    "GET /verification/v3/validateOtp": VERIFY,
    # eSMS's paths have several spellings: the greedy one takes whatever is not spelt as documented.
    "ANY /MainService.svc/{path+}": SEND,
    "GET /MainService.svc/json/CheckCodeGen_V4_get": VERIFY,
    "POST /MainService.svc/json/CheckCodeGen_V4_get": VERIFY,
    "POST /v1/messages": SEND,
    "POST /v1/codes": SEND,
    "POST /v1/custom-messages": SEND,
    "POST /v1/verifications": VERIFY,
    "POST /one-time-password-sms/v1/send-code": SEND,
    "POST /one-time-password-sms/v1/validate-code": VERIFY,
    "POST /receipts/engagelab": RECEIPTS,
    "GET /receipts/esms/{segment}": RECEIPTS,
    "$default": VERIFY,
}
API_GATEWAY_LIMIT_MS = 30_000
NOBODY_WAITS = {"DynamoDB", "SQS"}
ACCESS_LOG = {  # of what API Gateway can log, what names no person, no id, no code and no credential
    "$context.requestTimeEpoch",
    "$context.requestId",
    "$context.routeKey",
    "$context.status",
    "$context.responseLength",
    "$context.responseLatency",
    "$context.integrationStatus",
    "$context.integrationLatency",
    "$context.error.responseType",
}
OUTPUTS = {
    "ApiUrl",
    "ApiId",
    "SendFunctionName",
    "SendFunctionArn",
    "VerifyFunctionName",
    "VerifyFunctionArn",
    "CountFunctionName",
    "PublishFunctionName",
    "PublishDeadLettersUrl",
    "ExpiriesUrl",
    "ExpiriesDeadLettersUrl",
    "WebhookFunctionName",
    "WebhooksUrl",
    "WebhooksDeadLettersUrl",
    "ReceiptsFunctionName",
    "BusName",
    "CountDeadLettersUrl",
    "RequestsUrl",
    "RequestsArn",
    "RequestsDeadLettersUrl",
    "ProofIssuer",
    "TableName",
    "ClientsSecretArn",
    "VendorsSecretArn",
    "CognitoSmsFunctionArn",
    "CognitoChallengeFunctionArn",
}


def the_table_holds_items_by_pk_on_demand(template: Template) -> Iterator[str]:
    table = template["Resources"]["Table"]["Properties"]
    if table.get("KeySchema") != [{"AttributeName": "pk", "KeyType": "HASH"}]:
        yield "the key is not pk alone"
    if table.get("BillingMode") != "PAY_PER_REQUEST":
        yield "not on demand"


def the_table_expires_items_and_can_be_restored(template: Template) -> Iterator[str]:
    table = template["Resources"]["Table"]["Properties"]
    if table.get("TimeToLiveSpecification") != {"AttributeName": "ttl", "Enabled": True}:
        yield "no TTL on `ttl`"
    if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        yield "no point-in-time recovery"
    if not table.get("SSESpecification", {}).get("SSEEnabled"):
        yield "no encryption under a KMS key"


def the_table_is_protected_by_a_parameter_that_is_on(template: Template) -> Iterator[str]:
    table = template["Resources"]["Table"]["Properties"]
    if table.get("DeletionProtectionEnabled") != {"Fn::If": ["ProtectsTable", True, False]}:
        yield "deletion protection does not follow ProtectsTable"
    if template["Conditions"].get("ProtectsTable") != {"Fn::Equals": [{"Ref": "DeletionProtection"}, "true"]}:
        yield "ProtectsTable does not follow DeletionProtection"
    if template["Parameters"]["DeletionProtection"]["Default"] != "true":
        yield "off by default"


def what_holds_state_outlives_the_stack(template: Template) -> Iterator[str]:
    for name in ("Table", "ClientsSecret", "VendorsSecret"):
        for policy in ("DeletionPolicy", "UpdateReplacePolicy"):
            if template["Resources"][name].get(policy) != "Retain":
                yield f"{name}: {policy} is not Retain"


def no_secret_value_stands_in_the_template(template: Template) -> Iterator[str]:
    secrets = resources(template, "AWS::SecretsManager::Secret")
    generated = secrets["ClientsSecret"].get("GenerateSecretString", {})
    if json.loads(generated.get("SecretStringTemplate", "null")) != {"clients": {}}:
        yield "the clients' secret starts with something but no clients"
    if generated.get("GenerateStringKey") != "pepper" or generated.get("PasswordLength", 32) < 64:
        yield "the pepper is not generated, or is short"
    if "SecretString" in secrets["ClientsSecret"] or secrets["VendorsSecret"].get("SecretString") != "{}":
        yield "a secret has a value"


def every_parameter_is_described_bounded_and_grouped(template: Template) -> Iterator[str]:
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    if sorted(grouped) != sorted(template["Parameters"]):
        yield "the groups do not hold each parameter once"
    for name, parameter in template["Parameters"].items():
        if not parameter.get("Description"):
            yield f"{name} is not described"
        if "Default" not in parameter:
            yield f"{name} has no default"
        bounded = (
            {"MinValue", "MaxValue"} if parameter["Type"] == "Number" else {"MaxLength", "AllowedPattern"}
        )
        if "AllowedValues" not in parameter and not bounded <= parameter.keys():
            yield f"{name} is not bounded"


def every_output_is_described(template: Template) -> Iterator[str]:
    if set(template["Outputs"]) != OUTPUTS:
        yield f"outputs that nobody reads, or missing: {sorted(set(template['Outputs']) ^ OUTPUTS)}"
    yield from (
        f"{name} is not described"
        for name, output in template["Outputs"].items()
        if not output.get("Description")
    )


def functions_run_python_313_on_arm64_and_are_traced(template: Template) -> Iterator[str]:
    defaults = template["Globals"]["Function"]
    expected = {
        "Runtime": "python3.13",
        "Architectures": ["arm64"],
        "Handler": "app.handler",
        "Tracing": "Active",
    }
    for name, function in _functions(template).items():
        for key, value in expected.items():
            if function.get(key, defaults.get(key)) != value:
                yield f"{name}: {key} is not {value}"


def each_function_gives_up_before_its_integration_does(template: Template) -> Iterator[str]:
    for name, function in _functions(template).items():
        for event, integration in _requests(function).items():
            limit_ms = integration["Properties"].get("TimeoutInMillis", API_GATEWAY_LIMIT_MS)
            if not function["Timeout"] * 1000 < limit_ms < API_GATEWAY_LIMIT_MS:
                yield f"{name}, {event}: {function['Timeout']} s < {limit_ms} ms < 30 s does not hold"


def routes_are_explicit_and_speak_payload_2(template: Template) -> Iterator[str]:
    routes: dict[str, str] = {}
    for name, function in _functions(template).items():
        for event, source in _requests(function).items():
            properties = source["Properties"]
            route = f"{properties['Method']} {properties['Path']}" if "Path" in properties else "$default"
            routes[route] = name
            if source["Type"] != "HttpApi" or properties.get("ApiId") != {"Ref": "Api"}:
                yield f"{event} is not of the HTTP API"
            if properties.get("PayloadFormatVersion") != "2.0":
                yield f"{event} does not speak payload format 2.0"
            if route.endswith("/"):
                yield f"{event} ends with a slash, which API Gateway does not take for a route"
    if routes != ROUTES:
        yield f"routes are {routes}"


def environment_names_are_those_that_the_settings_read(template: Template) -> Iterator[str]:
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    for name, function in _functions(template).items():
        names = set(shared) | set(function.get("Environment", {}).get("Variables", {}))
        if names != ENVIRONMENT[name]:
            yield f"{name}: {sorted(names ^ ENVIRONMENT[name])}"


def scripts_are_off_unless_somebody_switches_them_on(template: Template) -> Iterator[str]:
    parameter = template["Parameters"].get("TestNumbers", {})
    if (parameter.get("Default"), parameter.get("AllowedValues")) != ("off", ["off", "on"]):
        yield "TestNumbers is not off by default, or takes something else than off and on"
    variables = _functions(template)[SEND].get("Environment", {}).get("Variables", {})
    if variables.get("TEST_NUMBERS") != {"Ref": "TestNumbers"}:
        yield "the send function does not follow TestNumbers"


def bundles_come_from_their_own_folders(template: Template) -> Iterator[str]:
    layer = resources(template, "AWS::Serverless::LayerVersion")["CountersignLayer"]
    code = {name: function["CodeUri"] for name, function in _functions(template).items()}
    if {**code, "layer": layer["ContentUri"]} != {
        SEND: "functions/send",
        VERIFY: "functions/verify",
        COUNT: "functions/count",
        PUBLISH: "functions/publish",
        WEBHOOK: "functions/webhook",
        RECEIPTS: "functions/receipts",
        SMS: "functions/cognito_sms",
        CHALLENGE: "functions/cognito_challenge",
        "layer": "layers/countersign",
    }:
        yield "a bundle is made from another folder"
    for name in (*FUNCTIONS, "CountersignLayer"):
        if template["Resources"][name].get("Metadata", {}).get("BuildMethod") != "makefile":
            yield f"{name} is not built by its Makefile, so without bytecode"
    if template["Globals"]["Function"].get("Layers") != [{"Ref": "CountersignLayer"}]:
        yield "the functions do not use the layer"


def every_log_is_deleted_in_time(template: Template) -> Iterator[str]:
    for name, group in resources(template, "AWS::Logs::LogGroup").items():
        if group.get("RetentionInDays") != {"Ref": "LogRetentionDays"}:
            yield f"{name} has no retention"
    for name, function in _functions(template).items():
        own = name.replace("Function", "LogGroup")
        if function.get("LoggingConfig") != {"LogFormat": "Text", "LogGroup": {"Ref": own}}:
            yield f"{name} does not log to {own} as it writes"


def the_access_log_names_no_person(template: Template) -> Iterator[str]:
    settings = template["Resources"]["Api"]["Properties"].get("AccessLogSettings", {})
    if settings.get("DestinationArn") != {"Fn::GetAtt": ["ApiLogGroup", "Arn"]}:
        yield "no access log"
    fields = set(json.loads(settings.get("Format", "{}")).values())
    if not {"$context.requestId", "$context.routeKey", "$context.status"} <= fields <= ACCESS_LOG:
        yield f"the access log holds too little, or {sorted(fields - ACCESS_LOG)}"


def the_api_is_throttled(template: Template) -> Iterator[str]:
    settings = template["Resources"]["Api"]["Properties"].get("DefaultRouteSettings", {})
    if settings.get("ThrottlingRateLimit") != {"Ref": "ThrottleRate"}:
        yield "no rate limit"
    if settings.get("ThrottlingBurstLimit") != {"Ref": "ThrottleBurst"}:
        yield "no burst limit"


def _functions(template: Template) -> dict[str, Template]:
    return resources(template, "AWS::Serverless::Function")


def _requests(function: Template) -> dict[str, Template]:
    """The events in which somebody waits for an answer: not the stream's (stream.py) or a queue's."""
    return {
        name: event for name, event in function.get("Events", {}).items() if event["Type"] not in NOBODY_WAITS
    }


RULES: tuple[Rule, ...] = (
    the_table_holds_items_by_pk_on_demand,
    the_table_expires_items_and_can_be_restored,
    the_table_is_protected_by_a_parameter_that_is_on,
    what_holds_state_outlives_the_stack,
    no_secret_value_stands_in_the_template,
    every_parameter_is_described_bounded_and_grouped,
    every_output_is_described,
    functions_run_python_313_on_arm64_and_are_traced,
    each_function_gives_up_before_its_integration_does,
    routes_are_explicit_and_speak_payload_2,
    environment_names_are_those_that_the_settings_read,
    scripts_are_off_unless_somebody_switches_them_on,
    bundles_come_from_their_own_folders,
    every_log_is_deleted_in_time,
    the_access_log_names_no_person,
    the_api_is_throttled,
)
