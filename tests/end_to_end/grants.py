"""What the policies of template.yaml allow, one action at a time, and how to take one of them away.

A grant is named `LogicalId/Sid/action`, e.g. `SendRole/State/dynamodb:PutItem`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol, final

from local.deploying import STACK_NAME, session
from local.logs import GROUPS
from local.stack import Stack
from tests.infra.reading import Template, read_template, resources

type Document = dict[str, Any]  # a policy's


@dataclass(frozen=True, slots=True)
class Grant:
    """One action of one statement."""

    holder: str  # the logical id of the role, of the queue's policy or of the key
    sid: str
    action: str

    def __str__(self) -> str:
        return f"{self.holder}/{self.sid}/{self.action}"


def _of_role(role: Template) -> list[Document]:
    return [policy["PolicyDocument"] for policy in _whatever_the_condition(role.get("Policies", []))]


_DOCUMENTS: Final[Mapping[str, Callable[[Template], list[Document]]]] = {
    "AWS::IAM::Role": _of_role,
    "AWS::KMS::Key": lambda key: [key["KeyPolicy"]],
    "AWS::SQS::QueuePolicy": lambda policy: [policy["PolicyDocument"]],
}


def grants_of_template() -> list[Grant]:
    """Every grant, whatever the conditions of a deployment."""
    template = read_template()
    return [
        grant
        for kind, documents in _DOCUMENTS.items()
        for name, properties in resources(template, kind).items()
        for document in documents(properties)
        for grant in _grants(name, document)
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


def _grants(holder: str, document: Document) -> list[Grant]:
    return [
        Grant(holder, str(statement.get("Sid", "")), action)
        for statement in _whatever_the_condition(document["Statement"])
        for action in _actions(statement)
    ]


def _actions(statement: Mapping[str, Any]) -> list[str]:
    """What a statement allows; an emulator's own action for batches is no other one."""
    actions = _listed(statement)
    return [action for action in actions if action.removesuffix("Batch") not in set(actions) - {action}]


def _listed(statement: Mapping[str, Any]) -> list[str]:
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def _less(document: Document, grant: Grant) -> Document:
    """A copy of a policy without one action; a statement of no other action goes with it."""
    less = copy.deepcopy(document)
    gone = {grant.action, f"{grant.action}Batch"}
    for statement in less["Statement"]:
        if statement.get("Sid") == grant.sid:
            statement["Action"] = [action for action in _listed(statement) if action not in gone]
    less["Statement"] = [statement for statement in less["Statement"] if statement["Action"]]
    return less


class _Policies(Protocol):
    """The policies of one resource of the running stack, by name."""

    def read(self) -> dict[str, Document]: ...
    def write(self, name: str, document: Document) -> None: ...


@final
class _RolePolicies:
    def __init__(self, stack: Stack, role_name: str) -> None:
        self._iam = session().client("iam", endpoint_url=stack.endpoint)
        self._role_name = role_name

    def read(self) -> dict[str, Document]:
        names = self._iam.list_role_policies(RoleName=self._role_name)["PolicyNames"]
        return {name: self._one(name) for name in names}

    def _one(self, name: str) -> Document:
        # botocore parses the document itself, though its types say otherwise.
        found: Any = self._iam.get_role_policy(RoleName=self._role_name, PolicyName=name)["PolicyDocument"]
        return dict(found)

    def write(self, name: str, document: Document) -> None:
        policy = json.dumps(document)
        self._iam.put_role_policy(RoleName=self._role_name, PolicyName=name, PolicyDocument=policy)


@final
class _KeyPolicy:
    def __init__(self, stack: Stack, key_id: str) -> None:
        self._kms = session().client("kms", endpoint_url=stack.endpoint)
        self._key_id = key_id

    def read(self) -> dict[str, Document]:
        found = self._kms.get_key_policy(KeyId=self._key_id, PolicyName="default")
        return {"default": json.loads(found["Policy"])}

    def write(self, name: str, document: Document) -> None:
        self._kms.put_key_policy(KeyId=self._key_id, PolicyName=name, Policy=json.dumps(document))


_POLICIES: Final[Mapping[str, Callable[[Stack, str], _Policies]]] = {
    "AWS::IAM::Role": _RolePolicies,
    "AWS::KMS::Key": _KeyPolicy,
}


@final
class Holder:
    """A role or a key of the running stack, whose policies can be changed."""

    def __init__(self, stack: Stack, logical_id: str) -> None:
        found = stack.client("cloudformation").describe_stack_resource(
            StackName=STACK_NAME, LogicalResourceId=logical_id
        )["StackResourceDetail"]
        self._name = found["PhysicalResourceId"]
        self._is_role = found["ResourceType"] == "AWS::IAM::Role"
        self._policies = _POLICIES[found["ResourceType"]](stack, self._name)
        self._stack = stack
        self._logical_id = logical_id

    def grants(self) -> set[Grant]:
        """What is allowed now."""
        return {
            grant
            for document in self._policies.read().values()
            for grant in _grants(self._logical_id, document)
        }

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """Without one grant; it is there again on the way out, whatever has happened."""
        [(name, document)] = [
            (name, document)
            for name, document in self._policies.read().items()
            if grant in _grants(self._logical_id, document)
        ]
        try:
            self._policies.write(name, _less(document, grant))
            yield
        finally:
            self._policies.write(name, document)

    def end_containers(self) -> None:
        """Have its functions begin anew: a container keeps its secrets for a while."""
        functions = self._stack.client("lambda")
        for function in self._functions():
            functions.update_function_configuration(
                FunctionName=function["FunctionName"], MemorySize=function["MemorySize"]
            )

    def log_groups(self) -> list[str]:
        """How the names of the log groups of its functions begin."""
        if not self._is_role:
            return [GROUPS]
        return [str(function["LoggingConfig"]["LogGroup"]) for function in self._functions()]

    def _functions(self) -> list[Any]:
        """A role's own functions; all, where it is not a role."""
        pages = self._stack.client("lambda").get_paginator("list_functions").paginate()
        found = [function for page in pages for function in page["Functions"]]
        return [one for one in found if not self._is_role or one["Role"].endswith(f"/{self._name}")]
