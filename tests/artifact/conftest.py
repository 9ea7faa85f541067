"""Builds the application once, from a copy of the project with things planted in it that must not ship."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
BIN: Final = Path(sys.prefix, "bin")
FUNCTIONS: Final = (
    "send",
    "verify",
    "count",
    "publish",
    "webhook",
    "receipts",
    "cognito_sms",
    "cognito_challenge",
)
WITH_LIBRARIES: Final = "cognito_sms"  # the one function that brings some of its own
PLANTED: Final = (
    "functions/send/notes.txt",
    "functions/send/local/simulator.py",
    "functions/verify/tests/test_something.py",
    "functions/count/notes.txt",
    "functions/webhook/notes.txt",
    "functions/cognito_sms/notes.txt",
    "functions/verify/__pycache__/app.cpython-311.pyc",
    "layers/countersign/tests/test_something.py",
    "layers/countersign/countersign/__pycache__/model.cpython-311.pyc",
)
RUNTIME: Final = ("boto3", "botocore", "s3transfer", "dateutil", "six.py")  # what Lambda's own image has


@dataclass(frozen=True, slots=True)
class Build:
    """The folders that `sam build` made, as Lambda unpacks them."""

    folder: Path

    @property
    def layer(self) -> Path:
        return self.folder / "CountersignLayer"

    def function(self, name: str) -> Path:
        """`name` is one of FUNCTIONS."""
        return self.folder / f"{name.title().replace('_', '')}Function"

    @property
    def parts(self) -> dict[Path, str]:
        """Each built folder and where Lambda puts it."""
        return {self.layer: "/opt"} | {self.function(name): "/var/task" for name in FUNCTIONS}


@dataclass(frozen=True, slots=True)
class Lambda:
    """A bare interpreter that sees what a Lambda container sees, and nothing else of this environment."""

    build: Build
    runtime: Path

    def run(self, code: str, *, function: str = "verify") -> str:
        """What the code prints. A warning, or any other failure, fails the test."""
        path = [self.build.function(function), self.build.layer / "python", self.runtime]
        prologue = f"import sys; sys.path[:0] = {[str(entry) for entry in path]!r}\n"
        result = subprocess.run(
            [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", prologue + code],
            env={},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


def sam_build(project: Path, *, folder: Path, wheels: str | None = None) -> Build:
    """Run `sam build` as a developer would, with the environment's folder first on PATH.

    `wheels`: the platform of compiled libraries, where it is not the template's.
    """
    home = folder.parent / "sam-home"
    home.mkdir(exist_ok=True)
    settings = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (home / "metadata.json").write_text(json.dumps(settings), encoding="utf-8")
    environment = os.environ | {
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
        "__SAM_CLI_APP_DIR": str(home),
    }
    environment.pop("PYTHON", None)
    environment.pop("WHEELS", None)
    if wheels is not None:
        environment["WHEELS"] = wheels
    command = [str(BIN / "sam"), "build", "--no-cached", "--build-dir", str(folder)]
    result = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return Build(folder)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what `sam build` reads, with the planted files."""
    copy = tmp_path_factory.mktemp("project")
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, copy)
    for name in ("functions", "layers"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in PLANTED:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("must not ship", encoding="utf-8")
    return copy


@pytest.fixture(scope="session")
def build(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """For this machine, so that what was built can be run."""
    wheels = f"manylinux2014_{platform.machine()}"
    return sam_build(project, folder=tmp_path_factory.mktemp("first") / "build", wheels=wheels)


@pytest.fixture(scope="session")
def second_build(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """For Lambda, as `sam deploy` takes it."""
    return sam_build(project, folder=tmp_path_factory.mktemp("second") / "build")


@pytest.fixture(scope="session")
def lambda_like(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Lambda:
    """boto3 and what it needs lie in a folder of their own, after the layer, as in Lambda's image."""
    runtime = tmp_path_factory.mktemp("runtime")
    for name in RUNTIME:
        found = importlib.util.find_spec(name.removesuffix(".py"))
        assert found is not None
        assert found.origin is not None
        source = Path(found.origin)
        (runtime / name).symlink_to(source if name.endswith(".py") else source.parent)
    return Lambda(build, runtime)
