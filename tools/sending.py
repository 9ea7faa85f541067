"""`countersign send-test`: a verification from start to end, by direct invocation of the functions."""

from __future__ import annotations

import argparse
import json
from typing import Any

from countersign.model import Channel
from tools.arguments import Commands, Context, command
from tools.result import AwsError, Result, ToolError


def register(commands: Commands, common: argparse.ArgumentParser) -> None:
    """`send-test CLIENT`."""
    send = command(
        commands,
        "send-test",
        common,
        run=send_test,
        summary="send a code to your own phone, and check what arrives",
        more="As a client of the stack, by its routes and within its limits; no secret is needed, for IAM "
        "lets you invoke the functions. The number is asked for unless it is given. It costs a text.",
    )
    send.add_argument("client", help="the client to send as")
    send.add_argument("to", nargs="?", help="number, international (stands in the shell's history)")
    send.add_argument("--channel", choices=[channel.value for channel in Channel])
    send.add_argument("--no-check", action="store_true", help="do not ask for the code that arrives")


def send_test(context: Context) -> Result:
    """Exits with 0 where the code was sent, and right where one was asked for."""
    options = context.options
    to = options.to or context.console.ask("Number to send to (international, with +): ").strip()
    event = {"client_id": options.client, "to": to, "purpose": "operator-test"}
    if options.channel is not None:
        event["channel"] = options.channel
    started = _invoke(context, "SendFunctionName", event)
    carried = f"{started['delivery']} by {started['provider']} to {started['to']}"
    lines = [f"{started['id']}: {started['status']}, {carried}"]
    document: dict[str, Any] = {"verification": started}
    if not options.no_check:
        code = context.console.ask_secret("Code that arrived (empty: none came): ").strip()
        if not code:
            raise ToolError(
                f"no code was checked; `countersign show {options.client} {started['id']}` has the delivery"
            )
        event = {"client_id": options.client, "operation": "check", "id": started["id"], "code": code}
        document["verification"] = checked = _invoke(context, "VerifyFunctionName", event)
        lines.append(f"{checked['id']}: {checked['status']}")
    return Result(document=document, lines=tuple(lines))


def _invoke(context: Context, output: str, event: dict[str, str]) -> dict[str, Any]:
    """The function's answer. Raises ToolError with its own words where that is a refusal."""
    deployment = context.deployment
    answer = deployment.functions.invoke(
        FunctionName=deployment.output(output), Payload=json.dumps(event).encode()
    )
    if answer.get("FunctionError"):
        raise AwsError(f"the function crashed or ran out of time ({answer['FunctionError']}): see its log")
    told = json.loads(answer["Payload"].read())
    body: dict[str, Any] = told["body"]
    if told["status_code"] >= 400:
        trouble = f"{body['code']}: {body['detail']}"
        raise ToolError(f"refused, {told['status_code']} {trouble} (trace {body['trace_id']})")
    return body
