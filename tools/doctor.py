"""`countersign doctor`: what is wrong with a stack, as far as one can see from outside."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from countersign.errors import ConfigurationError
from countersign.routing import Routes
from tools import pepper
from tools.arguments import Commands, Context, command
from tools.parsing import callback_fault, client_faults
from tools.result import ExitCode, Result, ToolError
from tools.routes import list_routes
from tools.secret_document import read_secret
from tools.vendors import read_vendors

DEAD_LETTERS: Final = "DeadLetters"  # how the template names the queues for what was given up
_LONG_ROTATION_HOURS = 7 * 24
_ALARMS_AT_ONCE = 100  # of one call


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody should look at."""

    about: str
    fault: str


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`doctor`."""
    command(
        commands,
        "doctor",
        common,
        run=examine,
        summary="look for what is wrong: secrets, routes, alarms, dead letters",
        more="Exits with 1 where it finds something.",
    )


def examine(context: Context) -> Result:
    """Every finding; queues with their depth."""
    depths = _depths(context)
    findings = [
        *_of_clients(context),
        *_of_routes(context),
        *_of_alarms(context),
        *_of_the_pepper(context),
        *(
            Finding(name, f"{depth} letters: see docs/runbook.md")
            for name, depth in depths.items()
            if depth and name.endswith(DEAD_LETTERS)
        ),
    ]
    document: dict[str, object] = {
        "findings": [{"about": finding.about, "fault": finding.fault} for finding in findings],
        "queues": depths,
    }
    lines = [f"{finding.about}: {finding.fault}" for finding in findings] or ["nothing found"]
    lines += [f"queue {name}: {depth}" for name, depth in depths.items()]
    return Result(
        document=document,
        lines=tuple(lines),
        exit_code=ExitCode.REFUSED if findings else ExitCode.DONE,
    )


def _of_clients(context: Context) -> Iterator[Finding]:
    deployment = context.deployment
    try:
        document = read_secret(
            deployment.secrets_manager, deployment.output("ClientsSecretArn"), label="clients'"
        )
        routes = Routes.parse(deployment.parameter("Routes"))
    except (ToolError, ConfigurationError) as error:
        yield Finding("configuration", str(error))
        return
    if not document.content.get("clients"):
        yield Finding("clients", "there is none: nobody can call")
    for fault in client_faults(document.content, routes=routes, loopback=deployment.allows_loopback):
        yield Finding("clients", fault)


def _of_routes(context: Context) -> Iterator[Finding]:
    try:
        routes = list_routes(context).document["routes"]
    except (ToolError, ConfigurationError) as error:
        yield Finding("vendors", str(error))
        return
    assert isinstance(routes, list)
    left_out = {
        vendor["vendor"]: vendor["left_out"]
        for route in routes
        for vendor in route["vendors"]
        if vendor["left_out"] is not None
    }
    fault = callback_fault(read_vendors(context).content)
    if fault is not None:
        yield Finding("vendors", fault)
    for vendor, fault in sorted(left_out.items()):
        yield Finding("vendors", f"{vendor} is left out of its routes: {fault}")
    for route in routes:
        if route["dead"]:
            place = f"{route['table']}.{route['country']}.{route['channel']}"
            yield Finding("routes", f"{place} has no vendor left: starts there are refused")


def _of_alarms(context: Context) -> Iterator[Finding]:
    if not context.deployment.parameters.get("AlarmTopicArn"):
        yield Finding("alarms", "AlarmTopicArn is empty: they notify nobody")
    alarms = {
        alarm.physical_id: alarm.logical_id
        for alarm in context.deployment.resources("AWS::CloudWatch::Alarm")
    }
    names = list(alarms)
    for first in range(0, len(names), _ALARMS_AT_ONCE):
        asked = names[first : first + _ALARMS_AT_ONCE]
        answer = context.deployment.alarms.describe_alarms(AlarmNames=asked, StateValue="ALARM")
        for alarm in answer["MetricAlarms"]:
            yield Finding(alarms[alarm["AlarmName"]], "rings: see docs/runbook.md")


def _of_the_pepper(context: Context) -> Iterator[Finding]:
    try:
        hours = pepper.status(context).document.get("hours", 0)
    except (ToolError, ConfigurationError):
        return  # told with the clients
    assert isinstance(hours, int)
    if hours >= _LONG_ROTATION_HOURS:
        yield Finding("pepper", f"rotated {hours} hours ago and not finished: countersign pepper finish")


def _depths(context: Context) -> dict[str, int]:
    """How many messages wait in each queue of the stack, by logical id."""
    deployment = context.deployment
    depths = {}
    for queue in deployment.resources("AWS::SQS::Queue"):
        answer = deployment.queues.get_queue_attributes(
            QueueUrl=queue.physical_id, AttributeNames=["ApproximateNumberOfMessages"]
        )
        depths[queue.logical_id] = int(answer["Attributes"]["ApproximateNumberOfMessages"])
    return depths
