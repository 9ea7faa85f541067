"""What the roles of template.yaml are allowed, one action at a time, and how to take one of them away.

A grant is named `Role/Sid/action`, e.g. `SendRole/State/dynamodb:PutItem`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from local.deploying import STACK_NAME, session
from local.stack import Stack
from tests.infra.reading import Template, read_template, resources

type Statement = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Grant:
    """One action that one statement of one role allows."""

    role: str  # the logical id
    sid: str
    action: str

    def __str__(self) -> str:
        return f"{self.role}/{self.sid}/{self.action}"


def grants_of_template() -> list[Grant]:
    """Every grant of every role, whatever the conditions of a deployment."""
    return [
        grant
        for name, role in resources(read_template(), "AWS::IAM::Role").items()
        for policy in _whatever_the_condition(role["Policies"])
        for statement in _whatever_the_condition(policy["PolicyDocument"]["Statement"])
        for grant in _grants(name, statement)
    ]


def _whatever_the_condition(listed: list[Template]) -> Iterator[Template]:
    """The members of a list, of which some may stand under `Fn::If`."""
    for one in listed:
        if "Fn::If" in one:
            yield from _whatever_the_condition(
                [branch for branch in one["Fn::If"][1:] if "Ref" not in branch]
            )
        else:
            yield one


def _grants(role: str, statement: Statement) -> list[Grant]:
    return [Grant(role, str(statement.get("Sid", "")), action) for action in _actions(statement)]


def _actions(statement: Statement) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


class DeployedRole:
    """A role of the running stack, whose inline policies can be changed."""

    def __init__(self, stack: Stack, logical_id: str) -> None:
        cloudformation = stack.client("cloudformation")
        found = cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=logical_id)
        self._stack = stack
        self._iam = session().client("iam", endpoint_url=stack.endpoint)
        self._logical_id = logical_id
        self._name = found["StackResourceDetail"]["PhysicalResourceId"]

    def grants(self) -> set[Grant]:
        """What it is allowed now."""
        return {
            grant
            for document in self._policies().values()
            for statement in document["Statement"]
            for grant in _grants(self._logical_id, statement)
        }

    def _policies(self) -> dict[str, Any]:
        names = self._iam.list_role_policies(RoleName=self._name)["PolicyNames"]
        return {
            name: self._iam.get_role_policy(RoleName=self._name, PolicyName=name)["PolicyDocument"]
            for name in names
        }

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """The role without one grant. On the way out it has it again, whatever has happened."""
        [(name, document)] = [
            (name, document)
            for name, document in self._policies().items()
            if any(grant in _grants(self._logical_id, statement) for statement in document["Statement"])
        ]
        self._put(name, _less(document, grant))
        try:
            yield
        finally:
            self._put(name, document)

    def _put(self, name: str, document: Any) -> None:
        self._iam.put_role_policy(RoleName=self._name, PolicyName=name, PolicyDocument=json.dumps(document))

    def end_containers(self) -> None:
        """Have the role's functions begin anew: a container keeps its secrets for a while."""
        functions = self._stack.client("lambda")
        for function in self._functions():
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], MemorySize=function["MemorySize"]
            )

    def log_groups(self) -> list[str]:
        """Where the role's functions log."""
        return [str(function["LoggingConfig"]["LogGroup"]) for function in self._functions()]

    def _functions(self) -> list[Any]:
        pages = self._stack.client("lambda").get_paginator("list_functions").paginate()
        found = [function for page in pages for function in page["Functions"]]
        return [function for function in found if function["Role"].endswith(f"/{self._name}")]


def _less(document: Any, grant: Grant) -> Any:
    """A copy of a policy without one action; a statement of no other action goes with it."""
    less = copy.deepcopy(document)
    for statement in less["Statement"]:
        if statement.get("Sid") == grant.sid:
            statement["Action"] = [action for action in _actions(statement) if action != grant.action]
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    return less
