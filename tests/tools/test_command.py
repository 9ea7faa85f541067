"""The command line itself: help, exit codes, failures of AWS, and a terminal that does not echo."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ParamValidationError

from countersign.codes import Keys
from countersign.model import Secret
from tests.support.builders import NUMBER, verification
from tests.tools.desk import PEPPER, Desk, Terminal
from tools.command import EXIT_CODES, main, parser
from tools.deployment import ROOT, Deployment, Target, default_stack
from tools.result import ExitCode, ToolError

SECONDS = 30


def commands(
    of: argparse.ArgumentParser, *before: str
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    """Every command and its parser, those of groups too."""
    yield before, of
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                yield from commands(inner, *before, name)


EVERY = dict(commands(parser()))


@pytest.mark.parametrize("words", list(EVERY), ids=" ".join)
def test_every_level_has_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parser().parse_args([*words, "--help"])
    assert end.value.code == 0
    assert EVERY[words].description
    assert "usage: countersign" in capsys.readouterr().out


def test_the_exit_codes_of_the_help_are_those_that_there_are() -> None:
    assert [int(code) for code in re.findall(r"^  (\d+) ", EXIT_CODES, re.MULTILINE)] == list(ExitCode)


@pytest.mark.parametrize("arguments", [(), ("clients",), ("nothing",), ("show", "demo"), ("clients", "put")])
def test_half_a_command_is_usage(arguments: tuple[str, ...], desk: Desk) -> None:
    assert desk.run(*arguments).exit_code == 2


def test_no_stack_of_that_name_is_aws(desk: Desk) -> None:
    ran = desk.run("clients", "list", "--json", stack="nobody")
    assert (ran.exit_code, ran.json["error"]["code"]) == (3, "aws")


def test_a_fault_of_aws_is_told_without_its_text(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_self: object, _name: str) -> str:
        raise ParamValidationError(report="the value canary-value is none")

    with monkeypatch.context() as patch:
        patch.setattr(Deployment, "output", breaks)
        ran = desk.run("clients", "list")
    assert (ran.exit_code, "canary" in ran.err) == (3, False)


def test_an_output_that_is_missing_is_told_by_its_name(desk: Desk) -> None:
    desk.run("clients", "list")
    with pytest.raises(ToolError, match="no output Nothing"):
        desk.deployments[-1].output("Nothing")


@pytest.mark.parametrize(
    "command", [("clients", "remove", "shop"), ("vendors", "remove", "engagelab"), ("erase", "--to", "-")]
)
def test_a_question_before_something_is_lost_names_the_stack_and_its_region(
    command: tuple[str, ...], desk: Desk
) -> None:
    desk.write(dataclasses.replace(verification(), number_key=Keys(PEPPER).number_key(Secret(NUMBER))))
    typed = f"{NUMBER}\nn\n" if command[0] == "erase" else "n\n"
    ran = desk.run(*command, typed=Terminal(typed))
    assert ran.exit_code == 1
    assert "from the stack desk in us-east-1? [y/N]" in ran.err


@pytest.mark.parametrize("command", [("routes",), ("clients", "disable", "shop"), ("doctor",)])
def test_another_stack_is_told_by_the_parameter_that_it_lacks(command: tuple[str, ...], desk: Desk) -> None:
    desk.parameters = {"Another": "stacks"}
    ran = desk.run(*command)
    assert ran.exit_code == (ExitCode.REFUSED if command == ("doctor",) else ExitCode.AWS)
    assert "no parameter Routes" in ran.out + ran.err


def test_an_endpoint_that_is_no_address_is_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--endpoint-url", "nonsense", "--region", "eu-west-1", "clients", "list"]) == ExitCode.USAGE
    assert "endpoint" in capsys.readouterr().err


def test_the_stack_is_the_one_that_sam_deploys(tmp_path: Path) -> None:
    assert default_stack() == "countersign"
    config = tmp_path / "samconfig.toml"
    assert default_stack(config) == "countersign"
    config.write_text('[default.global.parameters]\nstack_name = "mine"\n')
    assert default_stack(config) == "mine"
    config.write_text("no TOML")
    assert default_stack(config) == "countersign"


def test_without_a_local_stack_local_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.deployment.LOCAL_STACK", tmp_path / "stack.json")
    with pytest.raises(ToolError, match="make run"):
        Deployment.of(Target(stack="countersign", local=True))


def test_local_is_the_stack_that_make_run_describes(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    described = tmp_path / "stack.json"
    names = ("aws_access_key_id", "aws_secret_access_key")
    described.write_text(
        json.dumps({"endpoint": desk.endpoint, "region": "us-east-1", **dict.fromkeys(names, "test")})
    )
    monkeypatch.setattr("tools.deployment.LOCAL_STACK", described)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--local", "--stack", "desk", "clients", "list"]) == 0
    assert capsys.readouterr().out.startswith("shop ")


@pytest.mark.parametrize("arguments", [("--profile", "nobody"), ()])
def test_a_shell_that_leads_to_no_account_is_aws(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    assert main([*arguments, "clients", "list"]) == ExitCode.AWS
    assert ("nobody" if arguments else "region") in capsys.readouterr().err


def test_the_executable_says_where_its_environment_comes_from(tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "countersign").write_bytes((ROOT / "tools" / "countersign").read_bytes())
    ran = subprocess.run(
        ["bash", str(tools / "countersign"), "--help"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, "make install" in ran.stderr) == (1, True)
    assert os.access(ROOT / "tools" / "countersign", os.X_OK)


def test_the_module_runs_from_a_clone_without_anything_installed() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tools", "--version"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "countersign 0.1.0\n")


def test_the_end_of_the_input_at_a_hidden_question_is_told() -> None:
    """Ctrl-D, as at a visible one."""
    program = (
        "from tools.console import Console\nfrom tools.result import ToolError\n"
        "try:\n    Console().ask_secret('Secret: ')\nexcept ToolError as error:\n    print(f'told: {error}')"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    _until(ours, "Secret: ")
    os.write(ours, b"\x04")
    seen = _until(ours, None)
    assert process.wait(SECONDS) == 0
    os.close(ours)
    assert "told: the input ended" in seen


def test_a_secret_is_not_echoed_by_the_terminal() -> None:
    typed = "canary-typed-at-a-terminal"
    program = "from tools.console import Console; c = Console(); c.ask('Name: '); c.ask_secret('Secret: ')"
    ours, theirs = pty.openpty()

    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # so that getpass has no other terminal to ask at
    )
    os.close(theirs)
    seen = _until(ours, "Name: ")
    os.write(ours, b"visible\n")
    seen += _until(ours, "Secret: ")
    os.write(ours, f"{typed}\n".encode())
    seen += _until(ours, None)
    assert process.wait(SECONDS) == 0
    os.close(ours)
    assert "visible" in seen
    assert typed not in seen


def _until(terminal: int, text: str | None) -> str:
    """What the terminal shows, up to a text or the end."""
    seen = b""
    while text is None or text.encode() not in seen:
        ready, _, _ = select.select([terminal], [], [], SECONDS)
        assert ready, seen
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # how Linux says that nobody holds the other end any more
            break
        if not chunk:
            break
        seen += chunk
    return seen.decode()
