"""`python -m local.invoke FUNCTION EVENT.json`: invoke a function of the running stack."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.stack import ROOT

DESCRIPTION = ROOT / ".local" / "stack.json"
CONFIG = Config(read_timeout=60, connect_timeout=5, proxies={}, retries={"total_max_attempts": 1})


def _say(line: str, *, status: int) -> int:
    print(line, file=sys.stderr if status else sys.stdout)
    return status


def main(arguments: list[str]) -> int:
    if len(arguments) != 2:
        return _say(
            "usage: python -m local.invoke {send|verify|count|publish|webhook|receipts} EVENT.json", status=2
        )
    name, event = arguments
    try:
        stack = json.loads(DESCRIPTION.read_text())
    except (FileNotFoundError, ValueError):
        return _say("No local stack is running: start one with `make run` and leave it open.", status=1)
    if name not in stack["functions"]:
        return _say(f"There is no function {name}; there are {', '.join(stack['functions'])}.", status=2)
    try:
        payload = json.dumps(json.loads(Path(event).read_text(encoding="utf-8"))).encode()
    except (OSError, ValueError) as error:
        return _say(f"{event} is not a JSON file that can be read: {error}", status=2)
    return _invoke(stack, name=stack["functions"][name], payload=payload)


def _invoke(stack: dict[str, str], *, name: str, payload: bytes) -> int:
    client = boto3.client(
        "lambda",
        endpoint_url=stack["endpoint"],
        region_name=stack["region"],
        aws_access_key_id=stack["aws_access_key_id"],
        aws_secret_access_key=stack["aws_secret_access_key"],
        config=CONFIG,
    )
    try:
        answer = client.invoke(FunctionName=name, Payload=payload)
    except (BotoCoreError, ClientError) as error:
        fault = type(error).__name__
        return _say(f"The local stack does not answer ({fault}): start it with `make run`.", status=1)
    shown = json.dumps(json.loads(answer["Payload"].read()), indent=2, ensure_ascii=False)
    return _say(shown, status=1 if answer.get("FunctionError") else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
