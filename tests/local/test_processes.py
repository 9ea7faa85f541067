"""Starting, failing and ending, without a cloud in between."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.building import inputs_digest
from local.process import Child, StackError, run_step
from local.stack import ROOT, Stack, memory_folder

PYTHON = sys.executable
SECONDS = 60


def program(text: str) -> list[str]:
    return [PYTHON, "-c", text]


def test_a_failing_step_shows_its_last_lines_and_its_status(tmp_path: Path) -> None:
    command = program("import sys; print('one'); print('the reason', file=sys.stderr); sys.exit(3)")
    with pytest.raises(StackError, match=r"(?s)sam build failed \(exit status 3, .*the reason"):
        run_step("sam build", command, log=tmp_path / "log", env=os.environ, cwd=tmp_path, seconds=SECONDS)


def test_a_step_that_hangs_is_ended_and_said(tmp_path: Path) -> None:
    command = program("import time; print('waiting', flush=True); time.sleep(600)")
    with pytest.raises(StackError, match="sam deploy did not finish"):
        run_step("sam deploy", command, log=tmp_path / "log", env=os.environ, cwd=tmp_path, seconds=0.5)


def ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie that its new parent has yet to collect."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


def test_a_child_is_ended_with_everything_that_it_started(tmp_path: Path) -> None:
    parent = program(
        "import subprocess, sys, json, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(json.dumps({'child': child.pid}), flush=True)\n"
        "time.sleep(600)"
    )
    child = Child("parent", parent, log=tmp_path / "log", env=os.environ, cwd=tmp_path, speaks=True)
    grandchild = child.ready_line(seconds=SECONDS)["child"]
    assert child.alive
    child.stop()
    assert not child.alive
    assert ended(int(str(grandchild)))


def test_a_child_that_dies_before_it_is_ready_is_said_with_its_last_lines(tmp_path: Path) -> None:
    command = program("import sys; sys.exit('no such luck')")
    child = Child("front", command, log=tmp_path / "log", env=os.environ, cwd=tmp_path, speaks=True)
    with pytest.raises(StackError, match=r"(?s)front did not start.*no such luck"):
        child.ready_line(seconds=SECONDS)


def test_the_simulators_end_when_the_process_that_started_them_is_gone() -> None:
    command = [PYTHON, "-m", "local.vendors"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert set(json.loads(process.stdout.readline())["vendors"]) == {
            "message_central",
            "esms",
            "engagelab",
        }
        process.stdin.close()
        assert process.wait(SECONDS) == 0


def test_a_tethered_module_and_its_children_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(600)"
    )
    command = [PYTHON, "-P", str(ROOT / "local" / "tethered.py"), "module"]
    with subprocess.Popen(
        command,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.stdin.close()
        assert process.wait(SECONDS) == -signal.SIGTERM
    deadline = time.monotonic() + SECONDS
    while not ended(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ended(child)


def test_the_digest_tells_a_changed_input_from_a_touched_one(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("a")
    source = tmp_path / "functions" / "send" / "app.py"
    source.parent.mkdir(parents=True)
    source.write_text("1")
    before = inputs_digest(tmp_path)
    os.utime(source, (1, 1))
    (source.parent / "__pycache__").mkdir()
    (source.parent / "__pycache__" / "app.pyc").write_text("x")
    (tmp_path / "README.md").write_text("not built")
    assert inputs_digest(tmp_path) == before
    source.write_text("2")
    assert inputs_digest(tmp_path) != before
    source.write_text("1")
    source.rename(source.with_name("other.py"))
    assert inputs_digest(tmp_path) != before


def test_a_failing_build_ends_everything_that_was_started(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {Send: {Type: AWS::Serverless::Function}}")
    stack = Stack(root=tmp_path)
    with pytest.raises(StackError, match="sam build failed"), stack:
        pass
    assert len(stack._children) == 2
    assert [child.name for child in stack._children if child.alive] == []
    assert not (tmp_path / ".aws-sam" / "build" / "countersign-inputs.sha256").exists()


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    command = [PYTHON, "-m", *arguments]
    environment = os.environ | env
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = run("local", PORT=port)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert f"port {port} is taken" in ended.stderr


@pytest.mark.parametrize("port", ["", "0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_said_in_one_line(port: str) -> None:
    ended = run("local", f"--port={port}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert "1 to 65535" in ended.stderr


def test_nothing_under_local_shares_code_with_the_gateway() -> None:
    offenders = [
        str(path)
        for path in (ROOT / "local").rglob("*.py")
        if any(
            line.split()[:1] in (["import"], ["from"]) and line.split()[1].split(".")[0] == "countersign"
            for line in path.read_text(encoding="utf-8").splitlines()
        )
    ]
    assert offenders == []


def test_what_the_stack_writes_lies_in_memory_where_there_is_room(tmp_path: Path) -> None:
    assert memory_folder(tmp_path, least_bytes=1) == tmp_path
    assert memory_folder(tmp_path, least_bytes=2**62) is None
    assert memory_folder(tmp_path / "nowhere", least_bytes=1) is None
