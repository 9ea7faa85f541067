"""The state machine of docs/events-in.md starts a verification and checks its code, by direct invocation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from local.deploying import STACK_NAME, session
from local.stack import Stack
from tests.docs.markdown import DOCS, blocks
from tests.end_to_end.calling import Caller, fresh_number, other_code

WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Machine:
    """A deployed state machine, and the queue to which it sends what waits for a code."""

    steps: Any
    sqs: Any
    arn: str
    queue: str

    def ended(self, to: str, *, caller: Caller, type_wrong: bool = False) -> str:
        """How an execution ends in which a person types the code that the handset shows, or another."""
        execution = self.steps.start_execution(stateMachineArn=self.arn, input=json.dumps({"phone": to}))
        asked = self._received()
        if asked is not None:
            code = caller.code_for(to)
            typed = {"code": other_code(code) if type_wrong else code}
            self.steps.send_task_success(taskToken=asked["token"], output=json.dumps(typed))
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            found = self.steps.describe_execution(executionArn=execution["executionArn"])
            if found["status"] != "RUNNING":
                return str(found["status"])
            time.sleep(0.1)
        return "RUNNING"

    def _received(self) -> dict[str, str] | None:
        found = self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=10).get("Messages", [])
        for one in found:
            self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
        return json.loads(found[0]["Body"]) if found else None


@pytest.fixture(scope="module")
def machine(stack: Stack) -> Iterator[Machine]:
    found = stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"][0]
    outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
    root = session()
    sqs = root.client("sqs", endpoint_url=stack.endpoint)
    queue = sqs.create_queue(QueueName="waits-for-codes")["QueueUrl"]
    [documented] = blocks(DOCS / "events-in.md", "json", under="By direct invocation")
    definition = documented.text.replace("${YourQueueUrl}", queue).replace('"demo"', '"demo-gateway"')
    for name in ("SendFunctionArn", "VerifyFunctionArn"):
        definition = definition.replace(f"${{{name}}}", outputs[name])
    iam = root.client("iam", endpoint_url=stack.endpoint)
    trusted = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "states.amazonaws.com"},
    }
    role = iam.create_role(
        RoleName="signs-up",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]}),
    )["Role"]
    steps = root.client("stepfunctions", endpoint_url=stack.endpoint)
    arn = steps.create_state_machine(name="signs-up", definition=definition, roleArn=role["Arn"])[
        "stateMachineArn"
    ]
    yield Machine(steps, sqs, arn, queue)
    steps.delete_state_machine(stateMachineArn=arn)
    sqs.delete_queue(QueueUrl=queue)
    iam.delete_role(RoleName="signs-up")


def test_a_right_code_succeeds(machine: Machine, stack: Stack) -> None:
    assert machine.ended(fresh_number("VN"), caller=Caller(stack, "demo-gateway")) == "SUCCEEDED"


def test_a_wrong_code_fails(machine: Machine, stack: Stack) -> None:
    caller = Caller(stack, "demo-gateway")
    assert machine.ended(fresh_number("VN"), caller=caller, type_wrong=True) == "FAILED"


def test_a_number_that_cannot_be_fails(machine: Machine, stack: Stack) -> None:
    assert machine.ended("12345", caller=Caller(stack, "demo-gateway")) == "FAILED"
