"""The operator's command against the deployed stack, as it is typed in a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local.accounts import OWN_NETWORKS
from local.emulator import aws_environment
from local.stack import ROOT, Stack
from tests.end_to_end.calling import Caller, fresh_number

SECONDS = 60
CLIENT = "operated"


@dataclass(frozen=True)
class Shell:
    """Where the command is typed."""

    stack: Stack

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tools", "--json", "--endpoint-url", self.stack.endpoint, *arguments]
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], **aws_environment(self.stack.endpoint)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, typed: str = "", exit_code: int = 0) -> Any:
        process = self.begin(*arguments)
        out, err = process.communicate(typed, timeout=SECONDS)
        assert process.returncode == exit_code, err
        return json.loads(out)


@pytest.fixture(scope="module")
def shell(stack: Stack) -> Shell:
    return Shell(stack)


@pytest.fixture(scope="module")
def caller(shell: Shell, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A client that the command has made."""
    folder: Path = tmp_path_factory.mktemp("operator")
    # Other tests have texted the same blocks of numbers within the hour, and those count for every client.
    roomy = {
        f"{scope}_sends_per_{span}": 100_000 for scope in ("prefix", "country") for span in ("hour", "day")
    }
    policy = {"routes": "gateway", "trusted_networks": OWN_NETWORKS, **roomy}
    (folder / "settings.json").write_text(json.dumps({"policy": policy}))
    settings, secret = str(folder / "settings.json"), str(folder / "secret")
    shell.run("clients", "put", CLIENT, "--settings", settings, "--secret-file", secret)
    shell.stack.recycle()
    yield Caller(shell.stack, CLIENT, Path(secret).read_text().strip())
    shell.run("clients", "remove", CLIENT, "--yes")


def test_a_client_that_was_put_can_call_and_one_that_was_disabled_cannot(
    shell: Shell, caller: Caller
) -> None:
    assert caller.start(fresh_number("VN")).status == 201
    shell.run("clients", "disable", CLIENT)
    shell.stack.recycle()
    assert caller.start(fresh_number("VN")).status == 401
    shell.run("clients", "enable", CLIENT)
    shell.stack.recycle()
    assert caller.start(fresh_number("VN")).status == 201


def test_a_test_send_is_shown_and_its_number_erased(shell: Shell, caller: Caller) -> None:
    to = fresh_number("SG")
    process = shell.begin("send-test", CLIENT)
    assert process.stdin is not None
    process.stdin.write(f"{to}\n")
    process.stdin.flush()
    deadline = time.monotonic() + SECONDS
    while not shell.stack.messages(to) and time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(process.communicate()[1])
        time.sleep(0.1)
    code = caller.code_for(to)
    out, err = process.communicate(f"{code}\n", timeout=SECONDS)
    assert process.returncode == 0, err
    sent = json.loads(out)["verification"]
    assert sent["status"] == "approved"
    assert to not in out + err
    assert code not in out + err
    shown = shell.run("show", CLIENT, sent["id"])
    assert (shown["status"], shown["to"], shown["country"]) == ("approved", sent["to"], "SG")
    counted = shell.run("erase", "--dry-run", typed=f"{to}\n")
    erased = shell.run("erase", "--to", "-", "--yes", typed=f"{to}\n")
    assert (counted["verifications"], counted["number_records"]) == (1, 1)
    assert (erased["verifications"], erased["number_records"], erased["complete"]) == (1, 1, True)
    assert shell.run("show", CLIENT, sent["id"], exit_code=1)["error"]["code"] == "refused"
    assert caller.start(to).status == 201  # without the cooldown of what is forgotten


def test_routes_and_doctor_see_the_stack_as_it_is(shell: Shell) -> None:
    routes = shell.run("routes")["routes"]
    assert {route["table"] for route in routes} == {"default", "gateway"}
    assert not [vendor for route in routes for vendor in route["vendors"] if vendor["left_out"]]
    seen = shell.run("doctor", exit_code=1)
    assert {finding["about"] for finding in seen["findings"]} <= {"alarms", "CountDeadLetters"}
    assert "CountDeadLetters" in seen["queues"]
