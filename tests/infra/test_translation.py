"""What CloudFormation gets after the SAM transform: nothing that the template did not ask for."""

from __future__ import annotations

import copy
import json

import pytest

from .cognito import PERMISSIONS as COGNITO_PERMISSIONS
from .reading import Template, changed, read_template, resources, translated
from .rules import FUNCTIONS, ROUTES


@pytest.fixture(scope="module")
def stack() -> Template:
    return translated(read_template())


def _integrations(stack: Template) -> dict[str, Template]:
    """Integrations by route key, as API Gateway names it."""
    paths = resources(stack, "AWS::ApiGatewayV2::Api")["Api"]["Body"]["paths"]
    found: dict[str, Template] = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            route = "$default" if path in {"$default", "/$default"} else f"{verb} {path}"
            found[route] = operation["x-amazon-apigateway-integration"]
    return found


def test_sam_adds_no_role_and_no_policy(stack: Template) -> None:
    assert set(resources(stack, "AWS::IAM::Role")) == {name.replace("Function", "Role") for name in FUNCTIONS}
    assert resources(stack, "AWS::IAM::Policy") == resources(stack, "AWS::IAM::ManagedPolicy") == {}


def test_a_function_without_a_role_would_get_one_from_sam() -> None:
    without = read_template()
    del without["Resources"]["SendFunction"]["Properties"]["Role"]
    assert "SendFunctionRole" in resources(translated(without), "AWS::IAM::Role")


def test_the_api_has_exactly_the_routes_and_their_functions(stack: Template) -> None:
    integrations = _integrations(stack)
    assert integrations.keys() == ROUTES.keys()
    for route, function in ROUTES.items():
        assert f"{function}.Arn" in json.dumps(integrations[route]["uri"])


def test_every_integration_waits_longer_than_its_function(stack: Template) -> None:
    functions = resources(stack, "AWS::Lambda::Function")
    for route, integration in _integrations(stack).items():
        assert functions[ROUTES[route]]["Timeout"] * 1000 < integration["timeoutInMillis"] < 30_000
        assert integration["payloadFormatVersion"] == "2.0"


def test_the_stage_is_the_root_and_deploys_itself(stack: Template) -> None:
    (stage,) = resources(stack, "AWS::ApiGatewayV2::Stage").values()
    assert stage["StageName"] == "$default"
    assert stage["AutoDeploy"] is True
    assert stage["AccessLogSettings"]["DestinationArn"] == {"Fn::GetAtt": ["ApiLogGroup", "Arn"]}
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == {"Ref": "ThrottleBurst"}


def test_only_this_api_may_call_the_functions(stack: Template) -> None:
    permissions = resources(stack, "AWS::Lambda::Permission")
    of_the_pool = {permissions.pop(name)["Principal"] for name in COGNITO_PERMISSIONS}  # see cognito.py
    assert of_the_pool == {"cognito-idp.amazonaws.com"}
    assert {permission["FunctionName"]["Ref"] for permission in permissions.values()} == set(ROUTES.values())
    for permission in permissions.values():
        assert permission["Principal"] == "apigateway.amazonaws.com"
        assert permission["SourceArn"]["Fn::Sub"][1]["__ApiId__"] == {"Ref": "Api"}


def test_streams_and_queues_are_read_as_the_template_says(stack: Template) -> None:
    mappings = copy.deepcopy(resources(stack, "AWS::Lambda::EventSourceMapping"))
    for function, event, source in (
        ("CountFunction", "Changes", "Stream"),
        ("PublishFunction", "Changes", "Stream"),
        ("PublishFunction", "Expiries", "Queue"),
        ("SendFunction", "Requests", "Queue"),
        ("WebhookFunction", "Waiting", "Queue"),
    ):
        mapping = mappings.pop(function + event)
        wanted = copy.deepcopy(read_template()["Resources"][function]["Properties"]["Events"][event])
        wanted = wanted["Properties"]
        assert mapping.pop("FunctionName") == {"Ref": function}
        assert mapping.pop("EventSourceArn") == wanted.pop(source)
        if source == "Stream":
            # SAM's own, by which it would write a policy.
            del wanted["DestinationConfig"]["OnFailure"]["Type"]
        assert mapping == wanted
    assert mappings == {}


def test_reserved_concurrency_is_left_out_at_zero(stack: Template) -> None:
    reserved = {"Fn::If": ["HasReservedConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
    for function in resources(stack, "AWS::Lambda::Function").values():
        assert function["ReservedConcurrentExecutions"] == reserved
    assert stack["Conditions"]["HasReservedConcurrency"] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "ReservedConcurrency"}, "0"]}]
    }


def test_a_wrong_timeout_reaches_the_translated_stack() -> None:
    path = "Resources/SendFunction/Properties/Events/Start/Properties/TimeoutInMillis"
    stack = translated(changed(read_template(), path=path, value=50))
    assert _integrations(stack)["POST /otp/v1/verifications"]["timeoutInMillis"] == 50
