"""Each check of test_translation.py fails for some template: it, and no other check there."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from . import test_translation as checks
from .reading import DELETE, Template, changed, read_template, translated

type Check = Callable[[Template], None]

CHECKS: tuple[Check, ...] = tuple(
    function
    for name, function in inspect.getmembers(checks, inspect.isfunction)
    if name.startswith("test_") and list(inspect.signature(function).parameters) == ["stack"]
)
EVENTS = "Resources/VerifyFunction/Properties/Events"
START = "Resources/SendFunction/Properties/Events/Start/Properties"
ANYBODY = {
    "Type": "AWS::Lambda::Permission",
    "Properties": {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Ref": "SendFunction"},
        "Principal": "*",
    },
}
SECOND_READER = {
    "Type": "SQS",
    "Properties": {"Queue": {"Fn::GetAtt": ["CountDeadLetters", "Arn"]}, "BatchSize": 10},
}

MUTATIONS: tuple[tuple[Check, str, object], ...] = (
    (checks.test_sam_adds_no_role_and_no_policy, "Resources/SendFunction/Properties/Role", DELETE),
    (checks.test_the_api_has_exactly_the_routes_and_their_functions, f"{EVENTS}/Token", DELETE),
    (checks.test_every_integration_waits_longer_than_its_function, f"{START}/TimeoutInMillis", 20_000),
    (checks.test_every_integration_waits_longer_than_its_function, f"{START}/PayloadFormatVersion", "1.0"),
    (checks.test_the_stage_is_the_root_and_deploys_itself, "Resources/Api/Properties/StageName", "live"),
    (
        checks.test_streams_and_queues_are_read_as_the_template_says,
        "Resources/CountFunction/Properties/Events/Changes/Properties/BatchSize",
        1000,
    ),
    (
        checks.test_streams_and_queues_are_read_as_the_template_says,
        "Resources/SendFunction/Properties/Events/Requests/Properties/BatchSize",
        10,
    ),
    (
        checks.test_streams_and_queues_are_read_as_the_template_says,
        "Resources/CountFunction/Properties/Events/Again",
        SECOND_READER,
    ),
    (checks.test_only_this_api_may_call_the_functions, "Resources/Anybody", ANYBODY),
    (
        checks.test_reserved_concurrency_is_left_out_at_zero,
        "Globals/Function/ReservedConcurrentExecutions",
        {"Ref": "ReservedConcurrency"},
    ),
    (
        checks.test_reserved_concurrency_is_left_out_at_zero,
        "Conditions/HasReservedConcurrency/Fn::Not/0/Fn::Equals/1",
        "1",
    ),
)


@pytest.mark.parametrize(("check", "path", "value"), MUTATIONS)
def test_one_check_alone_fails_for_a_template_that_breaks_it(check: Check, path: str, value: object) -> None:
    stack = translated(changed(read_template(), path=path, value=value))
    assert [other for other in CHECKS if fails(other, stack)] == [check]


def test_every_check_is_shown_to_fail() -> None:
    assert {check for check, _, _ in MUTATIONS} == set(CHECKS)


def fails(check: Check, stack: Template) -> bool:
    try:
        check(stack)
    except (AssertionError, KeyError):
        return True
    return False
